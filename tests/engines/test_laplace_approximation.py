"""Metropolis over draws of a normal approximation: against quadrature, and against itself with a bad proposal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import arviz as az
import numpy as np
import pytest
from scipy import stats

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.engines import laplace_approximation
from bayesreg.engines.laplace_approximation import (
    LaplaceApproximation,
    covering_proposal,
    fitted_proposal,
    log_ratios,
    run_chain,
)
from bayesreg.engines.nuts import Nuts
from bayesreg.errors import NoEngineError, UnsuitableError
from bayesreg.numerics.mixture_proposal import MixtureProposal
from bayesreg.outcomes import Draws
from bayesreg.problem import Problem
from bayesreg.smooth_posterior import SmoothPosterior

ENGINE = LaplaceApproximation()
Values = dict[str, np.ndarray]


def rows(n: int, p: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) @ np.array([[1.0, 0.6], [0.0, 0.8]])[:p, :p] + [0.5, -1.0][:p]
    return X, X @ np.array([0.9, -0.5])[:p]


def response(likelihood: Any, eta: np.ndarray, seed: int = 1) -> np.ndarray:
    return likelihood.draw(np.random.default_rng(seed), eta, np.asarray(0.8))


def bind(model: br.Model, X: np.ndarray, y: np.ndarray, weight: Any = None, offset: Any = None) -> Problem:
    problem = model.bind(make_design(X, y, weight, offset))
    assert ENGINE.why_not(problem) is None
    return problem


def sample(problem: Problem, draws: int = 2500, seed: int = 0) -> Draws:
    return ENGINE.sample(problem, draws, 4, np.random.SeedSequence(seed), {})


def quadrature(problem: Problem, drawn: Draws, width: float, number: int) -> tuple[list[tuple[str, int]], Any, Any]:
    """A product grid over everything unknown, and the posterior mass of its points.

    The grid is even in the logarithms of scales, so that the mass there takes their Jacobian. Returns what each axis
    is, the axes, in original units, and the mass, one axis an unknown.
    """
    unknown = [(name, j) for name, value in drawn.values.items() for j in range(value[0, 0].size)]
    logged = [name in ("sigma", "prior_scale") for name, _ in unknown]
    axes = []
    for (name, j), positive in zip(unknown, logged, strict=True):
        draws = drawn.values[name].reshape(-1, drawn.values[name][0, 0].size)[:, j]
        draws = np.log(draws) if positive else draws
        axis = draws.mean() + width * draws.std() * np.linspace(-1, 1, number)
        axes.append(np.exp(axis) if positive else axis)
    grid = {key: axis.ravel() for key, axis in zip(unknown, np.meshgrid(*axes, indexing="ij"), strict=True)}
    coef = np.stack([grid["coef", j] for j in range(problem.p)], axis=1)
    intercept = grid.get(("intercept", 0), np.zeros(len(coef)))
    sigma = grid.get(("sigma", 0), np.full(len(coef), problem.known_sigma))
    log = problem.row_log_likelihood(coef, intercept, sigma).sum(axis=1)
    for i in range(len(coef)):
        hyper = {name: float(grid[name, 0][i]) for name in problem.hyper_laws}
        log[i] += problem.log_prior(coef[i], float(intercept[i]), float(sigma[i]), hyper)
    log += sum(np.log(grid[key]) for key, positive in zip(unknown, logged, strict=True) if positive)
    mass = np.exp(log - log.max()).reshape([number] * len(axes))
    mass /= mass.sum()
    for k in range(len(axes)):
        assert mass.take([0, -1], axis=k).sum() < 1e-4, unknown[k]
    return unknown, axes, mass


def assert_agrees(problem: Problem, drawn: Draws, number: int, width: float = 6.0) -> None:
    """Means, variances and tail probabilities within four Monte Carlo errors of the grid's."""
    unknown, axes, mass = quadrature(problem, drawn, width, number)
    for k, (name, j) in enumerate(unknown):
        at = axes[k]
        weight = mass.sum(axis=tuple(i for i in range(len(axes)) if i != k))
        mean = weight @ at
        sd = np.sqrt(weight @ (at - mean) ** 2)
        # Between two points of the grid the sum below a threshold is good to the square of its step.
        low, high = (0.5 * (at[i - 1] + at[i]) for i in np.searchsorted(at, [mean - 1.5 * sd, mean + 1.5 * sd]))
        draws = drawn.values[name].reshape(4, 2500, -1)[:, :, j]
        for what, function in {
            "mean": lambda v: v,
            "variance": lambda v, mean=mean: (v - mean) ** 2,
            "lower tail": lambda v, low=low: (v < low).astype(float),
            "upper tail": lambda v, high=high: (v > high).astype(float),
        }.items():
            seen = function(draws)
            assert abs(seen.mean() - weight @ function(at)) < 4 * float(az.mcse(seen)), f"{name}[{j}], {what}"


CASES: dict[str, Any] = {
    "bernoulli": (likelihoods.Bernoulli(), priors.Gaussian(1.0), {}, (2, 60)),
    "bernoulli, few": (likelihoods.Bernoulli(), priors.Gaussian(0.8, loc=0.3), {"fit_intercept": False}, (2, 20)),
    "poisson": (likelihoods.Poisson(), priors.Gaussian(1.0), {"intercept": priors.Gaussian(0.5, loc=1.0)}, (1, 15)),
    "huber": (likelihoods.Huber(1.0, 0.8), priors.Flat(), {}, (1, 25)),
    "huber, learned": (likelihoods.Huber(1.345), priors.Gaussian(0.5, relative_to="sigma"), {}, (1, 25)),
    "student_t": (likelihoods.StudentT(3.0, 0.7), priors.Gaussian(0.5), {}, (2, 40)),
    "student_t, learned": (likelihoods.StudentT(4.0, scales.HalfNormal(1.0)), priors.Gaussian(0.5), {}, (1, 25)),
    "learned prior": (
        likelihoods.Bernoulli(),
        priors.Gaussian(scales.Gamma(20.0, 20.0)),
        {"fit_intercept": False},
        (2, 60),
    ),
    "both learned": (
        likelihoods.StudentT(4.0),
        priors.Gaussian(scales.Gamma(20.0, 20.0)),
        {"fit_intercept": False},
        (1, 30),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_draws_have_the_moments_and_tails_of_quadrature(name: str) -> None:
    likelihood, prior, options, (p, n) = CASES[name]
    X, eta = rows(n, p)
    offset = np.linspace(-0.3, 0.3, n)
    weight = np.where(np.arange(n) % 5 == 0, 2.0, 1.0)
    problem = bind(br.Model(likelihood, prior, **options), X, response(likelihood, eta), weight, offset)
    drawn = sample(problem)
    assert drawn.attrs["khat"] < 0.5
    assert drawn.exactness == "mcmc"
    unknown = sum(value[0, 0].size for value in drawn.values.values())
    assert_agrees(problem, drawn, number={1: 201, 2: 101, 3: 25}[unknown])


@pytest.fixture(scope="module")
def logistic() -> SmoothPosterior:
    X, eta = rows(60, 2)
    return SmoothPosterior(
        bind(br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0)), X, response(likelihoods.Bernoulli(), eta))
    )


def moments(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = theta.mean(axis=(0, 1))
    return mean, np.stack([az.mcse(theta[:, :, j]) for j in range(theta.shape[2])])


def test_a_shifted_and_narrow_proposal_only_slows_the_chain(
    logistic: SmoothPosterior, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Blocks of eight draws or more: what a chain carries from one to the next counts.
    monkeypatch.setattr(laplace_approximation, "LARGEST_BLOCK", 8 * 10 * 3)
    good = fitted_proposal(logistic)
    sd = np.sqrt(np.diag(good.root @ good.root.T))
    poor = MixtureProposal(good.mean + 1.2 * sd * [1, -1, 1], good.root @ np.diag([1.2, 0.9, 1.1]))
    chains = {}
    for name, proposal, thin in (("good", good, 1), ("poor", poor, 10)):
        parts = []
        for seed in range(4):
            rng = np.random.default_rng(seed)
            parts.append(run_chain(logistic, proposal, np.zeros(3), -np.inf, 4000, thin, rng))
        chains[name] = np.stack([theta[200:] for theta, _ in parts])
        accepted = np.mean([chance.mean() for _, chance in parts])
        assert (accepted > 0.7) if name == "good" else (accepted < 0.4)
    for power in (1, 2):
        (m1, e1), (m2, e2) = (moments((chains[name] - good.mean) ** power) for name in ("good", "poor"))
        assert np.all(np.abs(m1 - m2) < 4 * np.hypot(e1, e2))


def test_cutting_a_chain_into_blocks_keeps_it_a_chain(
    logistic: SmoothPosterior, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = fitted_proposal(logistic)
    monkeypatch.setattr(laplace_approximation, "LARGEST_BLOCK", 3 * 7 * 2)
    theta, log_q = proposal.draw(np.random.default_rng(0), 1)
    start = float(log_ratios(logistic, theta, log_q)[0])
    # A start that no proposal can beat is kept over all blocks; one that every proposal beats is left at once.
    stuck, chance = run_chain(logistic, proposal, theta[0], np.inf, 30, 2, np.random.default_rng(1))
    assert np.all(stuck == theta[0])
    assert np.all(chance == 0)
    free, _ = run_chain(logistic, proposal, theta[0], -np.inf, 30, 2, np.random.default_rng(1))
    assert not np.any(np.all(free == theta[0], axis=1))
    kept, _ = run_chain(logistic, proposal, theta[0], start, 3000, 2, np.random.default_rng(1))
    assert np.all(np.abs(kept.mean(axis=0) - proposal.mean) < np.sqrt(np.diag(proposal.root @ proposal.root.T)) / 5)


def test_weights_are_repeated_rows() -> None:
    X, eta = rows(40, 2)
    y, times = response(likelihoods.StudentT(4.0, 1.0), eta), np.arange(40) % 3
    model = br.Model(likelihoods.StudentT(4.0, scales.HalfNormal(2.0)), priors.Gaussian(0.7))
    weighted = SmoothPosterior(bind(model, X, y, times.astype(float)))
    repeated = SmoothPosterior(bind(model, np.repeat(X, times, 0), np.repeat(y, times)))
    one, other = fitted_proposal(weighted), fitted_proposal(repeated)
    # The searches begin apart and stop close to, not at, the same normal.
    assert np.linalg.norm(np.linalg.solve(one.root, one.mean - other.mean)) < 0.1
    np.testing.assert_allclose(np.linalg.slogdet(one.root)[1], np.linalg.slogdet(other.root)[1], atol=0.05)
    theta = one.draw(np.random.default_rng(0), 20)[0]
    a, b = weighted.log_density(theta), repeated.log_density(theta)
    np.testing.assert_allclose(a - a[0], b - b[0], rtol=1e-10, atol=1e-9)


def test_the_proposal_knows_how_coefficients_move_with_scales() -> None:
    X, eta = rows(20, 2, seed=3)
    model = br.Model(likelihoods.Bernoulli(), priors.Gaussian(scales.Gamma(4.0, 8.0)), fit_intercept=False)
    posterior = SmoothPosterior(bind(model, X, response(likelihoods.Bernoulli(), 2 * eta)))
    proposal = fitted_proposal(posterior)
    theta, log_q = proposal.draw(np.random.default_rng(0), 20_000)
    ratio = log_ratios(posterior, theta, log_q)
    weighted = np.cov(theta.T, aweights=np.exp(ratio - ratio.max()))
    stated = proposal.root @ proposal.root.T
    correlation, other = (c[:2, 2] / np.sqrt(np.diag(c)[:2] * c[2, 2]) for c in (weighted, stated))
    assert np.abs(correlation).max() > 0.3
    np.testing.assert_allclose(other, correlation, atol=0.12)


def test_large_means_and_units_of_columns_do_not_matter() -> None:
    X, eta = rows(60, 2)
    y = response(likelihoods.Bernoulli(), eta)
    model = br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0), standardize=True)
    plain = sample(bind(model, X, y), draws=50)
    moved = sample(bind(model, X * [1e4, 1e-3] + [1e7, 5.0], y), draws=50)
    np.testing.assert_allclose(moved.values["coef"] * [1e4, 1e-3], plain.values["coef"], rtol=1e-5, atol=1e-6)


def test_the_same_seed_gives_the_same_draws() -> None:
    X, eta = rows(60, 2)
    y = response(likelihoods.Bernoulli(), eta)
    model = br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0))
    one, same, other = (br.sample(model, X, y, draws=150, seed=seed) for seed in (3, 3, 4))
    assert one.attrs["engine"] == "laplace_approximation"
    np.testing.assert_array_equal(one["posterior"]["coef"], same["posterior"]["coef"])
    assert not np.any(one["posterior"]["coef"].to_numpy() == other["posterior"]["coef"].to_numpy())
    # Chains have their own streams.
    first, second = one["posterior"]["coef"].to_numpy()[:2]
    assert not np.any(first == second)


def test_the_result_says_how_it_was_made() -> None:
    X, eta = rows(60, 2)
    y = response(likelihoods.Bernoulli(), eta)
    tree = br.sample(br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0)), X, y, draws=200, chains=2, seed=0)
    assert tree.attrs["exactness"] == "mcmc"
    assert -1 < tree.attrs["khat"] < 0.5
    assert 0.1 < tree.attrs["is_efficiency"] <= 1
    assert tree.attrs["proposals_per_draw"] >= 1
    assert "not exact_gaussian" in tree.attrs["why"]
    rate = tree["sample_stats"]["acceptance_rate"]
    assert rate.dims == ("chain", "draw")
    assert 0.3 < float(rate.mean()) <= 1
    assert set(tree["posterior"].data_vars) == {"coef", "intercept"}


def test_a_chain_takes_more_proposals_where_they_are_less_efficient(monkeypatch: pytest.MonkeyPatch) -> None:
    X, eta = rows(60, 2)
    problem = bind(br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0)), X, response(likelihoods.Bernoulli(), eta))
    seen = []

    def wide(posterior: SmoothPosterior) -> MixtureProposal:
        good = fitted_proposal(posterior)
        return MixtureProposal(good.mean, 1.6 * good.root)

    def spy(*args: Any) -> Any:
        seen.append(args[5])
        return run_chain(*args)

    monkeypatch.setattr(laplace_approximation, "fitted_proposal", wide)
    monkeypatch.setattr(laplace_approximation, "run_chain", spy)
    drawn = sample(problem, draws=300)
    assert drawn.attrs["proposals_per_draw"] == round(1 / drawn.attrs["is_efficiency"]) >= 2
    assert set(seen) == {round(1 / drawn.attrs["is_efficiency"])}
    assert float(np.min(az.ess(drawn.values["coef"][..., 0]))) > 600


def bad() -> tuple[br.Model, np.ndarray, np.ndarray]:
    """Two rows of one class, and a prior scale that may be anything: a long ridge, and a funnel at its end."""
    rng = np.random.default_rng(7)
    X = rng.standard_normal((30, 3))
    y = np.zeros(30)
    y[np.argsort(X[:, 0])[-2:]] = 1.0
    prior = priors.Gaussian(scales.HalfCauchy(3.0))
    return br.Model(likelihoods.Bernoulli(), prior, intercept=priors.Gaussian(30.0)), X, y


def test_the_gate_refuses_a_proposal_that_does_not_cover() -> None:
    model, X, y = bad()
    with pytest.raises(UnsuitableError, match=r"k-hat \d\.\d\d"):
        sample(bind(model, X, y))


def test_a_refusal_by_an_engine_that_was_asked_for_is_an_error() -> None:
    with pytest.raises(NoEngineError, match=r"laplace_approximation: .*k-hat") as caught:
        br.sample(*bad(), engine="laplace_approximation", seed=0)
    assert "nuts" not in str(caught.value)


def test_else_the_next_engine_runs_as_if_it_had_been_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = []

    def stub(self: Nuts, problem: Problem, draws: int, chains: int, seed: Any, options: Any) -> Draws:
        rng = np.random.default_rng(seed)
        seeds.append(seed.generate_state(1)[0])
        values = {"coef": rng.standard_normal((chains, draws, 3)), "prior_scale": rng.random((chains, draws))}
        return Draws(values, {}, "independent", {})

    monkeypatch.setattr(Nuts, "sample", stub)
    for module in ("choice", "fit"):
        monkeypatch.setattr(f"bayesreg.{module}.SAMPLE_ENGINES", (ENGINE, Nuts()))
    after = br.sample(*bad(), draws=20, seed=0)
    direct = br.sample(*bad(), draws=20, seed=0, engine="nuts")
    assert after.attrs["engine"] == "nuts"
    assert "not laplace_approximation: its proposal does not cover the posterior: Pareto k-hat" in after.attrs["why"]
    assert "laplace" not in direct.attrs["why"]
    assert seeds[0] == seeds[1]
    np.testing.assert_array_equal(after["posterior"]["coef"], direct["posterior"]["coef"])


def test_between_the_bounds_the_proposal_is_fitted_anew(
    logistic: SmoothPosterior, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = fitted_proposal(logistic)
    # Narrow in one direction: k-hat between the bounds, by the choice of the factor.
    narrow = MixtureProposal(good.mean, good.root @ np.diag([0.58, 1.0, 1.0]))
    monkeypatch.setattr(laplace_approximation, "fitted_proposal", lambda posterior: narrow)
    used = [covering_proposal(logistic, np.random.default_rng(seed))[0] for seed in range(6)]
    variance = [(proposal.root @ proposal.root.T)[0, 0] for proposal in used if proposal is not narrow]
    assert len(variance) >= 1
    assert np.mean(variance) > 1.5 * (narrow.root @ narrow.root.T)[0, 0]


@pytest.mark.parametrize("sigma", [0.3, scales.Gamma(300.0, 1000.0)], ids=["known", "learned"])
def test_a_posterior_with_several_modes_is_refused(sigma: Any) -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 1))
    y = np.where(np.arange(40) % 2 == 0, 5.0, -5.0) + 0.1 * rng.standard_normal(40)
    model = br.Model(likelihoods.StudentT(1.0, sigma), priors.Gaussian(1.0))
    with pytest.raises(UnsuitableError, match="several modes"):
        sample(bind(model, X, y))


def test_a_search_that_fails_is_a_refusal(monkeypatch: pytest.MonkeyPatch, logistic: SmoothPosterior) -> None:
    monkeypatch.setattr(SmoothPosterior, "given_scales", lambda self, s, near=None: None)
    with pytest.raises(UnsuitableError, match="did not converge"):
        fitted_proposal(logistic)


REFUSALS: dict[str, tuple[Callable[[], Any], Callable[[], Any], int, str]] = {
    "gaussian": (lambda: likelihoods.Gaussian(1.0), lambda: priors.Gaussian(1.0), 60, "likelihood is Gaussian"),
    "kinked": (lambda: likelihoods.Laplace(1.0), lambda: priors.Gaussian(1.0), 60, "Laplace has kinks"),
    "l1": (lambda: likelihoods.Huber(1.0, 1.0), lambda: priors.Laplace(1.0), 60, "l1 part"),
    "group": (lambda: likelihoods.Huber(1.0, 1.0), lambda: priors.GroupLaplace([0, 0], 1.0), 60, "l1 part"),
    "sign": (
        lambda: likelihoods.Huber(1.0, 1.0),
        lambda: priors.Gaussian(1.0, positive=True),
        60,
        "constrained in sign",
    ),
    "mixture": (lambda: likelihoods.Huber(1.0, 1.0), lambda: priors.Horseshoe(1.0), 60, "not Gaussian or flat"),
    "learned": (
        lambda: likelihoods.Huber(1.0, 1.0),
        lambda: priors.ElasticNet(l1=0.0, l2=scales.HalfCauchy(1.0)),
        60,
        "l2 is learned",
    ),
    "few rows": (lambda: likelihoods.Huber(1.0, 1.0), lambda: priors.Gaussian(1.0), 19, "19 rows for 2 columns"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_it_refuses_with_the_reason(name: str) -> None:
    likelihood, prior, n, reason = REFUSALS[name]
    X, eta = rows(n, 2)
    problem = br.Model(likelihood(), prior()).bind(make_design(X, eta + np.sin(np.arange(n))))
    assert reason in str(ENGINE.why_not(problem))


def test_rows_are_counted_by_their_weights() -> None:
    X, eta = rows(19, 2)
    model = br.Model(likelihoods.Huber(1.0, 1.0), priors.Gaussian(1.0))
    assert ENGINE.why_not(model.bind(make_design(X, eta))) is not None
    assert ENGINE.why_not(model.bind(make_design(X, eta, np.full(19, 2.0)))) is None


SBC: dict[str, br.Model] = {
    "bernoulli": br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0), intercept=priors.Gaussian(1.0)),
    "poisson, learned prior": br.Model(
        likelihoods.Poisson(), priors.Gaussian(scales.Gamma(20.0, 40.0)), intercept=priors.Gaussian(0.5, loc=1.0)
    ),
    "student_t": br.Model(
        likelihoods.StudentT(4.0, scales.InverseGamma(4.0, 3.0)),
        priors.Gaussian(1.0, relative_to="sigma"),
        intercept=priors.Gaussian(2.0),
    ),
    "huber": br.Model(
        likelihoods.Huber(1.0, scales.Gamma(5.0, 5.0)), priors.Gaussian(1.0), fit_intercept=False, standardize=True
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SBC)
def test_the_draws_are_calibrated(name: str) -> None:
    model = SBC[name]
    # Student-t errors are searched for several modes, which takes its time.
    number, kept = (100 if name == "student_t" else 200), 99
    X, _ = rows(40, 2, seed=5)
    truth = br.prior_predictive(model, X, draws=number, seed=1)
    true = {name: truth["prior"][name].to_numpy()[0] for name in truth["prior"].data_vars}
    response = truth["prior_predictive"]["y"].to_numpy()[0]
    ranks: dict[str, list[float]] = {}
    refused = 0
    for i in range(number):
        if np.ptp(response[i]) == 0:
            refused += 1
            continue
        problem = model.bind(make_design(X, response[i]))
        try:
            drawn = ENGINE.sample(problem, 3 * kept, 1, np.random.SeedSequence(i), {})
        except UnsuitableError:
            refused += 1
            continue
        values = {what: value[0, ::3] for what, value in drawn.values.items()}
        coef, b0 = values["coef"], values.get("intercept", np.zeros(kept))
        sigma = values.get("sigma", np.ones(kept))
        compared = {f"coef {j}": (coef[:, j], true["coef"][i, j]) for j in range(2)}
        compared |= {what: (values[what], true[what][i]) for what in values if what != "coef"}
        at = (true["coef"][i], true["intercept"][i] if "intercept" in true else 0.0)
        level = true["sigma"][i] if "sigma" in true else 1.0
        compared["log likelihood"] = (
            problem.row_log_likelihood(coef, b0, sigma).sum(1),
            problem.row_log_likelihood(*at, level).sum(),
        )
        for what, (draws, value) in compared.items():
            ranks.setdefault(what, []).append(float(np.sum(draws < value)))
    # Which data sets are refused depends on them alone, not on the truth, so that the ranks of the rest stay uniform.
    assert refused < 0.1 * number
    for what, values_of in ranks.items():
        counts = np.histogram(values_of, bins=10, range=(0, kept + 1))[0]
        assert stats.chisquare(counts).pvalue > 1e-3, f"{name}, {what}: {counts}"
