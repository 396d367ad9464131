"""Each prior: its rates, its fields, its refusals, and how the noise meets its scale."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bayesreg import priors, scales
from bayesreg.errors import InputError
from bayesreg.priors.base import Exported, Penalised, Prior, at_noise, penalty_of, resolve_relative_to

INF = float("inf")
LAW = scales.HalfCauchy(1.0)


@pytest.mark.parametrize(
    ("prior", "l1", "l2"),
    [
        (priors.Flat(), 0.0, 0.0),
        (priors.Gaussian(0.5), 0.0, 4.0),
        (priors.Gaussian([0.5, INF]), 0.0, [4.0, 0.0]),
        (priors.Laplace(0.2), 5.0, 0.0),
        (priors.Laplace([0.2, INF]), [5.0, 0.0], 0.0),
        (priors.Laplace(rate=5.0), 5.0, 0.0),
        (priors.Laplace(rate=[5.0, 0.0]), [5.0, 0.0], 0.0),
        (priors.ElasticNet(l1=3.0, l2=2.0), 3.0, 2.0),
        (priors.ElasticNet(l1=[3.0, 0.0], l2=2.0), [3.0, 0.0], 2.0),
    ],
)
def test_the_rates_are_those_of_the_penalty(prior: Any, l1: Any, l2: Any) -> None:
    found = prior.rates({})
    np.testing.assert_allclose(found[0], l1)
    np.testing.assert_allclose(found[1], l2)
    assert prior.hyperparameters() == {}
    assert isinstance(prior, Penalised)
    assert not isinstance(prior, Exported)


@pytest.mark.parametrize(
    ("prior", "hyper", "rates"),
    [
        (priors.Gaussian(LAW), {"prior_scale": 0.5}, (0.0, 4.0)),
        (priors.Laplace(LAW), {"prior_scale": 0.5}, (2.0, 0.0)),
        (priors.Laplace(rate=LAW), {"prior_rate": 0.5}, (0.5, 0.0)),
        (priors.ElasticNet(l1=LAW, l2=3.0), {"prior_l1": 0.5}, (0.5, 3.0)),
        (priors.ElasticNet(l1=2.0, l2=LAW), {"prior_l2": 0.5}, (2.0, 0.5)),
        (priors.ElasticNet(l1=LAW, l2=LAW), {"prior_l1": 0.5, "prior_l2": 7.0}, (0.5, 7.0)),
    ],
)
def test_learned_parameters_have_a_name_and_a_law_and_enter_the_rates(prior: Any, hyper: Any, rates: Any) -> None:
    assert dict(prior.hyperparameters()) == dict.fromkeys(hyper, LAW)
    assert prior.rates(hyper) == rates


@pytest.mark.parametrize(
    ("make", "known"),
    [
        (lambda r, law: priors.Gaussian(law or 1.0, relative_to=r), None),
        (lambda r, law: priors.Laplace(law or 1.0, relative_to=r), None),
        (lambda r, law: priors.Laplace(rate=law or 1.0, relative_to=r), None),
        (lambda r, law: priors.ElasticNet(law or 1.0, 1.0, relative_to=r), None),
    ],
)
def test_auto_is_absolute_for_a_number_and_relative_for_a_law(make: Any, known: Any) -> None:
    assert resolve_relative_to(make("auto", None)) is known
    assert resolve_relative_to(make("auto", LAW)) == "sigma"
    for word in (None, "sigma", "penalty"):
        assert resolve_relative_to(make(word, LAW)) == word
        assert resolve_relative_to(make(word, None)) == word


@pytest.mark.parametrize(("word", "expected"), [(None, (3.0, 2.0)), ("sigma", (6.0, 8.0)), ("penalty", (12.0, 8.0))])
def test_the_noise_level_divides_the_rates(word: Any, expected: tuple[float, float]) -> None:
    assert at_noise(3.0, 2.0, word, 0.5) == expected


def test_the_unit_multiplies_the_scale_of_each_coefficient() -> None:
    penalty = penalty_of(priors.ElasticNet(l1=[3.0, 1.0, 2.0], l2=2.0), np.array([2.0, 0.5, INF]), None, 1.0, {})
    np.testing.assert_allclose(penalty.l1, [1.5, 2.0, 0.0])
    np.testing.assert_allclose(penalty.l2, [0.5, 8.0, 0.0])


@pytest.mark.parametrize("word", ["Sigma", "", 0, True, "none"])
@pytest.mark.parametrize("make", [priors.Gaussian, priors.Laplace, lambda v, **k: priors.ElasticNet(v, v, **k)])
def test_an_unknown_relative_to_is_refused_with_the_choice(make: Any, word: Any) -> None:
    with pytest.raises(InputError, match=r"relative_to=\.\.\.\) must be None, 'auto', 'sigma' or 'penalty'"):
        make(1.0, relative_to=word)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("loc", INF),
        ("loc", "a"),
        ("loc", float("nan")),
        ("loc", [[1.0]]),
        ("factor", 0.0),
        ("factor", -1.0),
        ("factor", [1.0, float("nan")]),
        ("factor", "a"),
    ],
)
@pytest.mark.parametrize("make", [priors.Gaussian, priors.Laplace, lambda v, **k: priors.ElasticNet(v, v, **k)])
def test_an_unusable_location_or_factor_is_named(make: Any, name: str, value: Any) -> None:
    with pytest.raises(InputError, match=name):
        make(1.0, **{name: value})


@pytest.mark.parametrize("arguments", [{}, {"scale": 1.0, "rate": 1.0}])
def test_a_laplace_needs_exactly_one_of_scale_and_rate(arguments: Any) -> None:
    with pytest.raises(InputError, match="exactly one of scale= and rate="):
        priors.Laplace(**arguments)


@pytest.mark.parametrize(
    "prior",
    [
        priors.Flat(),
        priors.Gaussian(np.array([0.5, 1.0]), loc=np.array([1, 2]), factor=np.array([1.0, INF])),
        priors.Laplace(np.float64(0.5)),
        priors.ElasticNet(l1=[1, 2], l2=LAW),
    ],
)
def test_priors_are_hashable_values_of_plain_numbers(prior: Any) -> None:
    assert isinstance(prior, Prior)
    assert hash(prior) == hash(type(prior)(**vars(prior)))
    assert prior == type(prior)(**vars(prior))
    for value in vars(prior).values():
        assert not isinstance(value, np.ndarray)
    with pytest.raises(AttributeError):
        prior.loc = 1.0


def test_the_flat_prior_has_nothing_to_set() -> None:
    flat = priors.Flat()
    assert (flat.loc, flat.factor, flat.relative_to) == (0.0, 1.0, None)
