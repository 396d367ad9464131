"""Leave-one-out with the coefficients integrated out: against quadrature, exact densities and refits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pytest
import xarray as xr
from arviz_stats.base import array_stats
from scipy import stats
from scipy.sparse import csc_array
from scipy.special import logsumexp

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.errors import InputError, SamplingWarning
from bayesreg.leave_one_out import LeftOut, _given_scales, leave_one_out, smoothed_weights, sum_of_rows
from bayesreg.numerics import conditional_loo
from bayesreg.outcomes import Draws
from bayesreg.posterior import build_tree

Array = np.ndarray
SIGMA = 0.7


@pytest.fixture(scope="module")
def few() -> dict[str, Array]:
    """Return nine rows of two columns, one far out, with weights and offsets."""
    rng = np.random.default_rng(20)
    X = rng.standard_normal((9, 2))
    X[0] = [2.5, -1.5]
    weight = np.array([1.0, 2.0, 0.5, 1.0, 1.0, 3.0, 1.0, 1.0, 1.5])
    offset = rng.standard_normal(9)
    return {"X": X, "y": X @ [1.0, -0.6] + offset + SIGMA * rng.standard_normal(9), "weight": weight, "offset": offset}


def without(post: xr.DataTree, *names: str) -> xr.DataTree:
    """Return the result as if it kept less: ``exact_loo`` or ``X``."""
    bare = post.copy()
    for name in names:
        if name in bare.children:
            del bare[name]
        else:
            bare["constant_data"] = bare["constant_data"].to_dataset().drop_vars(name)
    return bare


def log_marginal(data: dict[str, Array], weight: Array, sd: Array, sigma: Array, intercept: bool) -> Array:
    """Log p(y | sd, sigma) of coefficients N(0, sd²), shapes (m, 2) and (m,); a flat intercept is integrated out."""
    X, r = data["X"], data["y"] - data["offset"]
    # A prior of sd 1e4 stands for a flat one: the constant is that of all rows and of all but one.
    Z = np.column_stack([X, np.ones(r.size)]) if intercept else X
    q = np.column_stack([sd**-2.0, np.full(sd.shape[0], 1e-8)]) if intercept else sd**-2.0
    A = (Z.T * weight) @ Z / sigma[:, None, None] ** 2 + q[:, :, None] * np.eye(Z.shape[1])
    b = (Z.T * weight) @ r / sigma[:, None] ** 2
    fit = np.einsum("mi,mi->m", b, np.linalg.solve(A, b[..., None])[..., 0])
    quadratic = weight @ r**2 / sigma**2
    normaliser = np.sum(np.log(q), axis=1) - np.linalg.slogdet(A)[1] - weight.sum() * np.log(2 * np.pi * sigma**2)
    return np.asarray(0.5 * (normaliser + fit - quadratic))


def by_quadrature(
    data: dict[str, Array], law: Callable[..., tuple[Array, Array, Array]], intercept: bool, weighted: bool
) -> Array:
    """Return log p(y_i | y_-i) as the difference of two log evidences, each a sum over a grid of the scales.

    ``law`` gives prior standard deviations (m, 2), noise levels (m,) and log weights (m,) of the nodes.
    """
    sd, sigma, log_mass = law()
    every = data["weight"] if weighted else np.ones(9)
    left_out = every * (1 - np.vstack([np.zeros(9), np.eye(9)]))
    evidence = [logsumexp(log_mass + log_marginal(data, weight, sd, sigma, intercept)) for weight in left_out]
    return evidence[0] - np.array(evidence[1:])


def grid(*axes: Array) -> tuple[Array, ...]:
    return tuple(part.ravel() for part in np.meshgrid(*axes, indexing="ij"))


ROOT_T = np.exp(np.linspace(-8.0, 8.0, 97))


def independent(log_density_of_log: Array, deviation: Array) -> tuple[Array, Array, Array]:
    """Two local scales of one law at a known sigma."""
    i, j = grid(np.arange(ROOT_T.size), np.arange(ROOT_T.size))
    sd = np.column_stack([deviation[i], deviation[j]])
    return sd, np.full(i.size, SIGMA), log_density_of_log[i] + log_density_of_log[j]


def exponential() -> Array:
    return np.log(2 * ROOT_T**2) + stats.expon(scale=2.0).logpdf(ROOT_T**2)


def half_cauchy() -> Array:
    return np.log(ROOT_T) + stats.halfcauchy.logpdf(ROOT_T)


def student(df: float) -> Array:
    return np.log(2 * ROOT_T**2) + stats.invgamma(df / 2, scale=df / 2).logpdf(ROOT_T**2)


def elastic_net(l1: float, l2: float) -> tuple[Array, Array, Array]:
    # exp(-l1 |d| - l2 d²/2) is the mean of N(d | 0, 1/(l2 + l1²/t)) over t ~ Exp(1/2) times the constant of each.
    sd = (l2 + l1**2 / ROOT_T**2) ** -0.5
    return independent(exponential() + np.log(sd) - np.log(ROOT_T / l1), sd)


def group(scale: float) -> tuple[Array, Array, Array]:
    # One t of law gamma((k + 1)/2, 1/2) for the group of k = 2, whose rate is sqrt 2 / b.
    sd = ROOT_T * scale / np.sqrt(2)
    log_mass = np.log(2 * ROOT_T**2) + stats.gamma(1.5, scale=2.0).logpdf(ROOT_T**2)
    return np.column_stack([sd, sd]), np.full(sd.size, SIGMA), log_mass


def noise_relative(power: int) -> tuple[Array, Array, Array]:
    """A Laplace of b = 0.5 sigma^power, sigma half-normal(1)."""
    root = np.exp(np.linspace(-6.0, 3.5, 40))
    level = np.exp(np.linspace(-3.5, 2.5, 30))
    i, j, k = grid(np.arange(40), np.arange(40), np.arange(30))
    on = np.log(2 * root**2) + stats.expon(scale=2.0).logpdf(root**2)
    sd = 0.5 * np.column_stack([root[i], root[j]]) * level[k][:, None] ** power
    return sd, level[k], on[i] + on[j] + np.log(level[k]) + stats.halfnorm.logpdf(level[k])


def free_and_laplace() -> tuple[Array, Array, Array]:
    sd = 0.5 * ROOT_T
    return np.column_stack([np.full(sd.size, 1e4), sd]), np.full(sd.size, SIGMA), exponential()


KNOWN, LEARNED = likelihoods.Gaussian(SIGMA), likelihoods.Gaussian(scales.HalfNormal(1.0))


def laplace() -> tuple[Array, Array, Array]:
    return independent(exponential(), 0.5 * ROOT_T)


CASES: dict[str, tuple[Any, Any, Callable[[], tuple[Array, Array, Array]]]] = {
    "laplace": (KNOWN, priors.Laplace(0.5), laplace),
    "elastic net": (KNOWN, priors.ElasticNet(2.0, 1.5), lambda: elastic_net(2.0, 1.5)),
    "student": (KNOWN, priors.StudentT(3.0, 0.4), lambda: independent(student(3.0), 0.4 * ROOT_T)),
    "horseshoe": (KNOWN, priors.Horseshoe(scale=0.3), lambda: independent(half_cauchy(), 0.3 * ROOT_T)),
    "regularised horseshoe": (
        KNOWN,
        priors.RegularizedHorseshoe(scale=0.5, slab_scale=0.8, slab_df=None),
        lambda: independent(half_cauchy(), (0.8**-2.0 + (0.5 * ROOT_T) ** -2.0) ** -0.5),
    ),
    "group": (KNOWN, priors.GroupLaplace(["a", "a"], 0.5), lambda: group(0.5)),
    "free column": (KNOWN, priors.Laplace(0.5, factor=[np.inf, 1.0]), free_and_laplace),
    "absolute": (LEARNED, priors.Laplace(0.5, relative_to=None), lambda: noise_relative(0)),
    "relative to sigma": (LEARNED, priors.Laplace(0.5, relative_to="sigma"), lambda: noise_relative(1)),
    "relative to penalty": (LEARNED, priors.Laplace(0.5, relative_to="penalty"), lambda: noise_relative(2)),
}
# Intercept or none and weights or none, in turns.
WAYS = {name: (i % 2 == 0, i % 4 in (1, 2)) for i, name in enumerate(CASES)}


def check(few: dict[str, Array], name: str, intercept: bool, weighted: bool, engine: str | None) -> None:
    likelihood, prior, law = CASES[name]
    truth = by_quadrature(few, law, intercept, weighted)
    model = br.Model(likelihood, prior, fit_intercept=intercept)
    weight = few["weight"] if weighted else None
    post = br.sample(
        model, few["X"], few["y"], offset=few["offset"], sample_weight=weight, seed=3, draws=2000, engine=engine
    )
    found = leave_one_out(post)
    assert (found.method, found.draws) == ("integrated", 8000)
    # Monte Carlo errors of the row far out, up to 0.02 over seeds; PSIS is off by up to 0.1.
    np.testing.assert_allclose(found.elpd_i, truth, atol=0.04)


@pytest.mark.parametrize("name", CASES)
def test_densities_are_those_of_quadrature(few: dict[str, Array], name: str) -> None:
    check(few, name, *WAYS[name], engine=None)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*divergent:bayesreg.errors.SamplingWarning")
@pytest.mark.parametrize("name", CASES)
def test_all_ways_and_nuts_give_the_densities_of_quadrature(few: dict[str, Array], name: str) -> None:
    intercept, weighted = WAYS[name]
    check(few, name, not intercept, weighted, engine=None)
    check(few, name, intercept, not weighted, engine=None)
    check(few, name, *WAYS[name], engine="nuts")


@pytest.fixture(scope="module", params=["rows", "columns"])
def gaussian(request: pytest.FixtureRequest) -> tuple[xr.DataTree, xr.DataTree]:
    """Return a model by the exact engine and by Gibbs; more rows, or more columns."""
    n, p = {"rows": (40, 12), "columns": (25, 40)}[request.param]
    rng = np.random.default_rng(21)
    X = rng.standard_normal((n, p)) + 3.0
    offset, weight = rng.standard_normal(n), rng.choice([0.5, 1.0, 2.0], n)
    y = X @ rng.standard_normal(p) * 0.4 + offset + rng.standard_normal(n)
    factor = np.ones(p)
    factor[1] = np.inf
    prior = priors.Gaussian(scales.HalfNormal(1.0), factor=factor, relative_to=None)
    noise = likelihoods.Gaussian(scales.InverseGamma(3.0, 2.0))
    model = br.Model(noise, prior, intercept=priors.Gaussian(20.0, loc=1.0))
    engine = {"rows": "gibbs_full", "columns": "gibbs_collapsed"}[request.param]
    options: dict[str, Any] = {"sample_weight": weight, "offset": offset, "seed": 1}
    exact = br.sample(model, X, y, **options)
    assert exact.attrs["engine"] == "exact_gaussian"
    return exact, br.sample(model, X, y, draws=2000, engine=engine, **options)


def test_a_sampled_gaussian_prior_agrees_with_exact_densities(gaussian: tuple[xr.DataTree, xr.DataTree]) -> None:
    exact, sampled = gaussian
    truth, found = leave_one_out(exact), leave_one_out(sampled)
    assert (truth.method, found.method) == ("exact", "integrated")
    with_coefficients = leave_one_out(without(sampled, "X"))
    assert with_coefficients.method == "psis"
    error, of_psis = (np.abs(loo.elpd_i - truth.elpd_i) for loo in (found, with_coefficients))
    assert error.max() < 0.15
    assert error.sum() < 0.1 * of_psis.sum()
    assert found.pareto_k.max() < found.good_k < with_coefficients.pareto_k.max()
    assert found.p_loo == pytest.approx(truth.p_loo, abs=0.5)
    assert found.se == pytest.approx(truth.se, abs=0.1)


@pytest.fixture(scope="module")
def laplace_post() -> tuple[Array, xr.DataTree]:
    """Return the rows and the posterior of a lasso with more columns than rows."""
    rng = np.random.default_rng(22)
    X = rng.standard_normal((20, 30))
    y = X[:, :2] @ [2.0, -1.0] + 0.5 * rng.standard_normal(20)
    model = br.Model(likelihoods.Gaussian(0.5), priors.Laplace(0.3))
    return X, br.sample(model, X, y, seed=1)


def test_integrating_lowers_the_shapes_of_the_weights(laplace_post: tuple[Array, xr.DataTree]) -> None:
    _, post = laplace_post
    found, psis = leave_one_out(post), leave_one_out(without(post, "X"))
    assert psis.high >= 5
    assert found.high == 0
    assert (found.method, psis.method) == ("integrated", "psis")
    assert found.in_sample == psis.in_sample
    with pytest.warns(SamplingWarning, match=f"psis: the leave-one-out estimate of {psis.high} of 20 rows"):
        table = br.compare({"integrated": post, "psis": without(post, "X")})
    assert list(table.loc[["integrated", "psis"], "loo"]) == ["integrated", "psis"]
    assert table.loc["integrated", "elpd"] == pytest.approx(found.elpd)
    assert table.loc["integrated", "p_loo"] == pytest.approx(found.p_loo)


def test_the_result_does_not_depend_on_what_becomes_of_the_rows(
    laplace_post: tuple[Array, xr.DataTree], tmp_path: Path
) -> None:
    X, post = laplace_post
    before = leave_one_out(post)
    assert not np.shares_memory(post["constant_data"]["X"].to_numpy(), X)
    post.to_netcdf(tmp_path / "post.nc")
    with az.from_netcdf(tmp_path / "post.nc") as stored:
        after = leave_one_out(stored)
    np.testing.assert_allclose(after.elpd_i, before.elpd_i, rtol=1e-12)


def test_dear_densities_come_from_fewer_draws_or_not_at_all(
    laplace_post: tuple[Array, xr.DataTree], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, post = laplace_post
    every = leave_one_out(post)
    each = 31 * 20**2 + 20**3
    monkeypatch.setattr(conditional_loo, "LARGEST_WORK", 1000.0 * each)
    thinned = leave_one_out(post)
    assert (every.draws, thinned.draws, thinned.method) == (4000, 1000, "integrated")
    np.testing.assert_allclose(thinned.elpd_i, every.elpd_i, atol=0.3)
    assert thinned.elpd == pytest.approx(every.elpd, abs=0.5)
    assert br.compare({"thinned": post})["loo_draws"].item() == 1000
    monkeypatch.setattr(conditional_loo, "LARGEST_WORK", 100.0 * each)
    assert leave_one_out(post).draws == 200
    monkeypatch.setattr(conditional_loo, "DEAREST_WORK", 100.0 * each)
    assert leave_one_out(post).method == "psis"


def test_where_even_few_draws_are_dear_they_serve_what_importance_weights_of_everything_do_not(
    laplace_post: tuple[Array, xr.DataTree], few: dict[str, Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conditional_loo, "LARGEST_WORK", 1.0)
    assert leave_one_out(laplace_post[1]).method == "integrated"
    weight = np.full(9, 0.2)
    post = br.sample(br.Model(KNOWN, priors.Laplace(0.5)), few["X"], few["y"], sample_weight=weight, seed=1)
    assert leave_one_out(post).method == "psis"
    monkeypatch.undo()
    assert leave_one_out(post).method == "integrated"


KEPT = {
    "lasso": (br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0)), True),
    "exact": (br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0)), False),
    "positive": (br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0, positive=True)), False),
    "median": (br.Model(likelihoods.Laplace(1.0), priors.Laplace(1.0)), False),
}


@pytest.mark.parametrize("name", KEPT)
def test_rows_are_kept_where_they_serve(name: str, few: dict[str, Array]) -> None:
    model, kept = KEPT[name]
    values = {"coef": np.zeros((2, 30, 2)), "intercept": np.zeros((2, 30))}
    drawn = Draws(values, {}, "mcmc", {}, pointwise={"elpd_loo": np.zeros(9)} if name == "exact" else {})
    for X in (few["X"], csc_array(few["X"])):
        problem = model.bind(make_design(X, few["y"]))
        tree = build_tree(problem, drawn, np.random.SeedSequence(1), {})
        assert ("X" in tree["constant_data"]) == (kept and X is few["X"])


def test_where_all_scales_are_known_the_densities_are_exact(few: dict[str, Array]) -> None:
    model = br.Model(KNOWN, priors.Gaussian(0.8))
    exact, sampled = (br.sample(model, few["X"], few["y"], seed=1, engine=name) for name in (None, "gibbs_full"))
    found = leave_one_out(sampled)
    assert found.method == "exact"
    assert np.all(np.isnan(found.pareto_k))
    np.testing.assert_allclose(found.elpd_i, leave_one_out(exact).elpd_i, rtol=1e-9)


def test_a_row_without_weight_counts_nothing(few: dict[str, Array]) -> None:
    weight = np.ones(9)
    weight[3] = 0.0
    post = br.sample(br.Model(KNOWN, priors.Laplace(0.5)), few["X"], few["y"], sample_weight=weight, seed=1)
    for tree in (post, without(post, "X")):
        found = leave_one_out(tree)
        assert found.elpd_i[3] == 0.0
        assert found.pareto_k[3] == -np.inf
        assert np.all(np.isfinite(np.delete(found.elpd_i, 3)))


def test_a_shape_is_no_higher_than_that_of_the_weights_of_everything() -> None:
    # Here the ratios of a row differ by a factor of 2 at most, but what they differ by has a long tail.
    rng = np.random.default_rng(20)
    X = rng.standard_normal((9, 2))
    X[0] = [2.5, -1.5]
    offset = rng.standard_normal(9)
    y = X @ [1.0, -0.6] + offset + SIGMA * rng.standard_normal(9)
    model = br.Model(KNOWN, priors.Horseshoe(scale=0.3), fit_intercept=False)
    post = br.sample(model, X, y, offset=offset, seed=3, draws=2000)
    found, psis = leave_one_out(post), leave_one_out(without(post, "X"))
    density = _given_scales(post)
    assert density is not None
    alone = smoothed_weights(density.reshape(-1, 9))[1]
    assert np.ptp(density.reshape(-1, 9)[:, 1]) < np.log(2)
    assert alone[1] > 1
    assert found.pareto_k[1] == pytest.approx(psis.pareto_k[1])
    assert found.high == 0


def test_smoothed_weights_are_those_of_arviz() -> None:
    density = np.random.default_rng(23).standard_normal((400, 3)) * [0.5, 1.0, 0.0] - 1.0
    log_weight, k, good_k = smoothed_weights(density, 0.7)
    theirs, their_k = array_stats.psislw(density[:, :2], r_eff=0.7, axis=0)
    np.testing.assert_allclose(log_weight[:2], theirs, atol=1e-12)
    np.testing.assert_array_equal(k[:2], their_k)
    np.testing.assert_allclose(log_weight[2], -np.log(400))
    assert k[2] == -np.inf
    np.testing.assert_allclose(logsumexp(log_weight, axis=1), 0.0, atol=1e-12)
    assert good_k == pytest.approx(1 - 1 / np.log10(400))


def test_sums_of_rows_have_the_error_of_a_sum() -> None:
    rows = np.random.default_rng(24).standard_normal(50)
    total, error = sum_of_rows(rows)
    assert total == pytest.approx(rows.sum())
    assert error == pytest.approx(np.sqrt(50) * rows.std())
    loo = LeftOut(rows, np.zeros(50), 0.7, 10.0, "psis", 100)
    assert (loo.elpd, loo.se) == (total, error)
    assert loo.to_arviz().p == pytest.approx(10.0 - total)


def test_what_leave_one_out_needs_is_said(few: dict[str, Array]) -> None:
    model = br.Model(KNOWN, priors.Gaussian(1.0))
    post = br.sample(model, few["X"], few["y"], draws=6, chains=4, seed=1)
    with pytest.raises(InputError, match="it has 24 draws; leave-one-out needs at least 25"):
        leave_one_out(post, "it")
    del post["log_likelihood"]
    with pytest.raises(InputError, match="this posterior keeps no pointwise log likelihood"):
        leave_one_out(post)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*divergent:bayesreg.errors.SamplingWarning")
def test_scales_of_groups_sampled_by_nuts_agree_with_exact_densities() -> None:
    rng = np.random.default_rng(26)
    X = rng.standard_normal((25, 8))
    y = X @ ([1.0] * 4 + [0.1] * 4) + rng.standard_normal(25)
    prior = priors.GroupGaussian(["a"] * 4 + ["b"] * 4, scale=scales.HalfNormal(1.0), relative_to=None)
    model = br.Model(likelihoods.Gaussian(scales.HalfNormal(2.0)), prior)
    exact, sampled = (leave_one_out(br.sample(model, X, y, seed=1, engine=name)) for name in ("exact_gaussian", "nuts"))
    assert (exact.method, sampled.method) == ("exact", "integrated")
    np.testing.assert_allclose(sampled.elpd_i, exact.elpd_i, atol=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("prior", [priors.Laplace(0.3), priors.Horseshoe(scale=0.1)], ids=["laplace", "horseshoe"])
def test_densities_are_those_of_refits_with_more_columns_than_rows(prior: Any) -> None:
    rng = np.random.default_rng(25)
    X = rng.standard_normal((16, 24))
    y = X[:, :2] @ [2.0, -1.0] + 0.5 * rng.standard_normal(16)
    model = br.Model(likelihoods.Gaussian(scales.InverseGamma(3.0, 1.0)), prior)
    post = br.sample(model, X, y, seed=1, draws=4000)
    truth = np.empty(16)
    for i in range(16):
        rest = np.arange(16) != i
        group = br.sample(model, X[rest], y[rest], seed=2, draws=4000)["posterior"]
        eta = group["intercept"].to_numpy() + group["coef"].to_numpy() @ X[i]
        truth[i] = logsumexp(stats.norm.logpdf(y[i], eta, group["sigma"].to_numpy())) - np.log(eta.size)
    found, psis = leave_one_out(post), leave_one_out(without(post, "X"))
    error, of_psis = (np.abs(loo.elpd_i - truth) for loo in (found, psis))
    assert error.max() < 0.15
    assert error.sum() < 0.3 * of_psis.sum()
