"""Random numbers for compiled samplers: one at a time, exact, from the generator of the chain.

Nothing here overflows, divides by zero or returns 0, infinity or nan at extreme parameters; results are kept within
1e-300 and 1e300, so that their inverses and products with moderate numbers are finite too.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

SMALLEST, LARGEST = 1e-300, 1e300
# Where a tangent of a normal density's logarithm has to touch, in standard deviations, to give the least envelope.
TOUCH = math.sqrt(2.0)


@njit(cache=True, nogil=True, error_model="numpy")
def _within(value: float) -> float:
    return min(max(value, SMALLEST), LARGEST)


@njit(cache=True, nogil=True, error_model="numpy")
def inverse_gaussian(rng: np.random.Generator, mean: float, shape: float) -> float:
    """Draw from the inverse Gaussian law (Michael, Schucany & Haas, 1976), with their root free of cancellation.

    Parameters
    ----------
    rng : numpy.random.Generator
    mean, shape : float
        Positive. An infinite mean gives the limit, the Lévy law of shape/z² with z standard normal.
    """
    z = rng.standard_normal()
    square = z * z
    if mean >= LARGEST:
        return float(_within(shape / square))
    # The smaller root of shape (x - mean)² = mean² x z² is mean/(1 + y + sqrt(y(2 + y))).
    y = 0.5 * mean * square / shape
    if y < 1e17:
        factor = 1.0 + y + math.sqrt(y) * math.sqrt(2.0 + y)
        root = mean / factor
    else:
        # 2y in the limit; y itself may have overflowed.
        root = shape / square
        factor = mean / root
    if rng.random() * (mean + root) <= mean:
        return float(_within(root))
    return float(_within(mean * factor))


@njit(cache=True, nogil=True, error_model="numpy")
def truncated_exponential(rng: np.random.Generator, rate: float, upper: float) -> float:
    """Draw from the exponential law on (0, upper].

    Parameters
    ----------
    rng : numpy.random.Generator
    rate : float
        Not negative; 0 gives the uniform law.
    upper : float
        Positive; infinite for no bound, which needs a positive rate.
    """
    u = 1.0 - rng.random()
    reach = rate * upper
    if reach < 1e-16:
        return upper * u
    return min(-math.log1p(u * math.expm1(-reach)) / rate, upper)


@njit(cache=True, nogil=True, error_model="numpy")
def truncated_gamma(rng: np.random.Generator, shape: float, rate: float, upper: float) -> float:
    """Draw from the gamma law on (0, upper].

    Where the law without the bound has its mean below it, more than every third of its draws is below as well. Else the
    density of y = log(x/upper), exp(shape y - c expm1(y)) with c = rate upper, rises up to y = 0 and is log-concave: it
    lies below its greatest value and below one tangent of its logarithm.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : float
        Positive.
    rate : float
        Not negative.
    upper : float
        Positive; infinite for no bound, which needs a positive rate.
    """
    c = rate * upper
    if c >= shape:
        while True:
            x = rng.standard_gamma(shape)
            if x <= c:
                return float(_within(x / rate))
    # Near 0 the logarithm is -d|y| - c y²/2; the tangent at -touch has the least area for that.
    d = shape - c
    touch = 2.0 / (d + math.sqrt(d * d + 2.0 * c))
    slope = shape - c * math.exp(-touch)
    height = -shape * touch - c * math.expm1(-touch)
    flat = touch + height / slope
    while True:
        v = rng.random() * (flat + 1.0 / slope)
        if v < flat:
            y, bound = -v, 0.0
        else:
            e = rng.standard_exponential()
            y, bound = -flat - e / slope, -e
        if shape * y - c * math.expm1(y) >= bound - rng.standard_exponential():
            return float(_within(upper * math.exp(y)))


@njit(cache=True, nogil=True, error_model="numpy")
def half_normal_modified(rng: np.random.Generator, k: float, a: float, b: float) -> float:
    """Draw u > 0 from the density proportional to u^(k-1) exp(-a u²/2 - b u), the modified half-normal law.

    Exact rejection: the density of y = log(u/mode) is log-concave, below its greatest value in the middle and below a
    tangent of its logarithm on either side. At least 88 of 100 proposals are accepted, whatever the parameters.

    Parameters
    ----------
    rng : numpy.random.Generator
    k : float
        Positive.
    a, b : float
        Not negative, not both 0.
    """
    mode = 2.0 * k / (b + math.hypot(b, 2.0 * math.sqrt(a) * math.sqrt(k)))
    # log density: k y - alpha/2 expm1(2y) - beta expm1(y), with alpha + beta = k.
    beta = min(b * mode, k)
    alpha = k - beta
    reach = TOUCH / math.sqrt(2.0 * alpha + beta)
    # Both tangents are followed from where they reach the greatest value, 0.
    rise = k - alpha * math.exp(-2.0 * reach) - beta * math.exp(-reach)
    left = reach + (-k * reach - 0.5 * alpha * math.expm1(-2.0 * reach) - beta * math.expm1(-reach)) / rise
    # On the right the density of a small k falls only at y of order log(1/k), but then at once.
    ahead = math.log1p(reach + 1.0 / (2.0 * alpha + beta))
    fall = alpha * math.exp(2.0 * ahead) + beta * math.exp(ahead) - k
    right = ahead + (k * ahead - 0.5 * alpha * math.expm1(2.0 * ahead) - beta * math.expm1(ahead)) / fall
    while True:
        v = rng.random() * (1.0 / rise + left + right + 1.0 / fall) - 1.0 / rise - left
        if v < -left:
            e = rng.standard_exponential()
            y, bound = -left - e / rise, -e
        elif v <= right:
            y, bound = v, 0.0
        else:
            e = rng.standard_exponential()
            y, bound = right + e / fall, -e
        if k * y - 0.5 * alpha * math.expm1(2.0 * y) - beta * math.expm1(y) >= bound - rng.standard_exponential():
            return float(_within(mode * math.exp(y)))


@njit(cache=True, nogil=True, error_model="numpy")
def truncated_normal(rng: np.random.Generator, mean: float, sd: float, lower: float) -> float:
    """Draw from the normal law above a bound (Robert, 1995).

    Parameters
    ----------
    rng : numpy.random.Generator
    mean, sd : float
        Of the law without the bound.
    lower : float
        The bound; -inf for none.
    """
    a = (lower - mean) / sd
    if a < 0.25:
        while True:
            z = rng.standard_normal()
            if z >= a:
                return max(mean + sd * z, lower)
    # sqrt(a² + 4) without overflow; z = a + e/rate is accepted with probability exp(-(z - rate)²/2).
    rate = 0.5 * (a + math.hypot(a, 2.0))
    while True:
        step = rng.standard_exponential() / rate
        # rate - a = 1/rate.
        gap = step - 1.0 / rate
        if rng.standard_exponential() >= 0.5 * gap * gap:
            return lower + sd * step


@njit(cache=True, nogil=True, error_model="numpy")
def horseshoe_local(rng: np.random.Generator, t: float, z2: float) -> float:
    """Update a local variance t of the horseshoe, sqrt(t) ~ C+(0, 1), given z² of z ~ N(0, t).

    eta = 1/t has the density exp(-eta z²/2)/(1 + eta); a slice of its second factor leaves a truncated exponential
    (Polson, Scott & Windle, 2014, supplement). Two random numbers, no rejection.

    Parameters
    ----------
    rng : numpy.random.Generator
    t : float
        The present value, positive.
    z2 : float
        z², not negative.

    Returns
    -------
    float
    """
    return float(horseshoe_group(rng, t, z2, 1))


@njit(cache=True, nogil=True, error_model="numpy")
def horseshoe_group(rng: np.random.Generator, t: float, z2: float, size: int) -> float:
    """Update the variance t that a group of coefficients shares, sqrt(t) ~ C+(0, 1); see `horseshoe_local`.

    Parameters
    ----------
    rng : numpy.random.Generator
    t : float
        The present value, positive.
    z2 : float
        Sum of z² over the group, not negative.
    size : int
        Number of coefficients in the group.

    Returns
    -------
    float
    """
    eta = 1.0 / t
    # Uniform below 1/(1 + eta), its inverse less 1, written without the difference.
    v = 1.0 - rng.random()
    upper = (eta + (1.0 - v)) / v
    if size == 1:
        return float(1.0 / _within(truncated_exponential(rng, 0.5 * z2, upper)))
    return float(1.0 / _within(truncated_gamma(rng, 0.5 * (size + 1.0), 0.5 * z2, upper)))
