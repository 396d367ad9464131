"""Likelihoods inside a model: the default noise law, refusals, and the weighted log likelihood of the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.errors import InputError
from bayesreg.problem import Problem
from tests.likelihoods.cases import CASES, SCALED, WEIGHT, Case

X = np.random.default_rng(6).standard_normal((10, 2))
OFFSET = np.linspace(-0.3, 0.4, 10)


def bind(likelihood: Any, y: np.ndarray, weight: Any = None, offset: Any = None, columns: int = 2) -> Problem:
    model = br.Model(likelihood, priors.Gaussian(1.0))
    return model.bind(make_design(np.tile(X, columns // 2), y, weight, offset))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_log_likelihood_of_a_row_is_its_weight_times_the_log_density(case: Case) -> None:
    problem = bind(case.likelihood, case.y, WEIGHT, OFFSET)
    coef = np.array([[0.4, -0.7], [0.1, 0.2]])
    intercept = np.array([0.5, -1.0])
    found = problem.row_log_likelihood(coef, intercept, np.full(2, case.sigma))
    expected = [WEIGHT * case.log_density(OFFSET + b + X @ c) for c, b in zip(coef, intercept, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("name", SCALED)
def test_every_noise_scale_is_learned_under_the_default_law(name: str) -> None:
    make, y = type(CASES[name].likelihood), CASES[name].y
    narrow = bind(make(), y)
    assert narrow.sigma == scales.HalfStudentT(3.0, float(y.std()))
    assert any("sigma ~ HalfStudentT" in note for note in narrow.notes)
    assert isinstance(bind(make(), y, columns=10).sigma, scales.InverseGamma)
    assert bind(make(sigma=2.0), y).known_sigma == 2.0
    assert bind(make(sigma=scales.Gamma(2.0, 3.0)), y).sigma == scales.Gamma(2.0, 3.0)


def test_a_noise_scale_of_your_own_class_without_a_field_is_learned_too() -> None:
    members = {name: value for name, value in vars(likelihoods.Gaussian).items() if not name.startswith("_")}
    members.pop("sigma", None)
    assert isinstance(bind(type("Mine", (), members)(), CASES["gaussian"].y).sigma, scales.HalfStudentT)


@pytest.mark.parametrize("name", SCALED)
def test_a_constant_response_is_refused_with_the_likelihood_to_change(name: str) -> None:
    make = type(CASES[name].likelihood)
    with pytest.raises(InputError, match=rf"y is constant.* give it as a number: {make.__name__}\(sigma=\.\.\.\)"):
        bind(make(), np.ones(10))
    assert bind(make(sigma=1.0), np.ones(10)).known_sigma == 1.0


@pytest.mark.parametrize("name", ["bernoulli", "poisson"])
def test_a_likelihood_without_noise_has_nothing_to_be_relative_to(name: str) -> None:
    likelihood = CASES[name].likelihood
    assert bind(likelihood, CASES[name].y).sigma is None
    for word in ("sigma", "penalty"):
        with pytest.raises(InputError, match=f"{type(likelihood).__name__} does not have"):
            br.Model(likelihood, priors.Gaussian(1.0, relative_to=word))


def test_a_row_that_does_not_count_may_hold_what_the_likelihood_refuses() -> None:
    y, weight = CASES["poisson"].y.copy(), WEIGHT.copy()
    y[3], weight[3] = -2.0, 0.0
    rows = bind(likelihoods.Poisson(), y, weight).row_log_likelihood(np.zeros(2), 0.0)
    assert rows[3] == 0.0
    assert np.all(np.isfinite(rows))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_model_comes_back_from_json_as_it_was(case: Case) -> None:
    model = br.Model(case.likelihood, priors.Laplace(0.5))
    assert br.Model.from_json(model.to_json()) == model
