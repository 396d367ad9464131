r"""Block coordinate descent for group penalties, with Newton steps on the groups in use.

.. math:: \min_d \tfrac12 d^T G d - c^T d + \sum_j l_{1j}|d_j| + \tfrac12 l_{2j} d_j^2 + \sum_g r_g \|d_g / u_g\|_2

The step of a block is exact: with :math:`G_{gg} = Q\,\mathrm{diag}(s)\,Q^T` the block solves
:math:`\sum_k q_k^2 / (s_k t + r)^2 = 1` for t, the norm of the block (Yang & Hastie, 2024, section 3).
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import linalg

from bayesreg.numerics.symmetric_solve import solve_symmetric
from bayesreg.penalty import Penalty

Array = NDArray[np.float64]

# A Newton step that overshoots is shortened: the quadratic knows nothing of the kink at the origin of a block.
SHARES = (1.0, 0.5, 0.25, 0.1, 0.02, 0.004)


@njit(cache=True, nogil=True)
def _block_norm(s: Any, z: Any, rate: float) -> float:
    """Root t > 0 of sum z² / (s t + rate)² = 1, for ||z|| > rate; infinite where nothing bounds it."""
    t = 0.0
    # The left side is convex and falls from above 1, so Newton's steps from 0 stay left of the root and increase.
    for _ in range(200):
        value, slope = -1.0, 0.0
        for k in range(z.size):
            below = s[k] * t + rate
            share = z[k] / below
            value += share * share
            slope -= 2.0 * share * share * s[k] / below
        if value <= 1e-15 or slope == 0.0:
            break
        step = -value / slope
        if step <= 1e-16 * t:
            break
        t += step
    return t


@njit(cache=True, nogil=True)
def _cycle(
    G: Any, q: Any, d: Any, l1: Any, l2: Any, start: Any, rate: Any, vectors: Any, values: Any, where: Any, scale: Any
) -> float:
    """One cycle over all blocks; a block without a rate is a lone coefficient. Returns the largest move."""
    worst = 0.0
    for b in range(rate.size):
        low, high = start[b], start[b + 1]
        k = high - low
        if rate[b] <= 0.0:
            curvature = G[low, low] + l2[low]
            if curvature <= 0.0:
                continue
            z = q[low] + G[low, low] * d[low]
            new = np.sign(z) * max(abs(z) - l1[low], 0.0) / curvature
            step = new - d[low]
            if step != 0.0:
                q -= step * G[low]
                d[low] = new
                worst = max(worst, abs(step) * curvature / scale[b])
            continue
        Q = vectors[where[b] : where[b] + k * k].reshape(k, k)
        s = values[low:high]
        old = d[low:high].copy()
        pull = q[low:high].copy()
        for i in range(k):
            for j in range(k):
                pull[i] += G[low + i, low + j] * old[j]
        z = np.zeros(k)
        size = 0.0
        for j in range(k):
            for i in range(k):
                z[j] += Q[i, j] * pull[i]
            size += z[j] * z[j]
        new_block = np.zeros(k)
        if np.sqrt(size) > rate[b]:
            t = _block_norm(s, z, rate[b])
            for i in range(k):
                for j in range(k):
                    new_block[i] += Q[i, j] * z[j] * t / (s[j] * t + rate[b])
        moved = 0.0
        for i in range(k):
            step = new_block[i] - old[i]
            if step != 0.0:
                q -= step * G[low + i]
                moved += (step * G[low + i, low + i]) ** 2
            d[low + i] = new_block[i]
        worst = max(worst, np.sqrt(moved) / scale[b])
    return worst


def group_descent(
    G: Array, c: Array, penalty: Penalty, d: Array, scale: Array, max_cycles: int, tol: float
) -> tuple[Array, int]:
    """Return the minimiser and the number of cycles.

    Parameters
    ----------
    G : array, shape (p, p)
    c, d, scale : array, shape (p,)
        ``d`` is the start.
    penalty : Penalty
        With groups; without sign constraints.
    max_cycles : int
    tol : float
        KKT distance, over ``scale`` (norms over the group), at which to stop.
    """
    groups = penalty.groups
    assert groups is not None
    # Coordinates d/u, members of a group side by side, lone coefficients as blocks of one.
    label = groups.label
    order = np.argsort(np.where(label >= 0, label, groups.rate.size), kind="stable")
    unit = np.where(groups.member, groups.unit, 1.0)[order]
    G = np.ascontiguousarray(G[np.ix_(order, order)] * np.outer(unit, unit))
    c, l1, l2 = c[order] * unit, penalty.l1[order] * unit, penalty.l2[order] * unit**2
    u = d[order] / unit
    sizes = [int(k) for k in groups.sizes if k > 0] + [1] * int((label < 0).sum())
    rate = np.concatenate([groups.rate[groups.sizes > 0], np.zeros(int((label < 0).sum()))])
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    values, parts = np.empty(u.size), []
    for low, high in itertools.pairwise(start):
        block = linalg.eigh(G[low:high, low:high])
        values[low:high] = np.maximum(block[0], 0.0)
        parts.append(block[1].ravel())
    where = np.concatenate([[0], np.cumsum([part.size for part in parts])]).astype(np.int64)
    block_scale = np.sqrt(np.add.reduceat((scale[order] * unit) ** 2, start[:-1]))
    q = c - G @ u
    vectors = np.concatenate(parts)
    cycles, least, stalled = 0, np.inf, 0
    while cycles < max_cycles:
        worst = np.inf
        for _ in range(3):
            worst = _cycle(G, q, u, l1, l2, start, rate, vectors, values, where, block_scale)
            cycles += 1
            if worst <= tol:
                break
        # What moves at the end is rounding, and does not get less.
        stalled = stalled + 1 if worst <= 1e-11 and worst >= 0.5 * least else 0
        least = min(least, worst)
        if worst <= tol or stalled >= 3:
            break
        with np.errstate(all="ignore"):
            # A step that overflows is not taken.
            q = _newton(G, c, l1, l2, start, rate, u)
    out = np.empty_like(u)
    out[order] = u * unit
    return out, cycles


def _newton(G: Array, c: Array, l1: Array, l2: Array, start: NDArray[np.int64], rate: Array, u: Array) -> Array:
    """Newton steps on the blocks that are not 0, where the penalty is smooth; ``u`` is moved if that is downhill."""
    block = np.repeat(np.arange(rate.size), np.diff(start))

    def norms(at: Array) -> Array:
        return np.sqrt(np.bincount(block, weights=at**2, minlength=rate.size))

    def value(at: Array) -> float:
        return float(0.5 * at @ (G @ at) - c @ at + l1 @ np.abs(at) + 0.5 * l2 @ at**2 + rate @ norms(at))

    on = np.flatnonzero((u != 0) | ((rate[block] == 0) & (l1 == 0) & (np.diag(G) + l2 > 0)))
    best = value(u)
    noise = (
        1e-14
        * np.sqrt(np.diag(G)[on])
        * float(np.max(np.abs(c) / np.sqrt(np.where(np.diag(G) > 0, np.diag(G), np.inf))))
    )
    for _ in range(3):
        size = norms(u)[block[on]]
        pressed = rate[block[on]] > 0
        weight = np.where(pressed, rate[block[on]] / np.where(size > 0, size, 1.0), 0.0)
        gradient = (G @ u - c)[on] + l2[on] * u[on] + l1[on] * np.sign(u[on]) + weight * u[on]
        ray = np.where(pressed, u[on] / np.where(size > 0, size, 1.0), 0.0)
        same = block[on][:, None] == block[on][None, :]
        H = G[np.ix_(on, on)] + np.diag(l2[on] + weight) - np.where(same, np.outer(weight * ray, ray), 0.0)
        try:
            step = -solve_symmetric(H, -gradient, np.zeros(on.size), noise)
        except (linalg.LinAlgError, ValueError):
            break
        new = u.copy()
        for share in SHARES:
            new[on] = u[on] - share * step
            kept = np.all(np.sign(new[on]) == np.sign(u[on]), where=(l1[on] > 0))
            after = value(new)
            if kept and after <= best + 4e-16 * abs(best):
                break
        else:
            break
        u[:], best = new, after
    return np.asarray(c - G @ u)
