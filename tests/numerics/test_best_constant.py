"""The root of an increasing slope, wherever the search begins."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from bayesreg.numerics.best_constant import best_constant


@pytest.mark.parametrize("guess", [-400.0, -1.0, 0.0, 1.0, 30.0, 5e4])
def test_the_root_of_a_slope_that_is_flat_far_from_it_is_found_from_anywhere(guess: float) -> None:
    found = best_constant(lambda t: 7 * float(expit(t)) - 2, lambda t: 7 * float(expit(t) * expit(-t)), guess)
    np.testing.assert_allclose(found, np.log(2 / 5), rtol=1e-10)


def test_a_guess_at_the_root_is_kept() -> None:
    assert best_constant(lambda t: t - 3.0, lambda t: 1.0, 3.0) == 3.0


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_the_unit_of_the_slope_does_not_matter(scale: float) -> None:
    found = best_constant(lambda t: scale * (np.expm1(t) - 6.0), lambda t: scale * np.exp(t), 0.0)
    np.testing.assert_allclose(found, np.log(7.0), rtol=1e-13)


@pytest.mark.parametrize("guess", [-3.0, 0.0, 40.0])
def test_a_slope_of_pieces_whose_curvature_vanishes_has_its_root_found(guess: float) -> None:
    # The slope of Huber's loss summed over three rows: flat far out, and its Newton steps jump over the root.
    rows = np.array([-2.0, 0.3, 9.0])
    found = best_constant(
        lambda t: float(np.clip(t - rows, -1, 1).sum()), lambda t: float((np.abs(t - rows) <= 1).sum()), guess
    )
    np.testing.assert_allclose(found, 0.3, atol=1e-12)


def test_a_root_far_from_the_guess_is_bracketed() -> None:
    found = best_constant(lambda t: np.tanh(t - 2e5), lambda t: np.cosh(min(abs(t - 2e5), 300.0)) ** -2, -1e5)
    np.testing.assert_allclose(found, 2e5, rtol=1e-14)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_slope_without_a_root_ends_at_a_finite_point_that_is_no_steeper(sign: float) -> None:
    def slope(t: float) -> float:
        return sign * (1.0 + float(expit(sign * t)))

    found = best_constant(slope, lambda t: float(expit(t) * expit(-t)), 2.0)
    assert np.isfinite(found)
    assert abs(slope(found)) <= abs(slope(2.0))
