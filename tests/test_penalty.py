"""The penalty as a value: its normaliser, conjugate and optimality distance against numerical counterparts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from bayesreg.penalty import Penalty, log_normalizer

RATES = [(0.0, 1.0), (0.0, 1e-8), (0.0, 1e8), (3.0, 0.0), (1e-6, 0.0), (1e6, 0.0), (2.0, 1.5), (40.0, 1.0), (1e-3, 5.0)]


@pytest.mark.parametrize(("l1", "l2"), RATES)
def test_the_normaliser_is_the_integral_of_the_density(l1: float, l2: float) -> None:
    # In units of the wider of the two scales the integrand is of size one.
    size = min(1 / l1 if l1 else np.inf, l2**-0.5 if l2 else np.inf)
    half = integrate.quad(lambda t: np.exp(-l1 * size * t - 0.5 * l2 * size**2 * t * t), 0, np.inf, epsrel=1e-12)[0]
    np.testing.assert_allclose(
        log_normalizer(np.array(l1), np.array(l2)), np.log(2 * half * size), rtol=1e-11, atol=1e-11
    )


@pytest.mark.parametrize("small", [1e-3, 1e-6, 1e-9, 1e-14])
def test_the_normaliser_tends_to_its_limits(small: float) -> None:
    gaussian, laplace = 0.5 * np.log(2 * np.pi / 3.0), np.log(2.0 / 3.0)
    np.testing.assert_allclose(log_normalizer(np.array(small), np.array(3.0)), gaussian, atol=small)
    np.testing.assert_allclose(log_normalizer(np.array(3.0), np.array(small)), laplace, atol=small)
    # Far in the Laplace corner the Mills ratio must neither under- nor overflow.
    assert np.isfinite(log_normalizer(np.array(1e150), np.array(1e-100)))


def test_the_normaliser_broadcasts_and_is_zero_where_nothing_is_penalised() -> None:
    out = log_normalizer(np.array([[0.0], [2.0]]), np.array([0.0, 1.0, 4.0]))
    assert out.shape == (2, 3)
    assert out[0, 0] == 0.0
    np.testing.assert_allclose(out[0, 2], 0.5 * np.log(2 * np.pi / 4))
    np.testing.assert_allclose(out[1, 0], 0.0, atol=1e-15)


@pytest.fixture
def penalty() -> Penalty:
    """Lasso, ridge, both, none."""
    return Penalty(np.array([2.0, 0.0, 1.5, 0.0]), np.array([0.0, 3.0, 0.5, 0.0]))


def test_the_value_and_the_log_density_are_the_formulae(penalty: Penalty) -> None:
    d = np.array([-0.7, 1.1, 0.4, 9.0])
    np.testing.assert_allclose(penalty.value(d), 2 * 0.7 + 1.5 * 1.1**2 + 1.5 * 0.4 + 0.25 * 0.4**2)
    known = stats.laplace.logpdf(-0.7, scale=0.5) + stats.norm.logpdf(1.1, scale=3**-0.5)
    both = -1.5 * 0.4 - 0.25 * 0.4**2 - np.log(2 * integrate.quad(lambda t: np.exp(-1.5 * t - 0.25 * t * t), 0, 50)[0])
    np.testing.assert_allclose(penalty.log_density(d), known + both, rtol=1e-10)


def test_scaling_multiplies_both_rates(penalty: Penalty) -> None:
    scaled = penalty.scaled(2.5)
    np.testing.assert_array_equal(scaled.l1, [5.0, 0.0, 3.75, 0.0])
    np.testing.assert_array_equal(scaled.l2, [0.0, 7.5, 1.25, 0.0])
    assert list(penalty.penalised) == [True, True, True, False]


@pytest.mark.parametrize("v", [[1.9, -4.0, 2.5, 0.0], [-2.0, 0.5, -1.0, 0.0], [0.0, 0.0, -6.0, 0.0]])
def test_the_conjugate_is_the_supremum(penalty: Penalty, v: list[float]) -> None:
    grid = np.linspace(-20, 20, 400_001)
    supremum = sum(np.max(v[j] * grid - penalty.l1[j] * np.abs(grid) - 0.5 * penalty.l2[j] * grid**2) for j in range(4))
    np.testing.assert_allclose(penalty.conjugate(np.array(v)), supremum, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("v", [[2.1, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1e-12], [-2.1, 0.0, 0.0, 0.0]])
def test_the_conjugate_is_infinite_outside_the_box(penalty: Penalty, v: list[float]) -> None:
    assert penalty.conjugate(np.array(v)) == np.inf


def test_fenchel_young_holds_with_equality_at_a_subgradient(penalty: Penalty) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        d = rng.standard_normal(4) * rng.integers(0, 2, 4)
        inside = np.where(d == 0, penalty.l1 * rng.uniform(-1, 1, 4), penalty.l1 * np.sign(d))
        subgradient = inside + penalty.l2 * d
        np.testing.assert_allclose(penalty.value(d) + penalty.conjugate(subgradient), subgradient @ d, atol=1e-12)
        other = rng.standard_normal(4)
        assert penalty.value(other) + penalty.conjugate(subgradient) >= subgradient @ other - 1e-12


@pytest.mark.parametrize(
    ("d", "gradient", "l1", "l2", "expected"),
    [
        (0.0, 1.5, 2.0, 0.0, 0.0),  # inside the box at zero
        (0.0, -2.0, 2.0, 0.0, 0.0),  # on its edge
        (0.0, 2.5, 2.0, 0.0, 0.5),  # beyond it
        (0.0, -2.5, 2.0, 7.0, 0.5),
        (1.0, -2.0, 2.0, 0.0, 0.0),  # stationary, positive
        (-1.0, 2.0, 2.0, 0.0, 0.0),  # stationary, negative
        (1.0, 2.0, 2.0, 0.0, 4.0),  # stationary for the other sign
        (0.5, -3.0, 2.0, 2.0, 0.0),
        (0.5, -1.0, 2.0, 2.0, 2.0),
        (0.5, -1.0, 0.0, 2.0, 0.0),  # ridge
        (0.0, 0.3, 0.0, 2.0, 0.3),
        (4.0, 0.3, 0.0, 0.0, 0.3),  # no penalty
    ],
)
def test_the_distance_to_the_subdifferential_by_cases(
    d: float, gradient: float, l1: float, l2: float, expected: float
) -> None:
    penalty = Penalty(np.array([l1]), np.array([l2]))
    found = penalty.subdifferential_distance(np.array([d]), np.array([gradient]))
    np.testing.assert_allclose(found, [expected], atol=1e-15)
