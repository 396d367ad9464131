r"""Posteriors of one coefficient (or two) with normal errors, by brute force: two ways that share only the likelihood.

`by_mixture` gives the coefficients their normal laws given local variances t, does the Gaussian integral over them and
a normal or flat intercept in closed form, and sums over a grid of log t, of the logarithms of the learned parameters of
the prior and of log sigma: the trapezoidal rule is exact to rounding for such analytic, decaying integrands.

`by_density` knows no mixture: it sums over the coefficient itself, with the density of its prior, on a double
exponential grid on both sides of the location, where that density may have a kink or a logarithmic pole.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import exp1, gammaln, log_ndtr, logsumexp, ndtr

from bayesreg import priors
from bayesreg.problem import Problem

Array = NDArray[np.float64]

LOCALS = ("t0", "t1")
_V = np.linspace(-3.6, 2.2, 1200)
_HALF = np.exp(0.5 * np.pi * np.sinh(_V))
_LOG_HALF = np.log(0.5 * np.pi * np.cosh(_V) * _HALF * (_V[1] - _V[0]))


@dataclass(frozen=True)
class Posterior:
    """Moments of the coefficients, P(coef > loc), and moments of the logarithms of what is learned beside them."""

    mean: Array
    sd: Array
    positive: Array
    log_mean: dict[str, float]
    log_sd: dict[str, float]
    log_evidence: float


@dataclass(frozen=True)
class Grid:
    """Nodes of every learned number, and the log prior mass of each combination (broadcast against each other)."""

    value: dict[str, Array]
    log_mass: Array


def _law_nodes(law: Any, low: float, high: float, step: float) -> tuple[Array, Array]:
    u = np.arange(low, high, step)
    return np.exp(u), law.log_density(np.exp(u)) + u + np.log(step)


def _outer(problem: Problem, locals_: int, step: float) -> Grid:
    """The grid over local variances, learned prior parameters and sigma, in this order of axes."""
    axes: list[tuple[str, Array, Array]] = []
    for j in range(locals_):
        u = np.arange(-60.0, 60.0, 0.4 * step)
        t = np.exp(u)
        axes.append((LOCALS[j], t, _log_local(problem.prior, t) + u + np.log(0.4 * step)))
    for name, law in problem.hyper_laws.items():
        axes.append((name, *_law_nodes(law, -25.0, 25.0, 0.3 * step)))
    if problem.sigma_law is not None:
        centre = np.log(np.std(problem.design.y))
        axes.append(("sigma", *_law_nodes(problem.sigma_law, centre - 4, centre + 6, 0.12 * step)))
    d = len(axes)
    shaped = [tuple(a.reshape((1,) * k + (-1,) + (1,) * (d - k - 1)) for a in axis[1:]) for k, axis in enumerate(axes)]
    mass = sum((m for _, m in shaped), np.zeros((1,) * d))
    return Grid({axis[0]: shaped[k][0] for k, axis in enumerate(axes)}, np.asarray(mass))


def _log_local(prior: Any, t: Array) -> Array:
    """Log density of the local variance of a coefficient."""
    match prior:
        case priors.Laplace() | priors.ElasticNet() | priors.GroupLaplace():
            return -0.5 * t - np.log(2)
        case priors.StudentT():
            half = 0.5 * prior.df
            return half * np.log(half) - gammaln(half) - (half + 1) * np.log(t) - half / t
        case priors.Horseshoe() | priors.RegularizedHorseshoe():
            return -np.log(np.pi) - 0.5 * np.log(t) - np.log1p(t)
    raise TypeError(f"{prior!r} has no local variances")


def _parameters(problem: Problem, value: dict[str, Array]) -> tuple[dict[str, Any], Any, Any]:
    """Known or learned scale, rates and slab; the noise level and its power that goes with a rate l1."""
    prior = problem.prior
    given: dict[str, Any] = {
        "prior_scale": getattr(prior, "scale", None),
        "prior_rate": getattr(prior, "rate", None),
        "prior_l1": getattr(prior, "l1", None),
        "prior_l2": getattr(prior, "l2", None),
        "slab": getattr(prior, "slab_scale", None),
    }
    sigma = value.get("sigma", np.float64(problem.known_sigma or 1.0))
    linear = {None: 1.0, "sigma": sigma, "penalty": sigma**2}[problem.relative_to]
    return given | value, sigma, linear


def _variance(problem: Problem, value: dict[str, Array], j: int) -> Any:
    """Prior variance of the coefficient j given everything else; and the log of what a ridge adds to its mass."""
    prior, unit = problem.prior, problem.unit[j]
    given, sigma, linear = _parameters(problem, value)
    noise = 1.0 if problem.relative_to is None else sigma
    if isinstance(prior, priors.Gaussian):
        return (noise * unit * given["prior_scale"]) ** 2, 0.0
    if isinstance(prior, priors.GroupGaussian):
        return (noise * unit * given[f"prior_scale[{prior.groups[j]}]"]) ** 2, 0.0
    t = value[LOCALS[j]]
    match prior:
        case priors.Laplace():
            b = given["prior_scale"] if prior.rate is None else 1 / given["prior_rate"]
            return (linear * unit * b) ** 2 * t, 0.0
        case priors.GroupLaplace():
            return (linear * unit * given["prior_scale"]) ** 2 * t, 0.0
        case priors.StudentT() | priors.Horseshoe():
            return (noise * unit * given["prior_scale"]) ** 2 * t, 0.0
        case priors.RegularizedHorseshoe():
            free = (noise * unit * given["prior_scale"]) ** 2 * t
            return 1 / (1 / free + (noise * unit * given["slab"]) ** -2.0), 0.0
        case priors.ElasticNet():
            # exp(-l1|d|) = 2/l1 times a mixture of N(0, t/l1²); the ridge joins each normal, the normaliser follows.
            l1, l2 = given["prior_l1"] / (linear * unit), given["prior_l2"] / (noise * unit) ** 2
            joint = 1 / (l1**2 / t + l2)
            constant = np.log(2 / l1) - _log_elastic_net(l1, l2)
            return joint, constant + 0.5 * np.log(joint * l1**2 / t)
    raise TypeError(f"{prior!r}")


def _log_elastic_net(l1: Any, l2: Any) -> Any:
    """Log of the integral of exp(-l1|d| - l2 d²/2)."""
    x = l1 / np.sqrt(l2)
    return 0.5 * np.log(8 * np.pi / l2) + 0.5 * x**2 + log_ndtr(-x)


def _rows(problem: Problem) -> tuple[Array, Array, float, float]:
    """Gram matrix, cross products and square of (X, 1) and of the response less offset, location; sum of weights."""
    design, p = problem.design, problem.p
    Z = np.hstack([design.X, np.ones((problem.n, int(problem.fit_intercept)))])
    r = design.y - design.offset - design.X @ problem.loc
    if problem.fit_intercept and not problem.flat_intercept:
        r = r - problem.intercept_prior.loc
    assert Z.shape[1] - p <= 1
    w = design.weight
    return (Z.T * w) @ Z, (Z.T * w) @ r, float(w @ r**2), float(w.sum())


def _intercept_precision(problem: Problem, sigma: Any) -> Any:
    prior = problem.intercept_prior
    return prior.rate / (sigma**2 if prior.relative_to is not None else 1.0)


def _summary(grid: Grid, log_weight: Array, first: list[Array], second: list[Array], up: list[Array]) -> Posterior:
    total = float(logsumexp(log_weight))
    share = np.exp(log_weight - total)
    mean = np.array([np.sum(share * m) for m in first])
    sd = np.sqrt(np.array([np.sum(share * s) for s in second]) - mean**2)
    positive = np.array([np.sum(share * q) for q in up])
    learned = {name: np.log(value) for name, value in grid.value.items() if name not in LOCALS}
    log_mean = {name: float(np.sum(share * value)) for name, value in learned.items()}
    log_sd = {name: float(np.sqrt(np.sum(share * (value - log_mean[name]) ** 2))) for name, value in learned.items()}
    return Posterior(mean, sd, positive, log_mean, log_sd, total)


def by_mixture(problem: Problem, step: float = 1.0) -> Posterior:
    """Posterior of at most two coefficients under a normal mixture; ``step`` multiplies every spacing."""
    p = problem.p
    mixed = not isinstance(problem.prior, priors.Gaussian | priors.GroupGaussian)
    grid = _outer(problem, p if mixed else 0, step)
    G, c, square, rows = _rows(problem)
    sigma = grid.value.get("sigma", np.float64(problem.known_sigma or 1.0))
    shape = grid.log_mass.shape
    diagonal, log_prior = [], np.zeros(shape)
    for j in range(p):
        variance, extra = _variance(problem, grid.value, j)
        diagonal.append(1 / variance)
        log_prior = log_prior + extra - 0.5 * np.log(variance)
    if problem.fit_intercept:
        precision = _intercept_precision(problem, sigma)
        diagonal.append(precision)
        if not problem.flat_intercept:
            log_prior = log_prior + 0.5 * np.log(precision)
        else:
            log_prior = log_prior + 0.5 * np.log(2 * np.pi)
    # Eliminate one coordinate after the other: A = L D L' with scalars that are arrays over the grid.
    q = len(diagonal)
    A = [[G[i, j] / sigma**2 + (diagonal[i] if i == j else 0.0) for j in range(q)] for i in range(q)]
    inverse, log_det = _inverse(A)
    h = [c[i] / sigma**2 for i in range(q)]
    centre = [sum(inverse[i][j] * h[j] for j in range(q)) for i in range(q)]
    quadratic = sum(centre[i] * h[i] for i in range(q))
    log_lik = -0.5 * rows * np.log(2 * np.pi * sigma**2) - 0.5 * square / sigma**2 + 0.5 * quadratic - 0.5 * log_det
    log_weight = grid.log_mass + log_prior + log_lik
    first = [problem.loc[j] + centre[j] for j in range(p)]
    second = [first[j] ** 2 + inverse[j][j] for j in range(p)]
    up = [ndtr(centre[j] / np.sqrt(inverse[j][j])) for j in range(p)]
    return _summary(grid, log_weight, first, second, up)


def _inverse(A: list[list[Any]]) -> tuple[list[list[Any]], Any]:
    """Inverse and log determinant of a symmetric matrix whose entries are arrays, by Gauss and Jordan."""
    q = len(A)
    M = [[*row, *(1.0 if i == j else 0.0 for j in range(q))] for i, row in enumerate(A)]
    log_det = 0.0
    for i in range(q):
        pivot = M[i][i]
        log_det = log_det + np.log(pivot)
        M[i] = [entry / pivot for entry in M[i]]
        for k, j in itertools.product(range(q), range(2 * q)):
            if k != i and j != i:
                M[k][j] = M[k][j] - M[k][i] * M[i][j]
        for k in range(q):
            if k != i:
                M[k][i] = 0.0
    return [row[q:] for row in M], log_det


def prior_log_density(problem: Problem, d: Any, value: dict[str, Any]) -> Any:
    """Log density of a single coefficient beyond its location, local variances integrated out."""
    prior, unit = problem.prior, problem.unit[0]
    given, sigma, linear = _parameters(problem, value)
    noise = 1.0 if problem.relative_to is None else sigma
    match prior:
        case priors.Gaussian():
            s = noise * unit * given["prior_scale"]
            return -0.5 * np.log(2 * np.pi) - np.log(s) - 0.5 * (d / s) ** 2
        case priors.Laplace() | priors.GroupLaplace():
            scale = 1 / given["prior_rate"] if given["prior_scale"] is None else given["prior_scale"]
            b = linear * unit * scale
            return -np.log(2 * b) - np.abs(d) / b
        case priors.ElasticNet():
            l1, l2 = given["prior_l1"] / (linear * unit), given["prior_l2"] / (noise * unit) ** 2
            return -l1 * np.abs(d) - 0.5 * l2 * d**2 - _log_elastic_net(l1, l2)
        case priors.StudentT():
            s, df = noise * unit * given["prior_scale"], prior.df
            constant = gammaln((df + 1) / 2) - gammaln(df / 2) - 0.5 * np.log(df * np.pi)
            return constant - np.log(s) - 0.5 * (df + 1) * np.log1p((d / s) ** 2 / df)
        case priors.Horseshoe():
            s = noise * unit * given["prior_scale"]
            u = 0.5 * (d / s) ** 2
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                # e^u E1(u), far out by its continued fraction.
                far = 1 / (u + 1 / (1 + 1 / (u + 2 / (1 + 2 / (u + 3 / (1 + 3 / (u + 4)))))))
                near = np.log(exp1(np.minimum(u, 300.0))) + np.minimum(u, 300.0)
                return np.where(u < 300, near, np.log(far)) - np.log(s) - 0.5 * np.log(2 * np.pi**3)
    raise TypeError(f"{prior!r} has no density in closed form")


def by_density(problem: Problem, step: float = 1.0) -> Posterior:
    """Posterior of one coefficient from the density of its prior."""
    grid = _outer(problem, 0, step)
    G, c, square, rows = _rows(problem)
    reach = np.sqrt(np.log(10.0) * G[0, 0] ** -0.5)
    value = {name: array[..., None] for name, array in grid.value.items()}
    sigma = value.get("sigma", np.float64(problem.known_sigma or 1.0))
    every = int(max(1, np.floor(step * 3)))
    node = _HALF[::every] * reach
    d, log_node = np.concatenate([-node, node]), np.tile(_LOG_HALF[::every] + np.log(every * reach), 2)
    log_weight = grid.log_mass[..., None] + log_node + prior_log_density(problem, d, value)
    left, cross, total = square - 2 * d * c[0] + d**2 * G[0, 0], 0.0, 0.0
    if problem.fit_intercept:
        precision = _intercept_precision(problem, sigma)
        total = G[1, 1] / sigma**2 + precision
        cross = (c[1] - d * G[0, 1]) / sigma**2
        log_weight = log_weight + 0.5 * cross**2 / total - 0.5 * np.log(total)
        log_weight = log_weight + 0.5 * (np.log(2 * np.pi) if problem.flat_intercept else np.log(precision))
    log_weight = log_weight - 0.5 * rows * np.log(2 * np.pi * sigma**2) - 0.5 * left / sigma**2
    coef = problem.loc[0] + d
    up = (d > 0).astype(float)
    return _summary(Grid(value, log_weight), log_weight, [coef], [coef**2], [up])
