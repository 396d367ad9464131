"""A selected submodel as a scikit-learn estimator: fitted as it comes, and able to repeat the whole selection."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from bayesreg.fit import sample
from bayesreg.likelihoods import Bernoulli
from bayesreg.model import Model
from bayesreg.selection.result import Selection
from bayesreg.selection.selecting import select
from bayesreg.selection.targets import expected_loss

Array = NDArray[np.float64]


class SelectedEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What the two have in common.

    Parameters
    ----------
    model : Model
    options : dict
        Arguments of `bayesreg.select`.
    draws, chains : int
        Of the samplings that ``fit`` makes.
    random_state : int, optional

    Attributes
    ----------
    selection_ : Selection
    coef_ : array, shape (p,)
        Exactly 0 where a column was not chosen.
    intercept_ : float
    """

    def __init__(
        self, model: Model, options: dict[str, Any], draws: int = 1000, chains: int = 4, random_state: int | None = None
    ) -> None:
        self.model, self.options = model, options
        self.draws, self.chains, self.random_state = draws, chains, random_state

    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Sample the model on new data, select and project: all that led to this submodel, once more.

        Parameters
        ----------
        X : array or frame, shape (n, p)
        y : array, shape (n,)
        sample_weight : array, shape (n,), optional

        Returns
        -------
        self
        """
        values, response = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        post = sample(
            self.model,
            values,
            response,
            sample_weight=sample_weight,
            draws=self.draws,
            chains=self.chains,
            seed=self.random_state,
        )
        return self._adopt(select(post, values, seed=self.random_state, **self.options))

    def get_support(self) -> NDArray[np.bool_]:
        """Return which columns were chosen, shape (p,)."""
        check_is_fitted(self)
        return np.array(self.selection_.features["chosen"], dtype=bool)

    def _adopt(self, selection: Selection) -> Self:
        self.selection_ = selection
        self.coef_ = selection.coef
        self.intercept_ = selection.intercept
        return self

    def _eta(self, X: Any) -> Array:
        check_is_fitted(self)
        return np.asarray(validate_data(self, X, reset=False, dtype=np.float64) @ self.coef_ + self.intercept_)


class SelectedRegressor(RegressorMixin, SelectedEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A submodel of a numeric response."""

    def predict(self, X: Any, return_std: bool = False) -> Array | tuple[Array, Array]:
        """Predict the response of new rows.

        Parameters
        ----------
        X : array or frame, shape (m, p)
            With all columns of the fit.
        return_std : bool, default False
            Also return the standard deviation of a new response under the projected posterior, noise included; infinite
            for Student-t errors with at most two degrees of freedom.

        Returns
        -------
        array, shape (m,), or two of them
        """
        likelihood = self.model.likelihood
        mean = likelihood.mean(self._eta(X))
        if not return_std:
            return mean
        group = self.selection_.posterior["posterior"]
        rows = validate_data(self, X, reset=False, dtype=np.float64)[:, self._entered()]
        eta = group["coef"].to_numpy().reshape(-1, rows.shape[1]) @ rows.T + group["intercept"].to_numpy().reshape(
            -1, 1
        )
        means = likelihood.mean(eta)
        # The law of total variance; a Poisson count has its mean as variance.
        law = expected_loss(likelihood)
        unit = 1.0 if law is None else law.variance
        noise = unit * np.mean(group["sigma"].to_numpy() ** 2) if "sigma" in group else means.mean(axis=0)
        return mean, np.sqrt(means.var(axis=0) + noise)

    def _entered(self) -> NDArray[np.intp]:
        """Return the chosen columns in the order of the projected draws."""
        return np.asarray(self.selection_.features.index.get_indexer(list(self.selection_.chosen)), dtype=np.intp)


class SelectedClassifier(ClassifierMixin, SelectedEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A submodel of two classes, coded 0 and 1."""

    def predict(self, X: Any) -> Array:
        """Return the likelier class of new rows, shape (m,)."""
        return (self._eta(X) > 0).astype(float)

    def predict_proba(self, X: Any) -> Array:
        """Return the probabilities of both classes, shape (m, 2)."""
        one = self.model.likelihood.mean(self._eta(X))
        return np.column_stack([1 - one, one])

    def decision_function(self, X: Any) -> Array:
        """Return the linear predictor of new rows, shape (m,)."""
        return self._eta(X)

    def _adopt(self, selection: Selection) -> Self:
        self.classes_ = np.array([0.0, 1.0])
        return super()._adopt(selection)


def fitted(selection: Selection) -> SelectedRegressor | SelectedClassifier:
    """Return the estimator of a selection, fitted."""
    kind = SelectedClassifier if isinstance(selection.model.likelihood, Bernoulli) else SelectedRegressor
    group = selection.posterior["posterior"]
    made = kind(selection.model, selection.options, chains=group.sizes["chain"])
    made.n_features_in_ = len(selection.names)
    if selection.names != tuple(f"x{j}" for j in range(len(selection.names))):
        made.feature_names_in_ = np.array(selection.names, dtype=object)
    return made._adopt(selection)
