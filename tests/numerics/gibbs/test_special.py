"""Special functions against SciPy, series and their limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, special

from bayesreg.numerics.gibbs.special import log_mills, log_ndtr, log_normaliser, log_scaled_e1


def test_the_mills_ratio_is_that_of_the_scaled_complementary_error_function() -> None:
    x = np.concatenate([np.linspace(-37, 37, 2001), np.linspace(7.99, 8.01, 21), 10.0 ** np.arange(-20, 150, 10)])
    expected = np.log(math.sqrt(math.pi / 2) * special.erfcx(x / math.sqrt(2)))
    np.testing.assert_allclose([log_mills(v) for v in x], expected, rtol=1e-14, atol=3e-14)


def test_log_ndtr_is_accurate_in_both_tails() -> None:
    x = np.concatenate([np.linspace(-40, 8, 2001), -(10.0 ** np.arange(1, 100, 10))])
    np.testing.assert_allclose([log_ndtr(v) for v in x], special.log_ndtr(x), rtol=3e-14)


@pytest.mark.parametrize(("l1", "l2"), [(0.3, 2.0), (1.0, 1.0), (7.9, 1.0), (8.1, 1.0), (3.0, 1e-3), (50.0, 4.0)])
def test_the_normaliser_is_the_integral(l1: float, l2: float) -> None:
    half, _ = integrate.quad(lambda d: math.exp(-l1 * d - 0.5 * l2 * d * d), 0, np.inf, epsabs=0, epsrel=1e-13)
    assert log_normaliser(l1, l2) == pytest.approx(math.log(2 * half), abs=2e-13)


@pytest.mark.parametrize("scale", [1e-150, 1e-6, 1.0, 1e6, 1e150])
def test_the_normaliser_has_its_limits_and_its_scale(scale: float) -> None:
    laplace, gaussian = math.log(2 / scale), 0.5 * math.log(2 * math.pi) - math.log(scale)
    assert log_normaliser(scale, 0.0) == pytest.approx(laplace, rel=1e-15)
    assert log_normaliser(scale, (scale * 1e-9) ** 2) == pytest.approx(laplace, rel=1e-15)
    assert log_normaliser(0.0, scale**2) == pytest.approx(gaussian, rel=1e-14)
    assert log_normaliser(scale * 1e-17, scale**2) == pytest.approx(gaussian, rel=1e-14)
    assert log_normaliser(scale, scale**2) == pytest.approx(log_normaliser(1.0, 1.0) - math.log(scale), rel=1e-14)
    assert log_normaliser(0.0, 0.0) == math.inf


def test_the_scaled_exponential_integral() -> None:
    z = np.concatenate([10.0 ** np.linspace(-300, -1, 300), np.linspace(0.01, 600, 3000), [1.9999, 2.0, 2.0001]])
    expected = np.log(special.exp1(z)) + z
    np.testing.assert_allclose([log_scaled_e1(v) for v in z], expected, rtol=0, atol=2e-13)
    # exp(z) E1(z) = 1/z (1 - 1/z + 2/z² - 6/z³ + ...)
    for far in (1e6, 1e9, 1e200):
        assert log_scaled_e1(far) == pytest.approx(-math.log(far) + math.log1p(-1 / far + 2 / far / far), rel=1e-13)
