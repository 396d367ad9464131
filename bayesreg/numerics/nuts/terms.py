"""Log prior densities of the coefficients and their gradients: penalties, groups, normal mixtures, the intercept."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from bayesreg.numerics.nuts.form import SCALED, Form

# From here on a continued fraction of 60 terms gives Mills' ratio to rounding.
FAR = 3.0


@njit(cache=True, nogil=True)
def log_mills(a: float) -> tuple[float, float]:
    """Log of Mills' ratio R(a) of the normal, for a >= 0, and its derivative a - 1/R(a)."""
    if a < FAR:
        ratio = math.sqrt(0.5 * math.pi) * math.exp(0.5 * a * a) * math.erfc(a / math.sqrt(2.0))
        return math.log(ratio), a - 1.0 / ratio
    tail = 0.0
    for m in range(60, 0, -1):
        tail = m / (a + tail)
    return -math.log(a + tail), -tail


@njit(cache=True, nogil=True)
def _rate(form: Form, which: int, log_sigma: float, learned: Any) -> float:
    """What a base rate is multiplied by."""
    index, power, noise = form.powers[3 * which], form.powers[3 * which + 1], form.powers[3 * which + 2]
    log = -noise * log_sigma
    if index >= 0:
        log += power * learned[index]
    return math.exp(log)


@njit(cache=True, nogil=True)
def _share(form: Form, which: int, slope: float, by_learned: Any) -> Any:
    """Hand a derivative in the log of a rate on to the learned parameter; return its part in log sigma."""
    index = form.powers[3 * which]
    if index >= 0:
        by_learned[index] += form.powers[3 * which + 1] * slope
    return -form.powers[3 * which + 2] * slope


@njit(cache=True, nogil=True)
def penalties(form: Form, log_sigma: float, learned: Any, coef: Any, out: Any, by_learned: Any) -> tuple[float, float]:
    """Log density exp(-l1 |d| - l2 d²/2)/Z of each coefficient and its derivative in log sigma.

    Gradients are added to ``out`` and ``by_learned``. Z does not depend on what is not learned, and is left out then.
    """
    p, fixed = form.sizes[1], form.powers[9] == 1
    one, two = _rate(form, 0, log_sigma, learned), _rate(form, 1, log_sigma, learned)
    value, by_one, by_two = 0.0, 0.0, 0.0
    for j in range(p):
        l1, l2 = form.l1[j] * one, form.l2[j] * two
        if l1 == 0.0 and l2 == 0.0:
            continue
        d = coef[j] - form.loc[j]
        edge, curve = l1 * abs(d), 0.5 * l2 * d * d
        value -= edge + curve
        by_one -= edge
        by_two -= curve
        out[j] -= l2 * d + (l1 if d > 0.0 else (-l1 if d < 0.0 else 0.0))
        if fixed:
            continue
        if l2 == 0.0:
            value += math.log(l1)
            by_one += 1.0
        elif l1 == 0.0:
            value += 0.5 * math.log(l2)
            by_two += 0.5
        else:
            # Z = 2 R(a) / sqrt(l2), a = l1 / sqrt(l2).
            a = l1 / math.sqrt(l2)
            log_ratio, slope = log_mills(a)
            value += 0.5 * math.log(l2) - log_ratio
            by_one -= a * slope
            by_two += 0.5 + 0.5 * a * slope
    by_noise = _share(form, 0, by_one, by_learned) + _share(form, 1, by_two, by_learned)
    return value, by_noise


@njit(cache=True, nogil=True)
def groups(form: Form, log_sigma: float, learned: Any, coef: Any, out: Any, by_learned: Any) -> tuple[float, float]:
    """Log density rate^k exp(-rate ||d/unit||) of each group of k, as `penalties`."""
    p, number = form.sizes[1], form.sizes[4]
    if number == 0:
        return 0.0, 0.0
    square, size = np.zeros(number), np.zeros(number)
    for j in range(p):
        g = form.label[j]
        if g >= 0:
            square[g] += ((coef[j] - form.loc[j]) / form.group_unit[j]) ** 2
            size[g] += 1.0
    times = _rate(form, 2, log_sigma, learned)
    value, slope = 0.0, 0.0
    for g in range(number):
        if size[g] > 0.0:
            rate, norm = form.group_rate[g] * times, math.sqrt(square[g])
            value += size[g] * math.log(rate) - rate * norm
            slope += size[g] - rate * norm
            square[g] = rate / norm if norm > 0.0 else 0.0
    for j in range(p):
        g = form.label[j]
        if g >= 0:
            out[j] -= square[g] * (coef[j] - form.loc[j]) / form.group_unit[j] ** 2
    return value, _share(form, 2, slope, by_learned)


@njit(cache=True, nogil=True)
def deviations(form: Form, log_sigma: float, learned: Any, scale: Any, log_sd: Any, held: Any) -> None:
    """Log standard deviation of each coefficient under a mixture: that of unit noise^q tau lambda / sqrt(1 + r).

    r = (tau lambda / c)², 0 without a slab c; ``held`` becomes r/(1 + r). ``scale`` holds the log lambda. Infinite
    where there is no prior.
    """
    tau, slab, noise = form.mixture[0], form.mixture[1], form.mixture[2]
    log_tau = learned[tau] if tau >= 0 else 0.0
    log_slab = learned[slab] if slab >= 0 else form.log_slab[0]
    for j in range(log_sd.size):
        log_sd[j], held[j] = np.inf, 0.0
        if form.local[j] < 0:
            continue
        free = log_tau + form.log_tau[j] + scale[form.local[j]]
        log_sd[j] = form.log_unit[j] + noise * log_sigma + free
        if slab == -2:
            continue
        ratio = 2.0 * (free - log_slab)
        if ratio > 0.0:
            tail = math.exp(-ratio)
            log_sd[j] -= 0.5 * (ratio + math.log1p(tail))
            held[j] = 1.0 / (1.0 + tail)
        else:
            tail = math.exp(ratio)
            log_sd[j] -= 0.5 * math.log1p(tail)
            held[j] = tail / (1.0 + tail)


@njit(cache=True, nogil=True)
def mixture(
    form: Form, x: Any, coef: Any, log_sd: Any, held: Any, out: Any, by_learned: Any, by_local: Any
) -> tuple[float, float]:
    """Log density of the coefficients given their standard deviations, and its derivative in log sigma.

    For a `SCALED` one that of x, standard normal, and ``out`` becomes the derivative in x at a fixed deviation.
    """
    tau, slab, noise = form.mixture[0], form.mixture[1], form.mixture[2]
    value, by_noise = 0.0, 0.0
    for j in range(coef.size):
        if form.local[j] < 0:
            continue
        if form.kind[j] == SCALED:
            slope = out[j] * math.exp(log_sd[j]) * x[j]
            value -= 0.5 * x[j] ** 2
            out[j] = out[j] * math.exp(log_sd[j]) - x[j]
        else:
            d = coef[j] - form.loc[j]
            square = (d * math.exp(-log_sd[j])) ** 2
            slope = square - 1.0
            value -= 0.5 * square + log_sd[j]
            out[j] -= d * math.exp(-2.0 * log_sd[j])
        by_noise += noise * slope
        by_local[form.local[j]] += (1.0 - held[j]) * slope
        if tau >= 0:
            by_learned[tau] += (1.0 - held[j]) * slope
        if slab >= 0:
            by_learned[slab] += held[j] * slope
    return value, by_noise


@njit(cache=True, nogil=True)
def intercept(form: Form, log_sigma: float, coef: Any, alpha: float, out: Any) -> tuple[float, float]:
    """Log density of the intercept alpha - mean'beta under its normal prior, and its derivative in log sigma."""
    p, noise = form.sizes[1], form.powers[10]
    if form.sizes[6] == 0 or form.intercept[0] == 0.0:
        return 0.0, 0.0
    d = alpha - np.dot(form.mean, coef) - form.intercept[1]
    rate = form.intercept[0] * math.exp(-2.0 * noise * log_sigma)
    for j in range(p):
        out[j] += rate * d * form.mean[j]
    out[p] -= rate * d
    return -0.5 * rate * d * d - noise * log_sigma, noise * (rate * d * d - 1.0)
