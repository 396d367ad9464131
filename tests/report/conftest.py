"""A sampler that costs nothing, for reports that need some posterior."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

import bayesreg as br
from bayesreg import diagnostics
from bayesreg.data import make_design
from bayesreg.outcomes import Draws
from bayesreg.posterior import build_tree
from bayesreg.report import analysis


def around_the_map(
    model: br.Model, X: Any, y: Any, *, draws: int, chains: int, seed: int, **options: Any
) -> xr.DataTree:
    """Return independent normal draws around the MAP in the place of a posterior."""
    problem = model.bind(make_design(X, y))
    mode = br.find_map(model, X, y)
    rng = np.random.default_rng(seed)
    spread = 0.05 * (np.abs(mode.coef) + 0.1)
    values = {
        "coef": mode.coef + spread * rng.standard_normal((chains, draws, problem.p)),
        "intercept": mode.intercept + 0.05 * rng.standard_normal((chains, draws)),
    }
    if problem.sigma_law is not None:
        values["sigma"] = mode.sigma * np.exp(0.05 * rng.standard_normal((chains, draws)))
    drawn = Draws(values, {}, "independent", {})
    tree = build_tree(problem, drawn, np.random.SeedSequence(seed), {"engine": "around_the_map"})
    diagnostics.judge(tree)
    return tree


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let reports draw without NUTS."""
    monkeypatch.setattr(analysis, "sample", around_the_map)
