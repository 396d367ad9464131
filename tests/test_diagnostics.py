"""Every sample is judged against fixed thresholds, and what fails is said."""

from __future__ import annotations

import json
import warnings
from typing import Any

import arviz as az
import numpy as np
import pytest
import xarray as xr

from bayesreg.diagnostics import judge
from bayesreg.errors import SamplingWarning


def tree(coef: np.ndarray, exactness: str = "mcmc", diverging: np.ndarray | None = None, **others: np.ndarray) -> Any:
    dims = ("chain", "draw", "feature")
    posterior = {"coef": (dims, coef)} | {name: (dims[: value.ndim], value) for name, value in others.items()}
    groups = {"posterior": xr.Dataset(posterior)}
    if diverging is not None:
        groups["sample_stats"] = xr.Dataset({"diverging": (("chain", "draw"), diverging)})
    made = xr.DataTree.from_dict(groups)
    made.attrs = {"engine": "test", "exactness": exactness}
    return made


def noise(chains: int = 4, draws: int = 300, p: int = 2) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((chains, draws, p))


def walk() -> np.ndarray:
    """Return chains that move so slowly that few of their draws count, and that disagree."""
    return np.cumsum(noise(), axis=1)


def test_independent_chains_pass_and_the_numbers_are_those_of_arviz() -> None:
    sample = tree(noise(), diverging=np.zeros((4, 300), bool))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        verdict = judge(sample)
    data = sample["posterior"].to_dataset()
    np.testing.assert_allclose(verdict["rhat_max"], float(az.rhat(data)["coef"].max()))
    np.testing.assert_allclose(verdict["ess_bulk_min"], float(az.ess(data, method="bulk")["coef"].min()))
    np.testing.assert_allclose(verdict["ess_tail_min"], float(az.ess(data, method="tail")["coef"].min()))
    assert verdict["divergences"] == 0
    assert json.loads(sample.attrs["diagnostics"]) == verdict | {"verdict": "passed"}


def test_chains_that_do_not_mix_fail_by_name() -> None:
    sample = tree(walk())
    with pytest.warns(SamplingWarning, match=r"test failed: R-hat .* above 1\.01; ess_bulk_min \d+ below 400"):
        judge(sample)
    assert "R-hat" in json.loads(sample.attrs["diagnostics"])["verdict"]


def test_the_smallest_sample_allowed_grows_with_the_number_of_chains() -> None:
    with pytest.warns(SamplingWarning, match=r"ess_bulk_min \d+ below 400"):
        verdict = judge(tree(noise(draws=60)))
    assert 100 < verdict["ess_bulk_min"] < 400


def test_the_worst_parameter_decides_whatever_its_name() -> None:
    with pytest.warns(SamplingWarning, match="R-hat"):
        judge(tree(noise(), sigma=walk()[..., 0]))


def test_divergent_transitions_fail_alone() -> None:
    diverging = np.zeros((4, 300), bool)
    diverging[1, :3] = True
    with pytest.warns(SamplingWarning, match="3 divergent transitions"):
        assert judge(tree(noise(), diverging=diverging))["divergences"] == 3


def test_independent_draws_are_measured_but_not_failed() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        verdict = judge(tree(noise(draws=20), exactness="independent"))
        assert verdict["ess_bulk_min"] < 400
        judge(tree(noise(chains=1, draws=3), exactness="independent"))


def test_the_local_scales_of_unpenalised_columns_are_left_out() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        judge(tree(noise(), local_scale=np.full((4, 300, 2), np.nan)))


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
@pytest.mark.parametrize("value", [0.0, np.nan])
def test_a_parameter_that_never_moves_or_is_not_a_number_does_not_pass(value: float) -> None:
    stuck = noise()
    stuck[..., 1] = value
    with pytest.warns(SamplingWarning):
        judge(tree(stuck))


def test_one_chain_has_no_r_hat_and_is_judged_by_its_size() -> None:
    verdict = judge(tree(noise(chains=1)))
    assert "rhat_max" not in verdict
    with pytest.warns(SamplingWarning, match="ess_tail_min .* below 100"):
        judge(tree(noise(chains=1, draws=60)))
