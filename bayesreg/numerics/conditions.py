"""The optimality conditions of separate penalties for many points in one compiled pass."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def separate_conditions(
    strengths: Any, d: Any, gradient: Any, l1: Any, l2: Any, positive: Any, norm: Any, out: Any, in_play: Any
) -> None:
    """Fill what a certificate needs of each point, the penalty multiplied by its strength.

    Parameters
    ----------
    strengths : array, shape (k,)
    d, gradient : array, shape (k, p)
        Coefficients less their location, and gradients of the loss.
    l1, l2, norm : array, shape (p,)
        Rates at strength 1, norms of the columns.
    positive : array of bool, shape (p,)
    out : array, shape (k, 4)
        Filled with the largest distance to the subdifferential over the norm; the share in (0, 1] that brings the
        gradient into the box of the columns without a ridge part; the penalty; the conjugate at that share.
    in_play : array of bool, shape (k, p)
        Filled: columns without a ridge part that are in use or at the edge of their box.
    """
    for k in range(strengths.size):
        distance, ratio, penalty = 0.0, 1.0, 0.0
        for j in range(l1.size):
            box, bend, at = strengths[k] * l1[j], strengths[k] * l2[j], d[k, j]
            pull = gradient[k, j] + bend * at
            reach = -gradient[k, j] if positive[j] else abs(gradient[k, j])
            if at == 0.0:
                away = max(reach - box, 0.0)
            else:
                away = abs(pull + box * np.sign(at))
            distance = max(distance, away / norm[j])
            penalty += box * abs(at) + 0.5 * bend * at * at
            if bend == 0.0:
                if box > 0.0:
                    ratio = max(ratio, reach / box)
                in_play[k, j] = at != 0.0 or (box > 0.0 and reach >= box * (1 - 1e-9))
        conjugate = 0.0
        for j in range(l1.size):
            if l2[j] > 0.0:
                reach = -gradient[k, j] if positive[j] else abs(gradient[k, j])
                excess = max(reach / ratio - strengths[k] * l1[j], 0.0)
                conjugate += excess * excess / (2.0 * strengths[k] * l2[j])
        out[k, 0], out[k, 1], out[k, 2], out[k, 3] = distance, 1.0 / ratio, penalty, conjugate
