r"""The law of 1/t for a horseshoe coefficient, drawn exactly.

sqrt(t) half-Cauchy and delta | t normal with variance t make the density of eta = 1/t given delta proportional to
:math:`e^{-b\eta} / (1 + \eta)` with b = delta²/2: an exponential integral.
"""

from __future__ import annotations

import math
from typing import Any

from numba import njit


@njit(cache=True, nogil=True)
def shifted_reciprocal(rng: Any, b: float) -> float:
    """Draw eta > 0 with density proportional to exp(-b eta)/(1 + eta), by rejection.

    Parameters
    ----------
    rng : numpy.random.Generator
    b : float
        At least 0; values below 1e-300 count as that.
    """
    if b >= 1.0:
        while True:
            eta = rng.standard_exponential() / b
            if rng.random() * (1.0 + eta) <= 1.0:
                return float(eta)
    b = max(b, 1e-300)
    # s = log(1 + eta) has the log-concave density exp(-b (e^s - 1)): about flat up to log(1/b), then it drops.
    knee = -math.log(b)
    tail = math.exp(b - 1.0)
    while True:
        if rng.random() * (knee + tail) < knee:
            s = knee * rng.random()
            eta = math.expm1(s)
            if rng.standard_exponential() >= b * eta:
                return eta
        else:
            over = rng.standard_exponential()
            if rng.standard_exponential() >= math.expm1(over) - over:
                return math.expm1(knee + over)
