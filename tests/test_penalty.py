"""The penalty as a value: its normaliser, conjugate and optimality distance against numerical counterparts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from bayesreg.groups import Groups
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


@pytest.fixture
def grouped() -> Penalty:
    """Two groups, one of three members in units, and two lone coefficients of which one has no penalty."""
    groups = Groups(np.array([0, 1, 1, -1, 0, 1, -1]), np.array([1.5, 0.8]), np.array([1, 2, 0.5, 1, 3, 1, 1.0]))
    return Penalty(np.array([0, 0, 0, 2.0, 0, 0, 0]), np.array([0, 0, 0, 0.5, 0, 0, 0]), groups)


POINT = np.array([0.5, -1.0, 0.2, 0.7, 3.0, 0.0, 4.0])


def test_norms_of_groups_are_added_to_the_value(grouped: Penalty) -> None:
    expected = 1.5 * np.hypot(0.5, 1.0) + 0.8 * np.hypot(0.5, 0.4) + 2 * 0.7 + 0.25 * 0.7**2
    np.testing.assert_allclose(grouped.value(POINT), expected, rtol=1e-14)
    assert grouped.penalised.tolist() == [True] * 6 + [False]


def test_the_density_of_groups_is_normalised(grouped: Penalty) -> None:
    groups = grouped.groups
    assert groups is not None
    expected = -grouped.value(POINT) - groups.log_normalizers().sum() - log_normalizer(np.array(2.0), np.array(0.5))
    np.testing.assert_allclose(grouped.log_density(POINT), expected, rtol=1e-14)


def test_a_group_of_one_is_a_laplace() -> None:
    alone = Penalty(np.zeros(2), np.zeros(2), Groups(np.array([0, 1]), np.array([2.0, 0.5]), np.array([1.0, 4.0])))
    laplace = Penalty(np.array([2.0, 0.125]), np.zeros(2))
    d, gradient = np.array([0.3, 0.0]), np.array([-1.0, 0.4])
    np.testing.assert_allclose(alone.value(d), laplace.value(d), rtol=1e-15)
    np.testing.assert_allclose(alone.log_density(d), laplace.log_density(d), rtol=1e-14)
    np.testing.assert_allclose(alone.shrink(-gradient), laplace.shrink(-gradient), rtol=1e-15)
    found = alone.subdifferential_distance(d, gradient)
    np.testing.assert_allclose(found, laplace.subdifferential_distance(d, gradient), rtol=1e-14)


def test_the_conjugate_with_groups_is_the_supremum(grouped: Penalty) -> None:
    inside = np.array([0.9, 0.2, 0.3, 2.5, -0.3, 0.5, 0.0])
    assert grouped.conjugate(inside) == pytest.approx(0.5**2 / (2 * 0.5))

    def negative(d: np.ndarray) -> float:
        return grouped.value(d) - float(inside @ d)

    rng = np.random.default_rng(0)
    best = max(-optimize.minimize(negative, rng.standard_normal(7), method="Powell").fun for _ in range(3))
    np.testing.assert_allclose(best, 0.25, rtol=1e-5)
    for j in (0, 1, 6):
        outside = inside.copy()
        outside[j] = 9.0
        assert grouped.conjugate(outside) == np.inf


def test_shrinking_brings_any_multiplier_into_the_domain(grouped: Penalty) -> None:
    rng = np.random.default_rng(0)
    for size in (0.1, 1.0, 30.0):
        v = size * rng.standard_normal(7)
        v[6] = 0.0
        share = grouped.shrink(v)
        assert 0 < share <= 1
        assert np.isfinite(grouped.conjugate(share * v * (1 - 1e-14)))
        assert share == 1.0 or grouped.conjugate(share * v * (1 + 1e-12)) == np.inf
    assert grouped.shrink(np.zeros(7)) == 1.0


SIGNED = Penalty(
    np.array([2.0, 0.0, 1.5, 0.0, 1.0]), np.array([0.0, 3.0, 0.5, 0.0, 0.0]), positive=np.array([True] * 4 + [False])
)


def test_a_sign_that_is_not_allowed_has_an_infinite_penalty() -> None:
    d = np.array([0.7, 1.1, 0.4, 9.0, -1.0])
    np.testing.assert_allclose(SIGNED.value(d), 1.4 + 1.5 * 1.21 + 0.6 + 0.25 * 0.16 + 1.0, rtol=1e-14)
    for j in range(4):
        below = d.copy()
        below[j] = -1e-300
        assert SIGNED.value(below) == np.inf
        assert SIGNED.log_density(below) == -np.inf
    assert SIGNED.penalised.tolist() == [True, True, True, False, True]
    assert SIGNED.constrained.tolist() == [True] * 4 + [False]
    assert not Penalty(np.ones(2), np.ones(2)).constrained.any()


def test_a_density_that_is_cut_at_its_location_is_doubled() -> None:
    d = np.array([0.7, 1.1, 0.4, 9.0, -1.0])
    known = stats.expon.logpdf(0.7, scale=0.5) + stats.halfnorm.logpdf(1.1, scale=3**-0.5) + stats.laplace.logpdf(-1.0)
    both = -1.5 * 0.4 - 0.25 * 0.4**2 - np.log(integrate.quad(lambda t: np.exp(-1.5 * t - 0.25 * t * t), 0, 50)[0])
    # The fourth is flat above its location: it counts 0.
    np.testing.assert_allclose(SIGNED.log_density(d), known + both, rtol=1e-10)


@pytest.mark.parametrize("v", [[1.9, 2.0, 2.5, 0.0, 0.9], [-9.0, -9.0, -9.0, -9.0, -0.9], [2.0, 0.0, -6.0, -1.0, 1.0]])
def test_the_conjugate_under_signs_is_the_supremum_over_them(v: list[float]) -> None:
    grid = np.linspace(0, 20, 400_001)
    supremum = sum(np.max(v[j] * grid - SIGNED.l1[j] * grid - 0.5 * SIGNED.l2[j] * grid**2) for j in range(4))
    np.testing.assert_allclose(SIGNED.conjugate(np.array(v)), supremum, rtol=1e-7, atol=1e-12)


def test_under_signs_only_an_upward_pull_leaves_the_domain() -> None:
    assert SIGNED.conjugate(np.array([2.1, 0, 0, 0, 0])) == np.inf
    assert SIGNED.conjugate(np.array([0, 0, 0, 1e-12, 0])) == np.inf
    assert SIGNED.conjugate(np.array([-1e9, -1e9, -1e9, -1e9, 0])) == 0.0
    assert SIGNED.shrink(np.array([-50.0, 0, 0, -50.0, 0])) == 1.0
    np.testing.assert_allclose(SIGNED.shrink(np.array([6.0, 0, 0, 0, -2.0])), 1 / 3, rtol=1e-15)


@pytest.mark.parametrize(
    ("d", "gradient", "l1", "l2", "expected"),
    [
        (0.0, 1e9, 0.0, 0.0, 0.0),  # pushed against its bound
        (0.0, -0.3, 0.0, 0.0, 0.3),  # pulled away from it
        (0.0, -1.9, 2.0, 0.0, 0.0),
        (0.0, -2.5, 2.0, 4.0, 0.5),
        (0.5, -3.0, 2.0, 2.0, 0.0),
        (0.5, 1.0, 0.0, 0.0, 1.0),
    ],
)
def test_the_distance_under_a_sign_by_cases(d: float, gradient: float, l1: float, l2: float, expected: float) -> None:
    penalty = Penalty(np.array([l1]), np.array([l2]), positive=np.array([True]))
    np.testing.assert_allclose(penalty.subdifferential_distance(np.array([d]), np.array([gradient])), [expected])


def test_what_leaves_the_box_by_rounding_is_put_on_its_edge_and_nothing_else() -> None:
    v = np.array([2.0 + 1e-13, 5.0, -1.6, 1e-13, -1.0 - 1e-13])
    found = SIGNED.clipped(v, np.full(5, 1e-12))
    assert found.tolist() == [2.0, 5.0, -1.6, 0.0, -1.0]
    assert np.isfinite(SIGNED.conjugate(found))
    assert np.array_equal(SIGNED.clipped(v, np.full(5, 1e-14)), v)


def test_ratios_have_one_entry_a_lone_coefficient_and_one_a_group(grouped: Penalty) -> None:
    groups, norm, gradient = grouped.groups, np.arange(1.0, 8.0), np.linspace(-2, 2, 7)
    assert groups is not None
    ratios = grouped.kkt_ratios(POINT, gradient, norm)
    lone = Penalty(grouped.l1, grouped.l2).subdifferential_distance(POINT, gradient)[[3, 6]] / norm[[3, 6]]
    np.testing.assert_allclose(ratios[:2], lone, rtol=1e-15)
    np.testing.assert_allclose(ratios[2:], groups.distances(POINT, gradient) / groups.frobenius(norm), rtol=1e-15)
    separate = Penalty(grouped.l1, grouped.l2)
    expected = separate.subdifferential_distance(POINT, gradient) / norm
    np.testing.assert_array_equal(separate.kkt_ratios(POINT, gradient, norm), expected)


def test_scaling_and_taking_reach_groups_and_signs(grouped: Penalty) -> None:
    index = np.array([5, 3, 1, 2])
    part = grouped.scaled(2.0).take(index)
    assert part.groups is not None
    assert part.groups.rate.tolist() == [1.6]
    np.testing.assert_allclose(part.value(POINT[index]), 2 * (0.8 * np.hypot(0.5, 0.4) + 1.4 + 0.25 * 0.49), rtol=1e-14)
    signed = SIGNED.scaled(2.0).take(np.array([4, 0]))
    assert signed.constrained.tolist() == [False, True]
    assert signed.l1.tolist() == [2.0, 4.0]
    assert grouped.take(np.array([3])).groups is None


def test_kinks_are_an_l1_part_or_groups_and_a_quadratic_penalty_has_neither_nor_a_sign() -> None:
    zero, one = np.zeros(2), np.ones(2)
    ridge = Penalty(zero, one)
    assert (ridge.kinked, ridge.quadratic) == (False, True)
    assert (Penalty(np.array([0.0, 1.0]), one).kinked, Penalty(np.array([0.0, 1.0]), one).quadratic) == (True, False)
    signed = Penalty(zero, one, positive=np.array([True, False]))
    assert (signed.kinked, signed.quadratic) == (False, False)
    grouped = Penalty(zero, zero, groups=Groups(np.array([0, 0]), np.ones(1), one))
    assert (grouped.kinked, grouped.quadratic) == (True, False)
