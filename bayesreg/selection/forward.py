"""Forward search: at every size the column that brings the submodel's predictions nearest to the reference's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg.numerics.subset_projection import search
from bayesreg.selection.reference import Reference

Array = NDArray[np.float64]

# Products in a search are arrays of columns times draws: 32 MB each.
_LARGEST_SEARCH = 4_000_000
# Of other likelihoods so many candidates are refitted at each size, best first by the fall that one Newton
# step from the submodel promises; the others are not near the best of them.
_REFITTED = 32


def forward(reference: Reference, max_size: int) -> list[int]:
    """Columns in the order in which they enter.

    Gaussian: the least mean over draws of the divergence in closed form, from the Gram matrix. Otherwise the least
    divergence from the average of the draws' laws, every candidate projected anew.
    """
    if not reference.is_gaussian:
        return _refitting(reference, max_size)
    few = reference.thinned(max(_LARGEST_SEARCH // reference.p, 100))
    return search(few.gram, few.flat_coef, few.variance, few.total, max_size)[0]


def _refitting(reference: Reference, max_size: int) -> list[int]:
    target = reference.thinned(max(_LARGEST_SEARCH // reference.y.size, 100)).average_target()
    X = reference.rows() - reference.rows().mean(axis=0)
    usable = np.einsum("ij,ij->j", X, X) > 0
    A = np.ones((len(X), 1)) if reference.model.fit_intercept else np.empty((len(X), 0))
    if not reference.model.fit_intercept:
        X = reference.rows()
    at = target.project(A, np.zeros((1, A.shape[1])))
    entered: list[int] = []
    while len(entered) < max_size:
        open_ = np.flatnonzero(usable & ~np.isin(np.arange(X.shape[1]), entered))
        gains = _promised(A, X[:, open_], at.curvature[0], at.pull[0])
        worth = open_[gains > 0]
        if worth.size == 0:
            break
        best, found = np.inf, None
        for j in worth[np.argsort(-gains[gains > 0], kind="stable")][:_REFITTED]:
            wider = np.column_stack([A, X[:, j]])
            fit = target.project(wider, np.append(at.coef, [[0.0]], axis=1))
            if fit.kl[0] < best:
                best, found = float(fit.kl[0]), (int(j), wider, fit)
        if found is None:
            break
        j, A, at = found
        entered.append(j)
    return entered


def _promised(A: Array, X: Array, curvature: Array, residual: Array) -> Array:
    """Fall of the objective that one Newton step promises for each further column; 0 for one in the span of A."""
    square = curvature @ X**2
    weighted = X * curvature[:, None]
    if A.shape[1]:
        cross = A.T @ weighted
        inside = (A.T * curvature) @ A
        square_left = square - np.einsum("kj,kj->j", cross, np.linalg.pinv(inside, hermitian=True) @ cross)
    else:
        square_left = square
    pull = residual @ X
    dependent = square_left <= 1e-10 * square
    return np.where(dependent, 0.0, pull**2 / np.where(dependent, 1.0, 2 * square_left))
