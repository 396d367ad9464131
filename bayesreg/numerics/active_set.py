r"""From an approximate solution of the penalised quadratic problem to the exact one.

.. math:: \min_d \tfrac12 d^T G d - c^T d + \sum_j L_{1j}|d_j| + \tfrac12 L_{2j} d_j^2

On a fixed sign pattern the problem is a linear system. The sweep solves it, walks towards the solution until a
coefficient would change sign (there that coefficient becomes an exact zero), and lets the worst violator in when the
pattern is optimal on its own support: the feature-sign search of Lee, Battle, Raina & Ng (2007). The objective falls
at every step, so the search ends; started near the solution it takes one or two solves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

Array = NDArray[np.float64]


def solve_symmetric(A: Array, b: Array, guess: Array) -> Array:
    """Minimise x'A x/2 - b'x for a positive semidefinite A, or head for where it has no minimum.

    Returns
    -------
    array
        The solution of A x = b; where A is singular, the one nearest to ``guess``. Where b is not in the range of A the
        quadratic falls for ever along a null direction: then a point far out along it.
    """
    scale = np.sqrt(np.diag(A))
    scale[scale == 0] = 1.0
    S = A / np.outer(scale, scale)
    # Solving for the step keeps the sign of a small one, which the full solution would drown in its rounding.
    residual = (b - A @ guess) / scale
    try:
        factor = linalg.cho_factor(S, lower=True, check_finite=False)
        # The smallest pivot tells a singular matrix that rounding let through.
        if np.diag(factor[0]).min() > 1e-6:
            x = guess + linalg.cho_solve(factor, residual, check_finite=False) / scale
            return np.asarray(x + linalg.cho_solve(factor, (b - A @ x) / scale, check_finite=False) / scale)
    except linalg.LinAlgError:
        pass
    values, vectors = linalg.eigh(S)
    null = values <= 1e-12 * values[-1]
    along = vectors.T @ residual
    downhill = vectors[:, null] @ along[null]
    if np.linalg.norm(downhill) > 1e-10 * np.linalg.norm(b / scale):
        far = 1e8 * (np.linalg.norm(guess * scale) + 1e-300) / np.linalg.norm(downhill)
        return np.asarray(guess + far * downhill / scale)
    correction = vectors[:, ~null] @ (along[~null] / values[~null])
    return np.asarray(guess + correction / scale)


def polish(
    G: Array, c: Array, l1: Array, l2: Array, positive: NDArray[np.bool_], d: Array, scale: Array, max_solves: int
) -> tuple[Array, int]:
    """Return the exact minimiser from the approximate one ``d``, and the number of linear solves.

    Parameters
    ----------
    G : array, shape (p, p)
    c, l1, l2, positive, d, scale : array, shape (p,)
        As in `gram_descent`; ``d`` is not modified.
    max_solves : int
        Give up after so many solves and return the best point reached.
    """
    d = d.copy()
    free = (l1 == 0) & ~positive & (np.diag(G) + l2 > 0)
    sign = np.where((l1 > 0) | positive, np.sign(d), 0.0)
    support = free | (sign != 0)
    reach = np.abs(d).max(initial=0.0) + np.max(np.abs(c) / np.where(np.diag(G) + l2 > 0, np.diag(G) + l2, np.inf))
    entered = np.full(d.size, np.inf)  # objective when a coefficient was last let in
    for solves in range(1, max_solves + 1):
        index = np.flatnonzero(support)
        if index.size:
            A = G[np.ix_(index, index)] + np.diag(l2[index])
            target = solve_symmetric(A, c[index] - l1[index] * sign[index], d[index])
            signed = sign[index] != 0
            crossing = signed & (target * sign[index] < 0)
            if crossing.any():
                here = d[index]
                # Share of the step at which each crossing coefficient reaches zero.
                share = np.full(index.size, np.inf)
                share[crossing] = here[crossing] / (here[crossing] - target[crossing])
                step = share.min()
                d[index] = here + step * (target - here)
                out = index[share <= step]
                d[out], sign[out], support[out] = 0.0, 0.0, False
                continue
            if np.abs(target).max() > 1e6 * reach:
                break  # nothing bounds the quadratic along that way
            d[index] = target
        pull = c - G @ d
        excess = np.where(positive, pull, np.abs(pull)) - l1
        excess[support | (np.diag(G) + l2 <= 0)] = 0.0
        # Let in before, and nothing gained since: what is left of its violation is rounding.
        value = float(0.5 * d @ (G @ d) - c @ d + l1 @ np.abs(d) + 0.5 * l2 @ (d * d))
        excess[entered <= value] = 0.0
        violation = excess / scale
        worst = int(np.argmax(violation))
        # Rounding of c - G d, in the unit of a KKT distance.
        if violation[worst] <= 1e-14:
            return d, solves
        entered[worst] = value
        sign[worst] = np.sign(c[worst] - G[worst] @ d)
        support[worst] = True
    return d, max_solves
