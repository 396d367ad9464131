r"""Independent posterior draws: Gaussian likelihood, Gaussian or flat prior, known or learned scales under any law.

Given sigma and the prior scale the coefficients are normal, for all of them from one decomposition of the columns. What
is left is the posterior of (prior scale, sigma): a point, an inverse gamma in closed form, or a quadrature over one or
two logarithms, whose error is computed. It gives exact moments, the evidence and the leave-one-out densities too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg.engines.base import Options
from bayesreg.interfaces import implements
from bayesreg.likelihoods import Gaussian
from bayesreg.numerics.gaussian_moments import coefficient_moments
from bayesreg.numerics.gaussian_posterior import GaussianPosterior, Level
from bayesreg.numerics.leave_one_out import leave_one_out
from bayesreg.numerics.scale_posterior import ScalePosterior
from bayesreg.outcomes import Draws
from bayesreg.priors.base import Penalised
from bayesreg.problem import Problem

Array = NDArray[np.float64]

# Leave-one-out densities are worked out while rows times nodes stay below this: half a second.
LARGEST_LOO = 30_000_000


class ExactGaussian:
    """A normal, or a mixture of normals over the posterior of the scales."""

    name = "exact_gaussian"
    tune = 0

    def why_not(self, problem: Problem) -> str | None:
        """Return None for a Gaussian likelihood with a Gaussian or flat prior of at most one learned parameter."""
        if not isinstance(problem.likelihood, Gaussian):
            return "the likelihood is not Gaussian"
        if not implements(problem.prior, Penalised):
            return "the prior is not Gaussian or flat"
        if len(problem.hyper_laws) > 1:
            return f"the prior's {', '.join(problem.hyper_laws)} are learned: this engine integrates over one of them"
        penalty = problem.penalty(1.0, dict.fromkeys(problem.hyper_laws, 1.0))
        if np.any(penalty.l1 > 0) or penalty.groups is not None:
            return "the prior has an l1 part, so the posterior is not Gaussian given sigma"
        if penalty.positive is not None:
            return "coefficients are constrained in sign, so the posterior is not Gaussian given sigma"
        if problem.hyper_laws and _power(problem) is None:
            return f"the prior's rate is not a power of the learned {next(iter(problem.hyper_laws))}"
        return None

    def cost(self, problem: Problem) -> str:
        """One decomposition, then independent draws."""
        flops = 4.0 * problem.n * problem.p * min(problem.n, problem.p)
        learned = len(problem.hyper_laws) + (problem.sigma_law is not None)
        quadrature = ("", ", a quadrature over one scale", ", a quadrature over two scales")[learned]
        return f"one decomposition ({flops:.1g} flops){quadrature}, then independent draws"

    def sample(
        self, problem: Problem, draws: int, chains: int, seed: np.random.SeedSequence, options: Options
    ) -> Draws:
        """Draw the scales from their posterior, then the coefficients given them."""
        scales = scale_posterior(problem)
        parts: dict[str, list[Array]] = {}
        for child in seed.spawn(chains):
            for name, value in draw(problem, scales, np.random.default_rng(child), draws).items():
                parts.setdefault(name, []).append(value)
        values = {name: np.stack(part) for name, part in parts.items()}
        attrs = {"log_evidence": scales.log_evidence, "log_evidence_error": scales.error}
        pointwise = {}
        if problem.n * scales.grid.mass.size <= LARGEST_LOO:
            rows, response, _ = data_of(problem)
            loo = leave_one_out(scales, rows, response, problem.design.weight)
            if np.all(np.isfinite(loo.elpd)):
                pointwise["elpd_loo"] = loo.elpd
                attrs["elpd_loo_error"] = loo.error
        moments = _moments(problem, scales)
        return Draws(values, {}, "independent", moments, scales.error, attrs, pointwise)


def draw(problem: Problem, scales: ScalePosterior, rng: np.random.Generator, size: int) -> dict[str, Array]:
    """Independent draws of everything unknown, shapes (size, ...)."""
    log_rate, sigma = scales.draw(rng, size)
    joint = scales.coefficients.draw(rng, log_rate, sigma)
    values = {"coef": joint[:, : problem.p]}
    if problem.fit_intercept:
        values["intercept"] = joint[:, problem.p]
    if problem.sigma_law is not None:
        values["sigma"] = sigma
    for name in problem.hyper_laws:
        values[name] = np.exp(scales.log_hyper(log_rate, np.log(sigma)))
    return values


def _moments(problem: Problem, scales: ScalePosterior) -> dict[str, Array]:
    mean, sd = coefficient_moments(scales)
    moments = {"coef_mean": mean[: problem.p], "coef_sd": sd[: problem.p]}
    if problem.fit_intercept:
        moments |= {"intercept_mean": mean[problem.p], "intercept_sd": sd[problem.p]}
    scalars = {}
    if problem.sigma_law is not None:
        scalars["sigma"] = scales.sigma_moments()
    for name in problem.hyper_laws:
        scalars[name] = scales.hyper_moments()
    for name, (average, spread) in scalars.items():
        moments |= {f"{name}_mean": np.asarray(average), f"{name}_sd": np.asarray(spread)}
    return moments


def scale_posterior(problem: Problem) -> ScalePosterior:
    """Return the posterior of the scales; its ``coefficients`` is that of (coef, intercept) given them."""
    hyper = next(iter(problem.hyper_laws.values()), None)
    sigma = problem.sigma_law or problem.known_sigma
    assert sigma is not None
    return ScalePosterior(
        coefficients=_coefficients(problem),
        sigma=sigma,
        hyper=hyper,
        power=(_power(problem) or 1.0) if hyper is not None else 1.0,
        relative=problem.relative_to is not None,
        y_sd=problem.design.y_sd or 1.0,
    )


def _power(problem: Problem) -> float | None:
    """Q where the prior's rates are those at 1 times h^q, else None."""
    (name,) = problem.hyper_laws
    one = problem.penalty(1.0, {name: 1.0}).l2
    at = {h: problem.penalty(1.0, {name: h}).l2 for h in (0.25, 2.0, 5.0)}
    on = one > 0
    if not on.any():
        return 1.0
    q = float(np.log2(at[2.0][on][0] / one[on][0]))
    same = all(np.allclose(l2, one * h**q, rtol=1e-12) for h, l2 in at.items())
    return q if same and q != 0 else None


def _coefficients(problem: Problem) -> GaussianPosterior:
    rows, response, level = data_of(problem)
    return GaussianPosterior.build(
        rows=rows,
        response=response,
        rate=problem.penalty(1.0, dict.fromkeys(problem.hyper_laws, 1.0)).l2,
        loc=problem.loc,
        total_weight=problem.design.total_weight,
        level=level,
    )


def data_of(problem: Problem) -> tuple[Array, Array, Level | None]:
    """Rows and response times the roots of the weights, centred beside an intercept, and the intercept itself."""
    design = problem.design
    root = np.sqrt(design.weight)
    shifted = problem.shifted_response
    if not problem.fit_intercept:
        return design.uncentred, root * shifted, None
    prior = problem.intercept_prior
    mean = float(design.weight @ shifted / design.total_weight)
    level = Level(
        x_mean=design.x_mean,
        y_mean=mean - prior.loc,
        loc=prior.loc,
        variance=np.inf if prior.flat else 1 / prior.rate,
        relative=prior.relative_to is not None,
    )
    # A response without its mean keeps every digit; so do the columns.
    return design.centred, root * (shifted - mean), level
