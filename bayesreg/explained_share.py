"""The law of an explained share of variance (``scales.RSquared``) as that of a prior scale, once there are data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bayesreg.data import Design
from bayesreg.errors import InputError
from bayesreg.likelihoods import Likelihood
from bayesreg.priors import Gaussian, Laplace
from bayesreg.priors.base import Prior, Resolved
from bayesreg.scales import Law, Sized

# Variance of a coefficient at scale 1.
_VARIANCE: tuple[tuple[type[Gaussian] | type[Laplace], float], ...] = ((Gaussian, 1.0), (Laplace, 2.0))


def sized_scale(
    prior: Prior,
    unit: NDArray[np.float64],
    relative_to: Resolved,
    likelihood: Likelihood,
    sigma: float | Law | None,
    design: Design,
) -> tuple[Prior, str | None]:
    """Return the prior with every law complete, and a note where one was completed.

    Parameters
    ----------
    prior : Prior
    unit : array, shape (p,)
        Multiplier of the prior scale of each coefficient; infinite: unpenalised.
    relative_to : {None, "sigma", "penalty"}
        Resolved.
    likelihood : Likelihood
    sigma : float, Law or None
        Noise level, its law, or None where the likelihood has none.
    design : Design

    Raises
    ------
    InputError
        If such a law stands where a share of explained variance means nothing.
    """
    if _open(sigma):
        raise InputError(f"sigma ~ {sigma!r} is no law of a noise level: it belongs to the scale of a prior.")
    name, law = next(((name, law) for name, law in prior.hyperparameters().items() if _open(law)), ("", None))
    if law is None:
        return prior, None
    variance = next((value for kind, value in _VARIANCE if type(prior) is kind), None)
    if variance is None or name != "prior_scale" or not isinstance(prior, Gaussian | Laplace):
        raise InputError(
            f"{name} ~ {law!r}: this law is for the scale of priors.Gaussian and priors.Laplace, whose variance it "
            f"needs; {type(prior).__name__} takes another one, such as scales.HalfCauchy(1.0)."
        )
    scaled = relative_to == "sigma" or (relative_to == "penalty" and isinstance(prior, Gaussian))
    if not (likelihood.has_sigma and scaled):
        raise InputError(
            f"{name} ~ {law!r} states a share of explained variance, so the prior must be relative to the noise: "
            "relative_to='sigma', with a likelihood that has a noise level."
        )
    on = np.isfinite(unit)
    size = variance * float(np.sum((unit[on] * design.x_sd[on]) ** 2))
    if size == 0:
        raise InputError(f"{name} ~ {law!r}: no penalised column varies, so there is no variance to explain.")
    note = f"prior_scale ~ {law!r} with size {size:.6g}, the prior variance of X coef at scale 1 over sigma²"
    assert isinstance(law, Sized)
    return replace(prior, scale=law.at_size(size)), note


def _open(law: object) -> bool:
    return isinstance(law, Sized) and law.size is None
