"""The judgement of importance ratios, and a chain that is right whatever it is offered."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bayesreg.numerics.importance import coverage, independence_metropolis


@pytest.mark.parametrize(("df", "low", "high"), [(3.0, -2.0, 0.35), (None, 0.75, 4.0)])
def test_khat_tells_a_wide_proposal_from_a_narrow_one(df: float | None, low: float, high: float) -> None:
    # With the sign of the ratios turned round the verdicts change places.
    rng = np.random.default_rng(0)
    k = 5
    if df is None:
        theta, log_q = 0.5 * rng.standard_normal((1000, k)), stats.norm(0, 0.5).logpdf
    else:
        theta, log_q = rng.standard_t(df, (1000, k)), stats.t(df).logpdf
    judged = coverage((stats.norm.logpdf(theta) - log_q(theta)).sum(axis=1))
    assert low < judged.khat < high
    weight = np.exp((stats.norm.logpdf(theta) - log_q(theta)).sum(axis=1))
    np.testing.assert_allclose(judged.efficiency, weight.mean() ** 2 / np.mean(weight**2), rtol=1e-10)


def test_equal_ratios_are_perfect_and_missing_ones_useless() -> None:
    rng = np.random.default_rng(1)
    judged = coverage(3.0 + 1e-3 * rng.standard_normal(1000))
    assert judged.efficiency > 0.99999
    broken = coverage(np.append(np.zeros(99), -np.inf))
    assert broken.khat == np.inf
    assert broken.efficiency == 0.0


def test_the_chain_stands_where_it_was_taken() -> None:
    at, chance = independence_metropolis(np.array([1.0, -1.0, 0.5]), np.log([0.5, 0.2, 0.1]), 0.0)
    # 1 is taken for sure; exp(-2) = .135 < .2 is not; exp(-.5) = .61 > .1 is.
    assert at.tolist() == [0, 0, 2]
    np.testing.assert_allclose(chance, [1.0, np.exp(-2), np.exp(-0.5)])
    assert independence_metropolis(np.array([-9.0]), np.log([0.5]), 0.0)[0].tolist() == [-1]


def test_the_chain_has_the_target_for_its_law_under_a_poor_proposal() -> None:
    rng = np.random.default_rng(2)
    proposal, target = stats.norm(1.0, 2.0), stats.gamma(3.0)
    theta = proposal.rvs(60_000, random_state=rng)
    log_ratio = target.logpdf(theta) - proposal.logpdf(theta)
    at, chance = independence_metropolis(log_ratio, np.log(rng.random(theta.size)), -np.inf)
    draws = theta[at[100:]]
    assert 0.3 < chance.mean() < 0.9
    assert stats.kstest(draws[::20], target.cdf).pvalue > 1e-3
    assert abs(draws.mean() - 3.0) < 4 * np.sqrt(3 / (theta.size / 5))
