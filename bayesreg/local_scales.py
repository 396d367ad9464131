r"""Local scales of a posterior: drawn afterwards where a sampler had no need of them, and the precisions they make.

``local`` is sqrt(t) in units of the prior's own scale: the standard deviation of d_j given t is ``local / l1_j`` under
a Laplace part of rate l1 (for a group ``u_j local_g / r_g``) and ``noise u_j deviation(local)`` under a normal mixture.
For a Laplace part and for a group alike, 1/t given the coefficients is inverse Gaussian (Park & Casella, 2008; Raman
et al., 2009: t of a group of k is a gamma variable of shape (k + 1)/2, and :math:`t^{(k-1)/2} t^{-k/2}` is free of k).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.by_group import drawn
from bayesreg.interfaces import implements
from bayesreg.numerics.variates import draw_laplace_local_variance
from bayesreg.priors.base import Grouped, NormalMixture, Penalised, Prior, Resolved, at_noise, positive_of
from bayesreg.priors.mixture import free_of

Array = NDArray[np.float64]


def is_mixture(prior: Prior) -> bool:
    """Whether each coefficient is normal given its local scale, so that it has a prior precision in every draw."""
    if implements(prior, NormalMixture):
        return True
    if not implements(prior, Penalised) or np.any(positive_of(prior)):
        return False
    # With an l1 of their own beside the group's norm its members are no mixture over one t.
    return not implements(prior, Grouped) or not _l1_beside_groups(prior)


def rates_at(
    prior: Penalised, hyper: Mapping[str, Array], unit: Array, relative_to: Resolved, sigma: Array
) -> tuple[Array, Array]:
    """l1 and l2 in nats for every draw, broadcastable to (..., p).

    Parameters
    ----------
    prior : Penalised
    hyper : mapping of str to array, shape (...)
        Draws of its learned parameters.
    unit : array, shape (p,)
        Multiplier of the prior scale of each coefficient.
    relative_to : {None, "sigma", "penalty"}
    sigma : array, shape (...)
    """
    l1, l2 = at_noise(*prior.rates(_columns(hyper)), relative_to, sigma[..., None])
    return np.asarray(l1 / unit), np.asarray(l2 / unit**2)


def draw_local_scales(
    rng: np.random.Generator,
    prior: Prior,
    d: Array,
    hyper: Mapping[str, Array],
    unit: Array,
    relative_to: Resolved,
    sigma: Array,
) -> Array | None:
    """Draw the local scales of a Laplace part from their conditional; None for a prior that has none to draw.

    Parameters
    ----------
    rng : numpy.random.Generator
    prior : Prior
    d : array, shape (..., p)
        Draws of the coefficients less their location.
    hyper : mapping of str to array, shape (...)
    unit : array, shape (p,)
    relative_to : {None, "sigma", "penalty"}
    sigma : array, shape (...)

    Returns
    -------
    array, shape (..., p), or None
        NaN where a coefficient has no Laplace part. All members of a group have the same.
    """
    if not implements(prior, Penalised) or not is_mixture(prior):
        return None
    if implements(prior, Grouped):
        label, rate = _labels(prior, unit), _group_rates(prior, hyper, relative_to, sigma)
        members = label[:, None] == np.arange(rate.shape[-1])
        norm = np.sqrt((d / np.where(label >= 0, unit, 1.0)) ** 2 @ members)
        variance = draw_laplace_local_variance(rng, norm, rate)
        return np.where(label >= 0, (np.sqrt(variance) * rate)[..., label], np.nan)
    l1 = np.broadcast_to(rates_at(prior, hyper, unit, relative_to, sigma)[0], d.shape)
    on = l1 > 0
    if not on.any():
        return None
    safe = np.where(on, l1, 1.0)
    return np.where(on, np.sqrt(draw_laplace_local_variance(rng, d, safe)) * safe, np.nan)


def prior_precision(
    prior: Prior,
    hyper: Mapping[str, Array],
    unit: Array,
    relative_to: Resolved,
    sigma: Array,
    local: Array | None,
) -> Array:
    """Prior precision of each coefficient given its local scale, for every draw; 0 where unpenalised.

    Parameters
    ----------
    prior : Prior
        One that `is_mixture`.
    hyper : mapping of str to array, shape (...)
    unit : array, shape (p,)
    relative_to : {None, "sigma", "penalty"}
    sigma : array, shape (...)
    local : array, shape (..., p), or None
        Draws of the local scales, NaN where a coefficient has none; None for a prior without a Laplace part.

    Returns
    -------
    array, broadcastable to (..., p)
    """
    if implements(prior, NormalMixture):
        assert local is not None
        free = free_of(prior, unit)
        noise = sigma[..., None] if relative_to == "sigma" else 1.0
        sd = noise * np.where(free, 1.0, unit) * prior.deviation(np.where(free, 1.0, local), _columns(hyper))
        return np.where(free, 0.0, 1.0 / sd**2)
    assert implements(prior, Penalised)
    l1, l2 = rates_at(prior, hyper, unit, relative_to, sigma)
    if implements(prior, Grouped):
        label = _labels(prior, unit)
        rate = _group_rates(prior, hyper, relative_to, sigma)[..., label]
        l1 = np.where(label >= 0, rate / unit, 0.0)
    if local is None:
        return l2
    none = np.isnan(local)
    return np.asarray(l2 + np.where(none, 0.0, (l1 / np.where(none, 1.0, local)) ** 2))


def stored_precision(posterior: Any, data: Any, prior: Prior) -> tuple[Array, Array]:
    """Prior precision (chain, draw, p) of each coefficient given its local scale, and the noise level (chain, draw).

    Parameters
    ----------
    posterior, data : xarray.DataTree or xarray.Dataset
        The groups ``posterior`` and ``constant_data`` of a result of `bayesreg.sample`.
    prior : Prior
        Its prior, one that `is_mixture`.
    """
    shape = posterior["coef"].shape
    known = float(data["sigma"]) if "sigma" in data else 1.0
    sigma = posterior["sigma"].to_numpy() if "sigma" in posterior else np.full(shape[:2], known)
    hyper = {name: drawn(posterior, name) for name in prior.hyperparameters()}
    word = data.attrs["relative_to"]
    local = posterior["local_scale"].to_numpy() if "local_scale" in posterior else None
    precision = prior_precision(prior, hyper, data["unit"].to_numpy(), None if word == "None" else word, sigma, local)
    return np.broadcast_to(precision, shape), sigma


def _columns(hyper: Mapping[str, Array]) -> dict[str, Array]:
    return {name: value[..., None] for name, value in hyper.items()}


def _l1_beside_groups(prior: Grouped) -> bool:
    l1 = np.asarray(prior.rates(dict.fromkeys(prior.hyperparameters(), 1.0))[0], dtype=float)
    return bool(np.any(l1))


def _labels(prior: Grouped, unit: Array) -> NDArray[np.intp]:
    """Group of each coefficient, -1 where it is in none or unpenalised."""
    return np.where(np.isfinite(unit), np.asarray(prior.labels, dtype=np.intp), -1)


def _group_rates(prior: Grouped, hyper: Mapping[str, Array], relative_to: Resolved, sigma: Array) -> Array:
    """Rate of each group in nats for every draw, shape (..., G)."""
    rate = at_noise(prior.group_rates(_columns(hyper)), 0.0, relative_to, sigma[..., None])[0]
    return np.broadcast_to(rate, (*sigma.shape, max(prior.labels) + 1))
