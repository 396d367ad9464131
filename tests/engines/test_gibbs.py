"""The Gibbs samplers of a Gaussian likelihood against each other, exact posteriors and their own restarts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.engines.gibbs_blocks import GibbsBlocks
from bayesreg.engines.gibbs_collapsed import GibbsCollapsed
from bayesreg.engines.gibbs_full import GibbsFull
from bayesreg.errors import SamplingError
from bayesreg.numerics.column_order import spectral_order

LAW = scales.HalfCauchy(1.0)
NOISE = scales.InverseGamma(2.0, 1.0)
ENGINES = {"gibbs_full": GibbsFull(), "gibbs_collapsed": GibbsCollapsed(), "gibbs_blocks": GibbsBlocks()}


def many_columns(n: int = 90, p: int = 70) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    X = rng.standard_normal((n, p)) + 0.7 * rng.standard_normal((n, 1))
    return X, X[:, 0] - X[:, 1] + rng.standard_normal(n)


def draws_of(engine: str, problem: Any, draws: int, seed: int = 0, tune: int = 300) -> dict[str, np.ndarray]:
    chain = ENGINES[engine].start(problem, np.random.Generator(np.random.PCG64(seed)))
    chain.warm_up(tune)
    return chain.advance(draws)


def mean_and_error(values: np.ndarray, batches: int = 25) -> tuple[np.ndarray, np.ndarray]:
    """Mean and its standard error by batch means."""
    size = values.shape[0] // batches
    means = values[: batches * size].reshape(batches, size, *values.shape[1:]).mean(1)
    return means.mean(0), means.std(0, ddof=1) / np.sqrt(batches)


def worst_difference(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> float:
    """Largest |z| over means of the coefficients, their squares and the logarithms of the scales."""
    worst = []
    for name in one.keys() - {"local_scale"}:
        for function in (np.log,) if name not in ("coef", "intercept") else (np.asarray, np.square):
            (a, s), (b, t) = mean_and_error(function(one[name])), mean_and_error(function(other[name]))
            worst.append(np.max(np.abs(a - b) / np.hypot(s, t)))
    return float(max(worst))


PRIORS: dict[str, Any] = {
    "laplace": priors.Laplace(LAW),
    "laplace absolute": priors.Laplace(LAW, relative_to=None),
    "laplace penalty": priors.Laplace(scales.Gamma(2.0, 1.0), relative_to="penalty"),
    "net": priors.ElasticNet(scales.Gamma(2.0, 1.0), 0.5),
    "group": priors.GroupLaplace([0, 0, 1, 1, 2, 2, 2, 2], LAW),
    "student-t": priors.StudentT(4.0, LAW),
    "horseshoe": priors.Horseshoe(LAW, relative_to=None),
    "regularised": priors.RegularizedHorseshoe(LAW),
    "factors": priors.Laplace(0.4, factor=[1.0, 2.0, float("inf"), 0.5, 1.0, 1.0, 3.0, 1.0], loc=0.2),
}


@pytest.mark.filterwarnings("ignore::bayesreg.errors.PriorWarning")
@pytest.mark.parametrize("intercept", [priors.Flat(), priors.Gaussian(2.0)], ids=["flat", "normal"])
@pytest.mark.parametrize("name", PRIORS)
def test_one_block_and_collapsed_scales_agree(name: str, intercept: Any) -> None:
    rng = np.random.default_rng(8)
    X = rng.standard_normal((8, 8)) + 0.5
    y = 1.0 + X[:, 0] - X[:, 1] + 0.5 * rng.standard_normal(8)
    weight = np.array([1.0, 2.0, 1.0, 1.0, 3.0, 1.0, 1.0, 1.0])
    model = br.Model(likelihoods.Gaussian(NOISE), PRIORS[name], intercept=intercept)
    problem = model.bind(make_design(X, y, weight))
    full, collapsed = (draws_of(engine, problem, 15_000) for engine in ("gibbs_full", "gibbs_collapsed"))
    # About 20 comparisons with 24 degrees of freedom each: a false alarm in one of some hundred runs.
    assert worst_difference(full, collapsed) < 4.7


@pytest.mark.parametrize("name", ["laplace", "laplace absolute", "horseshoe", "regularised"])
def test_blocks_and_one_block_agree(name: str) -> None:
    X, y = many_columns()
    problem = br.Model(likelihoods.Gaussian(NOISE), PRIORS[name]).bind(make_design(X, y))
    full, blocks = draws_of("gibbs_full", problem, 5_000), draws_of("gibbs_blocks", problem, 10_000)
    assert worst_difference(full, blocks) < 5.0


@pytest.mark.parametrize("relative_to", [None, "sigma"])
@pytest.mark.parametrize("engine", ["gibbs_full", "gibbs_collapsed"])
def test_a_gaussian_prior_has_its_exact_posterior(engine: str, relative_to: Any) -> None:
    rng = np.random.default_rng(9)
    X = rng.standard_normal((6, 6))
    y = X[:, 0] + rng.standard_normal(6)
    model = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(scales.HalfNormal(1.0), relative_to=relative_to))
    tree = br.sample(model, X, y, seed=1, engine="exact_gaussian")
    moments = tree["exact_moments"]
    found = draws_of(engine, model.bind(make_design(X, y)), 20_000)
    for name in ("coef", "intercept", "prior_scale"):
        mean, error = mean_and_error(found[name])
        assert np.all(np.abs(mean - moments[f"{name}_mean"].to_numpy()) < 4.5 * error)
        square, error = mean_and_error(found[name] ** 2)
        exact = moments[f"{name}_sd"].to_numpy() ** 2 + moments[f"{name}_mean"].to_numpy() ** 2
        assert np.all(np.abs(square - exact) < 4.5 * error)


@pytest.mark.parametrize("engine", ENGINES)
def test_draws_do_not_depend_on_how_they_are_cut_and_a_chain_can_be_taken_up(engine: str) -> None:
    X, y = many_columns(80, 90) if engine == "gibbs_collapsed" else many_columns()
    problem = br.Model(likelihoods.Gaussian(1.0), priors.Horseshoe(LAW)).bind(make_design(X, y))
    whole = draws_of(engine, problem, 230, tune=20)
    rng = np.random.Generator(np.random.PCG64(0))
    chain = ENGINES[engine].start(problem, rng)
    chain.warm_up(20)
    first = chain.advance(130)
    state, generator = chain.state(), rng.bit_generator.state
    fresh = np.random.Generator(np.random.PCG64(77))
    other = ENGINES[engine].start(problem, fresh)
    fresh.bit_generator.state = generator
    other.restore(state)
    second = other.advance(100)
    for name, values in whole.items():
        np.testing.assert_array_equal(np.concatenate([first[name], second[name]]), values)


def test_the_order_of_the_policy(linear: Any, wide: Any) -> None:
    def chosen(data: Any) -> str | None:
        return br.explain(br.Model(likelihoods.Gaussian(1.0), priors.Laplace(LAW)), *data).sample_engine

    assert [chosen(linear), chosen(many_columns()), chosen(wide)] == ["gibbs_full", "gibbs_blocks", "gibbs_collapsed"]


def test_perfectly_collinear_columns_are_sampled() -> None:
    rng = np.random.default_rng(10)
    x = rng.standard_normal((30, 2))
    X = np.hstack([x, x])
    model = br.Model(likelihoods.Gaussian(1.0), priors.Horseshoe(0.5))
    found = draws_of("gibbs_full", model.bind(make_design(X, x[:, 0] + rng.standard_normal(30))), 4000)["coef"]
    mean, error = mean_and_error(found)
    assert np.all(np.abs(mean[:2] - mean[2:]) < 4.5 * np.hypot(error[:2], error[2:]))


def test_a_matrix_that_cannot_be_factorised_is_an_error_with_advice(linear: Any) -> None:
    problem = br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0)).bind(make_design(*linear))
    chain = ENGINES["gibbs_full"].start(problem, np.random.default_rng(0))
    state = chain.state()
    state["level"][1] = np.nan
    chain.restore(state)
    with pytest.raises(SamplingError, match="singular to working precision"):
        chain.advance(1)


def test_neighbours_in_the_order_are_correlated() -> None:
    rng = np.random.default_rng(11)
    n, p = 400, 60
    X = np.empty((n, p))
    X[:, 0] = rng.standard_normal(n)
    for j in range(1, p):
        X[:, j] = 0.9 * X[:, j - 1] + np.sqrt(1 - 0.81) * rng.standard_normal(n)
    shuffled = rng.permutation(p)
    order = shuffled[spectral_order(X[:, shuffled].T @ X[:, shuffled])]
    # The walk is found again, up to its direction and small swaps.
    assert np.abs(np.corrcoef(order, np.arange(p))[0, 1]) > 0.95
