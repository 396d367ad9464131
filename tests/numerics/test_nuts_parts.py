"""The pieces of the compiled density against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erfcx

from bayesreg import scales
from bayesreg.numerics.nuts.laws import log_law
from bayesreg.numerics.nuts.terms import log_mills
from tests.contracts.parts import LAWS


@pytest.mark.parametrize("law", LAWS)
def test_a_law_in_the_logarithm_has_its_density_and_slope(law: str) -> None:
    code, a, b, c = (*LAWS[law].code, 0.0)[:4]
    at = np.array([-4.0, -1.3, 0.0, 0.4, 2.0])
    found = np.array([log_law(code, a, b, v, c) for v in at])
    stated = LAWS[law].log_density(np.exp(at)) + at
    # Constants are left out.
    np.testing.assert_allclose(found[:, 0] - found[0, 0], stated - stated[0], rtol=1e-12, atol=1e-12)
    step = 1e-6
    slope = [(log_law(code, a, b, v + step, c)[0] - log_law(code, a, b, v - step, c)[0]) / (2 * step) for v in at]
    np.testing.assert_allclose(found[:, 1], slope, rtol=1e-6, atol=1e-6)


def test_a_half_student_t_far_out_does_not_overflow() -> None:
    code, a, b = scales.HalfCauchy(2.0).code
    for v in (-800.0, 800.0):
        value, slope = log_law(code, a, b, v)
        assert np.isfinite(value)
        assert abs(slope) == pytest.approx(1.0)


@pytest.mark.parametrize("a", [0.0, 1e-9, 0.5, 2.999, 3.0, 3.7, 12.0, 60.0])
def test_mills_ratio_and_its_slope(a: float) -> None:
    ratio = np.sqrt(np.pi / 2) * erfcx(a / np.sqrt(2))
    value, slope = log_mills(a)
    np.testing.assert_allclose(value, np.log(ratio), rtol=1e-13, atol=1e-15)
    # What the difference loses is about a² roundings.
    np.testing.assert_allclose(slope, a - 1 / ratio, rtol=1e-14 * (1 + 10 * a * a))


@pytest.mark.parametrize("a", [1e3, 1e6, 1e9])
def test_mills_ratio_far_out_is_its_asymptotic_series(a: float) -> None:
    value, slope = log_mills(a)
    np.testing.assert_allclose(value, -np.log(a) - 1 / a**2, rtol=1e-12)
    np.testing.assert_allclose(slope, -(1 - 2 / a**2) / a, rtol=1e-10)
