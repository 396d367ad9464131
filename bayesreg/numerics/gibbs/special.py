r"""Special functions that compiled samplers need, as scalars and as logarithms.

.. math:: \log R(x) = \log\frac{\Phi(-x)}{\phi(x)}, \qquad
          \log\int e^{-l_1|d| - l_2 d^2/2}\,dd = \log\frac{2 R(l_1/\sqrt{l_2})}{\sqrt{l_2}}, \qquad
          \log\bigl(e^z E_1(z)\bigr) = \log\int_0^\infty \frac{e^{-z\eta}}{1+\eta}\,d\eta

The first is the Mills ratio, the second normalises an elastic net, the third is the horseshoe with its local scale
integrated out: :math:`\log p(d) = \mathrm{const} + \log(e^z E_1(z))` with :math:`z = d^2/(2\tau^2)` (Carvalho, Polson &
Scott, 2010, theorem 1). Relative errors of the numbers whose logarithm is taken are below 1e-13.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import exp1

Array = NDArray[np.float64]

EULER = 0.5772156649015329
LOG_2 = math.log(2.0)
SQRT_2 = math.sqrt(2.0)
LOG_HALF_PI = math.log(math.pi / 2)
# From here on the continued fraction of the Mills ratio needs at most 20 terms; below, exp(x²/2) costs one digit.
LARGE_MILLS = 8.0
LARGE_E1 = 2.0


@njit(cache=True, nogil=True, error_model="numpy")
def _scaled_mills(u: float) -> float:
    """X R(x) at u = 1/x² ≤ 1/64, by its continued fraction 1/(1 + u/(1 + 2u/(1 + 3u/...)))."""
    # The error falls like exp(-x sqrt(8 terms)): 20 terms at x = 8, fewer beyond.
    terms = 8 + int(720.0 * u)
    value = 1.0
    for k in range(terms, 0, -1):
        value = 1.0 + k * u / value
    return 1.0 / value


@njit(cache=True, nogil=True, error_model="numpy")
def log_mills(x: float) -> float:
    """Log of the Mills ratio (1 - Φ(x))/φ(x), for any x.

    Parameters
    ----------
    x : float
    """
    if x < LARGE_MILLS:
        return 0.5 * (x * x + LOG_HALF_PI) + math.log(math.erfc(x / SQRT_2))
    return math.log(_scaled_mills(1.0 / (x * x))) - math.log(x)


@njit(cache=True, nogil=True, error_model="numpy")
def log_ndtr(x: float) -> float:
    """Log of the standard normal distribution function, accurate in both tails.

    Parameters
    ----------
    x : float
    """
    if x > 0.0:
        return math.log1p(-0.5 * math.erfc(x / SQRT_2))
    if x > -LARGE_MILLS:
        return math.log(math.erfc(-x / SQRT_2)) - LOG_2
    return float(log_mills(-x) - 0.5 * (x * x + math.log(2.0 * math.pi)))


@njit(cache=True, nogil=True, error_model="numpy")
def log_normaliser(l1: float, l2: float) -> float:
    """Log of the integral of exp(-l1 |d| - l2 d²/2) over the line.

    Tends to log(2/l1) as l2 goes to 0 (Laplace), to log sqrt(2π/l2) as l1 goes to 0 (Gaussian).

    Parameters
    ----------
    l1, l2 : float
        Not negative; infinite is returned where both are 0.
    """
    root = math.sqrt(l2)
    if l1 < LARGE_MILLS * root:
        return float(LOG_2 - math.log(root) + log_mills(l1 / root))
    if l1 == 0.0:
        return math.inf
    ratio = root / l1
    return LOG_2 - math.log(l1) + math.log(_scaled_mills(ratio * ratio))


def _table() -> Array:
    """f, f' and f'' of f(x) = log(exp(z) E1(z)), z = exp(x), at the knots, the derivatives times powers of the step."""
    z = np.exp(FIRST_KNOT + np.arange(KNOTS) / PER_UNIT)
    h = exp1(z) * np.exp(z)
    # h' = h - 1/z in z, and dz/dx = z.
    return np.column_stack([np.log(h), (z - 1 / h) / PER_UNIT, (z + (z * h - 1) / h**2) / PER_UNIT**2])


FIRST_KNOT, PER_UNIT, KNOTS = -21.0, 32, 801
TABLE = _table()
SMALL_E1, LARGE_E1 = 1e-9, 50.0


@njit(cache=True, nogil=True, error_model="numpy")
def log_scaled_e1(z: float) -> float:
    """Log of exp(z) E1(z), E1 the exponential integral.

    By quintic Hermite interpolation in log z between knots 1/32 apart, where it is far from its limits; some dozens of
    terms of a series or a continued fraction would cost ten times as much.

    Parameters
    ----------
    z : float
        Positive.
    """
    if z < SMALL_E1:
        return math.log(-EULER - math.log(z) + z) + z
    if z > LARGE_E1:
        # 1/(z+1 - 1/(z+3 - 4/(z+5 - ...))), DLMF 6.9.1 contracted; the error falls as exp(-4 sqrt(terms z)).
        terms = 3 + int(90.0 / z)
        value = z + 2.0 * terms + 1.0
        for k in range(terms, 0, -1):
            value = z + 2.0 * k - 1.0 - k * k / value
        return -math.log(value)
    x = (math.log(z) - FIRST_KNOT) * PER_UNIT
    i = int(x)
    s = x - i
    f0, g0, c0 = TABLE[i, 0], TABLE[i, 1], 0.5 * TABLE[i, 2]
    # What the Taylor polynomial at the left knot leaves for the right one.
    a = TABLE[i + 1, 0] - f0 - g0 - c0
    b = TABLE[i + 1, 1] - g0 - 2.0 * c0
    c = 0.5 * TABLE[i + 1, 2] - c0
    c3 = 10.0 * a - 4.0 * b + c
    c4 = -15.0 * a + 7.0 * b - 2.0 * c
    c5 = 6.0 * a - 3.0 * b + c
    return float(f0 + s * (g0 + s * (c0 + s * (c3 + s * (c4 + s * c5)))))
