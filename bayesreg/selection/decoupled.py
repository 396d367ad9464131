r"""Decoupled shrinkage and selection (Hahn & Carvalho, 2015, Journal of the American Statistical Association 110).

The sparse summaries of a posterior with mean :math:`\bar b` are the adaptive lasso towards its fit,

.. math:: g(\lambda) = \arg\min_g \tfrac1n \|X\bar b - Xg\|^2 + \lambda \sum_j |g_j| / |\bar b_j|,

whose path is followed exactly, knot by knot, on the Gram matrix. Each size is represented by the least shrunken summary
of that size: where the path is about to leave it for the last time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayesreg.numerics.lasso_knots import find_knots
from bayesreg.selection.reference import Reference

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Summaries:
    """Sparse summaries by size.

    Parameters
    ----------
    supports : list of tuple of int
        From the empty one on.
    points : array, shape (k, p)
        Coefficients, zeros exact.
    penalty : array, shape (k,)
        The lambda of each.
    """

    supports: list[tuple[int, ...]]
    points: Array
    penalty: Array


def decouple(reference: Reference, max_size: int) -> Summaries:
    """Follow the path from the empty summary to ``max_size`` columns."""
    mean = reference.flat_coef.mean(axis=0)
    # With g = |b_j| u_j the penalty is that of a plain lasso; a mean of exactly 0 never enters.
    size = np.abs(mean)
    gram = reference.gram * np.outer(size, size) / reference.total
    on = np.diag(gram) > 0
    knots = find_knots(
        gram[np.ix_(on, on)], gram[np.ix_(on, on)] @ np.sign(mean[on]), np.ones(int(on.sum())), np.zeros(int(on.sum()))
    )
    at = np.zeros((knots.strength.size, reference.p))
    at[:, on] = knots.coef * size[on]
    by_size: dict[int, int] = {}
    for k, point in enumerate(at):
        by_size[int(np.count_nonzero(point))] = k
    sizes = [size for size in sorted(by_size) if size <= max_size]
    rows = [by_size[size] for size in sizes]
    supports = [tuple(np.flatnonzero(at[k]).tolist()) for k in rows]
    # The objective in half squares has half the lambda of the formula above.
    return Summaries(supports, at[rows], 2 * knots.strength[rows])
