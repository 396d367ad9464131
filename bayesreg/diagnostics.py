"""Every sample is judged, by ArviZ's numbers and fixed thresholds."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING

import numpy as np

from bayesreg.errors import SamplingWarning

if TYPE_CHECKING:
    import xarray as xr

# Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021): R-hat below 1.01 and 100 effective draws a chain.
LARGEST_RHAT = 1.01
SMALLEST_ESS_PER_CHAIN = 100


def judge(tree: xr.DataTree) -> dict[str, float]:
    """Compute R-hat, bulk and tail ESS and divergences; store the verdict in ``attrs`` and warn of what fails.

    Parameters
    ----------
    tree : xarray.DataTree
        With groups ``posterior`` and, from NUTS, ``sample_stats``.

    Returns
    -------
    dict
        ``rhat_max``, ``ess_bulk_min``, ``ess_tail_min``, ``divergences``.
    """
    import arviz as az

    posterior = tree["posterior"].to_dataset().drop_vars("local_scale", errors="ignore")
    chains = posterior.sizes["chain"]
    verdict: dict[str, float] = {}
    if posterior.sizes["draw"] >= 4:
        verdict["ess_bulk_min"] = _extreme(az.ess(posterior, method="bulk"), np.minimum)
        verdict["ess_tail_min"] = _extreme(az.ess(posterior, method="tail"), np.minimum)
        if chains > 1:
            verdict["rhat_max"] = _extreme(az.rhat(posterior), np.maximum)
    diverging = tree["sample_stats"]["diverging"] if "sample_stats" in tree.children else None
    verdict["divergences"] = 0.0 if diverging is None else float(diverging.sum())
    faults = []
    # Independent draws have nothing to converge to: their R-hat and ESS scatter by chance alone.
    if tree.attrs.get("exactness") != "independent":
        if not verdict.get("rhat_max", 1.0) <= LARGEST_RHAT:
            faults.append(f"R-hat {verdict['rhat_max']:.3f} above {LARGEST_RHAT}")
        for name in ("ess_bulk_min", "ess_tail_min"):
            if not verdict.get(name, np.inf) >= SMALLEST_ESS_PER_CHAIN * chains:
                faults.append(f"{name} {verdict[name]:.0f} below {SMALLEST_ESS_PER_CHAIN * chains}")
    if verdict["divergences"] > 0:
        faults.append(f"{verdict['divergences']:.0f} divergent transitions")
    tree.attrs["diagnostics"] = json.dumps(verdict | {"verdict": "; ".join(faults) or "passed"})
    if faults:
        warnings.warn(
            f"the posterior sample by {tree.attrs['engine']} failed: {'; '.join(faults)}. Draw more (draws=, tune=), "
            "raise target_accept, or use a more informative prior.",
            SamplingWarning,
            stacklevel=3,
        )
    return verdict


def _extreme(values: xr.Dataset, reduce: np.ufunc) -> float:
    return float(reduce.reduce(np.concatenate([np.ravel(values[name]) for name in values.data_vars])))
