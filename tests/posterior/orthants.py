r"""Exact moments of a Gaussian times Laplace densities in few dimensions, as a sum over orthants.

.. math:: p(b) \propto e^{-\frac12 b'Pb + h'b - \sum_j a_j|b_j|}

In the orthant of the signs s this is a Gaussian kernel with the linear term h - a s. Its mass is an integral over the
positive orthant, the last dimension of which is closed (a Mills ratio); the others are done by the double exponential
rule, which is exact to rounding for such integrands. With U = -log p, Stein's identity E[f dU/db_k] = E[df/db_k],

    P E[b] = h - a E[s],    P E[b s_j] = h E[s_j] - a E[s s_j] + 2 p_j(0) e_j,    P E[b b'] = I + h E[b]' - a E[s b'],

turns these masses, and the marginal densities p_j(0) at 0, into the first two moments.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, logsumexp

Array = NDArray[np.float64]

# The rule x = exp(pi/2 sinh v): nodes from 1e-14 to 1e9, dense enough for peaks 30 times narrower than their place.
_V = np.linspace(-3.7, 3.3, 700)
NODE = np.exp(0.5 * np.pi * np.sinh(_V))
LOG_WEIGHT = np.log(0.5 * np.pi * np.cosh(_V) * NODE * (_V[1] - _V[0]))


def log_positive_mass(P: Array, h: Array) -> Array:
    """Log of the integral of exp(-b'Pb/2 + h'b) over b > 0, for linear terms h (..., p), shape (...)."""
    root = np.sqrt(P[0, 0])
    if P.shape[0] == 1:
        z = h[..., 0] / root
        return log_ndtr(z) + 0.5 * z * z + 0.5 * np.log(2 * np.pi) - np.log(root)
    # The unit of the first coordinate is its spread given the others at 0.
    x = NODE / root
    rest = log_positive_mass(P[1:, 1:], h[..., None, 1:] - P[1:, 0] * x[:, None])
    inside = LOG_WEIGHT - np.log(root) - 0.5 * P[0, 0] * x**2 + h[..., None, 0] * x + rest
    return np.asarray(logsumexp(inside, axis=-1))


@dataclass(frozen=True)
class Moments:
    """What is known exactly of the density; ``log_mass`` is that of the kernel as it stands at the top."""

    log_mass: float
    mean: Array
    covariance: Array
    positive: Array
    magnitude: Array
    at_zero: Array


def moments(P: Array, h: Array, a: Array) -> Moments:
    """Return log mass, mean, covariance, P(b_j > 0), E|b_j| and the marginal densities at 0.

    Parameters
    ----------
    P : array, shape (p, p)
        Positive definite, p at most 3.
    h, a : array, shape (p,)
    """
    p = h.size
    signs = np.array(list(itertools.product((-1.0, 1.0), repeat=p)))
    masses = np.array([log_positive_mass(P * np.outer(s, s), s * h - a) for s in signs])
    total = float(logsumexp(masses))
    share = np.exp(masses - total)
    mean_sign = share @ signs
    sign_pairs = (share[:, None] * signs).T @ signs
    at_zero = np.empty(p)
    for j in range(p):
        others = np.arange(p) != j
        if p == 1:
            at_zero[j] = np.exp(-total)
            continue
        part = [
            log_positive_mass((P * np.outer(s, s))[np.ix_(others, others)], (s * h - a)[others])
            for s in signs[signs[:, j] > 0]
        ]
        at_zero[j] = np.exp(logsumexp(part) - total)
    mean = np.linalg.solve(P, h - a * mean_sign)
    # Column j: E[b s_j].
    with_sign = np.linalg.solve(P, np.outer(h, mean_sign) - a[:, None] * sign_pairs + 2 * np.diag(at_zero))
    square = np.linalg.solve(P, np.eye(p) + np.outer(h, mean) - a[:, None] * with_sign.T)
    covariance = square - np.outer(mean, mean)
    return Moments(total, mean, 0.5 * (covariance + covariance.T), 0.5 * (1 + mean_sign), np.diag(with_sign), at_zero)
