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


@dataclass(frozen=True, eq=False)
class Collinearity:
    """How far columns stand for each other; constant ones are left out.

    Parameters
    ----------
    groups : tuple of tuple of str
        Columns that are linked by correlations above 0.8, two or more each.
    largest : float
        Largest absolute correlation; 0 for a single column.
    pair : tuple of str
        Where it is.
    condition : float
        Condition number of the columns of unit length: largest over smallest singular value, infinite where they are
        dependent.
    """

    groups: tuple[tuple[str, ...], ...]
    largest: float
    pair: tuple[str, ...]
    condition: float


def collinearity(design: Design) -> Collinearity:
    """Measure the centred columns of a design. Cost O(n p²)."""
    on = np.flatnonzero(design.x_sd > 0)
    names = [design.names[j] for j in on]
    if on.size == 0:
        return Collinearity((), 0.0, (), 1.0)
    gram = design.centred_gram[np.ix_(on, on)]
    scale = np.sqrt(np.diag(gram))
    correlation = np.clip(gram / np.outer(scale, scale), -1.0, 1.0)
    off = np.abs(correlation - np.diag(np.diag(correlation)))
    i, j = np.unravel_index(int(np.argmax(off)), off.shape)
    count, label = connected_components(sparse.csr_array(off > CORRELATED), directed=False)
    groups = [tuple(names[k] for k in np.flatnonzero(label == g)) for g in range(count)]
    values = np.linalg.eigvalsh(correlation)
    # Eigenvalues below their rounding are 0.
    rounding = values[-1] * on.size * np.finfo(float).eps
    condition = float(np.sqrt(values[-1] / values[0])) if values[0] > rounding else float("inf")
    pair = (names[i], names[j]) if on.size > 1 else ()
    return Collinearity(tuple(g for g in groups if len(g) > 1), float(off[i, j]), pair, condition)


def excess_kurtosis(residual: Array, weight: Array) -> tuple[float, float]:
    """Excess kurtosis of residuals and its standard error under normal errors, sqrt(24 / n)."""
    total = float(weight.sum())
    centred = residual - weight @ residual / total
    variance = weight @ centred**2 / total
    return float(weight @ centred**4 / total / variance**2 - 3), float(np.sqrt(24 / total))
