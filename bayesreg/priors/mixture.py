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

The first two are priors by penalty; their codes are for compiled kernels. ``local`` is sqrt(t) throughout; it counts
where a coefficient is penalised (`free_of`) and may be anything elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError
from bayesreg.interfaces import implements
from bayesreg.priors.base import Marginal, NormalMixture
from bayesreg.scales import HalfCauchy, InverseGamma, Law

Array = NDArray[np.float64]

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


def free_of(prior: NormalMixture, unit: Array) -> NDArray[np.bool_]:
    """Columns with a constant density 1 in place of the mixture, shape (p,): those of infinite unit or scale."""
    scale = 1.0 if implements(prior.scale, Law) or prior.scale is None else prior.scale
    return np.isinf(unit) | np.isinf(np.asarray(scale, dtype=float))


def log_density(
    prior: NormalMixture, d: Array, unit: Array, noise: float, hyper: Mapping[str, float], local: Array | None
) -> float:
    """Log density of the coefficients with their local scales, or, without ``local``, with these integrated out.

    Parameters
    ----------
    prior : NormalMixture
    d : array, shape (p,)
        Coefficients less their location.
    unit : array, shape (p,)
    noise : float
        Noise level, 1 for an absolute scale.
    hyper : mapping of str to float
        Learned parameters.
    local : array, shape (p,), or None
        sqrt(t) of each coefficient.

    Raises
    ------
    InputError
        Without ``local`` where the integral has no closed form, or if its values are not positive.
    """
    on = ~free_of(prior, unit)
    if local is None:
        if not implements(prior, Marginal):
            raise InputError(
                f"local_scale must be given: the density of coef under {type(prior).__name__} has no closed form "
                "without it."
            )
        level = noise * np.where(on, unit, 1.0)
        each = prior.marginal_log_density(d / level, hyper) - np.log(level)
        return float(np.sum(each[on]))
    if local.shape != d.shape or not np.all(local[on] > 0):
        raise InputError(f"local_scale must hold {d.size} positive numbers (any where unpenalised), got {local!r}.")
    sd = noise * unit[on] * np.broadcast_to(prior.deviation(np.where(on, local, 1.0), hyper), d.shape)[on]
    normal = -0.5 * np.log(2 * np.pi) - np.log(sd) - 0.5 * (d[on] / sd) ** 2
    return float(np.sum(normal + law_of_local(prior).log_density(local[on])))


def why_no_mode(prior: NormalMixture) -> str:
    """Why a model with this prior has no MAP."""
    name = type(prior).__name__
    if prior.local_law[0] == STUDENT_T:
        return (
            f"the negative log density of {name} is not convex: the posterior may have many modes, and none that is "
            "found can be certified as the highest. br.sample works; priors.Laplace and priors.Gaussian have a MAP."
        )
    return (
        f"the density of {name} is infinite where a coefficient is at its location, so the mode is there whatever the "
        "data. br.sample works; priors.Laplace has a MAP with zeros."
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
