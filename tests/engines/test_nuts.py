"""NUTS against the exact engine: two implementations of one posterior."""

from __future__ import annotations

from typing import Any

import arviz as az
import numpy as np
import pytest

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.engines.nuts import Nuts
from bayesreg.errors import SamplingError


@pytest.fixture(scope="module")
def trees() -> dict[str, Any]:
    rng = np.random.default_rng(8)
    X = rng.standard_normal((20, 2)) @ np.array([[1.0, 0.6], [0.0, 0.8]]) + [3.0, -1.0]
    y = 1.0 + X @ [0.8, -0.5] + 0.7 * rng.standard_normal(20)
    model = br.Model(likelihoods.Gaussian(scales.HalfNormal(1.0)), priors.Gaussian(0.6))
    options = {"draws": 1500, "tune": 500, "chains": 2, "seed": 5}
    return {
        "exact": br.sample(model, X, y, **options),
        "nuts": br.sample(model, X, y, engine="nuts", target_accept=0.95, **options),
    }


@pytest.mark.slow
def test_both_engines_have_the_same_moments(trees: dict[str, Any]) -> None:
    exact, nuts = trees["exact"], trees["nuts"]
    assert (exact.attrs["engine"], nuts.attrs["engine"]) == ("exact_gaussian", "nuts")
    assert (exact.attrs["exactness"], nuts.attrs["exactness"]) == ("independent", "mcmc")
    for name in ("coef", "intercept", "sigma"):
        draws = nuts["posterior"][name]
        for kind, estimate in (("mean", draws.mean(("chain", "draw"))), ("sd", draws.std(("chain", "draw")))):
            mcse = az.mcse(nuts["posterior"].to_dataset()[[name]], method=kind)[name]
            truth = exact["exact_moments"][f"{name}_{kind}"]
            assert np.all(np.abs(estimate - truth) < 4 * mcse), (name, kind)


@pytest.mark.slow
def test_the_sampler_reports_itself_and_nothing_else(trees: dict[str, Any]) -> None:
    nuts = trees["nuts"]
    assert {"diverging", "energy", "n_steps", "step_size"} <= set(nuts["sample_stats"].data_vars)
    assert set(nuts["posterior"].data_vars) == {"coef", "intercept", "sigma"}
    assert nuts["posterior"]["coef"].shape == (2, 1500, 2)


def test_a_sampler_that_cannot_start_says_what_to_check(linear: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import nutpie

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("All initialization points failed")

    monkeypatch.setattr(nutpie, "compile_pymc_model", lambda model: model)
    monkeypatch.setattr(nutpie, "sample", fail)
    with pytest.raises(SamplingError, match=r"All initialization points failed.*every prior is proper"):
        br.sample(br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0)), *linear, seed=0)


def test_it_refuses_a_prior_without_a_pymc_form(linear: Any) -> None:
    class Nothing:
        """Meets `Prior` and no more."""

        loc = 0.0
        factor = 1.0
        relative_to = None

        def hyperparameters(self) -> dict[str, Any]:
            """Return none."""
            return {}

    model = br.Model(likelihoods.Gaussian(1.0), Nothing())
    assert "neither rates(...) nor to_pymc(...)" in str(Nuts().why_not(model.bind(make_design(*linear))))
