"""Credible intervals are ArviZ's, with its settings unless told otherwise."""

from __future__ import annotations

from typing import Any

import arviz as az
import numpy as np
import pytest

from bayesreg.errors import InputError
from bayesreg.intervals import interval


@pytest.fixture(scope="module")
def draws() -> np.ndarray:
    """Gamma draws: skewed, so that the two kinds of interval differ."""
    return np.random.default_rng(70).gamma(2.0, 1.0, (4, 500, 3)) * [1.0, 10.0, -1.0]


def test_an_equal_tailed_interval_is_a_pair_of_quantiles(draws: np.ndarray) -> None:
    lower, upper = interval(draws, 0.8, "eti")
    expected = np.quantile(draws.reshape(-1, 3), [0.1, 0.9], axis=0)
    assert lower.shape == upper.shape == (3,)
    # ArviZ interpolates between order statistics in its own way: neighbours of 2000 draws differ by some 1e-3.
    np.testing.assert_allclose([lower, upper], expected, rtol=5e-3)


def test_a_highest_density_interval_is_the_shortest_with_its_share_of_the_draws(draws: np.ndarray) -> None:
    lower, upper = interval(draws, 0.8, "hdi")
    for j in range(3):
        values = np.sort(draws[..., j].ravel())
        inside = np.mean((values >= lower[j]) & (values <= upper[j]))
        assert inside == pytest.approx(0.8, abs=2e-3)
        held = int(np.floor(0.8 * values.size))
        assert upper[j] - lower[j] == pytest.approx(np.min(values[held:] - values[:-held]), rel=5e-3)


@pytest.mark.parametrize("shape", [(), (3,), (2, 5)])
def test_it_keeps_the_shape_of_the_quantity(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(71).standard_normal((2, 50, *shape))
    for kind in ("eti", "hdi"):
        lower, upper = interval(values, 0.5, kind)
        assert lower.shape == upper.shape == shape
        assert np.all(lower < upper)


def test_the_settings_of_arviz_are_the_default(draws: np.ndarray) -> None:
    for prob, kind in ((0.5, "hdi"), (0.95, "eti")):
        with az.rc_context({"stats.ci_prob": prob, "stats.ci_kind": kind}):
            np.testing.assert_array_equal(interval(draws), interval(draws, prob, kind))
    standard = az.rcParams["stats.ci_prob"], az.rcParams["stats.ci_kind"]
    np.testing.assert_array_equal(interval(draws), interval(draws, *standard))
    assert not np.array_equal(interval(draws, 0.5, "hdi"), interval(draws, 0.5, "eti"))


@pytest.mark.parametrize("prob", [0.0, 1.0, -0.1, 89, float("nan")])
def test_a_probability_outside_0_and_1_is_refused(prob: Any, draws: np.ndarray) -> None:
    with pytest.raises(InputError, match="ci_prob must lie between 0 and 1"):
        interval(draws, prob)


def test_another_kind_is_refused(draws: np.ndarray) -> None:
    with pytest.raises(InputError, match="ci_kind must be 'eti' or 'hdi', got 'hpd'"):
        interval(draws, 0.5, "hpd")
