"""Credible intervals by ArviZ, with its settings unless told otherwise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError

Array = NDArray[np.float64]


def checked_probability(ci_prob: float | None) -> float:
    """Return the probability inside an interval: the one given, or ArviZ's ``stats.ci_prob``."""
    import arviz as az

    if ci_prob is None:
        return float(az.rcParams["stats.ci_prob"])
    if not isinstance(ci_prob, int | float | np.number) or isinstance(ci_prob, bool) or not 0 < ci_prob < 1:
        raise InputError(f"ci_prob must lie between 0 and 1, got {ci_prob!r}.")
    return float(ci_prob)


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
    prob = checked_probability(ci_prob)
    names = ["chain", "draw", *[f"dim_{k}" for k in range(draws.ndim - 2)]]
    ends = (az.hdi if kind == "hdi" else az.eti)(xr.DataArray(draws, dims=names), prob=prob)
    return ends.sel(ci_bound="lower").to_numpy(), ends.sel(ci_bound="upper").to_numpy()
