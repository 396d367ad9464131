"""Which columns an iteration works on: those in use, and those whose optimality conditions are broken most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg.penalty import Penalty

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# Below so many columns there is nothing to save by leaving some out.
SMALL = 64


def start_set(penalty: Penalty, d: Array) -> Index:
    """All of few columns; else the support and what has no penalty."""
    if d.size <= SMALL:
        return np.arange(d.size)
    return whole_groups(penalty, np.flatnonzero((d != 0) | ~penalty.penalised))


def grow(penalty: Penalty, inside: Index, violation: Array, tol: float, in_use: int, share: float = 0.5) -> Index:
    """Add the columns that violate most, up to a share of the number in use; sorted as they came, new ones last.

    Parameters
    ----------
    penalty : Penalty
    inside : array of int
        The present set.
    violation : array, shape (p,)
        KKT distance of each column over its scale.
    tol : float
        Columns at or below it stay out.
    in_use : int
        Number of non-zero coefficients.
    share : float
        Of ``in_use``: so many may join at once, or twenty where that is more.
    """
    outside = violation > tol
    outside[inside] = False
    new = np.flatnonzero(outside)
    most = max(20, int(share * in_use))
    if new.size > most:
        new = new[np.argpartition(-violation[new], most)[:most]]
    return np.concatenate([inside, np.setdiff1d(whole_groups(penalty, new), inside)])


def whole_groups(penalty: Penalty, index: Index) -> Index:
    """Complete the groups that some of the columns belong to."""
    if penalty.groups is None or index.size == 0:
        return index
    label = penalty.groups.label
    touched = np.zeros(penalty.groups.rate.size + 1, dtype=bool)
    touched[label[index]] = True
    touched[-1] = False
    chosen = touched[label]
    chosen[index] = True
    return np.flatnonzero(chosen)
