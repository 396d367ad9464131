"""What the regressors share: fit and predict."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin

from bayesreg.errors import InputError
from bayesreg.estimators.base import Array, LinearEstimator
from bayesreg.prediction import predict

# Responses drawn at a time for a predictive standard deviation: 80 MB.
LARGEST_BLOCK = 10_000_000


class Regressor(RegressorMixin, LinearEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A linear estimator of a numeric response."""

    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Find the penalised fit, which is the MAP of the model.

        Parameters
        ----------
        X : array, sparse array or frame, shape (n, p)
        y : array, shape (n,)
        sample_weight : array, shape (n,), optional
            Weight k counts as the row repeated k times.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For unusable data or parameters.
        """
        X_checked, y_checked, weight = self._read(X, y, sample_weight, y_numeric=True)
        self._find(X, X_checked, y_checked, weight)
        self.coef_ = self.map_.coef
        self.intercept_ = self.map_.intercept
        self.n_iter_ = max(self.map_.n_iter, 1)
        return self

    def predict(self, X: Any, return_std: bool = False) -> Array | tuple[Array, Array]:
        """Predict the response of new rows.

        Parameters
        ----------
        X : array, sparse array or frame, shape (m, p)
        return_std : bool, default False
            Also return the standard deviation of a new response, noise included, under the posterior that `sample`
            drew; it is computed from as many simulated responses.

        Returns
        -------
        array, shape (m,)
            The prediction at the fit, with ``return_std`` too. For posterior means and intervals use `bayesreg.predict`
            on ``posterior_``.
        array, shape (m,)
            With ``return_std``: the standard deviation.

        Raises
        ------
        InputError
            For ``return_std=True`` before `sample`.
        """
        X = self._new_rows(X)
        mean: Array = self.map_.likelihood.mean(X @ self.coef_ + self.intercept_)
        return (mean, self._predictive_sd(X)) if return_std else mean

    def _predictive_sd(self, X: Any) -> Array:
        if "posterior_" not in vars(self):
            raise InputError("return_std=True needs the posterior: call sample() first, which draws it.")
        posterior = self.posterior_["posterior"]
        block = max(1, LARGEST_BLOCK // (posterior.sizes["chain"] * posterior.sizes["draw"]))
        parts = [
            # The same seed for the same predictions whenever they are asked for.
            np.asarray(predict(self.posterior_, X[i : i + block], kind="draws", target="response", seed=0)).std((0, 1))
            for i in range(0, X.shape[0], block)
        ]
        return np.concatenate(parts)
