"""What all estimators share: the fit is `find_map` of the model that their parameters stand for.

Parameters have scikit-learn's names, defaults and meanings. Those that only choose a way to the solution (``solver``,
``tol``, ``warm_start``, ``precompute``, ``selection``, ...) are accepted and have no effect, since every way leads to
the same exact solution; those that would change the solution are honoured, or refused by ``fit``.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from bayesreg.certificate import certify
from bayesreg.conventions import likelihood_from, prior_from
from bayesreg.data import Design
from bayesreg.data.checks import read_matrix
from bayesreg.errors import BayesregWarning, InputError
from bayesreg.fit import Seed, find_map_of
from bayesreg.fit import sample as draw
from bayesreg.model import Model, bind

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Array = NDArray[np.float64]
RandomState = Seed | np.random.RandomState


class LinearEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A linear model fitted by its MAP and sampled on request; see `Regressor` and `LogisticRegression`."""

    # The row of the conventions' table that says what is minimised, and the parameters that it takes.
    _convention: ClassVar[str]
    _stated: ClassVar[tuple[str, ...]]

    def sample(
        self, *, draws: int = 1000, chains: int = 4, tune: int | None = None, seed: Seed = None, **options: Any
    ) -> xr.DataTree:
        """Draw from the posterior of ``model_`` given the data of the fit; see `bayesreg.sample`.

        Parameters
        ----------
        draws : int, default 1000
            Kept draws a chain.
        chains : int, default 4
        tune : int, optional
            Warm-up draws a chain; by default what the engine needs.
        seed : int, numpy.random.Generator or None
            None: the estimator's ``random_state``.
        **options
            Others of `bayesreg.sample`: ``engine``, ``target_ess``, ``checkpoint``, ``posterior_predictive``, ...

        Returns
        -------
        xarray.DataTree
            Kept as ``posterior_`` until the next fit.

        Raises
        ------
        InputError
            If the data of the fit are gone (they are kept by reference and do not travel with a pickle) or were changed
            in place since.
        """
        check_is_fitted(self)
        if "_data" not in vars(self):
            raise InputError("the data of the fit do not travel with a pickled or copied estimator: fit it again.")
        X, y, weight = self._data
        self._check_unchanged(X, y, weight)
        given = self.random_state if seed is None else seed
        if isinstance(given, np.random.RandomState):
            given = int(given.randint(2**31 - 1))
        self.posterior_ = draw(
            self.model_,
            X,
            y,
            sample_weight=weight,
            draws=draws,
            chains=chains,
            tune=tune,
            seed=given,
            **options,
        )
        return self.posterior_

    def summary(self) -> pd.DataFrame:
        """Return the fit, and the posterior beside it once it is sampled, by term.

        Returns
        -------
        pandas.DataFrame
            Column ``map``; after `sample` also those of ``arviz.summary`` (mean, sd, interval, ESS, R-hat), and a row
            for a learned ``sigma``.
        """
        check_is_fitted(self)
        frame = self.map_.to_frame()
        if "posterior_" not in vars(self):
            return frame
        import arviz as az
        import pandas as pd

        posterior = self.posterior_["posterior"]
        names = [name for name in ("intercept", "coef", "sigma") if name in posterior]
        table = az.summary(self.posterior_, var_names=names, round_to="none")
        table.index = pd.Index([label for name in names for label in (self.map_.names if name == "coef" else [name])])
        return frame.reindex(frame.index.union(table.index, sort=False)).join(table)

    def _read(self, X: Any, y: Any, sample_weight: Any, y_numeric: bool) -> tuple[Any, Any, Array | None]:
        """Check the data as scikit-learn does, and note their columns: X as float64 (CSC where sparse), y, weights."""
        X, y = validate_data(self, X, y, accept_sparse="csc", dtype=np.float64, y_numeric=y_numeric)
        if sample_weight is None:
            return X, y, None
        return X, y, _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)

    def _new_rows(self, X: Any) -> Any:
        """Check rows to predict for."""
        check_is_fitted(self)
        return validate_data(self, X, reset=False, accept_sparse="csc", dtype=np.float64)

    def _find(self, given: Any, X: Any, y: Any, weight: Array | None) -> None:
        """Find the mode for checked data, and keep it with what `sample` needs; ``given`` is X as the user wrote it."""
        limit = 10_000 if self.max_iter is None else self.max_iter
        if not isinstance(limit, int | np.integer) or isinstance(limit, bool) or limit < 1:
            raise InputError(f"max_iter must be None or an integer of at least 1, got {self.max_iter!r}.")
        matrix, numbered = read_matrix(X)
        names = tuple(map(str, vars(self).get("feature_names_in_", numbered)))
        rows = np.ones(y.shape[0]) if weight is None else weight
        response = np.asarray(y, dtype=np.float64)
        design = Design(matrix, response, rows, np.zeros(rows.size), names, weight is not None)
        model = self._model(design, int(limit))
        self.map_ = find_map_of(model.bind(design), None, int(limit))
        self.certificate_ = self.map_.certificate
        likelihood: Any = model.likelihood
        self.model_ = replace(model, likelihood=replace(likelihood, sigma=None)) if likelihood.has_sigma else model
        self._data = (given, response, weight)
        if "posterior_" in vars(self):
            del self.posterior_

    def _model(self, design: Design, max_iter: int) -> Model:
        """The model whose MAP is the fit; the noise level 1 stands for any, since the coefficients are the same."""
        return self._stated_model(design, 1.0)

    def _stated_model(self, design: Design, noise: float) -> Model:
        """What the parameters stand for at a noise level, by the table of conventions."""
        stated = {name: getattr(self, name) for name in self._stated}
        likelihood = likelihood_from(self._convention, sigma=noise, **stated)
        prior = prior_from(self._convention, sum_weights=design.total_weight, sigma=noise, **stated)
        return Model(likelihood, prior, fit_intercept=self.fit_intercept)

    def _check_unchanged(self, X: Any, y: Array, weight: Array | None) -> None:
        """Raise where the mode of the fit is none of the data that were kept."""
        if not self.certificate_.accepted:
            return
        with warnings.catch_warnings():
            # What there is to say about the data is said when they are sampled.
            warnings.simplefilter("ignore", BayesregWarning)
            problem = bind(self.model_, X, y, weight)
        noise = 1.0 if self.map_.sigma is None else self.map_.sigma
        if not certify(problem, self.map_.coef, self.map_.intercept, noise, dual=self.map_.dual).accepted:
            raise InputError("X, y or sample_weight was changed in place after the fit: fit again, then sample.")

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__getstate__().items() if name != "_data"}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
