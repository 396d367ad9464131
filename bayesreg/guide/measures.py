"""What can be read off the data before any model: size, collinearity, and the tails of residuals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from bayesreg.data import Design

Array = NDArray[np.float64]

# Columns with a correlation above this are taken as one group (0.8 squared is 64 % of shared variance).
CORRELATED = 0.8
# Belsley, Kuh & Welsch (1980): condition numbers of 30 and more are harmful.
HARMFUL = 30.0
# Columns up to which all pairs are looked at (4e8 products), and up to which a spectrum is computed.
_MOST, _MOST_SPECTRUM = 20_000, 4_000
# Products held at a time.
_BLOCK = 4_000_000


@dataclass(frozen=True, eq=False)
class Collinearity:
    """How far columns stand for each other; constant ones are left out.

    Parameters
    ----------
    groups : tuple of tuple of str
        Columns that are linked by correlations above 0.8, two or more each.
    largest : float
        Largest absolute correlation; 0 for a single column, NaN where there are more than 20,000.
    pair : tuple of str
        Where it is.
    condition : float
        Condition number of the columns of unit length: largest over smallest singular value, infinite where they are
        dependent, NaN where there are more than 4,000.
    """

    groups: tuple[tuple[str, ...], ...]
    largest: float
    pair: tuple[str, ...]
    condition: float


def collinearity(design: Design) -> Collinearity:
    """Measure the centred columns of a design. Cost O(n p²); of a sparse one O(p²) and the products of its numbers."""
    on = np.flatnonzero(design.x_sd > 0)
    names = [design.names[j] for j in on]
    if on.size == 0:
        return Collinearity((), 0.0, (), 1.0)
    if on.size > _MOST:
        return Collinearity((), np.nan, (), np.inf if on.size >= design.n else np.nan)
    rows = int(np.count_nonzero(design.weight))
    gram = design.centred_gram[np.ix_(on, on)] if on.size < min(rows, _MOST_SPECTRUM + 1) else None
    largest, at, links = _correlations(design, on, gram)
    count, label = connected_components(links, directed=False)
    groups = [tuple(names[k] for k in np.flatnonzero(label == g)) for g in range(count)]
    pair = (names[at[0]], names[at[1]]) if on.size > 1 else ()
    # Dependent where there are too many for the rows, not known where a spectrum costs too much.
    condition = _condition(gram) if gram is not None else np.inf if on.size >= rows else np.nan
    return Collinearity(tuple(g for g in groups if len(g) > 1), largest, pair, condition)


def _correlations(
    design: Design, on: NDArray[np.intp], gram: Array | None
) -> tuple[float, tuple[int, int], sparse.csr_array]:
    """Largest absolute correlation, its two columns, and which columns are linked; a block of columns at a time."""
    columns, length = design.centred_columns, np.sqrt(design.total_weight) * design.x_sd[on]
    largest, at = 0.0, (0, 0)
    rows: list[NDArray[np.intp]] = []
    others: list[NDArray[np.intp]] = []
    step = max(1, _BLOCK // on.size)
    for start in range(0, on.size, step):
        # Each column with those from its own block on.
        if gram is not None:
            product = gram[start : start + step, start:]
        else:
            product = columns.take(on[start : start + step]).cross(columns.take(on[start:]), design.row_weight)
        off = np.abs(product) / np.outer(length[start : start + step], length[start:])
        off[np.tril_indices(off.shape[0], 0, off.shape[1])] = 0.0
        i, j = np.unravel_index(int(np.argmax(off)), off.shape)
        if off[i, j] > largest:
            largest, at = min(float(off[i, j]), 1.0), (start + int(i), start + int(j))
        near, far = np.nonzero(off > CORRELATED)
        rows.append(start + near)
        others.append(start + far)
    i_all, j_all = np.concatenate(rows), np.concatenate(others)
    links = sparse.csr_array((np.ones(i_all.size), (i_all, j_all)), shape=(on.size, on.size))
    return largest, at, links


def _condition(gram: Array) -> float:
    """Condition number of columns of unit length with this Gram matrix."""
    scale = np.sqrt(np.diag(gram))
    values = np.linalg.eigvalsh(gram / np.outer(scale, scale))
    # Eigenvalues below their rounding are 0.
    rounding = values[-1] * scale.size * np.finfo(float).eps
    return float(np.sqrt(values[-1] / values[0])) if values[0] > rounding else float("inf")


def excess_kurtosis(residual: Array, weight: Array) -> tuple[float, float]:
    """Excess kurtosis of residuals and its standard error under normal errors, sqrt(24 / n)."""
    total = float(weight.sum())
    centred = residual - weight @ residual / total
    variance = weight @ centred**2 / total
    return float(weight @ centred**4 / total / variance**2 - 3), float(np.sqrt(24 / total))
