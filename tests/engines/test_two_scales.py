"""Two learned prior scales under a Gaussian likelihood: exact, against integrals by another rule and refits."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.special import gammaln, logsumexp

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.engines.exact_gaussian import ExactGaussian, draw, exact_loo, scale_posterior
from bayesreg.errors import DesignWarning, InputError, NoEngineError, NoMapError, NotIdentifiedError
from bayesreg.problem import Problem
from tests.engines.gaussian_models import LAWS, data
from tests.posterior.quadrature import Posterior, by_mixture

pytestmark = pytest.mark.filterwarnings("ignore::bayesreg.errors.PriorWarning")

INF = float("inf")
ENGINE = ExactGaussian()
INTERCEPTS: dict[str, dict[str, Any]] = {
    "none": {"fit_intercept": False},
    "flat": {},
    "absolute": {"intercept": priors.Gaussian(1.5, loc=0.5)},
    "relative": {"intercept": priors.Gaussian(1.5, loc=0.5, relative_to="sigma")},
}
# Law of sigma, laws of the two scales, relative_to, intercept, labels of the columns, rows, step of the grid (laws that
# vanish as exp(-1/h²) or exp(-h²) need a finer one, for which there is room where sigma is known).
CASES = [
    ("inverse_gamma", ("half_cauchy", "half_cauchy"), "sigma", "flat", "ab", 14, 1.0),
    ("jeffreys", ("own", "half_student_t"), "penalty", "relative", "ab", 9, 1.0),
    ("known", ("half_normal", "inverse_gamma"), None, "absolute", "aba", 14, 0.4),
    ("half_student_t", ("half_cauchy", "own"), "sigma", "none", "ab", 9, 1.0),
    ("gamma", ("gamma", "half_student_t"), None, "absolute", "ab", 9, 1.0),
]


@cache
def by_grid(case: Any) -> Posterior:
    return by_mixture(bind(*case), case[-1])


def bind(sigma: str, laws: Any, word: Any, intercept: str, labels: str, n: int, step: float = 1.0) -> Problem:
    X, y, weight, offset = data(n)
    X = X[:, : len(labels)] * [1.0, 3.0, 0.5][: len(labels)]
    law = 0.8 if sigma == "known" else LAWS[sigma]
    prior = priors.GroupGaussian(list(labels), [LAWS[name] for name in laws], loc=0.2, relative_to=word)
    model = br.Model(likelihoods.Gaussian(law), prior, **INTERCEPTS[intercept])
    problem = model.bind(make_design(X, y, weight, offset))
    assert ENGINE.why_not(problem) is None
    return problem


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case)))
def test_evidence_and_moments_are_those_of_a_grid_over_the_logarithms_of_all_scales(case: Any) -> None:
    problem = bind(*case)
    exact = by_grid(case)
    pair = scale_posterior(problem)
    assert pair.log_evidence == pytest.approx(exact.log_evidence, abs=1e-8)
    assert pair.error < 1e-9
    moments = ENGINE.sample(problem, 4, 1, np.random.SeedSequence(0), {}).moments
    np.testing.assert_allclose(moments["coef_mean"], exact.mean, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(moments["coef_sd"], exact.sd, rtol=1e-7)


@pytest.mark.parametrize(("n", "p"), [(3, 3), (6, 9)])
def test_with_more_columns_than_rows_the_evidence_is_that_of_the_covariance_of_the_rows(n: int, p: int) -> None:
    X, y, _, _ = data(n, p)
    labels = np.resize([0, 0, 1], p)
    laws = (LAWS["r_squared"], LAWS["half_cauchy"])
    model = br.Model(likelihoods.Gaussian(scales.InverseGamma(3.0, 2.0)), priors.GroupGaussian(labels.tolist(), laws))
    # Rows of a flat intercept are contrasts; sigma² integrates to a Student-t density with 6 degrees of freedom.
    contrasts = np.linalg.svd(np.ones((n, 1)))[0][:, 1:].T
    r, half = contrasts @ y, 0.5 * (n - 1)
    first, second = (contrasts @ X[:, labels == k] @ X[:, labels == k].T @ contrasts.T for k in (0, 1))
    t = np.arange(-25.0, 12.0, 0.25)
    square = np.exp(2 * t)
    C = np.eye(n - 1) + square[:, None, None, None] * first + square[:, None, None] * second
    quadratic = np.linalg.solve(C, np.broadcast_to(r, C.shape[:-1])[..., None])[..., 0] @ r
    log = gammaln(3 + half) - gammaln(3.0) + 3 * np.log(2.0) - half * np.log(2 * np.pi) - 0.5 * np.log(n)
    log = log - 0.5 * np.linalg.slogdet(C)[1] - (3 + half) * np.log(2.0 + 0.5 * quadratic)
    log = log + (laws[0].log_density(np.exp(t)) + t)[:, None] + laws[1].log_density(np.exp(t)) + t
    assert float(br.log_evidence(model, X, y)) == pytest.approx(logsumexp(log) + 2 * np.log(0.25), abs=1e-8)


@pytest.mark.parametrize("case", [CASES[0], CASES[4]], ids=["conjugate", "absolute"])
def test_draws_have_the_moments_of_the_grid_and_no_trace_of_nodes(case: Any) -> None:
    problem, size = bind(*case), 40_000
    exact = by_grid(case)
    drawn = draw(problem, scale_posterior(problem), np.random.default_rng(1), size)
    for name, mean in exact.log_mean.items():
        sd = exact.log_sd[name]
        values = np.log(drawn[name])
        assert abs(values.mean() - mean) < 4.5 * sd / np.sqrt(size), name
        assert values.std() == pytest.approx(sd, rel=0.05)
    above = (drawn["coef"] > problem.loc).mean(0)
    np.testing.assert_allclose(above, exact.positive, atol=4.5 * 0.5 / np.sqrt(size))
    ratio = drawn["prior_scale[b]"] / drawn["prior_scale[a]"]
    assert np.unique(ratio.round(12)).size == size


@pytest.mark.parametrize("case", [CASES[0], CASES[2]], ids=["conjugate", "known"])
def test_leave_one_out_densities_are_those_of_refits(case: Any) -> None:
    problem = bind(*case[:-2], 12)
    design = problem.design
    loo = exact_loo(problem, scale_posterior(problem))
    model = br.Model.from_json(problem.spec)

    def evidence(rows: Any) -> float:
        weight, offset = design.weight[rows], design.offset[rows]
        return float(br.log_evidence(model, design.X[rows], design.y[rows], sample_weight=weight, offset=offset))

    full = evidence(np.arange(12))
    for i in (0, 5, 11):
        assert loo.elpd[i] == pytest.approx(full - evidence(np.arange(12) != i), abs=1e-8)
    assert loo.error < 1e-6


@pytest.mark.parametrize(("sigma", "word"), [("inverse_gamma", "sigma"), ("half_normal", None)])
def test_of_two_groups_of_which_one_counts_nothing_the_other_is_a_model_of_one_scale(sigma: str, word: Any) -> None:
    # A column without variation says nothing about its scale, whose law integrates to one.
    X, y, weight, offset = data()
    X = np.column_stack([X, np.zeros(y.size)])
    options = {"sample_weight": weight, "offset": offset}
    one = br.Model(likelihoods.Gaussian(LAWS[sigma]), priors.Gaussian(LAWS["half_cauchy"], relative_to=word))
    prior = priors.GroupGaussian([0, 0, 0, 1], (LAWS["half_cauchy"], LAWS["gamma"]), relative_to=word)
    two = br.Model(likelihoods.Gaussian(LAWS[sigma]), prior)
    with pytest.warns(DesignWarning, match="constant"):
        evidence = br.log_evidence(two, X, y, **options)
    assert float(evidence) == pytest.approx(float(br.log_evidence(one, X[:, :3], y, **options)), abs=1e-9)


@pytest.mark.parametrize("n", [14, 3])
def test_laws_that_nearly_hold_both_scales_at_one_number_give_the_model_of_that_number(n: int) -> None:
    X, y, weight, _ = data(n)
    known = br.Model(likelihoods.Gaussian(LAWS["inverse_gamma"]), priors.Gaussian(0.7, relative_to="sigma"))
    # An inverse gamma of shape k has a relative spread of k^(-1/2)/2, and an effect of its square.
    law = scales.InverseGamma(1e6, 1e6 * 0.7**2)
    near = br.Model(likelihoods.Gaussian(LAWS["inverse_gamma"]), priors.GroupGaussian(["a", "b", "b"], law))
    one, two = (br.sample(model, X, y, sample_weight=weight, draws=10, seed=1) for model in (known, near))
    for name in ("coef_mean", "coef_sd", "sigma_mean", "intercept_sd"):
        np.testing.assert_allclose(two["exact_moments"][name], one["exact_moments"][name], rtol=2e-5)
    np.testing.assert_allclose(two["exact_moments"]["prior_scale_mean"], 0.7, rtol=1e-5)
    assert two.attrs["log_evidence"] == pytest.approx(one.attrs["log_evidence"], abs=1e-4)
    np.testing.assert_allclose(two["exact_loo"]["elpd_loo"], one["exact_loo"]["elpd_loo"], atol=1e-4)


@pytest.mark.parametrize("word", [None, "sigma"])
def test_units_of_the_columns_of_a_group_are_those_of_its_absolute_scale_and_undone_by_factor(word: Any) -> None:
    X, y, _, _ = data()
    unit = np.array([1e4, 1e-3, 1e-3])
    laws = [scales.HalfNormal(1.0), scales.HalfNormal(2.0)]
    per_unit = [scales.HalfNormal(1.0 / unit[0]), scales.HalfNormal(2.0 / unit[1])]
    sigma = likelihoods.Gaussian(0.8 if word is None else scales.Jeffreys())

    def evidence(columns: Any, laws: Any, **options: Any) -> float:
        prior = priors.GroupGaussian(["a", "b", "b"], laws, relative_to=word, **options)
        return float(br.log_evidence(br.Model(sigma, prior), columns, y))

    one = evidence(X, laws)
    assert evidence(X * unit, per_unit) == pytest.approx(one, abs=1e-9)
    assert evidence(X * unit, laws, factor=1 / unit) == pytest.approx(one, abs=1e-9)


def test_results_hold_the_scales_by_group_and_everything_else_reads_them(tmp_path: Any) -> None:
    import arviz as az

    X, y, _, _ = data(20)
    prior = priors.GroupGaussian(["x", "x", "z"], scales.HalfCauchy(1.0))
    model = br.Model(likelihoods.Gaussian(scales.InverseGamma(2.0, 1.0)), prior)
    assert br.explain(model, X, y).sample_engine == "exact_gaussian"
    post = br.sample(model, X, y, draws=500, seed=2)
    assert br.Model.from_json(post.attrs["model"]) == model
    assert post["posterior"]["prior_scale"].dims == ("chain", "draw", "group")
    assert post["posterior"]["group"].to_numpy().tolist() == ["x", "z"]
    moments = post["exact_moments"]
    assert moments["prior_scale_mean"].dims == ("group",)
    post.to_netcdf(tmp_path / "post.nc", engine="h5netcdf")
    again = az.from_netcdf(tmp_path / "post.nc")
    shrunk = br.shrinkage(again)
    # kappa of each column from its own group's scale.
    tau = post["posterior"]["prior_scale"].to_numpy()[..., [0, 0, 1]]
    square = ((X - X.mean(0)) ** 2).sum(0)
    np.testing.assert_allclose(shrunk.frame["kappa"], (1 / (1 + square * tau**2)).mean((0, 1)), rtol=1e-10)
    assert br.predict(again, X[:2]).shape == (2,)
    other = br.sample(br.Model(model.likelihood, priors.Gaussian(scales.HalfCauchy(1.0))), X, y, draws=100, seed=1)
    assert "two" in str(br.compare({"one": other, "two": post}))


def test_the_prior_refuses_what_it_cannot_mean() -> None:
    law = scales.HalfCauchy(1.0)
    with pytest.raises(InputError, match=r"law for each of the groups 'a', 'b', got 'a'"):
        priors.GroupGaussian(["a", "b"], {"a": law})
    with pytest.raises(InputError, match=r"known scales belong to priors.Gaussian\(scale=array\)"):
        priors.GroupGaussian(["a", "b"], [law, 1.0])
    with pytest.raises(InputError, match="one integer or string label a column"):
        priors.GroupGaussian("ab", law)
    X, y, _, _ = data()
    with pytest.raises(InputError, match=r"GroupGaussian\(groups=...\) has 2 entries but X has 3 columns"):
        br.log_evidence(br.Model(likelihoods.Gaussian(1.0), priors.GroupGaussian(["a", "b"], law)), X, y)
    with pytest.raises(NoMapError, match=r"prior_scale\[a\], prior_scale\[b\] is learned"):
        br.find_map(br.Model(likelihoods.Gaussian(1.0), priors.GroupGaussian(["a", "b", "b"], law)), X, y)
    three = br.Model(likelihoods.Gaussian(1.0), priors.GroupGaussian(["a", "b", "c"], law))
    with pytest.raises(NoEngineError, match="two at most"):
        br.log_evidence(three, X, y)
    # A density like 1/h at 0, but for a twentieth: its mass reaches farther than anyone looks.
    slow = br.Model(likelihoods.Gaussian(1.0), priors.GroupGaussian(["a", "b", "b"], [scales.Gamma(0.05, 1.0), law]))
    with pytest.raises(InputError, match="the second group is infinitely wide or that of the first one a point"):
        br.log_evidence(slow, X, y)
    flat = br.Model(likelihoods.Gaussian(1.0), priors.GroupGaussian(["a", "b", "b"], scales.Flat()))
    with pytest.raises(NotIdentifiedError, match=r"prior_scale\[a\] ~ scales.Flat"):
        br.log_evidence(flat, X, y)


@pytest.mark.slow
@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
def test_nuts_samples_it_where_the_exact_engine_does_not(likelihood: str) -> None:
    X, y, _, _ = data(40)
    laws = [scales.HalfNormal(1.0), scales.Gamma(2.0, 2.0)]
    if likelihood == "bernoulli":
        # Laws that keep the scales from 0: no funnel, so that the run passes its own diagnostics.
        away = priors.GroupGaussian(["a", "b", "b"], scales.InverseGamma(3.0, 2.0))
        post = br.sample(
            br.Model(likelihoods.Bernoulli(), away), X, (y > 0.5).astype(float), seed=3, target_accept=0.95
        )
        assert post.attrs["engine"] == "nuts"
        assert post["posterior"]["prior_scale"].shape == (4, 1000, 2)
        return
    model = br.Model(likelihoods.Gaussian(scales.InverseGamma(3.0, 2.0)), priors.GroupGaussian(["a", "b", "b"], laws))
    exact = br.sample(model, X, y, draws=10, seed=3)["exact_moments"]
    post = br.sample(model, X, y, engine="nuts", draws=4000, seed=3, target_accept=0.95)["posterior"]
    for name in ("coef", "prior_scale", "sigma"):
        mean, sd = exact[f"{name}_mean"].to_numpy(), exact[f"{name}_sd"].to_numpy()
        values = post[name].to_numpy()
        # Some 4,000 effective draws.
        np.testing.assert_allclose((values.mean((0, 1)) - mean) / sd, 0.0, atol=4.5 / np.sqrt(4000))
        np.testing.assert_allclose(values.std((0, 1)), sd, rtol=0.1)
