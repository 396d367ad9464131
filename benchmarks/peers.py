"""The same fits by other libraries, each a function of its tolerance; a library that is missing is left out."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from gaps import Fits, Problem
from numpy.typing import NDArray
from scipy import linalg, sparse

Array = NDArray[np.float64]

LADDER = tuple(float(tol) for tol in 10.0 ** np.arange(-1, -15.5, -0.5))
NO_CHOICE = (0.0,)


@dataclass(frozen=True)
class Peer:
    """A library's way to do a job.

    Parameters
    ----------
    fit : callable
        From a tolerance to the fits.
    tolerances : tuple of float
        What may be tried, loosest first; one entry where there is nothing to choose.
    """

    fit: Callable[[float], Fits]
    tolerances: tuple[float, ...] = LADDER


def installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def lasso(task: Problem) -> Mapping[str, Peer]:
    """Peers of the lasso at one penalty."""
    from sklearn.linear_model import Lasso

    X, y = task.X, task.y
    n, p = X.shape
    alpha = float(task.l1[0]) / n

    def one(estimator: Any) -> Fits:
        fit = estimator.fit(X, y)
        return Fits(np.asarray(fit.coef_)[None, :], np.atleast_1d(fit.intercept_))

    peers = {"scikit-learn": Peer(lambda tol: one(Lasso(alpha, tol=tol, max_iter=100_000)))}
    if n > p and not sparse.issparse(X):
        peers["scikit-learn, Gram"] = Peer(lambda tol: one(Lasso(alpha, tol=tol, max_iter=100_000, precompute=True)))
    if installed("celer"):
        import celer

        peers["celer"] = Peer(lambda tol: one(celer.Lasso(alpha, tol=tol, max_iter=500)))
    if installed("skglm"):
        import skglm

        peers["skglm"] = Peer(lambda tol: one(skglm.Lasso(alpha, tol=tol, max_iter=500)))
    return peers


def lasso_path(task: Problem) -> Mapping[str, Peer]:
    """Peers of the lasso along a grid of penalties; who has no intercept gets centred data, within the time."""
    from sklearn.linear_model import lasso_path as sklearn_path

    X, y = task.X, task.y
    n, p = X.shape
    alphas = task.l1 / n

    def centred(path: Callable[..., Any]) -> Fits:
        mean, level = np.asarray(X.mean(axis=0)).ravel(), y.mean()
        if sparse.issparse(X):
            coefs = path(X, y - level, X_offset=mean, X_scale=np.ones(p))[1].T
        else:
            coefs = path(np.asfortranarray(X - mean), y - level)[1].T
        return Fits(coefs, level - coefs @ mean)

    def by_sklearn(tol: float, precompute: bool) -> Fits:
        options = {"alphas": alphas, "tol": tol, "max_iter": 100_000, "precompute": precompute}
        return centred(lambda A, b, **centre: sklearn_path(A, b, **options, **centre))

    peers = {"scikit-learn": Peer(lambda tol: by_sklearn(tol, False))}
    if n > p and not sparse.issparse(X):
        peers["scikit-learn, Gram"] = Peer(lambda tol: by_sklearn(tol, True))
    if installed("celer"):
        from celer import celer_path

        def by_celer(tol: float) -> Fits:
            options = {"pb": "lasso", "alphas": alphas, "tol": tol, "max_iter": 500, "prune": True}
            return centred(lambda A, b, **centre: celer_path(A, b, **options, **centre))

        peers["celer"] = Peer(by_celer)
    if installed("skglm"):
        import skglm

        def by_skglm(tol: float) -> Fits:
            coefs = skglm.Lasso(tol=tol, max_iter=500).path(X, y, alphas, return_n_iter=False)[1].T
            return Fits(coefs[:, :-1], coefs[:, -1])

        peers["skglm"] = Peer(by_skglm)
    return peers


def ridge_path(task: Problem) -> Mapping[str, Peer]:
    """Peers of ridge along a grid of penalties."""
    from sklearn.linear_model import Ridge, RidgeCV

    X, y, grid = task.X, task.y, task.l2
    n, p = X.shape

    def by_numpy(_: float) -> Fits:
        mean, level = X.mean(axis=0), y.mean()
        A, b = X - mean, y - level
        if p <= n:
            values, vectors = linalg.eigh(A.T @ A)
            coefs = (vectors.T @ (A.T @ b) / (values + grid[:, None])) @ vectors.T
        else:
            values, vectors = linalg.eigh(A @ A.T)
            coefs = (vectors.T @ b / (values + grid[:, None])) @ vectors.T @ A
        return Fits(coefs, level - coefs @ mean)

    def by_loop(_: float) -> Fits:
        fits = [Ridge(strength).fit(X, y) for strength in grid]
        return Fits(np.stack([fit.coef_ for fit in fits]), np.array([fit.intercept_ for fit in fits]))

    def by_cross_validation(_: float) -> Fits:
        fit = RidgeCV(grid).fit(X, y)
        return Fits(fit.coef_[None, :], np.atleast_1d(fit.intercept_), at=np.flatnonzero(grid == fit.alpha_))

    return {
        "NumPy, eigh": Peer(by_numpy, NO_CHOICE),
        "scikit-learn, loop": Peer(by_loop, NO_CHOICE),
        "RidgeCV (keeps one λ)": Peer(by_cross_validation, NO_CHOICE),
    }


def logistic(task: Problem) -> Mapping[str, Peer]:
    """Peers of logistic regression with an l1 penalty or the elastic net, at one penalty."""
    from sklearn.linear_model import LogisticRegression

    X, y = task.X, task.y
    n = X.shape[0]
    l1, l2 = float(task.l1[0]), float(task.l2[0])
    total, share = l1 + l2, l1 / (l1 + l2)

    def one(estimator: Any) -> Fits:
        fit = estimator.fit(X, y)
        return Fits(np.atleast_2d(fit.coef_), np.atleast_1d(fit.intercept_))

    def by_sklearn(tol: float, **options: Any) -> Fits:
        return one(LogisticRegression(C=1 / total, l1_ratio=share, tol=tol, random_state=0, **options))

    peers = {"saga": Peer(lambda tol: by_sklearn(tol, solver="saga", max_iter=20_000))}
    if l2 == 0:
        # liblinear penalises the intercept too: with this scaling by a hundredth.
        options = {"solver": "liblinear", "intercept_scaling": 100.0, "max_iter": 10_000}
        peers["liblinear"] = Peer(lambda tol: by_sklearn(tol, **options))
    if installed("skglm"):
        import skglm

        def by_skglm(tol: float) -> Fits:
            return one(skglm.SparseLogisticRegression(total / n, share, tol=tol, max_iter=500))

        peers["skglm"] = Peer(by_skglm)
    if installed("glum"):
        import glum

        def by_glum(tol: float) -> Fits:
            options = {"family": "binomial", "alpha": total / n, "l1_ratio": share, "max_iter": 1000}
            return one(glum.GeneralizedLinearRegressor(**options, gradient_tol=tol))

        peers["glum"] = Peer(by_glum)
    return peers


def median(task: Problem) -> Mapping[str, Peer]:
    """Peers of the absolute loss with an l1 penalty."""
    from sklearn.linear_model import QuantileRegressor

    # HiGHS takes its feasibility tolerances from 1e-10 on.
    tolerances = tuple(tol for tol in LADDER if tol >= 1e-10)

    def by_highs(tol: float) -> Fits:
        options = {"primal_feasibility_tolerance": tol, "dual_feasibility_tolerance": tol}
        alpha = float(task.l1[0]) / (2 * task.y.size)
        fit = QuantileRegressor(quantile=0.5, alpha=alpha, solver="highs", solver_options=options)
        fit.fit(task.X, task.y)
        return Fits(fit.coef_[None, :], np.atleast_1d(fit.intercept_))

    return {"scikit-learn, HiGHS": Peer(by_highs, tolerances)}
