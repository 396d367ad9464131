"""The elastic net."""

from __future__ import annotations

from typing import Any

from bayesreg.estimators.base import RandomState
from bayesreg.estimators.regressor import Regressor


class ElasticNet(Regressor):
    r"""Least squares with both penalties.

    Minimises :math:`\frac{1}{2S}\sum_i s_i e_i^2 + \alpha\rho\|\beta\|_1 + \frac{\alpha(1-\rho)}{2}\|\beta\|_2^2`;
    S is the sum of the sample weights, the number of rows without them.

    Parameters
    ----------
    alpha : float, default 1
        Penalty, at least 0.
    l1_ratio : float, default 0.5
        The share rho of the l1 penalty, from 0 to 1.
    fit_intercept : bool, default True
        The intercept is not penalised.
    positive : bool, default False
        Coefficients of at least 0.
    max_iter : int, optional
        Bound on the cycles; the fit warns if it gets there.
    random_state : int, RandomState, Generator or None
        Seed of `sample`.
    precompute, copy_X, tol, warm_start, selection
        Accepted for scikit-learn's sake, without effect: the solution is exact and X is never written to.

    Attributes
    ----------
    coef_ : array, shape (p,)
        With exact zeros.
    intercept_ : float
    n_iter_ : int
        At least 1.
    n_features_in_ : int
    feature_names_in_ : array of str, shape (p,)
        For a frame.
    certificate_ : Certificate
        How close to the optimum the fit is, free of units.
    map_ : MapResult
        The fit as `find_map` returns it, at the noise level 1, which stands for any.
    model_ : Model
        What `sample` draws from: the noise level is learned under its default law.
    posterior_ : xarray.DataTree
        After `sample`.

    References
    ----------
    The parameters are those of ``sklearn.linear_model.ElasticNet``.

    Examples
    --------
    >>> import bayesreg as br
    >>> X, y = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [4.0, 0.0]], [0.1, 0.9, 2.1, 3.9]
    >>> br.ElasticNet(alpha=0.1, l1_ratio=0.5).fit(X, y).coef_.round(3)
    array([0.922, 0.   ])
    """

    _convention = "sklearn.ElasticNet"
    _stated = ("alpha", "l1_ratio", "positive")

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        precompute: Any = False,
        max_iter: int | None = None,
        copy_X: bool = True,
        tol: float = 1e-4,
        warm_start: bool = False,
        positive: bool = False,
        random_state: RandomState = None,
        selection: str = "cyclic",
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.copy_X = copy_X
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
