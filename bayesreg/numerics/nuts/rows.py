"""Log likelihoods of rows and their gradients, whichever way the rows are stored."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from bayesreg.numerics.nuts.form import BY_COLUMNS, BY_ROWS, MOMENTS, Form

GAUSSIAN, BERNOULLI, POISSON, HUBER, STUDENT_T, QUANTILE, LAPLACE = range(7)
# Rows that are worked at one go: their linear predictor stays in the nearest cache.
BLOCK = 512


@njit(cache=True, nogil=True)
def _row(code: int, a: float, eta: float, y: float, sigma: float) -> tuple[float, float, float]:
    """F of one row, without its log sigma, and its derivatives in eta and in log sigma.

    ``a`` is Huber's delta, Student-t's df or the quantile.
    """
    if code == BERNOULLI:
        # log(1 + e^eta) - y eta
        if eta > 0.0:
            tail = math.exp(-eta)
            return eta + math.log1p(tail) - y * eta, 1.0 / (1.0 + tail) - y, 0.0
        tail = math.exp(eta)
        return math.log1p(tail) - y * eta, tail / (1.0 + tail) - y, 0.0
    if code == POISSON:
        mean = math.exp(eta)
        return mean - y * eta, mean - y, 0.0
    z = (y - eta) / sigma
    if code == GAUSSIAN:
        return 0.5 * z * z, -z / sigma, -z * z
    if code == HUBER:
        slope = min(max(z, -a), a)
        return slope * (z - 0.5 * slope), -slope / sigma, -z * slope
    if code == STUDENT_T:
        slope = (a + 1.0) * z / (a + z * z)
        return 0.5 * (a + 1.0) * math.log1p(z * z / a), -slope / sigma, -z * slope
    if code == LAPLACE:
        slope = 1.0 if z > 0.0 else (-1.0 if z < 0.0 else 0.0)
    else:
        slope = a if z > 0.0 else (a - 1.0 if z < 0.0 else 0.0)
    return slope * z, -slope / sigma, -slope * z


@njit(cache=True, nogil=True)
def _fold(form: Form, sigma: float, start: int, eta: Any) -> tuple[float, float, float]:
    """Sum w F over rows from ``start`` and its derivatives in alpha and log sigma; ``eta`` becomes w F'."""
    code, a = form.rows[1], form.numbers[2]
    loss, by_alpha, by_noise = 0.0, 0.0, 0.0
    for i in range(eta.size):
        w = form.weight[start + i]
        if w == 0.0:
            eta[i] = 0.0
            continue
        value, slope, noise = _row(code, a, eta[i] + form.offset[start + i], form.y[start + i], sigma)
        loss += w * value
        by_noise += w * noise
        eta[i] = w * slope
        by_alpha += eta[i]
    return loss, by_alpha, by_noise


@njit(cache=True, nogil=True)
def _moments(form: Form, sigma: float, coef: Any, alpha: float, out: Any) -> tuple[float, float]:
    """RSS = RSS_0 - 2 g'd + d'G d about a point near the mode, where little cancels; cost O(k²), free of n."""
    p, k = coef.size, form.y.size
    d = np.empty(k)
    for j in range(p):
        d[j] = coef[j] - form.offset[j]
    if k > p:
        d[p] = alpha - form.offset[p]
    pulled = np.dot(form.entries.reshape((k, k)), d)
    square = form.weight[0]
    for j in range(k):
        square += d[j] * (pulled[j] - 2.0 * form.y[j])
        out[j] = (form.y[j] - pulled[j]) / sigma**2
    square = max(square, 0.0) / sigma**2
    return -0.5 * square, square


@njit(cache=True, nogil=True)
def log_likelihood(form: Form, sigma: float, coef: Any, alpha: float, out: Any) -> tuple[float, float]:
    """Return the log likelihood, without constants, and its derivative in log sigma; gradient in (coef, alpha) in out.

    ``out`` (k,) is overwritten.
    """
    storage, has_sigma = form.rows[0], form.rows[1] != BERNOULLI and form.rows[1] != POISSON
    n, p = form.sizes[0], form.sizes[1]
    level = -form.numbers[1] * math.log(sigma) if has_sigma else 0.0
    slope = -form.numbers[1] if has_sigma else 0.0
    if storage == MOMENTS:
        value, by_noise = _moments(form, sigma, coef, alpha, out)
        return value + level, by_noise + slope
    base = alpha
    for j in range(p):
        base -= form.shift[j] * coef[j]
    loss, by_alpha, by_noise = 0.0, 0.0, 0.0
    gradient = np.zeros(p)
    if storage == BY_ROWS:
        X = form.entries.reshape((n, p))
        for start in range(0, n, BLOCK):
            rows = X[start : start + BLOCK]
            eta = np.dot(rows, coef) + base
            one, two, three = _fold(form, sigma, start, eta)
            loss += one
            by_alpha += two
            by_noise += three
            gradient += np.dot(eta, rows)
    elif storage == BY_COLUMNS:
        columns = form.entries.reshape((p, n))
        eta = np.dot(coef, columns) + base
        loss, by_alpha, by_noise = _fold(form, sigma, 0, eta)
        gradient = np.dot(columns, eta)
    else:
        eta = np.full(n, base)
        for j in range(p):
            for at in range(form.column_start[j], form.column_start[j + 1]):
                eta[form.row_index[at]] += form.entries[at] * coef[j]
        loss, by_alpha, by_noise = _fold(form, sigma, 0, eta)
        for j in range(p):
            for at in range(form.column_start[j], form.column_start[j + 1]):
                gradient[j] += form.entries[at] * eta[form.row_index[at]]
    for j in range(p):
        out[j] = form.shift[j] * by_alpha - gradient[j]
    if out.size > p:
        out[p] = -by_alpha
    return level - loss, slope - by_noise
