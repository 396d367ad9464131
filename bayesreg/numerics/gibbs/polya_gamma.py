r"""Exact Pólya-Gamma draws: the weights that make a logistic likelihood normal (Polson, Scott & Windle, 2013).

.. math:: \frac{e^{\kappa\eta}}{e^{\eta/2} + e^{-\eta/2}} =
          \tfrac12 e^{\kappa\eta}\int e^{-\omega\eta^2/2} p(\omega)\,d\omega, \qquad \omega \mid \eta \sim PG(1, \eta)

PG(1, z) is a quarter of Devroye's J*(1, z/2), whose density is an alternating series with terms that fall: a proposal x
is accepted or refused by the first partial sums that decide. It is proposed from the first term, an inverse Gaussian
below x = 0.64 and an exponential above (their section 4 and appendix).

Three shortcuts that do not change the law: the probability of the right part, which falls with z, is bracketed by a
table; the first partial sum, which decides in more than 99 of 100 cases, is compared before any exponential is taken;
and the terms are compared relative to the first.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

CUT = 0.64
ROOT_CUT = math.sqrt(CUT)
HALF_PI_SQUARED = math.pi**2 / 2
# The second term over the first is at most 3 exp(-4/0.64) below the cut, 3 exp(-0.64 pi²) above.
SURE = 1.0 - 3.0 * max(math.exp(-4.0 / CUT), math.exp(-HALF_PI_SQUARED * 2.0 * CUT))
# Beyond this half-angle the right part has a probability below 1e-21, less than the generator resolves.
FAR = 14.0
STEPS = 64


@njit(cache=True, nogil=True, error_model="numpy")
def _right_share(z: float) -> float:
    """Probability that the proposal for J*(1, z) lies above the cut."""
    rate = 0.25 * HALF_PI_SQUARED + 0.5 * z * z
    right = 0.5 * math.pi / rate * math.exp(-rate * CUT)
    # 2 exp(-z) times the inverse Gaussian distribution function with mean 1/z at the cut.
    below = 0.5 * math.erfc((1.0 - CUT * z) / ROOT_CUT / math.sqrt(2.0))
    above = 0.5 * math.erfc((1.0 + CUT * z) / ROOT_CUT / math.sqrt(2.0))
    left = 2.0 * (math.exp(-z) * below + math.exp(z) * above)
    return right / (right + left)


def _table() -> NDArray[np.float64]:
    return np.array([_right_share.py_func(k / STEPS) for k in range(int(FAR * STEPS) + 2)])


# Compiled into the kernels as a constant.
SHARES = _table()


@njit(cache=True, nogil=True, error_model="numpy")
def _below_cut(rng: np.random.Generator, z: float) -> float:
    """Inverse Gaussian with mean 1/z and shape 1, given that it is below the cut."""
    if z * CUT < 1.0:
        while True:
            # 1/x is the square of a normal variate beyond 1/sqrt(cut); the rest of the density is exp(-z² x/2).
            e = rng.standard_exponential()
            if 2.0 * rng.standard_exponential() < CUT * e * e:
                continue
            root = 1.0 + CUT * e
            x = CUT / (root * root)
            exponent = 0.5 * z * z * x
            u = rng.random()
            # exp(-v) > 1 - v, so most need no exponential.
            if u <= 1.0 - exponent or u <= math.exp(-exponent):
                return x
    while True:
        normal = rng.standard_normal()
        y = 0.5 * normal * normal / z
        factor = 1.0 + y + math.sqrt(y * (2.0 + y))
        x = 1.0 / (z * factor)
        if rng.random() * (1.0 + 1.0 / factor) > 1.0:
            x = factor / z
        if x < CUT:
            return x


@njit(cache=True, nogil=True, error_model="numpy")
def polya_gamma(rng: np.random.Generator, z: float) -> float:
    """Draw from PG(1, z).

    Parameters
    ----------
    rng : numpy.random.Generator
    z : float
        Its sign does not matter.
    """
    half = 0.5 * abs(z)
    if not half < 1e150:
        # The law is a point; and nan would be proposed for ever.
        return float(0.25 / half)
    while True:
        right = False
        if half < FAR:
            u = rng.random()
            cell = int(half * STEPS)
            right = u < SHARES[cell + 1]
            if not right and u < SHARES[cell]:
                right = u < _right_share(half)
        if right:
            x = CUT + rng.standard_exponential() / (0.25 * HALF_PI_SQUARED + 0.5 * half * half)
        else:
            x = _below_cut(rng, half)
        u = rng.random()
        if u <= SURE:
            return 0.25 * x
        # Terms of the series over the first: (2k + 1) exp(-k (k + 1) rate).
        rate = HALF_PI_SQUARED * x if right else 2.0 / x
        total, k = 1.0, 1
        while True:
            total -= (2 * k + 1) * math.exp(-k * (k + 1) * rate)
            if u <= total:
                return 0.25 * x
            total += (2 * k + 3) * math.exp(-(k + 1) * (k + 2) * rate)
            if u > total:
                break
            k += 2


@njit(cache=True, nogil=True, error_model="numpy")
def polya_gamma_sum(rng: np.random.Generator, count: int, z: float) -> float:
    """Draw from PG(count, z), the sum of ``count`` independent PG(1, z): exact for every count, at that cost.

    Parameters
    ----------
    rng : numpy.random.Generator
    count : int
        At least 1.
    z : float
    """
    total = 0.0
    for _ in range(count):
        total += polya_gamma(rng, z)
    return total
