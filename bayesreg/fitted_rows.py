"""Whether an X is the one that a posterior was fitted to, told from what the posterior keeps of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.data.checks import as_matrix, misplaced
from bayesreg.data.columns import Columns
from bayesreg.errors import InputError

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]

# What X is held against was computed in another order of additions.
_ROUNDING = 1e-8


def same_rows(post: xr.DataTree, X: Any) -> Array:
    """Return X as a dense array. Cost O(n p).

    Parameters
    ----------
    post : xarray.DataTree
        A result of `bayesreg.sample`.
    X : array or frame, shape (n, p)

    Raises
    ------
    InputError
        If its shape, the names of its columns, their means or (for a Gaussian likelihood) their products with the
        response are not those of the fit.
    """
    data = post["constant_data"]
    names = tuple(map(str, data["feature"].to_numpy()))
    weight = data["sample_weight"].to_numpy()
    matrix, given = as_matrix(X)
    if matrix.shape != (weight.size, len(names)):
        raise InputError(f"X has shape {matrix.shape}, but the posterior was fitted to {(weight.size, len(names))}.")
    if (j := misplaced(given, names)) is not None:
        raise InputError(f"column {j} of X is {given[j]!r}, but that of the fit {names[j]!r}: give the same columns.")
    dense = Columns(matrix, None).dense()
    mean, sd = data["x_mean"].to_numpy(), data["x_sd"].to_numpy()
    found = weight @ dense / weight.sum()
    far = np.abs(found - mean) > _ROUNDING * (np.abs(mean) + sd)
    if np.any(far):
        raise InputError(
            f"X is not the X of the fit: column {names[int(np.argmax(far))]!r} has another mean. Give the same rows."
        )
    if "cross" in data:
        response = post["observed_data"]["y"].to_numpy() - data["offset"].to_numpy()
        shift = found if "intercept" in post["posterior"] else np.zeros(found.size)
        cross = (weight * response) @ dense - (weight @ response) * shift
        size = np.sqrt(weight @ response**2 * weight.sum()) * (np.abs(mean) + sd)
        far = np.abs(cross - data["cross"].to_numpy()) > _ROUNDING * size
        if np.any(far):
            raise InputError(
                f"X is not the X of the fit: column {names[int(np.argmax(far))]!r} goes otherwise with the response. "
                "Give the same rows and columns, in the same order."
            )
    return dense
