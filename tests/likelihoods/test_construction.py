"""Likelihoods as values: what they accept and refuse, their responses, their JSON."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from bayesreg import codec, likelihoods, scales
from bayesreg.errors import InputError
from bayesreg.likelihoods import Likelihood, Scaled
from tests.likelihoods.cases import CASES, SCALED, Case

CLASSES = {name: type(case.likelihood) for name, case in CASES.items()}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_likelihood_is_a_value_that_says_whether_it_has_a_noise_level(case: Case) -> None:
    likelihood = case.likelihood
    assert isinstance(likelihood, Likelihood)
    assert likelihood.has_sigma == isinstance(likelihood, Scaled) == hasattr(likelihood, "sigma")
    assert likelihood == dataclasses.replace(likelihood)
    assert hash(likelihood) == hash(dataclasses.replace(likelihood))


@pytest.mark.parametrize("name", SCALED)
def test_a_noise_level_is_a_number_a_law_or_nothing(name: str) -> None:
    make = CLASSES[name]
    assert make(sigma=2) == make(sigma=2.0) == make(sigma=np.float64(2.0))
    assert type(make(sigma=np.float32(2.0)).sigma) is float
    assert make(sigma=scales.HalfNormal(1.0)) != make()
    assert make().sigma is None


@pytest.mark.parametrize("name", SCALED)
@pytest.mark.parametrize("value", [0.0, -1.0, np.inf, np.nan, "1", True, [1.0, 2.0], 1j])
def test_a_noise_level_that_is_none_is_refused_by_its_name(name: str, value: Any) -> None:
    with pytest.raises(InputError) as raised:
        CLASSES[name](sigma=value)
    for word in (f"{CLASSES[name].__name__}(sigma=...)", "positive finite number", "law from bayesreg.scales", "None"):
        assert word in str(raised.value)
    assert repr(value) in str(raised.value)


@pytest.mark.parametrize("name", SCALED)
def test_the_class_of_a_law_is_no_law(name: str) -> None:
    with pytest.raises(InputError, match=r"sigma=...\) is the class HalfCauchy: write scales.HalfCauchy\(...\)"):
        CLASSES[name](sigma=scales.HalfCauchy)


@pytest.mark.parametrize("value", [0.0, -1.0, np.inf, np.nan, "1", True, [1.0, 2.0], None])
@pytest.mark.parametrize(
    ("make", "name"), [(likelihoods.Huber, "delta"), (likelihoods.StudentT, "df")], ids=["delta", "df"]
)
def test_a_shape_that_is_not_positive_and_finite_is_refused_by_its_name(make: Any, name: str, value: Any) -> None:
    with pytest.raises(InputError) as raised:
        make(**{name: value})
    for word in (f"{make.__name__}({name}=...)", "positive finite number", repr(value), "Gaussian()"):
        assert word in str(raised.value)


@pytest.mark.parametrize("value", [0.0, 1.0, -0.1, 50.0, np.nan, "0.5", True, [0.1, 0.9], None])
def test_a_quantile_lies_between_zero_and_one(value: Any) -> None:
    with pytest.raises(InputError) as raised:
        likelihoods.AsymmetricLaplace(value)
    for word in ("AsymmetricLaplace(quantile=...)", "between 0 and 1", repr(value), "0.5 is the median"):
        assert word in str(raised.value)


def test_shapes_become_plain_numbers() -> None:
    assert type(likelihoods.Huber(np.float32(1.5)).delta) is float
    assert type(likelihoods.StudentT(3).df) is float
    assert type(likelihoods.AsymmetricLaplace(np.float64(0.25)).quantile) is float


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_likelihood_comes_back_from_json_as_it_was(case: Case) -> None:
    back = codec.loads(codec.dumps({"likelihood": case.likelihood}))["likelihood"]
    assert back == case.likelihood
    assert type(back) is type(case.likelihood)


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([0.0, 0.0], ("only one class", "0")),
        ([1.0, 1.0], ("only one class", "1")),
        ([0.0, 1.0, 2.0], ("3 distinct values", "exactly 2")),
        ([-1.0, 1.0], ("coded -1 and 1", "0 and 1")),
        ([1.0, 2.0], ("coded 1 and 2", "(y == 2)")),
        ([0.0, 0.5], ("coded 0 and 0.5",)),
    ],
)
def test_responses_that_are_not_two_classes_are_refused_with_the_coding(y: Any, words: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as raised:
        likelihoods.Bernoulli().check_response(np.array(y))
    for word in words:
        assert word in str(raised.value)


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([1.0, -2.0, -0.5], ("2 negative values", "smallest -2", "Poisson()", "Gaussian()")),
        ([0.0, 0.0], ("0 in every row", "above 0")),
    ],
)
def test_responses_that_are_not_counts_are_refused(y: Any, words: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as raised:
        likelihoods.Poisson().check_response(np.array(y))
    for word in words:
        assert word in str(raised.value)


def test_usable_responses_pass() -> None:
    likelihoods.Bernoulli().check_response(np.array([0.0, 1.0, 0.0]))
    likelihoods.Poisson().check_response(np.array([0.0, 2.5, 1e6]))
    for name in SCALED:
        CASES[name].likelihood.check_response(np.array([-1e300, 0.0, 7.0]))
