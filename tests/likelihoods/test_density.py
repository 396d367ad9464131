"""Loss and constant are a density: SciPy's, of total mass 1, and the one that is drawn from."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from tests.likelihoods.cases import CASES, ETA, SCALED, Case


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_loss_and_constant_make_the_full_density_of_scipy(case: Case) -> None:
    ours = -(case.likelihood.loss(ETA, case.y, case.sigma) + case.likelihood.row_constant(case.y, case.sigma))
    np.testing.assert_allclose(ours, case.log_density(ETA), rtol=1e-12)


@pytest.mark.parametrize("sigma", [0.02, 1.0, 50.0])
@pytest.mark.parametrize("name", SCALED)
def test_the_density_of_a_real_response_has_mass_one(name: str, sigma: float) -> None:
    likelihood = CASES[name].likelihood

    def density(y: float) -> float:
        return float(np.exp(-likelihood.loss(0.7, y, sigma) - likelihood.row_constant(y, sigma)))

    # Between the points where a piece of the density begins; beyond 40 scales only the t has mass.
    delta = getattr(likelihood, "delta", 1.0)
    points = 0.7 + sigma * np.array([-40.0, -delta, 0.0, delta, 40.0])
    pieces = zip([-np.inf, *points], [*points, np.inf], strict=True)
    mass = sum(integrate.quad(density, *ends, epsabs=1e-12)[0] for ends in pieces)
    assert mass == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize(("name", "support"), [("bernoulli", 2), ("poisson", 60)])
def test_the_probabilities_of_a_whole_response_sum_to_one(name: str, support: int) -> None:
    likelihood, y = CASES[name].likelihood, np.arange(support, dtype=float)
    log_probability = -likelihood.loss(np.full(support, 1.2), y, 1.0) - likelihood.row_constant(y, 1.0)
    assert np.exp(log_probability).sum() == pytest.approx(1.0, abs=1e-13)


@pytest.mark.parametrize("name", SCALED)
def test_draws_of_a_real_response_follow_the_density_at_every_noise_level(name: str) -> None:
    case = CASES[name]
    sigma, eta = np.array([[0.5], [3.0]]), np.tile([[0.4], [-2.0]], 3000)
    draws = case.likelihood.draw(np.random.default_rng(1), eta, sigma)
    assert draws.shape == eta.shape
    for row, centre, scale in zip(draws, eta[:, 0], sigma[:, 0], strict=True):
        # By cumulated density, which SciPy's own distribution functions are not needed for.
        grid = centre + scale * np.concatenate([-np.geomspace(1e4, 1e-4, 4000), np.geomspace(1e-4, 1e4, 4000)])
        cdf = integrate.cumulative_trapezoid(case.law(centre, scale).pdf(grid), grid, initial=0.0)
        assert stats.kstest(row, lambda x, grid=grid, cdf=cdf: np.interp(x, grid, cdf)).pvalue > 1e-3


@pytest.mark.parametrize(("name", "eta", "largest"), [("bernoulli", 0.4, 1), ("poisson", 1.2, 8)])
def test_draws_of_a_whole_response_have_its_probabilities(name: str, eta: float, largest: int) -> None:
    case = CASES[name]
    draws = case.likelihood.draw(np.random.default_rng(2), np.full(5000, eta), 1.0)
    law, values = case.law(eta, 1.0), np.arange(largest + 1)
    # The last cell holds everything from ``largest`` up.
    counts = np.bincount(np.minimum(draws, largest).astype(int), minlength=largest + 1)
    expected = np.append(law.pmf(values[:-1]), law.sf(largest - 1))
    assert stats.chisquare(counts, 5000 * expected).pvalue > 1e-3
    assert np.all(draws == np.rint(draws))


@pytest.mark.parametrize("name", [name for name in CASES if name != "asymmetric_laplace"])
def test_the_mean_is_that_of_the_density(name: str) -> None:
    case = CASES[name]
    np.testing.assert_allclose(case.likelihood.mean(ETA), [law_mean(case, eta) for eta in ETA], rtol=1e-9, atol=1e-9)


def law_mean(case: Case, eta: float) -> float:
    if case.discrete:
        return float(case.law(eta, 1.0).mean())
    # By symmetry, which is checked instead of integrated.
    distance = np.geomspace(1e-3, 50, 20)
    law = case.law(eta, case.sigma)
    np.testing.assert_allclose(law.pdf(eta + distance), law.pdf(eta - distance), rtol=1e-8)
    return eta


def test_the_mean_of_an_asymmetric_laplace_is_its_quantile() -> None:
    case = CASES["asymmetric_laplace"]
    np.testing.assert_allclose(case.law(ETA, case.sigma).cdf(case.likelihood.mean(ETA)), 0.2, rtol=1e-12)
