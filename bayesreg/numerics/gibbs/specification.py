r"""A scale mixture of normals as compiled kernels read it: arrays and codes, no functions.

The coefficients delta (p,) fall into groups g with local variances t_g. With the noise level sigma, a rate multiplier a
and a ridge multiplier b,

.. math:: \rho_j = a\, r_j\, \sigma^{-k}, \qquad \epsilon_j = b\, e_j\, \sigma^{-2\min(k, 1)} + f_j\, \sigma^{-2 k_f}

and the prior precision of delta_j is :math:`\rho_j^2 / t_{g(j)} + \epsilon_j`. The local law of t makes the density of
a group (with :math:`z_g = \|r_g \delta_g\|` and k_g members), t integrated out,

====================  ============================================  ==========================================
code                  law of t                                      density of the group up to constants
====================  ============================================  ==========================================
GAUSSIAN              t = 1                                         a^k exp(-a² z²/2)
LAPLACE               Gamma((k + 1)/2, rate 1/2)                    a^k exp(-a z), with a ridge: Hans (2011)
STUDENT_T             InverseGamma(df/2, df/2)                      a^k (1 + a² z²/df)^(-(df + k)/2)
HORSESHOE             sqrt(t) half-Cauchy(1), k = 1                 a exp(a² z²/2) E1(a² z²/2)
REGULARIZED           the same; precision a²r²/t + b e, normalised  (no closed form)
====================  ============================================  ==========================================

for sigma = 1. E1: Carvalho, Polson & Scott (2010), theorem 1; regularised: Piironen & Vehtari (2017), equation 2.8.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

GAUSSIAN, LAPLACE, STUDENT_T, HORSESHOE, REGULARIZED = range(5)

# How a learned multiplier reads its law: not learned, law on 1/a, law on a, law on 1/sqrt(a).
KNOWN, INVERSE, DIRECT, INVERSE_ROOT = range(4)

# Prior precisions below this share of a column's own information only keep collinear columns from being singular.
FLOOR = 1e-14

# Places of the numbers in ``State.level``.
SIGMA, RATE, RIDGE, RSS, COUNT = range(5)


class Learned(NamedTuple):
    """A multiplier or a noise level and its law.

    Parameters
    ----------
    kind : int
        KNOWN, INVERSE, DIRECT or INVERSE_ROOT.
    code : int
    first, second, third : float
        The law of ``numerics.gibbs.laws``.
    """

    kind: int
    code: int
    first: float
    second: float
    third: float = 0.0


class Prior(NamedTuple):
    """Prior of delta.

    Parameters
    ----------
    group : array of int, shape (p,)
        Group of each coefficient, 0 .. G-1.
    size : array, shape (G,)
        Members of each group.
    rate : array, shape (p,)
        r: 0 for a coefficient without a mixture.
    ridge : array, shape (p,)
        e.
    fixed : array, shape (p,)
        f: the precision of a normal prior of its own.
    on_sigma : int
        k: 0 absolute, 1 relative to sigma, 2 relative to its square.
    fixed_on_sigma : int
        k_f: 0 or 1.
    law : int
        Code of the local law.
    df : float
        Its number.
    ridged : bool
        Whether any e is not 0.
    """

    group: NDArray[np.int64]
    size: Array
    rate: Array
    ridge: Array
    fixed: Array
    on_sigma: int
    fixed_on_sigma: int
    law: int
    df: float
    ridged: bool


class Hyper(NamedTuple):
    """What is learned beside the coefficients.

    Parameters
    ----------
    noise, rate, ridge : Learned
        sigma (DIRECT or KNOWN), a and b.
    """

    noise: Learned
    rate: Learned
    ridge: Learned


class State(NamedTuple):
    """The state of a chain, overwritten by the kernels.

    Parameters
    ----------
    delta : array, shape (p,)
    local : array, shape (G,)
        Local variances t.
    level : array, shape (5,)
        sigma, a, b, the residual sum of squares and the number of sweeps made.
    gradient : array, shape (p,)
        c - G delta, for kernels that keep it from sweep to sweep.
    """

    delta: Array
    local: Array
    level: Array
    gradient: Array
