"""The root of an increasing slope, wherever the search begins."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from bayesreg.numerics.best_constant import best_constant


@pytest.mark.parametrize("guess", [-400.0, -1.0, 0.0, 1.0, 30.0, 5e4])
def test_the_root_of_a_slope_that_is_flat_far_from_it_is_found_from_anywhere(guess: float) -> None:
    found = best_constant(lambda t: 7 * float(expit(t)) - 2, guess)
    np.testing.assert_allclose(found, np.log(2 / 5), rtol=1e-10)


def test_a_guess_at_the_root_is_kept() -> None:
    assert best_constant(lambda t: t - 3.0, 3.0) == 3.0


def test_a_slope_without_a_root_gives_the_guess_back() -> None:
    assert best_constant(lambda t: 1.0 + float(expit(t)), 2.0) == 2.0
    assert best_constant(lambda t: -1.0 - float(expit(-t)), 2.0) == 2.0
