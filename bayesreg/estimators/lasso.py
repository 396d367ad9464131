"""The lasso."""

from __future__ import annotations

from typing import Any

from bayesreg.estimators.base import RandomState
from bayesreg.estimators.regressor import Regressor


class Lasso(Regressor):
    r"""Least squares with an l1 penalty: minimises :math:`\frac{1}{2S}\sum_i s_i e_i^2 + \alpha \|\beta\|_1`.

    S is the sum of the sample weights, the number of rows without them.

    Parameters
    ----------
    alpha : float, default 1
        Penalty, at least 0.
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
    The parameters are those of ``sklearn.linear_model.Lasso``.

    Examples
    --------
    >>> import bayesreg as br
    >>> X, y = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [4.0, 0.0]], [0.1, 0.9, 2.1, 3.9]
    >>> lasso = br.Lasso(alpha=0.1).fit(X, y)
    >>> lasso.coef_.round(3)
    array([0.92, 0.  ])
    >>> lasso.certificate_.accepted, lasso.certificate_.unique
    (True, True)
    """

    _convention = "sklearn.Lasso"
    _stated = ("alpha", "positive")

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        precompute: Any = False,
        copy_X: bool = True,
        max_iter: int | None = None,
        tol: float = 1e-4,
        warm_start: bool = False,
        positive: bool = False,
        random_state: RandomState = None,
        selection: str = "cyclic",
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
