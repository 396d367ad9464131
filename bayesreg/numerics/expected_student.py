r"""The expected loss of Student-t errors, by a power series.

With :math:`T = Z/\sqrt\nu` and :math:`D = d/\sqrt\nu` the loss is :math:`\frac{\nu+1}{2}\log(1 + (rT + D)^2)`, the real
part of :math:`(\nu+1)[\log r + \log(w + iT)]` at :math:`w = (1 - iD)/r`. The Laplace transform of the characteristic
function of T (Gradshteyn & Ryzhik, 6.621.3) gives, with :math:`x = (w-1)/(w+1)` inside the unit circle,

.. math:: H(w) = \mathrm{E}\frac{1}{w + iT} = \frac{C}{w + 1} f(x), \quad f(x) = {}_2F_1(\tfrac{1-\nu}2, 1;
          \tfrac{\nu+3}2; x), \quad C = \frac{2\nu}{\nu+1},

and its integral :math:`\Lambda(w) = \mathrm{E}\log(w + iT) = \Lambda(1) - \log(1 - x) + C \sum_k (A_k - 1/C)\,
x^{k+1}/(k+1)` with the partial sums :math:`A_k` of the coefficients of f, which end at 1/C. All expectations are real
or imaginary parts of these and of H'. For :math:`\nu = 1`, f = 1: Cauchy laws.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

from bayesreg.numerics.expected_loss import Moments, tangent

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

# The coefficients fall as k**-(nu + 1), their terms as the k-th power of |x| too. They end below this, or at the count:
# with nu < 1.5 the value may then be off by 1e-6 where d or 1/r are in the hundreds.
_SMALLEST, _MOST_TERMS = 1e-11, 4000
# Numbers at a time: the two of them stay in the cache while the series is summed.
_BLOCK = 8192


@dataclass(frozen=True)
class ExpectedStudent:
    """Student-t errors with ``df`` degrees of freedom."""

    df: float

    @property
    def variance(self) -> float:
        """Equal to df / (df - 2) for df above 2."""
        return self.df / (self.df - 2) if self.df > 2 else float("inf")

    def at(self, d: Array, r: Array) -> Moments:
        """Return the expectations."""
        nu, root = self.df, np.sqrt(self.df)
        w = (1 - 1j * d / root) / r
        H, slope_H, log_w = (part.reshape(w.shape) for part in self._transforms(w.ravel()))
        slope = (nu + 1) / root * H.imag / r
        curvature = -(nu + 1) / nu * slope_H.real / r**2
        return Moments(
            value=(nu + 1) * (np.log(r) + log_w.real),
            slope=slope,
            curvature=curvature,
            radial=(nu + 1) * (1 - H.real / r),
            cross=-(nu + 1) / root * slope_H.imag / r**2,
            radial_slope=(nu + 1) * (H.real / r + slope_H.real / r**2),
            # The loss is a mixture of -exp(-x²/2v); over normal mixtures Z it remains one: concave in d².
            majorant=tangent(d, slope, curvature),
        )

    @cached_property
    def _series(self) -> tuple[Array, Array]:
        """Coefficients of f, and of the sum in Lambda over x."""
        k = np.arange(_MOST_TERMS)
        ratio = ((1 - self.df) / 2 + k) / ((self.df + 3) / 2 + k)
        f = np.concatenate([[1.0], np.cumprod(ratio)])
        used = int(np.flatnonzero(np.abs(f) > _SMALLEST)[-1]) + 1
        # The sums of all coefficients behind each are known through their total.
        behind = np.cumsum(f) - (self.df + 1) / (2 * self.df)
        return f[:used], behind[:used] / np.arange(1, used + 1)

    def _transforms(self, w: Complex) -> tuple[Complex, Complex, Complex]:
        """H, H' and Lambda."""
        f, rest = self._series
        H, slope_H, log_w = np.empty_like(w), np.empty_like(w), np.empty_like(w)
        C, a, c = 2 * self.df / (self.df + 1), (1 - self.df) / 2, (self.df + 3) / 2
        start = 0.5 * (digamma((self.df + 1) / 2) - digamma(self.df / 2))
        for first in range(0, w.size, _BLOCK):
            part = slice(first, first + _BLOCK)
            plus = w[part] + 1
            x = (w[part] - 1) / plus
            power = np.abs(x).max() ** np.arange(f.size)
            own, integral = _horner(f, x, power), _horner(rest, x, power)
            H[part] = C * own / plus
            log_w[part] = start + np.log(plus / 2) + C * x * integral
            # f solves x (1 - x) f' = (c - 1)(1 - f) + a x f; near 0 its first terms say more.
            near = np.abs(x) < 1e-3
            away = np.where(near, 0.5, x)
            slope = ((c - 1) * (1 - own) + a * away * own) / (away * (1 - away))
            few = (np.arange(f.size) * f)[1:5]
            slope = np.where(near, _horner(few if few.size else np.zeros(1), x, power), slope)
            slope_H[part] = C * (2 * slope / plus - own) / plus**2
        return H, slope_H, log_w


def _horner(coefficients: Array, x: Complex, power: Array) -> Complex:
    """Sum the series up to the last term that any x, with these powers of the largest, makes felt."""
    felt = np.flatnonzero(np.abs(coefficients) * power[: coefficients.size] > _SMALLEST)
    last = int(felt[-1]) if felt.size else 0
    total = np.full_like(x, coefficients[last])
    for term in coefficients[:last][::-1]:
        total *= x
        total += term
    return total
