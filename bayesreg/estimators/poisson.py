"""Poisson regression with a ridge penalty."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from bayesreg.estimators.base import RandomState
from bayesreg.estimators.regressor import Regressor


class PoissonRegressor(Regressor):
    r"""Counts with a log link and a ridge penalty.

    Minimises :math:`\frac{1}{2S}\sum_i s_i D_i + \frac{\alpha}{2}\|\beta\|_2^2` with the deviance D of the Poisson law;
    S is the sum of the sample weights, the number of rows without them. ``score`` is the share of the deviance that is
    explained (D²), as in scikit-learn.

    Parameters
    ----------
    alpha : float, default 1
        Penalty, at least 0.
    fit_intercept : bool, default True
        The intercept is not penalised.
    max_iter : int, optional
        Bound on the Newton steps; the fit warns if it gets there.
    random_state : int, RandomState, Generator or None
        Seed of `sample`.
    solver, tol, warm_start, verbose
        Accepted for scikit-learn's sake, without effect: the solution is exact.

    Attributes
    ----------
    coef_ : array, shape (p,)
        On the log scale.
    intercept_ : float
    n_iter_ : int
        At least 1.
    n_features_in_ : int
    feature_names_in_ : array of str, shape (p,)
        For a frame.
    certificate_ : Certificate
        How close to the optimum the fit is.
    map_ : MapResult
        The fit as `find_map` returns it.
    model_ : Model
        What `sample` draws from.
    posterior_ : xarray.DataTree
        After `sample`.

    References
    ----------
    The parameters are those of ``sklearn.linear_model.PoissonRegressor``.

    Examples
    --------
    >>> import bayesreg as br
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1, 2, 9, 19]
    >>> br.PoissonRegressor(alpha=0.1).fit(X, y).predict(X).round(1)
    array([ 1.1,  2.8,  7.5, 19.6])
    """

    _convention = "sklearn.PoissonRegressor"
    _stated = ("alpha",)

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        fit_intercept: bool = True,
        solver: str = "lbfgs",
        max_iter: int | None = None,
        tol: float = 1e-4,
        warm_start: bool = False,
        verbose: int = 0,
        random_state: RandomState = None,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return D², the share of the null model's deviance that the predictions explain.

        Parameters
        ----------
        X : array, sparse array or frame, shape (m, p)
        y : array, shape (m,)
        sample_weight : array, shape (m,), optional

        Returns
        -------
        float
            1 at best.
        """
        from sklearn.metrics import d2_tweedie_score

        return float(d2_tweedie_score(y, self.predict(X), sample_weight=sample_weight, power=1))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = True
        return tags
