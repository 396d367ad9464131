"""A learned prior scale as a number that can be passed on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesreg.data import Design
from bayesreg.intervals import interval
from bayesreg.likelihoods import Bernoulli, Gaussian
from bayesreg.model import Model

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Strength:
    """How strong a prior is.

    Parameters
    ----------
    scale, lower, upper : float
        Posterior median of the learned prior scale and its interval, as ArviZ is set; for standardised columns, and in
        units of the noise level where the prior is relative to it.
    relative_to_noise : bool
    equivalent : str
        The same penalty in scikit-learn, on standardised columns; empty where there is none.
    """

    scale: float
    lower: float
    upper: float
    relative_to_noise: bool
    equivalent: str

    def __str__(self) -> str:
        unit = " times the noise level" if self.relative_to_noise else ""
        said = f"scale {self.scale:.3g}{unit}, interval {self.lower:.3g} to {self.upper:.3g}, learned from the data"
        return said + (f"; {self.equivalent} on standardised columns" if self.equivalent else "")


def strength_of(post: xr.DataTree, design: Design, prior: str) -> Strength:
    """Read the learned scale of a posterior."""
    group = post["posterior"]
    draws = group["prior_scale"].to_numpy()
    scale, (lower, upper) = float(np.median(draws)), interval(draws)
    relative = post["constant_data"].attrs["relative_to"] == "sigma"
    likelihood = Model.from_json(post.attrs["model"]).likelihood
    sigma = float(np.median(group["sigma"].to_numpy())) if "sigma" in group else 1.0
    absolute = scale * sigma if relative else scale
    words = ""
    # In half-RSS units the penalties are sigma² / scale² (ridge) and sigma² / scale (lasso).
    if isinstance(likelihood, Gaussian) and prior == "gaussian":
        words = f"Ridge(alpha={sigma**2 / absolute**2:.3g})"
    elif isinstance(likelihood, Gaussian) and prior == "laplace":
        words = f"Lasso(alpha={sigma**2 / absolute / design.total_weight:.3g})"
    elif isinstance(likelihood, Bernoulli) and prior in ("gaussian", "laplace"):
        C = absolute**2 if prior == "gaussian" else absolute
        words = f"LogisticRegression(C={C:.3g}, l1_ratio={float(prior == 'laplace'):g})"
    return Strength(scale, float(lower), float(upper), relative, words)
