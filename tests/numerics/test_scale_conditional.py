"""The scale of a group given its coefficients: draws against the distribution function of their density."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from bayesreg import scales
from bayesreg.numerics.scale_conditional import draw_log_scales
from tests.engines.gaussian_models import LAWS


@pytest.mark.parametrize("square", [1e-6, 3.0, 1e5])
@pytest.mark.parametrize(
    ("law", "power", "count"),
    [(LAWS["half_cauchy"], -2.0, 1), (LAWS["half_normal"], -2.0, 40), (LAWS["own"], -2.0, 3), (LAWS["gamma"], 1.0, 2)],
    ids=["half_cauchy", "half_normal", "own", "rate"],
)
def test_draws_follow_the_conditional_density(law: Any, power: float, count: int, square: float) -> None:
    t = np.linspace(-30.0, 30.0, 60_001)
    log = 0.5 * power * count * t - 0.5 * square * np.exp(power * t) + law.log_density(np.exp(t)) + t
    density = np.exp(log - log.max())
    cdf = np.cumsum(density) / density.sum()
    draws = draw_log_scales(np.random.default_rng(2), law, power, count, np.full(5000, square))
    assert stats.kstest(draws, lambda x: np.interp(x, t, cdf)).pvalue > 1e-3


def test_under_an_inverse_gamma_law_the_square_is_inverse_gamma_again_for_each_sum_of_squares() -> None:
    square = np.exp(np.linspace(-10.0, 10.0, 6000))
    draws = draw_log_scales(np.random.default_rng(4), scales.InverseGamma(2.0, 3.0), -2.0, 5, square)
    levels = stats.invgamma.cdf(np.exp(2 * draws), 4.5, scale=3.0 + 0.5 * square)
    assert stats.kstest(levels, "uniform").pvalue > 1e-3
