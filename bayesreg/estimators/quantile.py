"""Quantile regression with an l1 penalty."""

from __future__ import annotations

from typing import Any

from bayesreg.estimators.base import RandomState
from bayesreg.estimators.regressor import Regressor


class QuantileRegressor(Regressor):
    r"""The quantile of the response, with an l1 penalty.

    Minimises :math:`\frac{1}{S}\sum_i s_i \rho_q(e_i) + \alpha\|\beta\|_1` with the check loss
    :math:`\rho_q(e) = \max(q e, (q - 1) e)`; S is the sum of the sample weights, the number of rows without them. Where
    the minimum is not unique, the fit is one of its points, and not always the one that scikit-learn's solver takes.

    Parameters
    ----------
    quantile : float, default 0.5
        Between 0 and 1.
    alpha : float, default 1
        Penalty, at least 0.
    fit_intercept : bool, default True
        The intercept is not penalised.
    max_iter : int, optional
        Bound on the iterations; the fit warns if it gets there.
    random_state : int, RandomState, Generator or None
        Seed of `sample`.
    solver, solver_options
        Accepted for scikit-learn's sake, without effect: the solution is exact.

    Attributes
    ----------
    coef_ : array, shape (p,)
    intercept_ : float
    n_iter_ : int
        At least 1.
    n_features_in_ : int
    feature_names_in_ : array of str, shape (p,)
        For a frame.
    certificate_ : Certificate
        How close to the optimum the fit is.
    map_ : MapResult
        The fit as `find_map` returns it, at the noise level 1, which stands for any.
    model_ : Model
        What `sample` draws from: asymmetric Laplace errors whose scale is learned. They stand in for the unknown law of
        the errors, so the posterior is no calibrated uncertainty of the quantile.
    posterior_ : xarray.DataTree
        After `sample`.

    References
    ----------
    The parameters are those of ``sklearn.linear_model.QuantileRegressor``.

    Examples
    --------
    >>> import bayesreg as br
    >>> X, y = [[0.0], [1.0], [2.0], [3.0], [4.0]], [0.0, 1.0, 2.0, 3.0, 40.0]
    >>> br.QuantileRegressor(quantile=0.5, alpha=0.01).fit(X, y).coef_.round(6)
    array([1.])
    """

    _convention = "sklearn.QuantileRegressor"
    _stated = ("quantile", "alpha")

    def __init__(
        self,
        *,
        quantile: float = 0.5,
        alpha: float = 1.0,
        fit_intercept: bool = True,
        solver: str = "highs",
        solver_options: dict[str, Any] | None = None,
        max_iter: int | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.quantile = quantile
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.solver_options = solver_options
        self.max_iter = max_iter
        self.random_state = random_state
