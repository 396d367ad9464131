r"""Posterior draws of a smooth model with a Gaussian prior: a normal approximation, made exact by Metropolis.

The approximation is the nearest normal of the linear coordinates given the scales (``numerics.nearest_normal``) and a
normal of the log scales at the peak of their approximate marginal; the proposal q adds tails to it
(``numerics.mixture_proposal``). Importance ratios p/q of pilot draws say whether q covers the posterior; if it does,
independence Metropolis-Hastings over draws of q has the posterior itself for its invariant law, else `sample` goes on
to the next engine.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from bayesreg.engines.base import Options
from bayesreg.errors import UnsuitableError
from bayesreg.interfaces import implements
from bayesreg.likelihoods import Gaussian
from bayesreg.numerics.importance import Coverage, coverage, independence_metropolis
from bayesreg.numerics.mixture_proposal import MixtureProposal
from bayesreg.numerics.nearest_normal import NearestNormal
from bayesreg.numerics.peak import find_peak
from bayesreg.numerics.threads import one_blas_thread
from bayesreg.outcomes import Draws
from bayesreg.priors import Gaussian as GaussianPrior
from bayesreg.priors.base import Penalised, penalty_of
from bayesreg.problem import Problem
from bayesreg.smooth_posterior import SmoothPosterior

Array = NDArray[np.float64]

ROWS_A_COLUMN = 10
PILOTS = 1000
# Below the first the ratios have a finite variance; above the second their sums mean nothing (Vehtari et al., 2024).
GOOD_KHAT, LARGEST_KHAT = 0.5, 0.7
SMALLEST_EFFICIENCY = 0.1
# Proposals times coordinates held at a time: 16 MB.
LARGEST_BLOCK = 2_000_000


class LaplaceApproximation:
    """Independence Metropolis over draws of a normal with heavier tails."""

    name = "laplace_approximation"
    tune = 0

    def why_not(self, problem: Problem) -> str | None:
        """Return None for a smooth likelihood, a Gaussian or flat prior and many rows; draws decide about the rest."""
        kind = type(problem.likelihood).__name__
        if isinstance(problem.likelihood, Gaussian):
            return "the likelihood is Gaussian, for which there are samplers without an approximation"
        if not problem.likelihood.smooth:
            return f"{kind} has kinks, where a normal approximation has no curvature"
        if not implements(problem.prior, Penalised):
            return "the prior is not Gaussian or flat"
        if problem.hyper_laws and not isinstance(problem.prior, GaussianPrior):
            return f"the prior's {', '.join(problem.hyper_laws)} is learned and it is not priors.Gaussian"
        penalty = penalty_of(problem.prior, problem.unit, None, 1.0, dict.fromkeys(problem.hyper_laws, 1.0))
        if penalty.kinked:
            return "the prior has an l1 part, whose kinks no normal approximates"
        if penalty.constrained.any():
            return "coefficients are constrained in sign, so the posterior ends where it may be largest"
        rows = problem.design.total_weight
        if rows < ROWS_A_COLUMN * problem.p:
            return f"{rows:g} rows for {problem.p} columns are too few for a normal approximation (10 a column)"
        return None

    def cost(self, problem: Problem) -> str:
        """Some Newton steps, then one product of matrices for all draws."""
        return f"about 10 decompositions of {problem.n} x {problem.p}, then one pass over the rows a draw"

    def sample(
        self, problem: Problem, draws: int, chains: int, seed: np.random.SeedSequence, options: Options
    ) -> Draws:
        """Fit the proposal, judge it by pilot draws, and run the chains. Raises ``UnsuitableError`` if it is poor."""
        posterior = SmoothPosterior(problem)
        first, *children = seed.spawn(chains + 1)
        rng = np.random.default_rng(first)
        with one_blas_thread():
            proposal, pilots, log_ratio, judged = covering_proposal(posterior, rng)
        # So many proposals a draw make the draws nearly independent.
        thin = max(1, round(1 / judged.efficiency))
        weight = np.exp(judged.smoothed - judged.smoothed.max())
        parts = []
        for child in children:
            start = int(rng.choice(PILOTS, p=weight / weight.sum()))
            generator = np.random.default_rng(child)
            with one_blas_thread():
                parts.append(run_chain(posterior, proposal, pilots[start], log_ratio[start], draws, thin, generator))
        theta, chance = (np.stack([part[k] for part in parts]) for k in (0, 1))
        attrs = {"khat": judged.khat, "is_efficiency": judged.efficiency, "proposals_per_draw": float(thin)}
        return Draws(posterior.values(theta), {"acceptance_rate": chance}, "mcmc", {}, attrs=attrs)


def run_chain(
    posterior: SmoothPosterior,
    proposal: MixtureProposal,
    start: Array,
    log_ratio: float,
    draws: int,
    thin: int,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Return the kept draws (draws, k) and the mean probability of acceptance at each (draws,).

    Parameters
    ----------
    posterior : SmoothPosterior
    proposal : MixtureProposal
    start : array, shape (k,)
    log_ratio : float
        log p - log q at the start.
    draws, thin : int
        Every ``thin``-th of ``draws * thin`` states is kept.
    rng : numpy.random.Generator
    """
    kept, chances = np.empty((draws, posterior.size)), np.empty(draws)
    block = max(1, LARGEST_BLOCK // (posterior.size * thin))
    state, current = start, log_ratio
    for begin in range(0, draws, block):
        size = min(block, draws - begin)
        theta, log_q = proposal.draw(rng, size * thin)
        ratio = log_ratios(posterior, theta, log_q)
        at, chance = independence_metropolis(ratio, np.log(rng.random(ratio.size)), current)
        every = at[thin - 1 :: thin]
        kept[begin : begin + size] = np.where(every[:, None] < 0, state, theta[every])
        chances[begin : begin + size] = chance.reshape(size, thin).mean(axis=1)
        if at[-1] >= 0:
            state, current = theta[at[-1]], float(ratio[at[-1]])
    return kept, chances


def log_ratios(posterior: SmoothPosterior, theta: Array, log_q: Array) -> Array:
    """Return log p - log q, minus infinity where p is no number."""
    ratio = posterior.log_density(theta) - log_q
    return np.where(np.isnan(ratio), -np.inf, ratio)


def covering_proposal(
    posterior: SmoothPosterior, rng: np.random.Generator
) -> tuple[MixtureProposal, Array, Array, Coverage]:
    """Return a proposal that covers the posterior, pilot draws of it, their log ratios and the judgement.

    Between the two bounds of k-hat the proposal is fitted anew to its own weighted draws, once.
    """
    proposal = fitted_proposal(posterior)
    for last in (False, True):
        theta, log_q = proposal.draw(rng, PILOTS)
        ratio = log_ratios(posterior, theta, log_q)
        judged = coverage(ratio)
        if judged.khat < GOOD_KHAT and judged.efficiency > SMALLEST_EFFICIENCY:
            return proposal, theta, ratio, judged
        if last or not judged.khat <= LARGEST_KHAT:
            break
        proposal = proposal.refitted(theta, judged.smoothed)
    raise UnsuitableError(
        f"its proposal does not cover the posterior: Pareto k-hat {judged.khat:.2f} (below {GOOD_KHAT} needed), "
        f"efficiency {judged.efficiency:.2f} of importance sampling (above {SMALLEST_EFFICIENCY} needed)"
    )


def fitted_proposal(posterior: SmoothPosterior) -> MixtureProposal:
    """The proposal centred at the nearest normal; raises ``UnsuitableError`` where there is none."""
    known: dict[bytes, NearestNormal | None] = {}
    latest: list[NearestNormal] = []

    def normal(s: Array) -> NearestNormal | None:
        key = s.tobytes()
        if key not in known:
            known[key] = posterior.given_scales(s, latest[-1] if latest else None)
            if (found := known[key]) is not None:
                latest.append(found)
        return known[key]

    def log_marginal(s: Array) -> float:
        found = normal(s)
        return -np.inf if found is None else found.log_mass + posterior.log_scale_terms(s)

    peak = find_peak(log_marginal, start_of_scales(posterior))
    centre = None if peak is None else normal(peak.centre)
    if peak is None or centre is None:
        raise UnsuitableError("the search for the nearest normal law did not converge")
    if latest and not posterior.problem.likelihood.convex:
        # From scratch at these scales, where there may be modes that there were not at those of the start.
        posterior.given_scales(peak.centre)
    m, q = posterior.n_linear, peak.at.size
    mean, root = np.append(centre.mean, peak.at), np.zeros((m + q, m + q))
    root[:m, :m] = linalg.solve_triangular(centre.factor, np.eye(m), lower=True).T
    if q:
        root[m:, m:] = linalg.cholesky(linalg.inv(peak.precision), lower=True)
        # How the coefficients move with the scales.
        moves = np.empty((m, q))
        for k, width in enumerate(peak.width):
            unit = width * np.eye(q)[k]
            after, before = normal(peak.centre + unit), normal(peak.centre - unit)
            assert after is not None
            assert before is not None
            moves[:, k] = (after.mean - before.mean) / (2 * width)
        mean[:m] += moves @ (peak.at - peak.centre)
        root[:m, m:] = moves @ root[m:, m:]
    return MixtureProposal(mean, root)


def start_of_scales(posterior: SmoothPosterior) -> Array:
    """Where the search for the scales begins: a robust spread of residuals; coefficients of one per sd of a column."""
    problem = posterior.problem
    start = dict.fromkeys(posterior.scale_names, 0.0)
    if "sigma" in start:
        start["sigma"] = float(np.log(problem.design.y_sd))
    if problem.hyper_laws:
        used = ~problem.unpenalised & (problem.design.x_sd > 0)
        unit = problem.design.x_sd[used] * problem.unit[used]
        size = -float(np.median(np.log(unit))) if used.any() else 0.0
        if problem.likelihood.has_sigma:
            size += start.get("sigma", 0.0) if problem.relative_to is None else 0.0
        start.update(dict.fromkeys(problem.hyper_laws, size))
    s = np.array(list(start.values()))
    found = posterior.given_scales(s) if "sigma" in start else None
    if found is not None:
        residual = problem.design.y - posterior.predictors(found.mean)
        spread = 1.4826 * float(np.median(np.abs(residual[problem.design.weight > 0])))
        s[0] = np.log(max(spread, 1e-6 * problem.design.y_sd))
    return s
