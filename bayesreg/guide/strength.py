"""A learned prior scale as a number that can be passed on."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesreg.data import Design
from bayesreg.errors import BayesregWarning
from bayesreg.interfaces import implements
from bayesreg.intervals import interval
from bayesreg.model import Model
from bayesreg.priors.base import Penalised
from bayesreg.tuning.equivalents import equivalents
from bayesreg.tuning.strengths import fixed

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
    how : str
        Where the scale is from. If it was chosen, the interval is that of the scales that predict alike.
    """

    scale: float
    lower: float
    upper: float
    relative_to_noise: bool
    equivalent: str
    how: str = "learned from the data"

    def __str__(self) -> str:
        unit = " times the noise level" if self.relative_to_noise else ""
        said = f"scale {self.scale:.3g}{unit}, interval {self.lower:.3g} to {self.upper:.3g}, {self.how}"
        return said + (f"; {self.equivalent} on standardised columns" if self.equivalent else "")


def strength_of(post: xr.DataTree, design: Design) -> Strength:
    """Read the learned scale of a posterior."""
    group = post["posterior"]
    draws = group["prior_scale"].to_numpy()
    scale, (lower, upper) = float(np.median(draws)), interval(draws)
    relative = post["constant_data"].attrs["relative_to"] == "sigma"
    model = Model.from_json(post.attrs["model"])
    words = ""
    if implements(model.prior, Penalised):
        # The same model with all that was learned at its median.
        likelihood: Any = model.likelihood
        sigma = float(np.median(group["sigma"].to_numpy())) if "sigma" in group else 1.0
        prior = fixed(model.prior, {"prior_scale": scale * sigma if relative else scale}, None)
        known = replace(likelihood, sigma=sigma) if "sigma" in group else likelihood
        words = in_scikit_learn(replace(model, likelihood=known, prior=prior), design)
    return Strength(scale, float(lower), float(upper), relative, words)


def in_scikit_learn(model: Model, design: Design) -> str:
    """Write the penalty of a model whose numbers are known as scikit-learn would be given it; empty if it cannot be."""
    with warnings.catch_warnings():
        # What there is to say about the data was said.
        warnings.simplefilter("ignore", BayesregWarning)
        problem = model.bind(design)
    for name, values in equivalents(model, problem).items():
        if name.startswith("sklearn."):
            given = ", ".join(f"{key}={value:.3g}" for key, value in values.items())
            return f"{name.removeprefix('sklearn.')}({given})"
    return ""
