"""The peak of a function of few numbers."""

from __future__ import annotations

import numpy as np
import pytest

from bayesreg.numerics.peak import find_peak


def test_a_parabola_is_found_as_it_is() -> None:
    precision, centre = np.array([[9.0, 3.0], [3.0, 400.0]]), np.array([2.5, -1.0])
    peak = find_peak(lambda s: float(-0.5 * (s - centre) @ precision @ (s - centre)), np.zeros(2))
    assert peak is not None
    np.testing.assert_allclose(peak.at, centre, atol=1e-6)
    np.testing.assert_allclose(peak.precision, precision, rtol=1e-6)


@pytest.mark.parametrize("start", [-4.0, 3.0])
def test_a_skewed_peak_is_found_from_either_side(start: float) -> None:
    # A log-gamma density: peak at log a, curvature a.
    peak = find_peak(lambda s: float(30 * s[0] - np.exp(s[0])), np.array([start]))
    assert peak is not None
    assert abs(peak.at[0] - np.log(30)) < 0.3 / np.sqrt(30)
    np.testing.assert_allclose(peak.precision, 30, rtol=0.1)


def test_without_a_peak_there_is_none() -> None:
    assert find_peak(lambda s: float(s[0]), np.zeros(1)) is None
    assert find_peak(lambda s: -np.inf, np.zeros(1)) is None
    assert find_peak(lambda s: 0.0, np.zeros(0)) is not None
