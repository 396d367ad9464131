r"""The joint mode over a learned noise level: coefficients profiled out, one dimension left.

With u = log sigma, :math:`h(u) = \min U(\beta_0, \beta, e^u)` over the coefficients, U minus the log posterior density
with respect to sigma itself (``measure="natural"``, as ``pm.find_MAP`` has it) or to its logarithm (``"log"``: U - u).
By the envelope theorem its slope is that of U at fixed coefficients. The scaled lasso (``"scaled"``; Sun & Zhang, 2012)
is no mode: it minimises :math:`\mathrm{RSS}/(2\sigma) + n\sigma/2 + \lambda\|\beta\|_1`, so that
:math:`\sigma^2 = \mathrm{RSS}/n`, and its coefficients are those of the square-root lasso (Belloni et al., 2011).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx

from bayesreg.data.columns import Columns
from bayesreg.errors import InputError, NoMapError
from bayesreg.interfaces import implements
from bayesreg.likelihoods import Gaussian, Kinked, StudentT
from bayesreg.numerics.rank import dependent_columns
from bayesreg.problem import Problem
from bayesreg.scales import Law

Array = NDArray[np.float64]

Measure = Literal["natural", "log", "scaled"]
MEASURES: dict[Measure, str] = {
    "natural": "joint mode of (intercept, coef, sigma) with respect to sigma itself, the intercept maximised",
    "log": "joint mode of (intercept, coef, log sigma) with respect to log sigma, the intercept maximised",
    "scaled": "scaled (square-root) lasso: sigma² = RSS / n in place of a mode of sigma, whose law is left aside",
}


def check_measure(problem: Problem, measure: Measure) -> None:
    """Raise for a word that is none, and where the scaled lasso does not apply."""
    if measure not in MEASURES:
        raise InputError(f"measure must be one of {', '.join(map(repr, MEASURES))}, got {measure!r}.")
    if measure == "scaled":
        plain = isinstance(problem.likelihood, Gaussian) and problem.sigma_law is not None
        if not plain or problem.relative_to != "sigma" or np.any(problem.penalty(1.0).l2):
            raise InputError(
                "measure='scaled' is for a Gaussian likelihood with a learned sigma and an l1 penalty relative to it: "
                "priors.Laplace(scale, relative_to='sigma')."
            )


def refuse_unbounded(problem: Problem) -> None:
    """Raise when the joint density grows without bound as sigma goes to 0, with the reason."""
    design = problem.design
    assert problem.sigma_law is not None
    # The density at a perfect fit goes as sigma^(power at 0 of the law - needed).
    needed = design.total_weight
    if problem.relative_to is not None:
        on = ~problem.unpenalised
        penalty = problem.penalty(1.0)
        per_coefficient = 1.0 if problem.relative_to == "sigma" else _normaliser_slope(penalty.l1[on], penalty.l2[on])
        needed += float(np.sum(np.broadcast_to(per_coefficient, int(on.sum()))))
    power = _law_slope(problem.sigma_law, 1e-8 * design.y_sd)
    if power > needed:
        return
    free = np.ones(problem.p, dtype=bool) if problem.relative_to is None else problem.unpenalised
    columns = (design.centred_columns if problem.fit_intercept else design.columns).take(np.flatnonzero(free))
    rows = int(np.count_nonzero(design.weight)) - int(problem.fit_intercept)
    rank = _rank(columns, design.weight, rows)
    reaches = rank >= rows
    if isinstance(problem.likelihood, StudentT) and not reaches:
        # Rows off an exact fit cost only a power of sigma: enough rows on it outweigh them.
        exact = rank + int(problem.fit_intercept)
        reaches = power + (problem.likelihood.df + 1) * (design.total_weight - exact) <= needed
    if not reaches:
        root = np.sqrt(design.weight)
        response = root * problem.shifted_response
        if problem.fit_intercept:
            response = response - root * (root @ response / design.total_weight)
        held = root[:, None] * columns.dense()
        left = response - held @ np.linalg.lstsq(held, response)[0]
        # What is left of an exact fit is the rounding of the numbers that went into it.
        size = root * (np.abs(design.y) + abs(design.X) @ np.abs(problem.loc))
        reaches = bool(np.linalg.norm(left) <= 1e-13 * np.linalg.norm(size))
    if reaches:
        raise NoMapError(
            "there is no joint MAP of (coef, sigma): "
            f"{'the columns' if problem.relative_to is None else 'the unpenalised columns'} can fit y without error "
            f"(rank {rank}, {rows} free rows), so the density grows without bound as sigma goes to 0. Give sigma as a "
            "number, or use scales.InverseGamma for it, or relative_to='penalty' for the prior."
        )


def _rank(columns: Columns, weight: Array, rows: int) -> int:
    """Rank of the weighted columns; for many sparse ones what it can be at most."""
    n, k = columns.shape
    if columns.is_sparse and n * k > 10**7:
        return min(rows, k)
    return k - dependent_columns(np.sqrt(weight)[:, None] * columns.dense()).size


def _law_slope(law: Law, sigma: float) -> float:
    """Return d log p(sigma) / d log sigma by a five-point difference (the laws are smooth in log sigma)."""
    h = 1e-3
    at = [float(law.log_density(sigma * np.exp(k * h))) for k in (-2, -1, 1, 2)]
    return (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * h)


def slope(problem: Problem, coef: Array, intercept: float, sigma: float) -> float:
    """Return dU / d log sigma at fixed coefficients."""
    assert problem.sigma_law is not None
    design = problem.design
    eta = problem.linear_predictor(coef, intercept)
    # F is a function of (y - eta)/sigma, so its slope in log sigma is (y - eta) F'.
    pull = (design.y - eta) * problem.likelihood.gradient(eta, design.y, sigma)
    total = design.total_weight + float(design.weight @ pull)
    total -= _law_slope(problem.sigma_law, sigma)
    if problem.relative_to is not None:
        penalty = problem.penalty(sigma)
        d = np.abs(coef - problem.loc)
        on = penalty.penalised
        if problem.relative_to == "sigma":
            # l1 goes as 1/sigma, l2 as 1/sigma², and the normaliser of each coefficient as sigma.
            # The norms of groups go as l1 does, and the normaliser of a group as sigma to its size.
            total += -penalty.value(coef - problem.loc) - 0.5 * float(penalty.l2 @ d**2) + float(on.sum())
        else:
            total += -2 * penalty.value(d) + float(_normaliser_slope(penalty.l1[on], penalty.l2[on]).sum())
    if problem.fit_intercept and problem.intercept_prior.relative_to is not None:
        rate = problem.intercept_prior.l2(sigma)
        if rate > 0:
            total += 1.0 - rate * (intercept - problem.intercept_prior.loc) ** 2
    return total


def _normaliser_slope(l1: Array, l2: Array) -> Array:
    """D log Z / d log sigma when both rates go as 1/sigma²: 1 (Gaussian) to 2 (Laplace)."""
    out = np.full(l1.shape, 2.0)
    curved = l2 > 0
    x = l1[curved] / np.sqrt(l2[curved])
    mills = np.sqrt(np.pi / 2) * erfcx(x / np.sqrt(2))
    # log Z = log 2 - ½ log l2 + log R(x), x going as 1/sigma, R' = x R - 1; for large x its expansion.
    exact = 1 - x**2 + x / mills
    out[curved] = np.where(x > 1e3, 2 - 2 / np.maximum(x, 1.0) ** 2, exact)
    return out


def same_at_every_level(problem: Problem) -> bool:
    """Whether the coefficients that maximise the posterior are the same for every sigma."""
    intercept = not problem.fit_intercept or problem.intercept_prior.flat
    if not intercept and problem.intercept_prior.relative_to is None:
        return False
    penalty = problem.penalty(1.0)
    free = not penalty.penalised.any()
    edged = bool(np.any(penalty.l1)) or penalty.groups is not None
    if isinstance(problem.likelihood, Gaussian):
        return free or problem.relative_to == "penalty" or (problem.relative_to == "sigma" and not edged)
    # Where the loss itself goes as 1/sigma, so must the penalty.
    linear = implements(problem.likelihood, Kinked) and intercept and problem.intercept_prior.flat
    return linear and (free or (problem.relative_to == "sigma" and not np.any(penalty.l2)))


def joint_mode(problem: Problem, solve: Callable[[float, Any], Any], measure: Measure = "natural") -> tuple[Any, float]:
    """Return the mode and the noise level that together maximise the posterior.

    Parameters
    ----------
    problem : Problem
        With a learned sigma.
    solve : callable
        ``solve(sigma, start)`` gives the mode of the coefficients (with ``coef`` and ``intercept``) at a noise level;
        ``start`` is the mode at the level before, or None.
    measure : {"natural", "log", "scaled"}
        What the density is with respect to; see the top of this file.

    Notes
    -----
    An absolute prior can make the profile bimodal, so it is scanned from far above sd(y) to far below before the
    slope is brought to zero in the best cell.
    """
    if measure == "scaled":
        profile, rise = _scaled_value, _scaled_slope
    else:
        refuse_unbounded(problem)
        profile, rise = _density_value, slope
    # With respect to log sigma the density has one factor sigma more.
    extra = 1.0 if measure == "log" else 0.0
    centre = np.log(problem.design.y_sd)
    whole = solve
    if same_at_every_level(problem):
        only = solve(problem.design.y_sd, None)
        solve = lambda level, start: only  # noqa: E731
    grid = np.linspace(centre + 2.0, centre - 10.0, 49 if problem.relative_to is None else 13)
    modes, values, mode = [], [], None
    for u in grid:
        mode = solve(float(np.exp(u)), mode)
        modes.append(mode)
        values.append(profile(problem, mode.coef, mode.intercept, float(np.exp(u))) - extra * u)
    best = int(np.argmin(values))
    low, high = grid[min(best + 1, grid.size - 1)], grid[max(best - 1, 0)]
    start = modes[best]

    def at(u: float) -> float:
        found = solve(float(np.exp(u)), start)
        return rise(problem, found.coef, found.intercept, float(np.exp(u))) - extra

    if not np.all(np.isfinite(values)):
        raise NoMapError(
            "the joint mode of (coef, sigma) cannot be computed: the columns are collinear to working precision. "
            "Centre and scale them, or give every column a proper prior."
        )
    while at(low) > 0:
        low -= 2.0
        if low < centre - 40.0:
            raise NoMapError(
                "sigma falls to 0: at this penalty the columns fit y without error. Take a stronger penalty, or a "
                "law of sigma that vanishes at 0 such as scales.InverseGamma."
            )
    while at(high) < 0:
        high += 2.0
    from scipy.optimize import brentq

    sigma = float(np.exp(brentq(at, low, high, xtol=1e-14, rtol=4 * np.finfo(float).eps)))
    return whole(sigma, start), sigma


def _density_value(problem: Problem, coef: Array, intercept: float, sigma: float) -> float:
    return -problem.log_posterior(coef, intercept, sigma)


def _weighted_rss(problem: Problem, coef: Array, intercept: float) -> float:
    residual = problem.design.y - problem.linear_predictor(coef, intercept)
    return float(problem.design.weight @ residual**2)


def _scaled_value(problem: Problem, coef: Array, intercept: float, sigma: float) -> float:
    """RSS / (2 sigma) + n sigma / 2 + the penalty at unit noise."""
    half = 0.5 * (_weighted_rss(problem, coef, intercept) / sigma + problem.design.total_weight * sigma)
    return half + problem.penalty(1.0).value(coef - problem.loc)


def _scaled_slope(problem: Problem, coef: Array, intercept: float, sigma: float) -> float:
    """Twice the slope of that in sigma."""
    return problem.design.total_weight - _weighted_rss(problem, coef, intercept) / sigma**2
