"""Draws from the joint law of parameters and data by plain simulation: what every sampler is compared with.

Nothing is taken from the package but the numbers that a bound model holds; each prior is drawn in a way of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesreg import likelihoods, priors, scales
from bayesreg.problem import Problem

Array = NDArray[np.float64]
Theta = dict[str, Array]


def draw_law(law: Any, rng: np.random.Generator, size: int) -> Array:
    """Draw a learned number."""
    match law:
        case scales.HalfNormal(scale):
            return scale * np.sqrt(rng.chisquare(1, size))
        case scales.HalfCauchy(scale):
            return scale * np.tan(0.5 * np.pi * rng.random(size))
        case scales.HalfStudentT(df, scale):
            return scale * np.sqrt(rng.f(1, df, size))
        case scales.Gamma(shape, rate):
            return rng.standard_gamma(shape, size) / rate
        case scales.InverseGamma(shape, scale):
            return np.sqrt(2 * scale / rng.chisquare(2 * shape, size))
    raise TypeError(f"{law!r} is improper or unknown")


def _elastic_net(rng: np.random.Generator, l1: Array, l2: Array) -> Array:
    """Draw exp(-l1 |d| - l2 d²/2) by rejection: from the Laplace, or from the normal where that accepts more."""
    out, left = np.empty(l1.shape), np.ones(l1.shape, dtype=bool)
    sharp = l1**2 > l2
    while left.any():
        a, b = l1[left], l2[left]
        with np.errstate(divide="ignore"):
            exponential = rng.standard_exponential(a.size) / a
            normal = np.abs(rng.standard_normal(a.size)) / np.sqrt(b)
        d = np.where(sharp[left], exponential, normal)
        kept = -np.log(rng.random(a.size)) > np.where(sharp[left], 0.5 * b * d**2, a * d)
        where = np.flatnonzero(left)[kept]
        out.ravel()[where] = d[kept]
        left.ravel()[where] = False
    return out * rng.choice((-1.0, 1.0), l1.shape)


def _group_scales(rng: np.random.Generator, labels: Array, size: int) -> Array:
    """Draw sqrt(t) with t ~ Gamma((k + 1)/2, rate 1/2), common to the k members of a group, shape (size, p).

    The length of k standard normals times sqrt(t) then has the density r^(k-1) e^(-r) up to a constant.
    """
    shapes = (np.bincount(labels) + 1) / 2
    return np.sqrt(2 * rng.standard_gamma(shapes, (size, shapes.size)))[:, labels]


def _value(given: Any, learned: Array | None) -> Any:
    """A known number or vector as it is, a learned one as a column."""
    return np.asarray(given, dtype=float) if learned is None else learned[:, None]


def prior_draws(problem: Problem, size: int, rng: np.random.Generator) -> Theta:
    """Draw everything unknown from its prior; what has a flat prior is put at 0.

    Returns
    -------
    dict of str to array
        ``coef`` (size, p); ``intercept`` and ``sigma`` (size,) whether learned or not; the learned parameters of the
        prior by name; ``local_scale`` (size, p), the standard deviation factors of a mixture.
    """
    law = problem.sigma_law
    sigma = np.full(size, problem.known_sigma or 1.0) if law is None else draw_law(law, rng, size)
    learned = {name: draw_law(law, rng, size) for name, law in problem.hyper_laws.items()}
    penalised = np.isfinite(problem.unit) & ~problem.unpenalised
    unit = np.where(penalised, problem.unit, 1.0)
    d, extra = _offsets(problem, sigma[:, None], learned, unit, rng)
    intercept = np.zeros(size)
    prior = problem.intercept_prior
    if problem.fit_intercept and not prior.flat:
        noise = 1.0 if prior.relative_to is None else sigma
        intercept = prior.loc + rng.standard_normal(size) * noise / np.sqrt(prior.rate)
    coef = np.where(penalised, problem.loc + d, 0.0)
    return {"coef": coef, "intercept": intercept, "sigma": sigma} | learned | extra


def _offsets(
    problem: Problem, sigma: Array, learned: Theta, unit: Array, rng: np.random.Generator
) -> tuple[Array, Theta]:
    """Coefficients less their location, shape (size, p), and the other random parts of a mixture."""
    prior, word = problem.prior, problem.relative_to
    shape = (sigma.shape[0], unit.size)
    # A scale of l1 goes with the noise as its own power; that of a normal with sigma under either word.
    noise = {None: np.ones_like(sigma), "sigma": sigma, "penalty": sigma}[word]
    linear = {None: np.ones_like(sigma), "sigma": sigma, "penalty": sigma**2}[word]
    match prior:
        case priors.Gaussian():
            s = _value(prior.scale, learned.get("prior_scale"))
            return noise * unit * s * rng.standard_normal(shape), {}
        case priors.GroupGaussian():
            s = np.stack([learned[f"prior_scale[{label}]"] for label in prior.groups], axis=1)
            return noise * unit * s * rng.standard_normal(shape), {}
        case priors.Laplace():
            if prior.rate is None:
                b = _value(prior.scale, learned.get("prior_scale"))
            else:
                b = 1 / _value(prior.rate, learned.get("prior_rate"))
            local = np.sqrt(2 * rng.standard_exponential(shape))
            return linear * unit * b * local * rng.standard_normal(shape), {"local_scale": local}
        case priors.ElasticNet():
            l1 = _value(prior.l1, learned.get("prior_l1")) / (linear * unit)
            l2 = _value(prior.l2, learned.get("prior_l2")) / (noise * unit) ** 2
            l1, l2 = np.broadcast_to(l1, shape), np.broadcast_to(l2, shape)
            # Where there is no penalty the caller puts the coefficient at 0, whatever is drawn here.
            d = _elastic_net(rng, l1, np.where((l1 == 0) & (l2 == 0), 1.0, l2))
            # Of the Laplace part alone: given d the local variance is that of a Laplace coefficient.
            with np.errstate(divide="ignore"):
                local = rng.wald(np.where(l1 > 0, 1 / (l1 * np.abs(d)), 1.0), 1.0) ** -0.5
            return d, {"local_scale": np.where(l1 > 0, local, np.nan)}
        case priors.GroupLaplace():
            labels = np.array(prior.labels)
            b = _value(prior.scale, learned.get("prior_scale")) / np.sqrt(np.bincount(labels))[labels]
            local = _group_scales(rng, labels, shape[0])
            return linear * unit * b * local * rng.standard_normal(shape), {"local_scale": local}
        case priors.StudentT():
            local = np.sqrt(prior.df / rng.chisquare(prior.df, shape))
            tau = _value(prior.scale, learned.get("prior_scale"))
            return noise * unit * tau * local * rng.standard_normal(shape), {"local_scale": local}
        case priors.Horseshoe():
            local = np.abs(rng.standard_normal(shape) / rng.standard_normal(shape))
            tau = _value(prior.scale, learned.get("prior_scale"))
            return noise * unit * tau * local * rng.standard_normal(shape), {"local_scale": local}
        case priors.RegularizedHorseshoe():
            local = np.abs(rng.standard_normal(shape) / rng.standard_normal(shape))
            tau = _value(prior.scale, learned.get("prior_scale"))
            c = _value(prior.slab_scale, learned.get("slab"))
            spread = 1 / np.sqrt(1 / (tau * local) ** 2 + 1 / c**2)
            return noise * unit * spread * rng.standard_normal(shape), {"local_scale": local}
    raise TypeError(f"no forward draws of {type(prior).__name__}")


def response_draws(problem: Problem, theta: Theta, rng: np.random.Generator) -> Array:
    """Draw one response for each row of ``theta``, shape (size, n)."""
    eta = theta["coef"] @ problem.design.X.T + theta["intercept"][:, None] + problem.design.offset
    sigma = theta["sigma"][:, None]
    match problem.likelihood:
        case likelihoods.Gaussian():
            return eta + sigma * rng.standard_normal(eta.shape)
        case likelihoods.Bernoulli():
            return (rng.logistic(size=eta.shape) < eta).astype(float)
        case likelihoods.StudentT(df=df):
            return eta + sigma * rng.standard_t(df, eta.shape)
        case likelihoods.Laplace():
            return eta + sigma * rng.laplace(size=eta.shape)
        case likelihoods.AsymmetricLaplace(quantile=q):
            # The check loss has rate q above eta and 1 - q below it.
            above = rng.random(eta.shape) < 1 - q
            e = rng.standard_exponential(eta.shape)
            return eta + sigma * np.where(above, e / q, -e / (1 - q))
    raise TypeError(f"no draws of {type(problem.likelihood).__name__}")
