r"""Independent posterior draws: Gaussian likelihood, Gaussian or flat prior.

Given sigma the coefficients (intercept last) are normal with precision :math:`G/\sigma^2 + Q(\sigma)` and mean m. One
generalised eigendecomposition serves every sigma, and the marginal of a learned sigma is one-dimensional:

* known: one normal;
* Q proportional to 1/sigma² and a law conjugate on the variance: normal-inverse-gamma, in closed form;
* any other law: quadrature over log sigma, whose error is computed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg.engines.base import Options
from bayesreg.errors import InputError
from bayesreg.interfaces import implements
from bayesreg.likelihoods import Gaussian
from bayesreg.numerics.gaussian_posterior import GaussianPosterior
from bayesreg.numerics.noise_marginal import InverseGammaNoise, KnownNoise, Noise, QuadratureNoise
from bayesreg.outcomes import Draws
from bayesreg.priors.base import Penalised
from bayesreg.problem import Problem
from bayesreg.scales import VarianceConjugate

Array = NDArray[np.float64]


class ExactGaussian:
    """Normal, normal-inverse-gamma, or a mixture of normals over a quadrature in sigma."""

    name = "exact_gaussian"
    tune = 0

    def why_not(self, problem: Problem) -> str | None:
        """Return None for a Gaussian likelihood with a known Gaussian or flat prior."""
        if not isinstance(problem.likelihood, Gaussian):
            return "the likelihood is not Gaussian"
        if not implements(problem.prior, Penalised):
            return "the prior is not Gaussian or flat"
        if problem.hyper_laws:
            return f"the prior's {', '.join(problem.hyper_laws)} is learned"
        penalty = problem.penalty(1.0)
        if np.any(penalty.l1 > 0) or penalty.groups is not None:
            return "the prior has an l1 part, so the posterior is not Gaussian given sigma"
        if penalty.positive is not None:
            return "coefficients are constrained in sign, so the posterior is not Gaussian given sigma"
        return None

    def cost(self, problem: Problem) -> str:
        """One decomposition, then independent draws."""
        return f"one decomposition of {problem.n} x {problem.p}, then independent draws"

    def sample(
        self, problem: Problem, draws: int, chains: int, seed: np.random.SeedSequence, options: Options
    ) -> Draws:
        """Draw sigma from its marginal, then the coefficients given it."""
        posterior, noise = exact_posterior(problem)
        parts = []
        for child in seed.spawn(chains):
            rng = np.random.default_rng(child)
            sigma = noise.draw(rng, draws)
            parts.append((sigma, posterior.draw(rng, sigma)))
        sigma = np.stack([part[0] for part in parts])
        joint = np.stack([part[1] for part in parts])
        values = {"coef": joint[..., : problem.p]}
        if problem.fit_intercept:
            values["intercept"] = joint[..., problem.p]
        if problem.sigma_law is not None:
            values["sigma"] = sigma
        return Draws(values, {}, "independent", _moments(problem, posterior, noise), noise.error)


def _moments(problem: Problem, posterior: GaussianPosterior, noise: Noise) -> dict[str, Array]:
    mean, covariance = posterior.moments(*noise.nodes())
    sd = np.sqrt(np.diag(covariance))
    moments = {"coef_mean": mean[: problem.p], "coef_sd": sd[: problem.p]}
    if problem.fit_intercept:
        moments |= {"intercept_mean": mean[problem.p], "intercept_sd": sd[problem.p]}
    if problem.sigma_law is not None:
        average, spread = noise.mean_and_sd()
        moments |= {"sigma_mean": np.asarray(average), "sigma_sd": np.asarray(spread)}
    return moments


def exact_posterior(problem: Problem) -> tuple[GaussianPosterior, Noise]:
    """Return the conditional of the coefficients given sigma and the marginal of sigma."""
    posterior = _conditional(problem)
    if problem.known_sigma is not None:
        return posterior, KnownNoise(problem.known_sigma)
    law = problem.sigma_law
    assert law is not None
    if posterior.homogeneous and isinstance(law, VarianceConjugate):
        shape, scale = law.variance_shape_scale
        shape += 0.5 * (posterior.total_weight - posterior.n_flat)
        scale += 0.5 * posterior.residual_total
        if shape <= 0 or scale <= 0:
            raise InputError(
                f"the posterior of sigma is improper under {law!r}: too few rows ({problem.n}) for "
                f"{posterior.n_flat} flat coefficients, or y is fitted without error. Give sigma a proper law."
            )
        return posterior, InverseGammaNoise(shape, scale)

    def log_density(sigma: Array) -> Array:
        return np.asarray(posterior.log_marginal(sigma) + law.log_density(sigma))

    return posterior, QuadratureNoise.build(log_density, problem.design.y_sd)


def _conditional(problem: Problem) -> GaussianPosterior:
    """Rows and prior of the joint vector d = (coef - loc, intercept - its loc), original units."""
    design = problem.design
    rows = design.uncentred
    shifted = problem.shifted_response
    rate = problem.penalty(1.0).l2
    on_sigma = np.full(problem.p, problem.relative_to is not None)
    loc = problem.loc
    if problem.fit_intercept:
        prior = problem.intercept_prior
        rows = np.column_stack([rows, np.sqrt(design.weight)])
        shifted = shifted - prior.loc
        rate = np.append(rate, prior.l2(1.0))
        on_sigma = np.append(on_sigma, prior.relative_to is not None)
        loc = np.append(loc, prior.loc)
    # A centred basis: the intercept at the column means keeps the normal equations well conditioned.
    centre = np.eye(loc.size)
    if problem.flat_intercept:
        rows = np.column_stack([design.centred, np.sqrt(design.weight)])
        centre[-1, :-1] = -design.x_mean
        # So does a response without its mean, which goes into the location of the intercept.
        mean = design.weight @ shifted / design.total_weight
        shifted, loc = shifted - mean, np.append(loc[:-1], loc[-1] + mean)
    response = np.sqrt(design.weight) * shifted
    return GaussianPosterior.build(rows, response, rate, on_sigma, loc, centre, design.total_weight)
