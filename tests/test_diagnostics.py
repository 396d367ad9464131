"""Every sample is judged against fixed thresholds, and what fails is said."""

from __future__ import annotations

import json
import re
import warnings
from typing import Any

import arviz as az
import numpy as np
import pytest
import xarray as xr

from bayesreg.diagnostics import diagnose, judge
from bayesreg.errors import InputError, SamplingWarning
from bayesreg.numerics.mixing import TAILS


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
    stored = json.loads(sample.attrs["diagnostics"])
    np.testing.assert_allclose(stored["rhat_max"], float(az.rhat(data)["coef"].max()))
    np.testing.assert_allclose(stored["ess_bulk_min"], float(az.ess(data, method="bulk")["coef"].min()))
    np.testing.assert_allclose(stored["ess_tail_min"], float(az.ess(data, method="tail", prob=TAILS)["coef"].min()))
    assert stored["divergences"] == 0
    assert stored["verdict"] == "passed"
    assert verdict.passed
    for key, (name, value) in verdict.worst().items():
        assert stored[key] == value
        assert stored["worst"][key] == name


def test_chains_that_do_not_mix_fail_by_name() -> None:
    sample = tree(walk())
    with pytest.warns(SamplingWarning, match=r"test failed: R-hat above 1\.01: .*; bulk ESS below 400: coef\[\d\] \d+"):
        judge(sample)
    assert "R-hat" in json.loads(sample.attrs["diagnostics"])["verdict"]


def test_the_smallest_sample_allowed_grows_with_the_number_of_chains() -> None:
    with pytest.warns(SamplingWarning, match=r"bulk ESS below 400"):
        verdict = judge(tree(noise(draws=60)))
    assert 100 < verdict.worst()["ess_bulk_min"][1] < 400


def test_the_worst_parameter_decides_whatever_its_name() -> None:
    with pytest.warns(SamplingWarning, match=r"R-hat above 1\.01: sigma \d\.\d{3}; bulk ESS below 400: sigma \d+; "):
        verdict = judge(tree(noise(), sigma=walk()[..., 0]))
    assert {name for name, _ in verdict.worst().values()} == {"sigma"}


def test_the_worst_three_are_named_by_their_labels_and_the_others_counted() -> None:
    coef = np.concatenate([noise(p=1), np.concatenate([walk(), walk() + noise(), walk()], axis=-1)[..., :5]], axis=-1)
    sample = tree(coef)
    sample["posterior"] = sample["posterior"].to_dataset().assign_coords(feature=list("abcdef"))
    with pytest.warns(
        SamplingWarning, match=r"R-hat above 1\.01: (coef\[[b-f]\] \d\.\d{3}, ){2}coef\[[b-f]\] \S+ and 2"
    ):
        found = judge(sample)
    frame = found.to_frame()
    assert list(frame.index) == [f"coef[{name}]" for name in "abcdef"]
    assert found.faults[0].split(": ")[1].startswith(frame["rhat"].idxmax())
    assert frame["ess_bulk"].idxmin() == found.worst()["ess_bulk_min"][0]


def test_the_diagnosis_of_a_sample_that_was_loaded_is_the_one_line_of_the_new_one() -> None:
    sample = tree(noise())
    judge(sample)
    line = str(diagnose(sample))
    assert re.fullmatch(r"passed \[R-hat at most 1\.\d{3} \(coef\[\d\]\), bulk ESS \d+ .*, tail ESS \d+ .*\]", line)
    with pytest.raises(InputError, match=r"diagnose needs the DataTree .* got dict"):
        diagnose({})  # type: ignore[arg-type]


@pytest.mark.parametrize(("khat", "fails"), [(0.3, False), (0.75, True), (np.nan, True)])
def test_k_hat_is_read_from_the_attributes_or_the_statistics(khat: float, fails: bool) -> None:
    stored = tree(noise())
    stored.attrs["khat"] = khat
    by_draw = tree(noise())
    by_draw["sample_stats"] = xr.Dataset({"khat": (("chain", "draw"), np.full((4, 300), khat))})
    for sample in (stored, by_draw):
        found = diagnose(sample)
        assert (found.faults == (f"k-hat {khat:.2f} above {1 - 1 / np.log10(1200):.2f}",)) is fails


def test_too_few_draws_to_have_an_effective_size_do_not_pass() -> None:
    with pytest.warns(SamplingWarning, match="3 draws a chain are too few"):
        judge(tree(noise(draws=3)))


def test_divergent_transitions_fail_alone() -> None:
    diverging = np.zeros((4, 300), bool)
    diverging[1, :3] = True
    with pytest.warns(SamplingWarning, match="3 divergent transitions"):
        assert judge(tree(noise(), diverging=diverging)).divergences == 3


def test_independent_draws_are_measured_but_not_failed() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        verdict = judge(tree(noise(draws=20), exactness="independent"))
        assert verdict.worst()["ess_bulk_min"][1] < 400
        judge(tree(noise(chains=1, draws=3), exactness="independent"))


def test_the_local_scales_of_unpenalised_columns_are_left_out() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        judge(tree(noise(), local_scale=np.full((4, 300, 2), np.nan)))


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_a_parameter_that_never_moves_or_is_not_a_number_does_not_pass(value: float) -> None:
    stuck = noise()
    stuck[..., 1] = value
    with pytest.warns(SamplingWarning):
        judge(tree(stuck))


def test_one_chain_has_no_r_hat_and_is_judged_by_its_size() -> None:
    verdict = judge(tree(noise(chains=1)))
    assert "rhat_max" not in verdict.worst()
    with pytest.warns(SamplingWarning, match="tail ESS below 100: "):
        judge(tree(noise(chains=1, draws=60)))
