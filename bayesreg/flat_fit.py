"""How much of the fit without a prior is left."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def relative_to_flat(gram: Array, cross: Array, d: Array) -> Array:
    """1 - d / flat fit, shape (p,); NaN for a column without data. Cost O(p³).

    Where the columns are dependent, as for p >= n, the flat fit is the least-squares solution of least norm with
    columns of unit length.

    Parameters
    ----------
    gram : array, shape (p, p)
    cross : array, shape (p,)
        X'y less that of the prior's location.
    d : array, shape (p,)
        Coefficients less the prior's location.
    """
    scale = np.sqrt(np.diag(gram))
    on = scale > 0
    out = np.full(d.size, np.nan)
    if not on.any():
        return out
    unit = gram[np.ix_(on, on)] / np.outer(scale[on], scale[on])
    flat = np.linalg.pinv(unit, rcond=on.sum() * np.finfo(float).eps, hermitian=True) @ (cross[on] / scale[on])
    flat = flat / scale[on]
    out[on] = 1 - np.divide(d[on], flat, out=np.full(flat.size, np.nan), where=flat != 0)
    return out
