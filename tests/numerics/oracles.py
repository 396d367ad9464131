"""Slow and obvious solutions that the numerics are compared with."""

from __future__ import annotations

import itertools

import numpy as np

from bayesreg.penalty import Penalty


def sign_patterns(p: int, positive: np.ndarray) -> itertools.product:
    """Return every sign pattern that the constraints allow."""
    return itertools.product(*[(0, 1) if positive[j] else (-1, 0, 1) for j in range(p)])


def brute_force(G: np.ndarray, c: np.ndarray, penalty: Penalty) -> tuple[np.ndarray, float]:
    """Best stationary point of the penalised quadratic over all sign patterns, and its value; no groups.

    Where the system of a pattern is singular its solution of least norm is tried.
    """
    l1, l2 = penalty.l1, penalty.l2
    best, value = np.zeros(c.size), 0.0
    for signs in sign_patterns(c.size, penalty.constrained):
        s = np.array(signs)
        on = s != 0
        if not on.any():
            continue
        A = G[np.ix_(on, on)] + np.diag(l2[on])
        d = np.zeros(c.size)
        d[on] = np.linalg.lstsq(A, c[on] - l1[on] * s[on], rcond=1e-12)[0]
        at = 0.5 * d @ G @ d - c @ d + l1 @ np.abs(d) + 0.5 * l2 @ d**2
        if np.all(d[on] * s[on] >= 0) and at < value:
            best, value = d, float(at)
    return best, value


def group_value(
    G: np.ndarray, c: np.ndarray, label: np.ndarray, rate: np.ndarray, unit: np.ndarray, d: np.ndarray
) -> float:
    """Value of the quadratic with penalised group norms, group by group."""
    norms = [np.linalg.norm(d[label == g] / unit[label == g]) for g in range(rate.size)]
    return float(0.5 * d @ G @ d - c @ d + rate @ norms)


def group_proximal_gradient(
    G: np.ndarray, c: np.ndarray, label: np.ndarray, rate: np.ndarray, unit: np.ndarray, steps: int = 20_000
) -> np.ndarray:
    """Accelerated proximal gradient (with restarts) in the coordinates d/u; columns outside every group are free."""
    M, b = G * np.outer(unit, unit), c * unit
    size = 1 / np.linalg.eigvalsh(M)[-1]
    at, ahead, momentum = np.zeros(c.size), np.zeros(c.size), 1.0
    for _ in range(steps):
        z = ahead - size * (M @ ahead - b)
        for g in range(rate.size):
            members = label == g
            norm = np.linalg.norm(z[members])
            z[members] *= max(1 - size * rate[g] / norm, 0.0) if norm > 0 else 0.0
        if (ahead - z) @ (z - at) > 0:
            momentum = 1.0
        after = 0.5 * (1 + np.sqrt(1 + 4 * momentum**2))
        ahead = z + (momentum - 1) / after * (z - at)
        if np.array_equal(z, at):
            break
        at, momentum = z, after
    return at * unit
