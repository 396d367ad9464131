"""Expected losses against integrals of the likelihoods' own losses, their second derivatives against differences."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy import integrate

from bayesreg import likelihoods
from bayesreg.numerics.expected_check import ExpectedCheck
from bayesreg.numerics.expected_huber import ExpectedHuber
from bayesreg.numerics.expected_loss import ExpectedLoss, Moments
from bayesreg.numerics.expected_student import ExpectedStudent

# Name, likelihood at unit scale, expected loss, tolerance: the series for Student-t errors ends at 1e-11.
CASES: list[tuple[Any, ExpectedLoss, float]] = [
    (likelihoods.Laplace(1.0), ExpectedCheck(1.0, 1.0), 1e-10),
    (likelihoods.AsymmetricLaplace(0.8, 1.0), ExpectedCheck(0.8, 0.2), 1e-10),
    (likelihoods.Huber(1.345, 1.0), ExpectedHuber(1.345), 1e-10),
    (likelihoods.Huber(0.3, 1.0), ExpectedHuber(0.3), 1e-10),
    (likelihoods.StudentT(4.0, 1.0), ExpectedStudent(4.0), 1e-8),
    (likelihoods.StudentT(1.0, 1.0), ExpectedStudent(1.0), 1e-8),
    (likelihoods.StudentT(2.7, 1.0), ExpectedStudent(2.7), 1e-8),
    (likelihoods.StudentT(30.0, 1.0), ExpectedStudent(30.0), 1e-8),
]
PLACES = [(0.0, 1.0), (0.3, 1.0), (-1.2, 0.6), (5.0, 0.9), (-0.4, 0.1), (20.0, 0.3)]


def at(loss: ExpectedLoss, d: float, r: float) -> Moments:
    return loss.at(np.array([[d]]), np.array([[r]]))


def integral(likelihood: Any, d: float, r: float, what: Any) -> float:
    """Mean of ``what(x)`` at x = r z + d over the likelihood's own density of z."""
    edge = getattr(likelihood, "delta", 0.0)
    kinks = sorted({0.0, -edge, edge, -d / r, (edge - d) / r, (-edge - d) / r})

    def f(z: float) -> float:
        density = np.exp(-likelihood.loss(0.0, z, 1.0) - likelihood.row_constant(0.0, 1.0))
        return float(density * what(r * z + d))

    ends = [-np.inf, *kinks, np.inf]
    return float(sum(integrate.quad(f, a, b, epsabs=1e-11, epsrel=1e-11, limit=200)[0] for a, b in pairwise(ends)))


@pytest.mark.parametrize(("likelihood", "loss", "tolerance"), CASES, ids=lambda value: str(value))
def test_the_expected_loss_is_the_integral_of_the_loss(likelihood: Any, loss: ExpectedLoss, tolerance: float) -> None:
    for d, r in PLACES:
        found = at(loss, d, r)
        value = integral(likelihood, d, r, lambda x: likelihood.loss(0.0, x, 1.0))
        assert found.value.item() == pytest.approx(value, abs=tolerance, rel=tolerance)
        # The gradient of the likelihood is that in the centre, the negative of F' at the residual.
        slope = integral(likelihood, d, r, lambda x: -likelihood.gradient(0.0, x, 1.0))
        assert found.slope.item() == pytest.approx(slope, abs=tolerance)
        radial = integral(likelihood, d, r, lambda x: -x * likelihood.gradient(0.0, x, 1.0))
        assert found.radial.item() == pytest.approx(radial, abs=tolerance, rel=tolerance)
    if np.isfinite(loss.variance):
        mean = integral(likelihood, 0.0, 1.0, lambda x: x)
        square = integral(likelihood, 0.0, 1.0, lambda x: (x - mean) ** 2)
        assert loss.variance == pytest.approx(square, rel=1e-8)
    else:
        assert likelihood.df <= 2


@pytest.mark.parametrize(("likelihood", "loss", "tolerance"), CASES, ids=lambda value: str(value))
def test_second_derivatives_are_the_differences_of_first(likelihood: Any, loss: ExpectedLoss, tolerance: float) -> None:
    h = 1e-4
    for d, r in PLACES[1:]:
        found, left, right = at(loss, d, r), at(loss, d - h, r), at(loss, d + h, r)
        out, back = at(loss, d * np.exp(h), r * np.exp(h)), at(loss, d * np.exp(-h), r * np.exp(-h))
        # Differences err by h² times a third derivative and by rounding over h.
        assert found.curvature.item() == pytest.approx((right.slope - left.slope).item() / (2 * h), abs=1e-6)
        assert found.cross.item() == pytest.approx((right.radial - left.radial).item() / (2 * h), abs=1e-6)
        assert found.radial_slope.item() == pytest.approx((out.radial - back.radial).item() / (2 * h), abs=1e-6)


@pytest.mark.parametrize(("likelihood", "loss", "tolerance"), CASES, ids=lambda value: str(value))
def test_a_quadratic_with_the_majorant_lies_above_the_value(
    likelihood: Any, loss: ExpectedLoss, tolerance: float
) -> None:
    d = np.linspace(-12, 12, 97)[None]
    for r in (1.0, 0.3):
        ratio = np.array([[r]])
        value = loss.at(d, ratio).value
        for start in (-6.0, -0.5, 0.0, 1.0, 4.0):
            found = at(loss, start, r)
            away = d - start
            above = found.value + found.slope * away + found.majorant * away**2 / 2
            assert np.all(above >= value - 1e-8)
