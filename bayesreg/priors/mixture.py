r"""Normal mixtures: coefficients that are normal given local variances t.

.. math:: d_j \mid t_j \sim N\big(0, (\mathrm{noise}\; u_j\, s(\sqrt{t_j}))^2\big)

with u the unit of each coefficient and s the prior's ``deviation``: tau sqrt(t), or with a slab c the regularised form
tau sqrt(t) / sqrt(1 + tau² t / c²). The laws of t, by code:

========================  ============================  ===========================================
code                      t                             d with tau, at unit noise
========================  ============================  ===========================================
``GAUSSIAN``              1                             normal with standard deviation tau
``LAPLACE``               exponential with rate 1/2     Laplace with scale tau
``STUDENT_T``             inverse gamma (df/2, df/2)    Student-t with scale tau
``HORSESHOE``             half-Cauchy(1) of sqrt t      Carvalho, Polson & Scott (2010)
``REGULARIZED_HORSESHOE`` half-Cauchy(1) of sqrt t      Piironen & Vehtari (2017)
========================  ============================  ===========================================

The first two are priors by penalty; their codes are for compiled kernels. ``local`` is sqrt(t) throughout.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesreg.errors import InputError
from bayesreg.priors.base import NormalMixture
from bayesreg.scales import HalfCauchy, InverseGamma, Law

GAUSSIAN, LAPLACE, STUDENT_T, HORSESHOE, REGULARIZED_HORSESHOE = range(5)


def law_of_local(prior: NormalMixture) -> HalfCauchy | InverseGamma:
    """Law of sqrt(t) of one coefficient."""
    code, parameter = prior.local_law
    if code == STUDENT_T:
        return InverseGamma(0.5 * parameter, 0.5 * parameter)
    if code in (HORSESHOE, REGULARIZED_HORSESHOE):
        return HalfCauchy(1.0)
    raise InputError(
        f"{type(prior).__name__}.local_law has the code {code!r}; a normal mixture has {STUDENT_T} (Student-t), "
        f"{HORSESHOE} (horseshoe) or {REGULARIZED_HORSESHOE} (regularised horseshoe)."
    )


def as_expected(owner: str, value: Any) -> float:
    """Return a checked ``expected_nonzero``: a positive number."""
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not 0 < value < np.inf:
        raise InputError(
            f"{owner}(expected_nonzero=...) must be a positive number, how many coefficients are expected to matter, "
            f"got {value!r}."
        )
    return float(value)


def global_scale(owner: str, scale: Any, expected_nonzero: Any) -> Law | Any:
    """Scale of a horseshoe: what was given, a half-Cauchy law by default, None where ``expected_nonzero`` decides."""
    if expected_nonzero is None:
        return HalfCauchy(1.0) if scale is None else scale
    if scale is not None:
        raise InputError(f"{owner}(...) takes one of scale= and expected_nonzero=, which states a law of the scale.")
    return None
