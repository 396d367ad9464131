r"""The log posterior density of a point and its gradient.

.. math:: \log p(u) = \log p(y \mid \beta, \alpha, \sigma) + \log p(\beta \mid h, \lambda, \sigma) + \log p(\beta_0)
          + \log p(\sigma) + \log p(h) + \log p(\lambda) + \log\left|\frac{\partial(\beta, \alpha, \sigma, h, \lambda)}
          {\partial(x, \log\sigma, \log h, \log\lambda)}\right|

with the constant that makes the first six terms those of ``Problem.log_posterior``; see ``form`` for u and x.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from bayesreg.numerics.nuts.form import BEYOND, SCALED, Form
from bayesreg.numerics.nuts.laws import law_term
from bayesreg.numerics.nuts.rows import log_likelihood
from bayesreg.numerics.nuts.terms import deviations, groups, intercept, mixture, penalties


@njit(cache=True, nogil=True)
def log_density(u: Any, out: Any, form: Form) -> Any:
    """Return the log density at ``u``; its gradient is written to ``out``. Cost O(n p) or, from moments, O(p²)."""
    p, noisy, learn, mixed = form.sizes[1], form.sizes[2], form.sizes[3], form.sizes[5]
    k = form.centre.size
    basis = form.basis.reshape((k, k))
    x = form.centre + np.dot(basis, u[:k])
    log_sigma = u[k] if noisy else form.numbers[0]
    learned = u[k + noisy : k + noisy + learn]
    local = u[k + noisy + learn :]
    by_learned, by_local, by_noise = np.zeros(learn), np.zeros(local.size), 0.0
    value = form.numbers[3]

    log_sd, held, coef = np.empty(form.local.size), np.empty(form.local.size), np.empty(p)
    if mixed:
        deviations(form, log_sigma, learned, local, log_sd, held)
    for j in range(p):
        coef[j] = x[j]
        if form.kind[j] == BEYOND:
            coef[j] = form.loc[j] + math.exp(x[j])
        elif form.kind[j] == SCALED:
            coef[j] = form.loc[j] + math.exp(log_sd[j]) * x[j]
    alpha = x[p] if k > p else 0.0

    pull = np.empty(k)
    term, slope = log_likelihood(form, math.exp(log_sigma), coef, alpha, pull)
    value += term
    by_noise += slope
    term, slope = intercept(form, log_sigma, coef, alpha, pull)
    value += term
    by_noise += slope
    if mixed:
        term, slope = mixture(form, x, coef, log_sd, held, pull, by_learned, by_local)
    else:
        term, slope = penalties(form, log_sigma, learned, coef, pull, by_learned)
        value += term
        by_noise += slope
        term, slope = groups(form, log_sigma, learned, coef, pull, by_learned)
    value += term
    by_noise += slope

    for j in range(p):
        if form.kind[j] == BEYOND:
            pull[j] = pull[j] * math.exp(x[j]) + 1.0
            value += x[j]
    out[:k] = np.dot(pull, basis)
    if noisy:
        term, slope = law_term(form, 0, log_sigma)
        value += term
        out[k] = by_noise + slope
    for h in range(learn):
        term, slope = law_term(form, 1 + h, learned[h])
        value += term
        out[k + noisy + h] = by_learned[h] + slope
    for j in range(local.size):
        term, slope = law_term(form, 1 + learn, local[j])
        value += term
        out[k + noisy + learn + j] = by_local[j] + slope
    return value
