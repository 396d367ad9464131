"""Groups as values: norms, the normaliser of their density, distances to optimality, and what units do to them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, optimize

from bayesreg.groups import Groups

LABEL = np.array([1, 0, -1, 1, 0, 1])
GROUPS = Groups(LABEL, np.array([2.0, 0.7]), np.array([1.0, 2.0, 1.0, 0.5, 3.0, 1.5]))


def single(rate: float, unit: list[float]) -> Groups:
    return Groups(np.zeros(len(unit), dtype=np.intp), np.array([rate]), np.array(unit))


def test_norms_are_taken_in_units_and_dual_norms_in_their_inverse() -> None:
    d = np.array([1.0, -2.0, 50.0, 3.0, 0.6, -1.5])
    expected = [np.hypot(2.0 / 2.0, 0.6 / 3.0), np.sqrt(1.0**2 + (3.0 / 0.5) ** 2 + (1.5 / 1.5) ** 2)]
    np.testing.assert_allclose(GROUPS.norms(d), expected, rtol=1e-14)
    expected = [np.hypot(2.0 * 2.0, 0.6 * 3.0), np.sqrt(1.0**2 + (3.0 * 0.5) ** 2 + (1.5 * 1.5) ** 2)]
    np.testing.assert_allclose(GROUPS.dual_norms(d), expected, rtol=1e-14)
    assert GROUPS.sizes.tolist() == [2, 3]
    assert GROUPS.member.tolist() == [True, True, False, True, True, True]


def test_a_product_is_at_most_the_norm_times_the_dual_norm() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        d, v = rng.standard_normal((2, 6))
        inner = np.bincount(LABEL[LABEL >= 0], weights=(d * v)[LABEL >= 0])
        assert np.all(inner <= GROUPS.norms(d) * GROUPS.dual_norms(v) * (1 + 1e-14))
    along = GROUPS.unit**2 * v
    inner = np.bincount(LABEL[LABEL >= 0], weights=(along * v)[LABEL >= 0])
    np.testing.assert_allclose(inner, GROUPS.norms(along) * GROUPS.dual_norms(v), rtol=1e-13)


@pytest.mark.parametrize("rate", [0.8, 3.0])
def test_the_normaliser_of_one_coefficient_is_that_of_a_laplace(rate: float) -> None:
    half = integrate.quad(lambda t: np.exp(-rate * t / 2.5), 0, np.inf)[0]
    np.testing.assert_allclose(single(rate, [2.5]).log_normalizers(), np.log(2 * half), rtol=1e-12)


@pytest.mark.parametrize("unit", [[1.0, 1.0], [2.0, 0.3]])
def test_the_normaliser_of_two_coefficients_is_their_integral(unit: list[float]) -> None:
    groups = single(1.7, unit)

    def density(y: float, x: float) -> float:
        return float(np.exp(-1.7 * groups.norms(np.array([x, y]))[0]))

    # One quadrant, whose corner is the kink; beyond 25 units the density is below 1e-18.
    quadrant = integrate.dblquad(density, 0, 25 * unit[0], 0, 25 * unit[1], epsabs=1e-11)[0]
    np.testing.assert_allclose(groups.log_normalizers(), np.log(4 * quadrant), rtol=1e-8)


@pytest.mark.parametrize("unit", [[1.0, 1.0, 1.0], [2.0, 0.3, 1.0]])
def test_the_normaliser_of_three_coefficients_is_their_integral(unit: list[float]) -> None:
    groups = single(1.7, unit)
    # Gauss-Legendre in one octant, in each coordinate by t = s², which smooths the kink in the corner.
    node, weight = np.polynomial.legendre.leggauss(60)
    s, w = 0.5 * (node + 1), 0.5 * weight
    t, dt = 20 * s**2, 40 * s * w
    x, y, z = np.meshgrid(t, t, t, indexing="ij")
    octant = np.einsum("ijk,i,j,k->", np.exp(-1.7 * np.sqrt(x**2 + y**2 + z**2)), dt, dt, dt) * np.prod(unit)
    np.testing.assert_allclose(groups.log_normalizers(), np.log(8 * octant), rtol=1e-8)


def test_the_normalisers_of_many_groups_are_those_of_each() -> None:
    expected = [*single(2.0, [2.0, 3.0]).log_normalizers(), *single(0.7, [1.0, 0.5, 1.5]).log_normalizers()]
    np.testing.assert_allclose(GROUPS.log_normalizers(), expected, rtol=1e-14)


@pytest.mark.parametrize("rate", [1e-150, 1e150])
def test_extreme_rates_and_units_have_a_finite_normaliser(rate: float) -> None:
    groups = single(rate, [1e-100, 1e100, 1e100])
    expected = single(1.0, [1.0, 1.0, 1.0]).log_normalizers() - 3 * np.log(rate) + 100 * np.log(10)
    np.testing.assert_allclose(groups.log_normalizers(), expected, rtol=1e-12)


def smallest_subgradient(groups: Groups, d: np.ndarray, gradient: np.ndarray) -> float:
    """Least norm of the gradient plus a subgradient in coordinates d/u, by numerical minimisation over the ball."""
    slope = gradient * groups.unit

    def size(x: np.ndarray) -> float:
        inside = x / max(np.linalg.norm(x), 1.0)
        return float(np.linalg.norm(slope + groups.rate[0] * inside))

    starts = np.random.default_rng(0).standard_normal((5, d.size))
    return min(optimize.minimize(size, x, method="Nelder-Mead", options={"xatol": 1e-9}).fun for x in starts)


@pytest.mark.parametrize("gradient", [[0.3, -0.2], [3.0, 1.0], [0.0, 0.0]])
def test_the_distance_at_zero_is_that_to_the_ball(gradient: list[float]) -> None:
    groups = single(1.2, [2.0, 0.5])
    found = groups.distances(np.zeros(2), np.array(gradient))
    np.testing.assert_allclose(found, smallest_subgradient(groups, np.zeros(2), np.array(gradient)), atol=1e-6)


def test_the_distance_away_from_zero_is_the_norm_of_the_gradient() -> None:
    d, gradient, step = np.array([1.0, -2.0, 0.0, 3.0, 0.6, -1.5]), np.array([0.3, 1.0, 9.0, -2.0, 0.4, 0.1]), 1e-6
    slope = np.empty(6)
    for j in range(6):
        ahead, behind = d.copy(), d.copy()
        ahead[j], behind[j] = d[j] + step, d[j] - step
        slope[j] = GROUPS.rate @ (GROUPS.norms(ahead) - GROUPS.norms(behind)) / (2 * step) + gradient[j]
    scaled = (slope * GROUPS.unit) ** 2
    expected = [np.sqrt(scaled[[1, 4]].sum()), np.sqrt(scaled[[0, 3, 5]].sum())]
    np.testing.assert_allclose(GROUPS.distances(d, gradient), expected, rtol=1e-8)


def test_members_share_the_distance_of_their_group_and_others_keep_theirs() -> None:
    d, gradient = np.array([1.0, 0.0, 1.0, 0.0, 0.0, 2.0]), np.full(6, 5.0)
    own = np.arange(6.0)
    found = GROUPS.spread_distance(d, gradient, own)
    first, second = GROUPS.distances(d, gradient)
    np.testing.assert_allclose(found[[1, 4]], first / np.hypot(2.0, 3.0), rtol=1e-14)
    np.testing.assert_allclose(found[[0, 3, 5]], second / np.sqrt(1.0 + 0.25 + 2.25), rtol=1e-14)
    assert found[2] == 2.0
    assert np.array_equal(own, np.arange(6.0))


@pytest.mark.parametrize("factor", [1e-5, 1e5])
def test_distances_in_units_of_the_columns_do_not_change_with_them(factor: float) -> None:
    d, gradient, norm = np.array([1.0, 0.0, 1.0, 0.5, 0.0, 2.0]), np.arange(6) - 2.5, np.arange(1.0, 7.0)
    moved = Groups(LABEL, GROUPS.rate, GROUPS.unit / factor)
    ratio = GROUPS.distances(d, gradient) / GROUPS.frobenius(norm)
    other = moved.distances(d / factor, gradient * factor) / moved.frobenius(norm * factor)
    np.testing.assert_allclose(other, ratio, rtol=1e-12)


def test_taking_columns_keeps_whole_groups_and_numbers_them_anew() -> None:
    taken = GROUPS.take(np.array([5, 2, 0, 3]))
    assert taken is not None
    assert taken.label.tolist() == [0, -1, 0, 0]
    assert taken.rate.tolist() == [0.7]
    assert taken.unit.tolist() == [1.5, 1.0, 1.0, 0.5]
    assert GROUPS.take(np.array([2])) is None


def test_scaling_multiplies_the_rates_alone() -> None:
    scaled = GROUPS.scaled(3.0)
    np.testing.assert_allclose(scaled.rate, [6.0, 2.1], rtol=1e-15)
    assert scaled.unit is GROUPS.unit
    assert scaled.label is GROUPS.label


def test_what_exceeds_its_rate_by_rounding_is_moved_inside_and_nothing_else() -> None:
    v = np.array([1.0, -2.0, 50.0, 3.0, 0.6, -1.5])
    edge = v.copy()
    size = GROUPS.dual_norms(v)
    for g in (0, 1):
        edge[LABEL == g] *= GROUPS.rate[g] / size[g] * (1 + 1e-12)
    inside = GROUPS.clipped(edge, np.full(6, 1e-11))
    assert np.all(GROUPS.dual_norms(inside) <= GROUPS.rate)
    np.testing.assert_allclose(inside, edge, rtol=2e-12)
    assert inside[2] == 50.0
    assert np.array_equal(GROUPS.clipped(edge, np.full(6, 1e-14)), edge)
    assert np.array_equal(GROUPS.clipped(0.5 * edge, np.full(6, 1e-11)), 0.5 * edge)
