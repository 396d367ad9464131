"""Gibbs sampling with a latent weight a row: against quadrature, and as a map that leaves the joint law as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse, stats

from bayesreg import likelihoods, priors, scales
from bayesreg.engines.gibbs_rows import GibbsRows, augmented, kernel
from bayesreg.gibbs_chain import Raw
from bayesreg.mixture_problem import MixtureProblem
from bayesreg.model import Model, bind
from bayesreg.numerics.gibbs.densities import prior_precision
from bayesreg.numerics.gibbs.rows import LOGISTIC, Rows
from bayesreg.numerics.gibbs.specification import GAUSSIAN, HORSESHOE, KNOWN, LAPLACE, RATE, SIGMA, STUDENT_T, State
from bayesreg.problem import Problem

Array = NDArray[np.float64]

ENGINE = GibbsRows()
NOISE = scales.InverseGamma(4.0, 3.0)
NORMAL = priors.Gaussian(0.8)


def data(n: int, p: int, seed: int = 0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 0.5 * rng.standard_normal((n, 1)) + 0.3
    y = (np.arange(n) % 2).astype(float)
    return X, y


# Posterior means and second moments against quadrature.


def moments_of_chain(problem: Problem, draws: int = 30_000) -> dict[str, tuple[float, float]]:
    """Mean of each coefficient, its absolute value and its square (sigma likewise) with its error by batch means."""
    chain = ENGINE.start(problem, np.random.default_rng(3))
    chain.warm_up(400)
    drawn = chain.advance(draws)
    named = {f"coef {j}": drawn["coef"][:, j] for j in range(problem.p)}
    named |= {name: drawn[name] for name in ("intercept", "sigma") if name in drawn}
    out = {}
    for name, value in named.items():
        for power, x in ((1, value), (2, value**2), (0, np.abs(value))):
            batches = x.reshape(40, -1).mean(1)
            out[f"{name} {power}"] = (float(x.mean()), float(batches.std(ddof=1) / np.sqrt(40)))
    return out


def moments_of_grid(
    problem: Problem, axes: dict[str, Array], log_prior: Callable[[dict[str, Array]], Array]
) -> dict[str, float]:
    """The same by the trapezium rule on a grid of ``coef 0``, ..., ``intercept``, ``sigma``."""
    mesh = dict(zip(axes, np.meshgrid(*axes.values(), indexing="ij"), strict=True))
    coef = np.stack([mesh[f"coef {j}"] for j in range(problem.p)], axis=-1)
    intercept = mesh.get("intercept", np.zeros(coef.shape[:-1]))
    sigma = mesh.get("sigma", np.full(coef.shape[:-1], problem.known_sigma or 1.0))
    log_density = log_prior(mesh)
    for i in range(problem.n):
        # Row by row, to hold one grid at a time.
        eta = coef @ problem.design.X[i] + intercept + problem.design.offset[i]
        y = problem.design.y[i]
        loss = problem.likelihood.loss(eta, y, sigma) + problem.likelihood.row_constant(y, sigma)
        log_density = log_density - problem.design.weight[i] * loss
    mass = np.exp(log_density - log_density.max())
    for k, grid in enumerate(axes.values()):
        step = np.gradient(grid)
        mass *= step.reshape([-1 if j == k else 1 for j in range(len(axes))])
    mass /= mass.sum()
    out = {}
    for name, value in mesh.items():
        edge = max(mass.take(0, list(axes).index(name)).sum(), mass.take(-1, list(axes).index(name)).sum())
        assert edge < 1e-5, f"the grid of {name} is too narrow"
        for power, x in ((1, value), (2, value**2), (0, np.abs(value))):
            out[f"{name} {power}"] = float((mass * x).sum())
    return out


def assert_agrees(problem: Problem, axes: dict[str, Array], log_prior: Callable[[dict[str, Array]], Array]) -> None:
    expected = moments_of_grid(problem, axes, log_prior)
    for name, (mean, error) in moments_of_chain(problem).items():
        assert abs(mean - expected[name]) < 4.5 * error, (name, mean, expected[name], error)


def laplace(d: Array, scale: Any) -> Array:
    return np.asarray(-np.abs(d) / scale - np.log(scale))


def around(low: float, high: float, size: int) -> Array:
    return np.linspace(low, high, size)


def test_logistic_with_weights_offset_and_a_flat_intercept() -> None:
    X, y = data(12, 1)
    weight, offset = np.array([1, 2, 3, 1, 0, 1, 1, 4, 1, 1, 2, 1.0]), np.linspace(-1, 1, 12)
    model = Model(likelihoods.Bernoulli(), priors.Laplace(1.5, loc=0.5), standardize=True)
    problem = bind(model, X, y, weight, offset)
    scale, loc = 1.5 * float(problem.unit[0]), float(problem.loc[0])
    axes = {"coef 0": around(-4, 5, 241), "intercept": around(-5, 4, 201)}
    assert_agrees(problem, axes, lambda at: laplace(at["coef 0"] - loc, scale))


def test_logistic_with_a_column_without_a_prior() -> None:
    X, y = data(14, 2, seed=4)
    model = Model(likelihoods.Bernoulli(), priors.Laplace(0.7, factor=(1.0, np.inf)), fit_intercept=False)
    problem = bind(model, X, y)
    axes = {"coef 0": around(-6, 6, 301), "coef 1": around(-6, 6, 301)}
    assert_agrees(problem, axes, lambda at: laplace(at["coef 0"], 0.7))


def test_logistic_with_more_columns_than_rows() -> None:
    X, y = data(2, 2, seed=2)
    model = Model(likelihoods.Bernoulli(), priors.ElasticNet(0.5, 0.4), fit_intercept=False)
    problem = bind(model, X, y)

    def log_prior(at: dict[str, Array]) -> Array:
        l1, l2 = (np.asarray(rate, dtype=float).item() for rate in problem.prior.rates({}))  # type: ignore[attr-defined]
        return np.asarray(sum(-l1 * np.abs(at[f"coef {j}"]) - 0.5 * l2 * at[f"coef {j}"] ** 2 for j in range(2)))

    assert_agrees(problem, {f"coef {j}": around(-9, 9, 401) for j in range(2)}, log_prior)


LOCATION = {
    "student_t": likelihoods.StudentT(3.0, NOISE),
    "laplace": likelihoods.Laplace(NOISE),
    "asymmetric": likelihoods.AsymmetricLaplace(0.2, NOISE),
}


@pytest.mark.parametrize("name", LOCATION)
def test_location_likelihoods_with_weights_that_are_no_counts(name: str) -> None:
    """A learned sigma that also scales the prior, a flat intercept, an offset."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((9, 1))
    y = X[:, 0] + rng.standard_t(3, 9)
    weight, offset = rng.uniform(0.3, 2.5, 9), rng.standard_normal(9)
    problem = bind(Model(LOCATION[name], priors.Laplace(0.6, relative_to="sigma")), X, y, weight, offset)
    axes = {"coef 0": around(-4.5, 5.5, 161), "intercept": around(-12, 7, 191), "sigma": np.geomspace(0.15, 4.5, 41)}

    def log_prior(at: dict[str, Array]) -> Array:
        return np.asarray(laplace(at["coef 0"], 0.6 * at["sigma"]) + NOISE.log_density(at["sigma"]))

    assert_agrees(problem, axes, log_prior)


@pytest.mark.parametrize("name", LOCATION)
def test_location_likelihoods_with_more_columns_than_rows(name: str) -> None:
    """A learned sigma beside an absolute prior; a column without a prior."""
    X = np.array([[1.0, 0.4], [-0.3, 1.2]])
    prior = priors.Laplace(0.8, factor=(1.0, np.inf))
    problem = bind(Model(LOCATION[name], prior, fit_intercept=False), X, np.array([1.0, -0.7]))
    far = np.sinh(np.linspace(-8, 8, 301)) * 0.06
    axes = {"coef 0": around(-10, 10, 201), "coef 1": far, "sigma": np.geomspace(0.12, 9.0, 41)}

    def log_prior(at: dict[str, Array]) -> Array:
        return np.asarray(laplace(at["coef 0"], 0.8) + NOISE.log_density(at["sigma"]))

    assert_agrees(problem, axes, log_prior)


# The joint law of parameters and response.


def prior_state(problem: Problem, mixture: MixtureProblem, rng: np.random.Generator) -> State:
    prior, state = mixture.prior, mixture.start(rng)
    size = prior.size
    if problem.sigma_law is not None:
        state.level[SIGMA] = problem.sigma_law.draw(rng, 1)[0]
    if mixture.hyper.rate.kind != KNOWN:
        state.level[RATE] = 1 / next(iter(problem.hyper_laws.values())).draw(rng, 1)[0]
    if prior.law == LAPLACE:
        state.local[:] = 2 * rng.standard_gamma(0.5 * (size + 1))
    elif prior.law == STUDENT_T:
        state.local[:] = prior.df / (2 * rng.standard_gamma(prior.df / 2, size.size))
    elif prior.law == HORSESHOE:
        state.local[:] = rng.standard_cauchy(size.size) ** 2
    else:
        assert prior.law == GAUSSIAN
    precision = np.empty(state.delta.size)
    prior_precision(prior, state.local, *state.level[:3], precision)
    state.delta[:] = state.level[SIGMA] * rng.standard_normal(precision.size) / np.sqrt(precision)
    return state


def with_response(problem: Problem, rows: Rows, y: Array) -> Rows:
    if rows.code == LOGISTIC:
        slope = y - 0.5
        return rows._replace(slope=slope, moment=slope @ rows.Z)
    return rows._replace(response=y - problem.base())


def quantities(mixture: MixtureProblem, state: State) -> Array:
    on = mixture.prior.size > 0
    size = np.sum(np.abs(state.delta))
    return np.concatenate(
        [state.delta, np.abs(state.delta), state.local[on], state.level[:2], [size, size * state.level[RATE]]]
    )


TAU = scales.HalfNormal(1.0)
SMALL, WIDE = (9, 3), (4, 6)
JOINT: dict[str, tuple[Any, Any, tuple[int, int], Any]] = {
    "logistic": (likelihoods.Bernoulli(), priors.Laplace(TAU), SMALL, NORMAL),
    "logistic, known scale": (likelihoods.Bernoulli(), priors.StudentT(4.0, 0.7), SMALL, NORMAL),
    "logistic, wide": (likelihoods.Bernoulli(), priors.Horseshoe(TAU), WIDE, NORMAL),
    "logistic, wide, no intercept": (likelihoods.Bernoulli(), priors.Laplace(TAU), WIDE, None),
    "student_t": (LOCATION["student_t"], priors.Laplace(TAU, relative_to="sigma"), SMALL, None),
    "student_t, wide": (LOCATION["student_t"], priors.Gaussian(TAU, relative_to=None), WIDE, NORMAL),
    "laplace": (LOCATION["laplace"], priors.Horseshoe(TAU, relative_to="sigma"), SMALL, NORMAL),
    "laplace, wide": (LOCATION["laplace"], priors.Laplace(TAU, relative_to="sigma"), WIDE, None),
    "asymmetric": (LOCATION["asymmetric"], priors.GroupLaplace((0, 0, 1), TAU, relative_to="sigma"), SMALL, None),
    "asymmetric, wide": (LOCATION["asymmetric"], priors.Laplace(TAU, relative_to=None), WIDE, None),
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:sigma is learned and the prior of:bayesreg.errors.PriorWarning")
@pytest.mark.parametrize("case", JOINT)
def test_sweeps_leave_the_joint_law_of_parameters_and_response(case: str) -> None:
    """Geweke (2004) with independent replicates: parameters from the prior, data given them, then a few sweeps."""
    likelihood, prior, (n, p), intercept = JOINT[case]
    X, y = data(n, p, seed=7)
    with_intercept = {} if intercept is None else {"intercept": intercept}
    model = Model(likelihood, prior, fit_intercept=intercept is not None, **with_intercept)
    problem = bind(model, X, y)
    mixture, rows = augmented(problem)
    rng, replicates = np.random.default_rng(9), 2500
    before, after = [], []
    raw = Raw(*(np.empty((3, k)) for k in (rows.n_flat, rows.Z.shape[1], mixture.prior.size.size, 5)))
    for _ in range(replicates):
        state = prior_state(problem, mixture, rng)
        before.append(quantities(mixture, state))
        response = likelihood.draw(rng, rows.Z @ state.delta, state.level[SIGMA])
        sweeps = kernel(problem, mixture, with_response(problem, rows, response))
        assert sweeps(rng, state, np.ones(3), raw)
        after.append(quantities(mixture, state))
    direct = np.array([quantities(mixture, prior_state(problem, mixture, rng)) for _ in range(4 * replicates)])
    p_values = [
        stats.ks_2samp(direct[:, k], np.array(after)[:, k]).pvalue
        for k in range(direct.shape[1])
        if np.ptp(direct[:, k]) > 0
    ]
    assert min(p_values) * len(p_values) > 1e-3
    # The sweeps do move: else the test would hold for any sampler that stays where it is.
    moved = np.mean(np.array(before) != np.array(after), axis=0)[: rows.Z.shape[1]]
    assert np.all(moved == 1.0)


# The engine.


@pytest.mark.parametrize("shape", [SMALL, WIDE])
def test_how_draws_are_cut_into_blocks_does_not_change_them(shape: tuple[int, int]) -> None:
    problem = bind(Model(likelihoods.Bernoulli(), priors.Laplace(TAU)), *data(*shape))
    whole, cut = (ENGINE.start(problem, np.random.default_rng(5)) for _ in range(2))
    for chain in (whole, cut):
        chain.warm_up(10)
    expected = whole.advance(12)
    first = cut.advance(5)
    rng = np.random.default_rng(0)
    resumed = ENGINE.start(problem, rng)
    resumed.restore(cut.state())
    rng.bit_generator.state = cut._rng.bit_generator.state  # type: ignore[attr-defined]
    second = resumed.advance(7)
    for name, value in expected.items():
        np.testing.assert_array_equal(np.concatenate([first[name], second[name]]), value)


def test_rows_without_weight_play_no_part() -> None:
    X, y = data(12, 2)
    weight = np.ones(12)
    weight[3] = 0.0
    y_off = np.where(weight > 0, y, 77.0)
    model = Model(likelihoods.Laplace(1.0), priors.Laplace(1.0))
    with_zero = ENGINE.start(bind(model, X, y_off, weight), np.random.default_rng(1)).advance(20)
    without = ENGINE.start(bind(model, X[weight > 0], y[weight > 0]), np.random.default_rng(1)).advance(20)
    np.testing.assert_allclose(with_zero["coef"], without["coef"], rtol=1e-9)


def test_it_says_what_it_cannot_do() -> None:
    X, y = data(10, 2)
    lasso = priors.Laplace(1.0)
    logistic = likelihoods.Bernoulli()

    def reason(likelihood: Any, prior: Any = lasso, weight: Any = None, matrix: Any = X) -> str:
        return str(ENGINE.why_not(bind(Model(likelihood, prior), matrix, y[: matrix.shape[0]], weight)))

    assert "Poisson" in reason(likelihoods.Poisson())
    assert "Huber" in reason(likelihoods.Huber())
    assert "whole numbers" in reason(logistic, weight=np.full(10, 1.5))
    assert reason(likelihoods.StudentT(), weight=np.full(10, 1.5)) == "None"
    assert "sparse" in reason(logistic, matrix=sparse.csc_array(X))
    assert "no coefficient has a prior" in reason(logistic, prior=priors.Flat())
    many = np.zeros((40_000, 200))
    many[::2] = 1.0
    problem = bind(Model(logistic, lasso), many, np.arange(40_000) % 2)
    assert "gradients" in str(ENGINE.why_not(problem))
    assert "operations" in ENGINE.cost(problem)
