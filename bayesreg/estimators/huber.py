"""Huber regression with a ridge penalty and a scale of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from bayesreg.data import Design
from bayesreg.estimators.base import RandomState
from bayesreg.estimators.huber_scale import joint_scale
from bayesreg.estimators.regressor import Regressor
from bayesreg.likelihoods import Laplace
from bayesreg.model import Model


class HuberRegressor(Regressor):
    r"""A linear model that rows far off pull at with bounded force, with a ridge penalty.

    Minimises :math:`\sum_i s_i [\sigma + H_\epsilon(e_i/\sigma)\sigma] + \alpha\|\beta\|_2^2` over the coefficients and
    the scale sigma together; :math:`H_\epsilon(z) = z^2` for :math:`|z| < \epsilon` and
    :math:`2\epsilon|z| - \epsilon^2` beyond.

    Parameters
    ----------
    epsilon : float, default 1.35
        Where a row begins to count as an outlier, in units of sigma; above 1.
    max_iter : int, optional
        Bound on the Newton steps at each scale; the fit warns if it gets there.
    alpha : float, default 0.0001
        Penalty, at least 0.
    fit_intercept : bool, default True
        The intercept is not penalised.
    random_state : int, RandomState, Generator or None
        Seed of `sample`.
    warm_start, tol
        Accepted for scikit-learn's sake, without effect: the solution is exact.

    Attributes
    ----------
    coef_ : array, shape (p,)
    intercept_ : float
    scale_ : float
        The scale sigma, in the unit of y.
    outliers_ : array of bool, shape (n,)
        Rows further off than epsilon scales.
    n_iter_ : int
        At least 1.
    n_features_in_ : int
    feature_names_in_ : array of str, shape (p,)
        For a frame.
    certificate_ : Certificate
        How close to the optimum the coefficients are at that scale.
    map_ : MapResult
        The fit as `find_map` returns it.
    model_ : Model
        What `sample` draws from: the prior that the penalty is at ``scale_``, the noise level learned.
    posterior_ : xarray.DataTree
        After `sample`.

    References
    ----------
    The parameters are those of ``sklearn.linear_model.HuberRegressor``; Owen (2007), A robust hybrid of lasso and ridge
    regression, for the joint problem, which is convex.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> X = np.arange(10.0)[:, None]
    >>> y = 2.0 * X[:, 0] + [0.1, -0.1, 0.1, -0.1, 0.1, 0.1, -0.1, -0.1, 0.1, 80.0]
    >>> huber = br.HuberRegressor(epsilon=1.5).fit(X, y)
    >>> huber.coef_.round(2), round(huber.scale_, 2), huber.outliers_.nonzero()[0]
    (array([2.01]), 0.12, array([9]))
    """

    _convention = "sklearn.HuberRegressor"
    _stated = ("alpha", "epsilon")

    def __init__(
        self,
        *,
        epsilon: float = 1.35,
        max_iter: int | None = None,
        alpha: float = 0.0001,
        warm_start: bool = False,
        fit_intercept: bool = True,
        tol: float = 1e-5,
        random_state: RandomState = None,
    ) -> None:
        self.epsilon = epsilon
        self.max_iter = max_iter
        self.alpha = alpha
        self.warm_start = warm_start
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Find the coefficients and the scale that minimise the objective together.

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
        super().fit(X, y, sample_weight)
        fitted: Any = self.map_.likelihood
        self.scale_ = fitted.sigma * (self.epsilon if isinstance(fitted, Laplace) else 1.0)
        self.outliers_ = np.abs(self._data[1] - self.predict(X)) > self.scale_ * self.epsilon
        return self

    def _model(self, design: Design, max_iter: int) -> Model:
        """The model at the scale that goes with the coefficients."""
        scale, stands_for_zero = joint_scale(design, self.epsilon, self.alpha, self.fit_intercept, max_iter)
        model = self._stated_model(design, scale)
        # Towards scale 0 the loss is that of its tails.
        return replace(model, likelihood=Laplace(scale / self.epsilon)) if stands_for_zero else model
