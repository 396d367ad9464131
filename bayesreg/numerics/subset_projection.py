r"""Least-squares projection of linear predictors onto growing sets of columns, from the Gram matrix alone.

A draw b of the coefficients predicts X b; the nearest predictor in the columns S is that of :math:`b_S = G_{SS}^{-1}
G_{S\cdot}\, b` and misses it by :math:`m = b^T (G - G_{\cdot S} G_{SS}^{-1} G_{S\cdot})\, b`. The matrix in brackets
loses one column of a Cholesky factor for each column that S gains, so that all candidates are known for all draws at
once: :math:`m` falls by :math:`v_j^2 / r_j`, with r the diagonal of that matrix and v its product with b.

Between normal laws of the same rows the Kullback-Leibler divergence from the draw, minimised over the coefficients in S
and over the noise level, is :math:`\tfrac n2 \log(1 + m / (n\sigma^2))`, at the noise :math:`\sigma^2 + m/n` (Goutis &
Robert, 1998, Biometrika 85; Piironen, Paasiniemi & Vehtari, 2020, Electronic Journal of Statistics 14, section 3).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

Array = NDArray[np.float64]

# Squared sine of the angle between a column and the span of others below which it counts as one of theirs.
_DEPENDENT = 1e-10
# Eigenvalues of their correlations below this share of the largest are the rounding of a zero.
_ROUNDING = 1e-13


def search(gram: Array, draws: Array, variance: Array, total: float, max_size: int) -> tuple[list[int], Array]:
    """Let columns enter one by one, each that after which the mean divergence is least. Cost O(p (p + D)) a column.

    Parameters
    ----------
    gram : array, shape (p, p)
    draws : array, shape (D, p)
        Coefficients.
    variance : array, shape (D,)
        Noise variance of each draw.
    total : float
        n, the number of rows that the Gram matrix sums over.
    max_size : int
        How many columns to let in; fewer enter where the others lie in their span.

    Returns
    -------
    list of int
        The columns in the order in which they entered.
    array, shape (1 + entered, D)
        m for every size and draw.
    """
    scale = np.sqrt(np.diag(gram))
    scale = np.where(scale > 0, scale, 1.0)
    left = gram / np.outer(scale, scale)
    pull = left @ (draws * scale).T
    miss = np.maximum(np.einsum("dj,jd->d", draws * scale, pull), 0.0)
    entered: list[int] = []
    misses = [miss]
    while len(entered) < max_size:
        share = np.diag(left).copy()
        share[entered] = 0.0
        candidates = np.flatnonzero(share > _DEPENDENT)
        if candidates.size == 0:
            break
        rest = np.maximum(miss - pull[candidates] ** 2 / share[candidates, None], 0.0)
        j = int(candidates[np.argmin(np.log1p(rest / (total * variance)).mean(axis=1))])
        column, row = left[:, j] / np.sqrt(share[j]), pull[j] / np.sqrt(share[j])
        left = left - np.outer(column, column)
        pull = pull - np.outer(column, row)
        miss = np.maximum(miss - row**2, 0.0)
        entered.append(j)
        misses.append(miss)
    return entered, np.stack(misses)


def project(gram: Array, draws: Array, support: Sequence[int]) -> Array:
    """Coefficients of the nearest predictors in some columns, shape (D, k); of least norm where these are dependent."""
    on = list(support)
    if not on:
        return np.zeros((draws.shape[0], 0))
    scale = np.sqrt(np.diag(gram)[on])
    scale = np.where(scale > 0, scale, 1.0)
    inside = gram[np.ix_(on, on)] / np.outer(scale, scale)
    inverse = linalg.pinvh(inside, rtol=_ROUNDING)
    return np.asarray(((draws @ gram[:, on]) / scale) @ inverse / scale)
