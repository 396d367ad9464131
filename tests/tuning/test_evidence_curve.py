"""The evidence curve: exact ones against brute-force integrals, sampled ones within their stated error."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import integrate, special

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.errors import DesignWarning, InputError, NoEngineError
from bayesreg.model import bind
from bayesreg.numerics.mills import cut_mean, cut_square, log_mills
from bayesreg.numerics.two_coefficients import expected_penalty
from bayesreg.tuning import sampled_evidence
from bayesreg.tuning.exact_evidence import exact_curve, two_curve
from bayesreg.tuning.null_evidence import intercept_alone, null_draws
from bayesreg.tuning.sampled_evidence import Sampling, sampled_curve
from bayesreg.tuning.strengths import at_strength
from tests.tuning.cases import INF, classes, gaussian, regression

STRENGTHS = np.geomspace(100.0, 0.01, 5)
TWO = {
    "lasso": gaussian(priors.Laplace(0.5)),
    "net": gaussian(priors.ElasticNet(2.0, 3.0)),
    "no intercept": gaussian(priors.Laplace(0.5, loc=0.3), fit_intercept=False),
    "normal intercept": gaussian(priors.Laplace([0.5, 0.2]), intercept=priors.Gaussian(0.5, loc=1.0)),
    "penalty": gaussian(priors.ElasticNet(2.0, 3.0, relative_to="penalty"), standardize=True),
}


def brute_force(model: br.Model, X: Any, y: Any) -> float:
    """Log evidence by adaptive quadrature of prior times likelihood, the intercept integrated in closed form."""
    problem = bind(model, X, y)
    sigma, prior, n = 0.9, problem.intercept_prior, y.size
    shift = prior.loc if problem.fit_intercept else 0.0
    # The precision of y given coef, and its log determinant, the intercept integrated out.
    inverse, log_det = np.eye(n) / sigma**2, -2 * n * math.log(sigma)
    if problem.flat_intercept:
        inverse -= 1 / (n * sigma**2)
        log_det += math.log(2 * math.pi * sigma**2 / n)
    elif problem.fit_intercept:
        inverse = np.linalg.inv(sigma**2 * np.eye(n) + 1 / prior.l2(sigma))
        log_det = np.linalg.slogdet(inverse)[1]

    def log_likelihood(coef: np.ndarray) -> float:
        r = y - X @ coef - shift
        return 0.5 * (log_det - n * math.log(2 * math.pi) - r @ inverse @ r)

    penalty = problem.penalty(sigma)
    mode = br.find_map(model, X, y).coef
    top = log_likelihood(mode) + penalty.log_density(mode - problem.loc)
    width = 14 / np.sqrt(np.diag(problem.least_squares(sigma).gram) / sigma**2 + penalty.l2)
    width = np.minimum(width, 45 / np.maximum(penalty.l1, 1e-300) + np.abs(mode - problem.loc))
    ends = [sorted({mode[j] - width[j], problem.loc[j], mode[j], mode[j] + width[j]}) for j in range(mode.size)]

    def density(*reversed_: float) -> float:
        coef = np.array(reversed_[::-1])
        return math.exp(log_likelihood(coef) + penalty.log_density(coef - problem.loc) - top)

    node, weight = np.polynomial.legendre.leggauss(28)
    axes = []
    for end in ends:
        low, high = np.array(end[:-1]), np.array(end[1:])
        at = low[:, None] + 0.5 * (high - low)[:, None] * (node + 1)
        axes.append((at.ravel(), (0.5 * (high - low)[:, None] * weight).ravel()))
    if len(axes) == 1:
        total = sum(w * density(b) for b, w in zip(*axes[0], strict=True))
    else:
        total = sum(v * w * density(c, b) for b, v in zip(*axes[0], strict=True) for c, w in zip(*axes[1], strict=True))
    return top + math.log(total)


@pytest.mark.parametrize("name", TWO)
def test_two_penalised_coefficients_are_exact_to_eight_digits(name: str) -> None:
    X, y = regression(20, 2)
    found = two_curve(bind(TWO[name], X, y), STRENGTHS)
    for k in (0, 2, found.strength.size - 1):
        model = at_strength(TWO[name], found.strength[k])
        assert found.value[k] == pytest.approx(brute_force(model, X, y), abs=1e-8)


def test_one_penalised_coefficient_beside_free_ones_is_that_of_a_mixture_of_two_cut_normals() -> None:
    X, y = regression(20, 3)
    model = gaussian(priors.Laplace([INF, 0.4, INF]))
    found = two_curve(bind(model, X, y), np.array([10.0, 1.0]))
    # The free columns and the intercept leave the residual of the second column; then Z is closed.
    Z = np.column_stack([np.ones(20), X[:, [0, 2]]])
    hat = np.eye(20) - Z @ np.linalg.solve(Z.T @ Z, Z.T)
    x, r = hat @ X[:, 1], hat @ y
    v = 0.81 / (x @ x)
    m = (x @ r) / (x @ x)
    rest = -8.5 * math.log(2 * math.pi * 0.81) - 0.5 * np.linalg.slogdet(Z.T @ Z)[1] - (r @ r) / 1.62
    for strength, value in zip(found.strength, found.value, strict=True):
        if strength in (10.0, 1.0):
            rate = strength / 0.4
            root = math.sqrt(v)
            sides = [
                -sign * rate * m + 0.5 * rate**2 * v + special.log_ndtr((sign * m - rate * v) / root)
                for sign in (1, -1)
            ]
            closed = math.log(rate / 2) + 0.5 * math.log(2 * math.pi * v) + m**2 / (2 * v) + np.logaddexp(*sides)
            assert value == pytest.approx(rest + closed, abs=1e-9)


def test_a_ridge_is_the_exact_engine_at_every_strength() -> None:
    X, y = regression(30)
    for sigma, word in ((0.9, None), (None, "sigma"), (scales.HalfNormal(1.0), None)):
        model = gaussian(priors.Gaussian([0.5, INF, 0.5, 1.0, 0.5], relative_to=word), sigma)
        found = br.tune(model, X, y, method="evidence", n_points=9)
        for strength, value in zip(found.strength, found.value, strict=True):
            assert value == pytest.approx(br.log_evidence(found.model_at(strength), X, y).log_evidence, abs=1e-9)
        assert found.best in found.strength
        h = 1e-3
        sides = [br.log_evidence(found.model_at(found.best * math.exp(step)), X, y).log_evidence for step in (-h, h)]
        assert found.value.max() >= max(sides) - 1e-9
        assert abs(sides[1] - sides[0]) < 1e-6


def test_a_ridge_of_two_columns_is_the_same_by_its_slope() -> None:
    X, y = regression(20, 2)
    problem = bind(gaussian(priors.Gaussian(0.5)), X, y)
    slope, closed = two_curve(problem, STRENGTHS), exact_curve(problem, STRENGTHS)
    assert closed is not None
    assert slope.best == pytest.approx(closed.best, rel=1e-5)
    for strength in STRENGTHS:
        pair = [curve.value[curve.strength == strength][0] for curve in (slope, closed)]
        assert pair[0] == pytest.approx(pair[1], abs=1e-10)


@pytest.mark.parametrize("name", ["lasso", "net", "normal intercept", "penalty"])
def test_a_sampled_curve_is_within_its_stated_error_of_the_exact_one(name: str) -> None:
    X, y = regression(20, 2)
    problem = bind(TWO[name], X, y)
    sampled = sampled_curve(TWO[name], problem, STRENGTHS, Sampling(1000, 4, np.random.SeedSequence(1)))
    exact = two_curve(problem, sampled.strength)
    at = [exact.value[exact.strength == strength][0] for strength in sampled.strength]
    z = (sampled.value - at) / sampled.se
    assert np.all(sampled.se < 0.2)
    assert np.abs(z).max() < 3.5
    assert sampled.best == pytest.approx(exact.best, rel=0.5)
    assert exact.value.max() - exact.value[exact.strength == sampled.best][0] < 0.02


def test_a_sampled_ridge_with_a_learned_sigma_is_within_its_stated_error(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = regression(30)
    # An elastic net with next to no l1 part is a ridge that the exact engine does not take.
    for word in (None, "sigma", "penalty"):
        ridge = gaussian(priors.Gaussian(0.5, relative_to=word), None)
        net = gaussian(priors.ElasticNet(1e-9, 4.0, relative_to=word), None)
        found = br.tune(net, X, y, method="evidence", strengths=[100.0, 1.0, 0.01], seed=2)
        exact = [br.log_evidence(at_strength(ridge, s), X, y).log_evidence for s in found.strength]
        assert np.all(found.se < 0.4)
        assert np.abs((found.value - exact) / found.se).max() < 3.5


@pytest.mark.parametrize("intercept", [priors.Flat(), priors.Gaussian(0.5, loc=1.0), None])
def test_where_the_curve_begins_is_the_same_by_quadrature_and_by_the_exact_engine(intercept: Any) -> None:
    X, y = regression(20, 2)
    settings = {"fit_intercept": False} if intercept is None else {"intercept": intercept}
    problem = bind(gaussian(priors.Laplace(0.5, loc=0.2), **settings), X, y)
    rng = np.random.default_rng(0)
    value, draws = intercept_alone(problem, 0.9, rng, 4000)
    exact = null_draws(problem, rng, 4000)
    assert value == pytest.approx(exact.log_evidence, abs=1e-9)
    assert draws.mean() == pytest.approx(exact.intercept.mean(), abs=0.02)
    assert draws.std() == pytest.approx(exact.intercept.std(), rel=0.06, abs=1e-12)


@pytest.mark.parametrize(
    ("likelihood", "data"),
    [
        pytest.param(likelihoods.Bernoulli(), classes, id="logistic"),
        pytest.param(likelihoods.Huber(1.3, 0.9), regression, id="huber", marks=pytest.mark.slow),
    ],
)
def test_a_curve_of_another_likelihood_is_within_its_stated_error_of_an_integral(likelihood: Any, data: Any) -> None:
    X, y = data(40, 1)
    model = br.Model(likelihood, priors.Laplace(0.5), intercept=priors.Gaussian(2.0))
    found = br.tune(model, X, y, method="evidence", strengths=[30.0, 1.0, 0.1], seed=1, draws=500)
    for strength, value, se in zip(found.strength, found.value, found.se, strict=True):
        problem = bind(at_strength(model, strength), X, y)
        penalty = problem.penalty(0.9)
        # The kink of the prior is a node of both halves.
        half = np.linspace(0.0, min(40 / penalty.l1[0], 12.0), 801)
        b = np.concatenate([-half[:0:-1], half])
        grid = np.linspace(-6.0, 6.0, 601)
        rows = [problem.row_log_likelihood(np.full((601, 1), one), grid, np.full(601, 0.9)).sum(axis=1) for one in b]
        log = np.array(rows) + problem.intercept_prior.log_density(grid, 0.9)
        log += np.array([penalty.log_density(np.array([one])) for one in b])[:, None]
        exact = log.max() + math.log(integrate.simpson(integrate.simpson(np.exp(log - log.max()), x=grid), x=b))
        assert abs(value - exact) < 3.5 * se
        assert se < 0.2


def test_groups_of_one_give_the_curve_of_single_coefficients() -> None:
    X, y = regression(20, 2)
    group = gaussian(priors.GroupLaplace([0, 1], 0.5))
    found = br.tune(group, X, y, method="evidence", strengths=STRENGTHS, seed=3)
    exact = two_curve(bind(TWO["lasso"], X, y), found.strength)
    at = [exact.value[exact.strength == strength][0] for strength in found.strength]
    assert np.abs((found.value - at) / found.se).max() < 3.5


@pytest.mark.slow
def test_stated_errors_are_those_of_repetitions() -> None:
    X, y = regression(40, 6)
    model = gaussian(priors.Laplace(0.5), None)
    problem = bind(model, X, y)
    curves = [
        sampled_curve(model, problem, STRENGTHS[1:], Sampling(400, 4, np.random.SeedSequence(k))) for k in range(30)
    ]
    keep = [np.isin(curve.strength, STRENGTHS) for curve in curves]
    values = np.array([curve.value[on] for curve, on in zip(curves, keep, strict=True)])
    stated = np.array([curve.se[on] for curve, on in zip(curves, keep, strict=True)])
    ratio = values.std(axis=0, ddof=1) / stated.mean(axis=0)
    assert np.all((ratio > 0.6) & (ratio < 1.5))


def test_moments_of_cut_normals_agree_with_integrals_in_both_tails() -> None:
    for x in (-30.0, -2.0, 0.0, 3.0, 49.9, 50.1, 1e4):
        scale = 1 / max(abs(x), 1.0)
        top = max(-x, 0.0)
        low, high = max(0.0, top - 12), top + 60 * scale + (12 if x <= 3 else 0)

        def density(b: float, x: float = x, top: float = top) -> float:
            return math.exp(-0.5 * b * b - x * b + 0.5 * top * top + x * top)

        total, first, second = (
            integrate.quad(lambda b, k=k: b**k * density(b), low, high, epsabs=0, epsrel=1e-12, limit=200)[0]
            for k in range(3)
        )
        at = np.array([x])
        assert log_mills(at)[0] == pytest.approx(math.log(total) - 0.5 * top * top - x * top, rel=1e-11, abs=1e-11)
        assert cut_mean(at)[0] == pytest.approx(first / total, rel=1e-11)
        assert cut_square(at)[0] == pytest.approx(second / total, rel=1e-9)


def test_the_posterior_of_a_huge_penalty_is_the_prior() -> None:
    A, c = np.array([[5.0, 4.0], [4.0, 6.0]]), np.array([3.0, -1.0])
    found = expected_penalty(A, c, np.array([1.0, 2.0]), np.zeros(2), np.array([1e3, 1e6]))
    # To second order in 1/s the slope is minus half the sum of (c² - A) (E[|b| b²] l - E[l|b|] E[b²]) = 4 / l².
    expected = 2 + 0.5 * np.sum((c**2 - np.diag(A)) * 4 / np.array([1.0, 2.0]) ** 2) / np.array([1e6, 1e12])
    np.testing.assert_allclose(found - 2, expected - 2, rtol=2e-2, atol=1e-12)


def test_pairs_without_an_evidence_curve_say_what_to_do() -> None:
    X, y = regression()
    with pytest.raises(NoEngineError, match=r"sigma of Huber is learned; give it as a number, or use method='cv'"):
        br.tune(br.Model(likelihoods.Huber(1.3), priors.Laplace(1.0)), X, y, method="evidence")
    with pytest.raises(NoEngineError, match=r"Huber has columns without a penalty"):
        br.tune(br.Model(likelihoods.Huber(1.3, 1.0), priors.Laplace([INF, 1, 1, 1, 1])), X, y, method="evidence")
    with pytest.raises(NoEngineError, match=r"Horseshoe is not a penalty; use method='bayes'"):
        br.tune(gaussian(priors.Horseshoe(0.1)), X, y, method="evidence")
    from scipy import sparse

    with pytest.raises(InputError, match=r"sparse X is not computed: pass X.toarray"):
        br.tune(gaussian(priors.Laplace(1.0)), sparse.csr_array(X), y, method="evidence")
    assert sampled_evidence.why_not_sampled(bind(gaussian(priors.Laplace(1.0)), X, y)) is None


def test_what_there_is_to_say_of_the_data_is_said_once() -> None:
    X, y = regression(30)
    model = gaussian(priors.Laplace(0.3))
    with pytest.warns(DesignWarning) as said:
        br.tune(model, np.column_stack([X, np.ones(30)]), y, method="evidence", n_points=2, draws=100, seed=1)
    assert len(said) == 1
