r"""One-dimensional updates given the coefficients: sigma, the multipliers and the local variances.

sigma and a are drawn with the local variances integrated out, and the local variances directly after them: together one
draw of (sigma, a, t) given delta. Where that has no closed form (REGULARIZED) a is drawn given t.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from bayesreg.numerics.gibbs.densities import coefficient_log_density, learned_log_density
from bayesreg.numerics.gibbs.laws import INVERSE_GAMMA
from bayesreg.numerics.gibbs.shifted_reciprocal import shifted_reciprocal
from bayesreg.numerics.gibbs.slices import DONE, answer, begin
from bayesreg.numerics.gibbs.specification import (
    GAUSSIAN,
    HORSESHOE,
    KNOWN,
    LAPLACE,
    RATE,
    REGULARIZED,
    RIDGE,
    RSS,
    SIGMA,
    STUDENT_T,
)
from bayesreg.numerics.gibbs.variates import inverse_gaussian


@njit(cache=True, nogil=True)
def noise_log_density(learned: Any, rows: float, rss: float, x: float) -> float:
    """Log density of x = log(sigma) under its law and ``rows`` residuals with sum of squares ``rss``."""
    if abs(x) > 300.0:
        return -np.inf
    return float(learned_log_density(learned, math.exp(x)) - rows * x - 0.5 * rss * math.exp(-2.0 * x))


@njit(cache=True, nogil=True)
def draw_noise(rng: Any, learned: Any, rows: float, rss: float, sigma: float, width: float) -> float:
    """Draw sigma given ``rows`` residuals with sum of squares ``rss``, coefficients integrated out or not.

    A draw from the inverse gamma under a flat law of log(sigma), accepted by what the law changes (always under an
    inverse gamma law, whose numbers join the proposal's), then a slice step, which moves under any law.
    """
    if learned.kind == KNOWN:
        return sigma
    shape, scale = 0.5 * rows, 0.5 * rss
    conjugate = learned.code == INVERSE_GAMMA
    if conjugate:
        shape += learned.first
        scale += learned.second
    if shape > 0.0 and scale > 0.0:
        new = math.sqrt(scale / rng.standard_gamma(shape))
        if conjugate:
            return new
        change = learned_log_density(learned, new) - learned_log_density(learned, sigma)
        if math.log(1.0 - rng.random()) < change:
            sigma = new
    x = math.log(sigma)
    step = begin(rng, x, noise_log_density(learned, rows, rss, x), width)
    while step.phase != DONE:
        step = answer(rng, step, noise_log_density(learned, rows, rss, step.at))
    return math.exp(step.at)


@njit(cache=True, nogil=True)
def draw_noise_along(rng: Any, rows: float, rss: float, power: int, hyper: Any, state: Any, width: float) -> None:
    """Draw sigma given ``rows`` residuals with a / sigma^power, power not 0, held: a goes with it."""
    level = state.level
    if hyper.noise.kind == KNOWN:
        return
    x = math.log(level[SIGMA])
    shift = math.log(level[RATE]) - power * x
    density = noise_log_density(hyper.noise, rows, rss, x) + learned_log_density(hyper.rate, level[RATE])
    step = begin(rng, x, density, width)
    while step.phase != DONE:
        density = -np.inf
        if abs(shift + power * step.at) < 300.0:
            density = noise_log_density(hyper.noise, rows, rss, step.at)
            density += learned_log_density(hyper.rate, math.exp(shift + power * step.at))
        step = answer(rng, step, density)
    level[SIGMA] = math.exp(step.at)
    level[RATE] = math.exp(shift + power * step.at)


@njit(cache=True, nogil=True)
def _level_log_density(which: int, x: float, prior: Any, hyper: Any, state: Any, norms: Any, rows: float) -> float:
    """Log density of x = log(level[which]) given the coefficients, the other levels as they stand."""
    if abs(x) > 300.0:
        return -np.inf
    value = math.exp(x)
    sigma, a, b = state.level[SIGMA], state.level[RATE], state.level[RIDGE]
    if which == SIGMA:
        density = noise_log_density(hyper.noise, rows, state.level[RSS], x)
        sigma = value
    elif which == RATE:
        density = learned_log_density(hyper.rate, value)
        a = value
    else:
        density = learned_log_density(hyper.ridge, value)
        b = value
    if which != SIGMA or prior.on_sigma > 0 or prior.fixed_on_sigma > 0:
        density += coefficient_log_density(prior, state.delta, state.local, norms, sigma, a, b)
    return float(density)


@njit(cache=True, nogil=True)
def slice_level(
    rng: Any, which: int, width: float, prior: Any, hyper: Any, state: Any, norms: Any, rows: float
) -> None:
    """One slice-sampling step for log(level[which])."""
    x = math.log(state.level[which])
    step = begin(rng, x, _level_log_density(which, x, prior, hyper, state, norms, rows), width)
    while step.phase != DONE:
        step = answer(rng, step, _level_log_density(which, step.at, prior, hyper, state, norms, rows))
    state.level[which] = math.exp(step.at)


@njit(cache=True, nogil=True)
def _local_log_density(x: float, ratio: float, slab: float, delta: float) -> float:
    """Log density of x = log t where delta is normal with precision ratio/t + slab and sqrt(t) is half-Cauchy."""
    if abs(x) > 600.0:
        return -np.inf
    t = math.exp(x)
    precision = ratio / t + slab
    return 0.5 * math.log(precision) - 0.5 * precision * delta * delta + 0.5 * x - math.log1p(t)


@njit(cache=True, nogil=True)
def _regularized_local(rng: Any, ratio: float, slab: float, delta: float, old: float) -> float:
    """One slice step for log t, started at ``old``."""
    x = math.log(old)
    step = begin(rng, x, _local_log_density(x, ratio, slab, delta), 3.0)
    while step.phase != DONE:
        step = answer(rng, step, _local_log_density(step.at, ratio, slab, delta))
    return math.exp(step.at)


@njit(cache=True, nogil=True)
def _rescaling_log_density(x: float, hyper: Any, prior: Any, local: Any, old: float) -> float:
    """Log density of x = log a with every t / a² held: half-Cauchy laws of sqrt(t), the law of a."""
    if abs(x) > 300.0:
        return -np.inf
    change = 2.0 * (x - old)
    total = learned_log_density(hyper.rate, math.exp(x))
    for g in range(local.size):
        if prior.size[g] > 0.0:
            log_t = math.log(local[g]) + change
            total += 0.5 * log_t - np.logaddexp(0.0, log_t)
    return float(total)


@njit(cache=True, nogil=True)
def _rescale(rng: Any, prior: Any, hyper: Any, state: Any, width: float) -> None:
    """Move a with every t / a² held, so that the precision of the coefficients stays: it mixes where a | t does not."""
    old = math.log(state.level[RATE])
    step = begin(rng, old, _rescaling_log_density(old, hyper, prior, state.local, old), width)
    while step.phase != DONE:
        step = answer(rng, step, _rescaling_log_density(step.at, hyper, prior, state.local, old))
    factor = math.exp(2.0 * (step.at - old))
    for g in range(state.local.size):
        if prior.size[g] > 0.0:
            state.local[g] = min(max(state.local[g] * factor, 1e-290), 1e290)
    state.level[RATE] = math.exp(step.at)


@njit(cache=True, nogil=True)
def draw_locals(rng: Any, prior: Any, state: Any, norms: Any) -> None:
    """Draw every local variance given the coefficients, sigma and the multipliers."""
    if prior.law == GAUSSIAN:
        return
    rho = state.level[RATE] * state.level[SIGMA] ** -prior.on_sigma
    local = state.local
    if prior.law == LAPLACE or prior.law == STUDENT_T or prior.law == HORSESHOE:
        for g in range(local.size):
            if prior.size[g] == 0.0:
                continue
            square = rho * rho * norms[g]
            if prior.law == LAPLACE:
                # 1/t | delta: inverse Gaussian with mean 1/z and shape 1, whatever the size of the group.
                inverse = inverse_gaussian(rng, 1.0 / max(math.sqrt(square), 1e-150), 1.0)
            elif prior.law == STUDENT_T:
                inverse = 2.0 * rng.standard_gamma(0.5 * (prior.df + prior.size[g])) / (prior.df + square)
            else:
                inverse = shifted_reciprocal(rng, 0.5 * square)
            local[g] = 1.0 / min(max(inverse, 1e-290), 1e290)
        return
    slab = state.level[RIDGE] * state.level[SIGMA] ** (-2 * min(prior.on_sigma, 1))
    for j in range(state.delta.size):
        if prior.rate[j] > 0.0:
            g = prior.group[j]
            ratio = (rho * prior.rate[j]) ** 2
            local[g] = _regularized_local(rng, ratio, slab * prior.ridge[j], state.delta[j], local[g])


@njit(cache=True, nogil=True)
def _propose_rate(rng: Any, prior: Any, hyper: Any, state: Any, norms: Any) -> None:
    """Independence step for the rate of a Laplace law: its gamma conditional, accepted by what the law changes."""
    if prior.law != LAPLACE or prior.ridged:
        return
    count, total = 0.0, 0.0
    for g in range(norms.size):
        count += prior.size[g]
        if prior.size[g] > 0.0:
            total += math.sqrt(norms[g])
    total *= state.level[SIGMA] ** -prior.on_sigma
    if not (count > 0.0 and total > 0.0):
        return
    new = rng.standard_gamma(count) / total
    change = learned_log_density(hyper.rate, new) - learned_log_density(hyper.rate, state.level[RATE])
    if math.log(1.0 - rng.random()) < change:
        state.level[RATE] = new


@njit(cache=True, nogil=True)
def draw_multipliers(
    rng: Any, prior: Any, hyper: Any, state: Any, norms: Any, rows: float, width: Any, with_noise: bool
) -> None:
    """`draw_levels` without the local variances, which are out of date afterwards."""
    held = prior.on_sigma > 0 and prior.fixed_on_sigma == 0 and not prior.ridged and hyper.rate.kind != KNOWN
    if with_noise and held:
        # With rho = a sigma^-k held the prior of delta stays.
        draw_noise_along(rng, rows, state.level[RSS], prior.on_sigma, hyper, state, width[SIGMA])
    # A loop, since calls with three constants would be compiled three times.
    for which in range(0 if with_noise and not held else 1, 3):
        if hyper[which].kind != KNOWN:
            if which == RATE:
                _propose_rate(rng, prior, hyper, state, norms)
            slice_level(rng, which, width[which], prior, hyper, state, norms, rows)


@njit(cache=True, nogil=True)
def draw_levels(
    rng: Any, prior: Any, hyper: Any, state: Any, norms: Any, rows: float, width: Any, with_noise: bool
) -> None:
    """Draw sigma (if ``with_noise``) and the learned multipliers given the coefficients, then the local variances.

    Parameters
    ----------
    rng : numpy.random.Generator
    prior, hyper, state : Prior, Hyper, State
    norms : array, shape (G,)
        Of the present coefficients.
    rows : float
        Number of residuals in ``state.level[RSS]``.
    width : array, shape (3,)
        Slice widths of log sigma, log a and log b.
    with_noise : bool
    """
    draw_multipliers(rng, prior, hyper, state, norms, rows, width, with_noise)
    draw_locals(rng, prior, state, norms)
    if prior.law == REGULARIZED and hyper.rate.kind != KNOWN:
        _rescale(rng, prior, hyper, state, width[RATE])
