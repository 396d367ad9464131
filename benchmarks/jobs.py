"""What is timed: data, model and penalty of each job, our way to do it and the peers'."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import peers
from gaps import Fits, Problem
from numpy.typing import NDArray
from peers import Peer
from scipy import sparse
from scipy.special import expit

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.report.demo import breast_cancer, diabetes

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Task:
    """One job, ready to be timed.

    Parameters
    ----------
    problem : Problem
        What is solved, for the judge of the gaps.
    ours : callable
        Our fits; raises where a certificate misses its contract.
    peers : mapping of str to Peer
    """

    problem: Problem
    ours: Callable[[], Fits]
    peers: Mapping[str, Peer]


@dataclass(frozen=True)
class Job:
    """A job's number, its name and how to make it; ``scale`` below 1 shrinks the data for a trial."""

    number: int
    name: str
    make: Callable[[float], Task]


def wide_data(n: int, p: int, active: float, scale: float, seed: int = 0) -> tuple[Array, Array]:
    """Columns of an AR(1) with correlation 0.5, and their signal: a share is active with coefficients 1 and -1."""
    n, p = max(int(n * scale), 20), max(int(p * scale), 10)
    rng = np.random.default_rng(seed)
    X = np.asfortranarray(rng.standard_normal((n, p)))
    for j in range(1, p):
        X[:, j] = 0.5 * X[:, j - 1] + np.sqrt(0.75) * X[:, j]
    return X, X @ _coefficients(p, active)


def _coefficients(p: int, active: float) -> Array:
    beta = np.zeros(p)
    on = np.linspace(0, p - 1, max(int(p * active), 1)).astype(int)
    beta[on] = (-1.0) ** np.arange(on.size)
    return beta


def _noisy(signal: Array, seed: int = 1) -> Array:
    """Add noise of half the signal's sd."""
    return signal + 0.5 * signal.std() * np.random.default_rng(seed).standard_normal(signal.size)


@cache
def _diabetes(_: float) -> tuple[Array, Array]:
    frame, y = diabetes()
    return np.asfortranarray(frame.to_numpy()), np.asarray(y, dtype=float)


@cache
def _breast_cancer(_: float) -> tuple[Array, Array]:
    X, y = breast_cancer()
    return np.asfortranarray(X), np.asarray(y, dtype=float)


@cache
def _regression(n: int, p: int, active: float, scale: float) -> tuple[Array, Array]:
    X, signal = wide_data(n, p, active, scale)
    return X, _noisy(signal)


@cache
def _classes(n: int, p: int, active: float, scale: float) -> tuple[Array, Array]:
    X, signal = wide_data(n, p, active, scale)
    chance = expit(2 * signal / signal.std())
    return X, (np.random.default_rng(1).random(chance.size) < chance).astype(float)


@cache
def _sparse(scale: float) -> tuple[Any, Array]:
    n, p = int(10_000 * scale), int(50_000 * scale)
    X = sparse.random_array(
        (n, p), density=1e-3, rng=np.random.default_rng(0), data_sampler=np.random.default_rng(1).standard_normal
    ).tocsc()
    return X, _noisy(np.asarray(X @ _coefficients(p, 0.01)))


def _largest(X: Any, y: Array, loss: str = "squared") -> float:
    """The l1 penalty from which on the model is empty."""
    if loss == "absolute":
        slope = np.sign(y - np.median(y))
        slope -= slope.mean()
    else:
        slope = y - y.mean()
    return float(np.max(np.abs(X.T @ slope)))


def _one(model: br.Model, X: Any, y: Array) -> Callable[[], Fits]:
    def fit() -> Fits:
        mode = br.find_map(model, X, y)
        if not mode.certificate.accepted:
            raise RuntimeError(f"our own fit misses its certificate: {mode.certificate}")
        dual = None if mode.dual is None else mode.dual[None, :]
        return Fits(mode.coef[None, :], np.array([mode.intercept]), dual)

    return fit


def _path(model: br.Model, X: Any, y: Array, **grid: Any) -> Callable[[], Fits]:
    def fit() -> Fits:
        path = br.map_path(model, X, y, **grid)
        missed = [certificate for certificate in path.certificates if not certificate.accepted]
        if missed:
            raise RuntimeError(f"{len(missed)} points of our own path miss their certificate, as {missed[0]}")
        return Fits(path.coef, path.intercept)

    return fit


def lasso(data: Callable[[float], tuple[Any, Array]], share: float) -> Callable[[float], Task]:
    """The lasso at a share of the penalty that empties the model."""

    def make(scale: float) -> Task:
        X, y = data(scale)
        l1 = share * _largest(X, y)
        problem = Problem("squared", X, y, np.array([l1]), np.zeros(1))
        model = br.Model(likelihoods.Gaussian(1.0), priors.Laplace(rate=l1))
        return Task(problem, _one(model, X, y), peers.lasso(problem))

    return make


def diabetes_lasso(_: float) -> Task:
    """scikit-learn's ``Lasso(alpha=0.1)`` on the diabetes data."""
    X, y = _diabetes(1.0)
    return lasso(_diabetes, 0.1 * y.size / _largest(X, y))(1.0)


def lasso_path(data: Callable[[float], tuple[Any, Array]], ratio: float) -> Callable[[float], Task]:
    """The lasso at a hundred penalties, down to a share of the one that empties the model."""

    def make(scale: float) -> Task:
        X, y = data(scale)
        grid = np.geomspace(1.0, ratio, 100) * _largest(X, y)
        problem = Problem("squared", X, y, grid, np.zeros(100))
        model = br.Model(likelihoods.Gaussian(1.0), priors.Laplace(rate=1.0))
        return Task(problem, _path(model, X, y, strengths=grid), peers.lasso_path(problem))

    return make


def ridge_path(n: int, p: int) -> Callable[[float], Task]:
    """Ridge at a hundred penalties, over six decades around the typical squared singular value."""

    def make(scale: float) -> Task:
        X, y = _regression(n, p, 0.1, scale)
        grid = np.geomspace(1e3, 1e-3, 100) * X.shape[0]
        problem = Problem("squared", X, y, np.zeros(100), grid)
        model = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(scale=1.0))
        return Task(problem, _path(model, X, y, strengths=grid), peers.ridge_path(problem))

    return make


def logistic(data: Callable[[float], tuple[Array, Array]], share: float, ridge: float = 0.0) -> Callable[[float], Task]:
    """Logistic regression with a share of the l1 penalty that empties the model, and ``ridge`` of it as l2."""

    def make(scale: float) -> Task:
        X, y = data(scale)
        strength = share * _largest(X, y)
        l1, l2 = (1 - ridge) * strength, ridge * strength
        problem = Problem("logistic", X, y, np.array([l1]), np.array([l2]))
        prior = priors.ElasticNet(l1=l1, l2=l2) if ridge else priors.Laplace(rate=l1)
        model = br.Model(likelihoods.Bernoulli(), prior)
        return Task(problem, _one(model, X, y), peers.logistic(problem))

    return make


def median(scale: float) -> Task:
    """The absolute loss with an l1 penalty."""
    X, y = _regression(2000, 50, 0.2, scale)
    l1 = 0.1 * _largest(X, y, "absolute")
    problem = Problem("absolute", X, y, np.array([l1]), np.zeros(1))
    model = br.Model(likelihoods.Laplace(1.0), priors.Laplace(rate=l1))
    return Task(problem, _one(model, X, y), peers.median(problem))


def _tall(scale: float) -> tuple[Array, Array]:
    return _regression(10_000, 100, 0.1, scale)


def _wide(scale: float) -> tuple[Array, Array]:
    return _regression(500, 5000, 0.01, scale)


def _wider(scale: float) -> tuple[Array, Array]:
    return _regression(1000, 10_000, 0.01, scale)


def _many_classes(scale: float) -> tuple[Array, Array]:
    return _classes(10_000, 1000, 0.05, scale)


JOBS = (
    Job(1, "lasso, diabetes 442×10, alpha .1", diabetes_lasso),
    Job(1, "lasso, diabetes 442×10, 100 λ to λmax/1000", lasso_path(_diabetes, 1e-3)),
    Job(2, "lasso, 10 000×100, 100 λ to λmax/1000", lasso_path(_tall, 1e-3)),
    Job(3, "lasso, 500×5000, λmax/10", lasso(_wide, 0.1)),
    Job(3, "lasso, 500×5000, λmax/100", lasso(_wide, 0.01)),
    Job(3, "lasso, 500×5000, 100 λ to λmax/100", lasso_path(_wide, 0.01)),
    Job(4, "lasso, 1000×10 000, λmax/10", lasso(_wider, 0.1)),
    Job(4, "lasso, 1000×10 000, λmax/100", lasso(_wider, 0.01)),
    Job(4, "lasso, 1000×10 000, 100 λ to λmax/100", lasso_path(_wider, 0.01)),
    Job(5, "lasso, sparse 10 000×50 000 (.1 %), λmax/100", lasso(_sparse, 0.01)),
    Job(5, "lasso, sparse 10 000×50 000 (.1 %), 100 λ to λmax/100", lasso_path(_sparse, 0.01)),
    Job(6, "ridge, 10 000×1000, 100 λ", ridge_path(10_000, 1000)),
    Job(6, "ridge, 500×5000, 100 λ", ridge_path(500, 5000)),
    Job(7, "logistic l1, breast cancer 569×30, λmax/10", logistic(_breast_cancer, 0.1)),
    Job(7, "logistic l1, breast cancer 569×30, λmax/100", logistic(_breast_cancer, 0.01)),
    Job(7, "logistic elastic net, breast cancer 569×30, λmax/100", logistic(_breast_cancer, 0.01, ridge=0.5)),
    Job(7, "logistic l1, 10 000×1000, λmax/10", logistic(_many_classes, 0.1)),
    Job(7, "logistic l1, 10 000×1000, λmax/100", logistic(_many_classes, 0.01)),
    Job(8, "median l1, 2000×50, λmax/10", median),
)
