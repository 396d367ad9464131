"""The compiled density that NUTS samples is that of `Problem.log_posterior`, with its gradient, for every pair."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.numerics.nuts.form import BY_COLUMNS, BY_ROWS, MOMENTS, SPARSE
from bayesreg.problem import Problem
from bayesreg.pymc_export import build_pymc
from bayesreg.sampling_form import Coordinates, coordinates, why_not_compiled
from tests.contracts.test_pymc_density import CASES, PRIORS, bind

pytestmark = pytest.mark.filterwarnings("ignore::bayesreg.errors.PriorWarning")


def stated(at: Coordinates, u: Any) -> float:
    """Log posterior by definition, times the volume that the coordinates give it."""
    values = at.values(u)
    hyper = {name: float(values[name]) for name in at.problem.hyper_laws}
    sigma = float(values["sigma"]) if "sigma" in values else None
    b0, local = float(values.get("intercept", 0.0)), values.get("local_scale")
    posterior = at.problem.log_posterior(values["coef"], b0, sigma, hyper, local)
    return posterior + at.log_jacobian(u)


def assert_same(
    problem: Problem, seed: int = 0, rtol: float = 1e-11, step: float = 1e-5, atol: float = 1e-5
) -> Coordinates:
    at = coordinates(problem)
    rng = np.random.default_rng(seed)
    u = at.start + rng.standard_normal(at.dim)
    value, gradient = at.log_density(u)
    np.testing.assert_allclose(value, stated(at, u), rtol=rtol, atol=1e-11)
    around = [[at.log_density(u + sign * step * axis)[0] for sign in (1, -1)] for axis in np.eye(at.dim)]
    slopes = np.array([(up - down) / (2 * step) for up, down in around])
    # Rounding of the value over the step.
    np.testing.assert_allclose(gradient, slopes, rtol=1e-5, atol=atol + 1e-10 * abs(value))
    return at


@pytest.mark.parametrize(("prior", "likelihood", "word", "option"), CASES)
def test_the_density_and_its_gradient_are_those_of_the_definition(
    prior: str, likelihood: str, word: str, option: str
) -> None:
    problem = bind(PRIORS[prior](None if word == "None" else word), likelihood, option)
    if prior.startswith("group_gaussian"):
        # One number a rate: a scale for each of several groups is left to the PyMC form.
        assert "GroupGaussian" in str(why_not_compiled(problem))
        return
    assert why_not_compiled(problem) is None
    assert_same(problem)


def rows(n: int, likelihood: Any) -> tuple[Any, Any]:
    rng = np.random.default_rng(3)
    # Many zeros, and one column whose mean drowns its differences.
    X = rng.standard_normal((n, 4)) * np.where(rng.random((n, 4)) < 0.4, 1.0, 0.01 * (n < 10)) + [0.0, 1.0, 0.0, 200.0]
    eta = X @ [0.5, -1.0, 0.2, 0.0]
    if likelihood.has_sigma:
        return X, eta + 0.5 * rng.standard_normal(n)
    return X, (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float)


@pytest.mark.parametrize(
    ("likelihood", "n", "storage", "expected"),
    [
        (likelihoods.Gaussian(), 1300, np.ascontiguousarray, MOMENTS),
        (likelihoods.Gaussian(), 1300, sparse.csc_array, MOMENTS),
        (likelihoods.Gaussian(), 2, np.ascontiguousarray, BY_ROWS),
        (likelihoods.StudentT(), 1300, np.ascontiguousarray, BY_ROWS),
        (likelihoods.StudentT(), 1300, np.asfortranarray, BY_COLUMNS),
        (likelihoods.Bernoulli(), 1300, sparse.csc_array, SPARSE),
    ],
    ids=["moments", "sparse moments", "wide", "by rows", "by columns", "sparse"],
)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_every_way_to_store_the_rows_has_the_same_density(
    likelihood: Any, n: int, storage: Any, expected: int, fit_intercept: bool
) -> None:
    X, y = rows(n, likelihood)
    rng = np.random.default_rng(1)
    weight, offset = rng.integers(0, 3, n) + (n < 10), rng.standard_normal(n)
    model = br.Model(likelihood, priors.Laplace(1.0), fit_intercept=fit_intercept)
    at = assert_same(model.bind(make_design(storage(X), y, weight, offset)))
    assert at.form.rows[0] == expected


def test_the_moments_have_the_density_of_the_plain_pymc_model() -> None:
    rng = np.random.default_rng(2)
    X = rng.standard_normal((300, 5)) @ rng.standard_normal((5, 5)) + 10.0 * rng.standard_normal(5)
    y = 50.0 + X @ rng.standard_normal(5) + 0.3 * rng.standard_normal(300)
    weight = rng.integers(1, 4, 300).astype(float)
    model = br.Model(likelihoods.Gaussian(scales.HalfNormal(2.0)), priors.Laplace(scales.HalfCauchy(1.0)))
    problem = model.bind(make_design(X, y, weight))
    at = coordinates(problem)
    assert at.form.rows[0] == MOMENTS
    plain = build_pymc(problem)
    density = plain.compile_fn(plain.logp(), mode="FAST_COMPILE")
    for _ in range(5):
        u = at.start + rng.standard_normal(at.dim)
        values = at.values(u)
        point = {"coef": values["coef"], "intercept": values["intercept"]}
        point |= {f"{name}_log__": np.log(values[name]) for name in ("sigma", "prior_scale")}
        np.testing.assert_allclose(at.log_density(u)[0], density(point), rtol=1e-10)


def test_moments_keep_their_digits_where_the_fit_is_close() -> None:
    rng = np.random.default_rng(4)
    X = rng.standard_normal((50, 3))
    y = 1e6 + X @ [1e5, -2e5, 3e5] + 1e-4 * rng.standard_normal(50)
    at = coordinates(br.Model(likelihoods.Gaussian(), priors.Gaussian(1e6)).bind(make_design(X, y)))
    u = at.start + rng.standard_normal(at.dim)
    # Sums of squares of 1e13 would leave none of a residual one of 1e-7; coefficients have 1e-6 of their deviation.
    np.testing.assert_allclose(at.log_density(u)[0], stated(at, u), rtol=1e-6)


def test_the_coordinates_are_whitened() -> None:
    rng = np.random.default_rng(5)
    X = rng.standard_normal((400, 6)) * 10.0 ** np.arange(-3, 3)
    X[:, 3] += 500 * X[:, 0]
    y = (rng.random(400) < 1 / (1 + np.exp(-X[:, 2] * 5))).astype(float)
    at = coordinates(br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0), standardize=True).bind(make_design(X, y)))
    step = 1e-4
    hessian = np.array(
        [
            (at.log_density(at.start + step * axis)[1] - at.log_density(at.start - step * axis)[1]) / (2 * step)
            for axis in np.eye(at.dim)
        ]
    )
    np.testing.assert_allclose(hessian, -np.eye(at.dim), atol=0.05)
    np.testing.assert_allclose(at.log_density(at.start)[1], 0.0, atol=0.1)


def test_a_scale_by_the_share_that_it_explains() -> None:
    problem = bind(priors.Laplace(scales.RSquared(0.8, 2.0)), "half_normal", "standardize")
    assert why_not_compiled(problem) is None
    assert_same(problem)


class OwnLaw:
    """A law without a code."""

    def log_density(self, value: Any) -> Any:
        """Exponential."""
        return -value

    def draw(self, rng: np.random.Generator, size: int) -> Any:
        """Exponential."""
        return rng.exponential(size=size)

    def to_pymc(self, name: str) -> Any:
        """Exponential."""
        import pymc as pm

        return pm.Exponential(name, 1.0)


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (br.Model(likelihoods.Gaussian(OwnLaw()), priors.Laplace(1.0)), "the law OwnLaw"),
        (br.Model(likelihoods.Gaussian(1.0), priors.Laplace(OwnLaw())), "the law OwnLaw"),
    ],
)
def test_it_names_the_part_that_it_does_not_know(model: br.Model, reason: str, linear: Any) -> None:
    assert reason in str(why_not_compiled(model.bind(make_design(*linear))))
