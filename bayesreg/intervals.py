"""Credible intervals by ArviZ, with its settings unless told otherwise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError

Array = NDArray[np.float64]


def interval(draws: Array, ci_prob: float | None = None, ci_kind: str | None = None) -> tuple[Array, Array]:
    """Lower and upper ends of the interval of each quantity.

    Parameters
    ----------
    draws : array, shape (chain, draw, ...)
    ci_prob : float, optional
        Probability inside; ArviZ's ``stats.ci_prob`` by default.
    ci_kind : {"eti", "hdi"}, optional
        Equal-tailed or highest density; ArviZ's ``stats.ci_kind`` by default.

    Returns
    -------
    lower, upper : array, shape (...)
    """
    import arviz as az
    import xarray as xr

    kind = az.rcParams["stats.ci_kind"] if ci_kind is None else ci_kind
    if kind not in ("eti", "hdi"):
        raise InputError(f"ci_kind must be 'eti' or 'hdi', got {ci_kind!r}.")
    if ci_prob is not None and not (isinstance(ci_prob, int | float | np.number) and 0 < ci_prob < 1):
        raise InputError(f"ci_prob must lie between 0 and 1, got {ci_prob!r}.")
    names = ["chain", "draw", *[f"dim_{k}" for k in range(draws.ndim - 2)]]
    ends = (az.hdi if kind == "hdi" else az.eti)(xr.DataArray(draws, dims=names), prob=ci_prob)
    return ends.sel(ci_bound="lower").to_numpy(), ends.sel(ci_bound="upper").to_numpy()
