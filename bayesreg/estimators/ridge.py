"""Ridge regression."""

from __future__ import annotations

from bayesreg.estimators.base import RandomState
from bayesreg.estimators.regressor import Regressor


class Ridge(Regressor):
    r"""Least squares with a ridge penalty: minimises :math:`\sum_i s_i e_i^2 + \alpha \|\beta\|_2^2`.

    Parameters
    ----------
    alpha : float, default 1
        Penalty, at least 0, not divided by the number of rows.
    fit_intercept : bool, default True
        The intercept is not penalised.
    positive : bool, default False
        Coefficients of at least 0.
    max_iter : int, optional
        Bound on the iterations, where the solution is not in closed form.
    random_state : int, RandomState, Generator or None
        Seed of `sample`.
    copy_X, tol, solver
        Accepted for scikit-learn's sake, without effect: the solution is exact and X is never written to.

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
        What `sample` draws from: the noise level is learned under its default law.
    posterior_ : xarray.DataTree
        After `sample`.

    References
    ----------
    The parameters are those of ``sklearn.linear_model.Ridge``.

    Examples
    --------
    >>> import bayesreg as br
    >>> X, y = [[0.0], [1.0], [2.0], [4.0]], [0.1, 0.9, 2.1, 3.9]
    >>> ridge = br.Ridge(alpha=1.0, random_state=1).fit(X, y)
    >>> ridge.coef_.round(3), ridge.predict([[3.0]]).round(3)
    (array([0.867]), array([2.833]))
    >>> ridge.sample()["posterior"]["coef"].shape
    (4, 1000, 1)
    >>> prediction, sd = ridge.predict([[3.0]], return_std=True)
    """

    _convention = "sklearn.Ridge"
    _stated = ("alpha", "positive")

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int | None = None,
        tol: float = 1e-4,
        solver: str = "auto",
        positive: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.solver = solver
        self.positive = positive
        self.random_state = random_state
