r"""Independent posterior draws: Gaussian likelihood, Gaussian or flat prior, known or learned scales under any law.

Given sigma and the prior scale the coefficients are normal, for all of them from one decomposition of the columns. What
is left is the posterior of (prior scale, sigma): a point, an inverse gamma in closed form, or a quadrature over one or
two logarithms, whose error is computed. It gives exact moments, the evidence and the leave-one-out densities too. Two
groups of columns with a scale each add the ratio of the scales, with a decomposition for each of its nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from bayesreg.engines.base import Options
from bayesreg.interfaces import implements
from bayesreg.likelihoods import Gaussian
from bayesreg.numerics.gaussian_moments import coefficient_moments
from bayesreg.numerics.gaussian_posterior import GaussianPosterior, Level, rows_in_use
from bayesreg.numerics.leave_one_out import LeaveOneOut, leave_one_out
from bayesreg.numerics.scale_pair import ScalePair
from bayesreg.numerics.scale_posterior import ScalePosterior
from bayesreg.outcomes import Draws
from bayesreg.priors.base import Penalised
from bayesreg.problem import Problem

Array = NDArray[np.float64]
Scales = ScalePosterior | ScalePair

# Leave-one-out densities are worked out while rows times nodes stay below this: half a second.
LARGEST_LOO = 30_000_000
# The same where two prior scales are learned, and the rest takes seconds too.
LARGEST_PAIR_LOO = 300_000_000
# Flops of a decomposition beyond which some 100 of them take too long.
LARGEST_PAIR = 200**3


class ExactGaussian:
    """A normal, or a mixture of normals over the posterior of the scales."""

    name = "exact_gaussian"
    tune = 0

    def why_not(self, problem: Problem) -> str | None:
        """Return None for a Gaussian likelihood with a Gaussian or flat prior of at most two learned parameters."""
        if not isinstance(problem.likelihood, Gaussian):
            return "the likelihood is not Gaussian"
        if not implements(problem.prior, Penalised):
            return "the prior is not Gaussian or flat"
        if len(problem.hyper_laws) > 2:
            return f"the prior's {', '.join(problem.hyper_laws)} are learned: this engine integrates over two at most"
        penalty = problem.penalty(1.0, dict.fromkeys(problem.hyper_laws, 1.0))
        if penalty.kinked:
            return "the prior has an l1 part, so the posterior is not Gaussian given sigma"
        if penalty.positive is not None:
            return "coefficients are constrained in sign, so the posterior is not Gaussian given sigma"
        powers = _powers(problem)
        if powers is None:
            return f"the prior's rates are not powers, each of one of the learned {', '.join(problem.hyper_laws)}"
        if len(powers) == 2:
            if not all(group.columns.any() for group in powers):
                return "a learned scale belongs to no penalised column"
            if min(problem.n, problem.p) ** 2 * problem.p > LARGEST_PAIR:
                return (
                    "two scales are learned, which takes a decomposition for each of some 100 ratios of them: this is "
                    "for up to 200 columns, or few rows"
                )
        return None

    def cost(self, problem: Problem) -> str:
        """One decomposition, then independent draws."""
        flops = 4.0 * problem.n * problem.p * min(problem.n, problem.p)
        each = 4.0 * problem.p * min(problem.n, problem.p) ** 2
        learned = len(problem.hyper_laws) + (problem.sigma_law is not None)
        quadrature = ("", ", a quadrature over one scale", ", a quadrature over two scales")
        if len(problem.hyper_laws) == 2:
            over = quadrature[learned - 1]
            return f"some 100 decompositions ({each:.1g} flops each, with{over[1:]}), then independent draws"
        return f"one decomposition ({flops:.1g} flops){quadrature[learned]}, then independent draws"

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
        largest = LARGEST_PAIR_LOO if isinstance(scales, ScalePair) else LARGEST_LOO
        if problem.n * scales.n_nodes <= largest:
            loo = exact_loo(problem, scales)
            if np.all(np.isfinite(loo.elpd)):
                pointwise["elpd_loo"] = loo.elpd
                attrs["elpd_loo_error"] = loo.error
        moments = _moments(problem, scales)
        return Draws(values, {}, "independent", moments, scales.error, attrs, pointwise)


def draw(problem: Problem, scales: Scales, rng: np.random.Generator, size: int) -> dict[str, Array]:
    """Independent draws of everything unknown, shapes (size, ...)."""
    hyper: Sequence[Array]
    if isinstance(scales, ScalePair):
        joint, sigma, hyper = scales.draw(rng, size)
    else:
        log_rate, sigma = scales.draw(rng, size)
        joint = scales.coefficients.draw(rng, log_rate, sigma)
        hyper = [np.exp(scales.log_hyper(log_rate, np.log(sigma)))] * len(problem.hyper_laws)
    values = {"coef": joint[:, : problem.p]}
    if problem.fit_intercept:
        values["intercept"] = joint[:, problem.p]
    if problem.sigma_law is not None:
        values["sigma"] = sigma
    return values | dict(zip(problem.hyper_laws, hyper, strict=True))


def exact_loo(problem: Problem, scales: Scales) -> LeaveOneOut:
    """Leave-one-out densities of the rows."""
    rows, response, _ = data_of(problem)
    if isinstance(scales, ScalePair):
        return scales.leave_one_out(rows, response, problem.design.weight)
    return leave_one_out(scales, rows, response, problem.design.weight)


def _moments(problem: Problem, scales: Scales) -> dict[str, Array]:
    mean, sd = scales.coefficient_moments() if isinstance(scales, ScalePair) else coefficient_moments(scales)
    moments = {"coef_mean": mean[: problem.p], "coef_sd": sd[: problem.p]}
    if problem.fit_intercept:
        moments |= {"intercept_mean": mean[problem.p], "intercept_sd": sd[problem.p]}
    scalars = {}
    if problem.sigma_law is not None:
        scalars["sigma"] = scales.sigma_moments()
    if problem.hyper_laws:
        found = scales.hyper_moments() if isinstance(scales, ScalePair) else [scales.hyper_moments()]
        scalars |= dict(zip(problem.hyper_laws, found, strict=True))
    for name, (average, spread) in scalars.items():
        moments |= {f"{name}_mean": np.asarray(average), f"{name}_sd": np.asarray(spread)}
    return moments


def scale_posterior(problem: Problem) -> Scales:
    """Return the posterior of the scales, and with it of (coef, intercept)."""
    sigma = problem.sigma_law or problem.known_sigma
    powers = _powers(problem)
    assert sigma is not None
    assert powers is not None
    rows, response, level = data_of(problem)
    rate = problem.penalty(1.0, dict.fromkeys(problem.hyper_laws, 1.0)).l2
    total_weight, relative, y_sd = problem.design.total_weight, problem.relative_to is not None, problem.design.y_sd
    laws = tuple(problem.hyper_laws.values())
    if len(powers) == 2:
        n_used = rows_in_use(rows, response)
        if problem.n > problem.p + 1:
            triangle = linalg.qr(np.column_stack([rows, response]), mode="r", check_finite=False)[0][: problem.p + 1]
            rows, response = triangle[:, :-1], triangle[:, -1]
        return ScalePair(
            rows=rows,
            response=response,
            n_used=n_used,
            rate=rate,
            second=powers[1].columns,
            loc=problem.loc,
            total_weight=total_weight,
            level=level,
            laws=(laws[0], laws[1]),
            powers=(powers[0].power, powers[1].power),
            sigma=sigma,
            relative=relative,
            y_sd=y_sd or 1.0,
        )
    return ScalePosterior(
        coefficients=GaussianPosterior.build(rows, response, rate, problem.loc, total_weight, level),
        sigma=sigma,
        hyper=laws[0] if laws else None,
        power=powers[0].power if powers else 1.0,
        relative=relative,
        y_sd=y_sd or 1.0,
    )


class _Power(NamedTuple):
    """Rates of some columns (p,) are those at 1 times h^power."""

    columns: NDArray[np.bool_]
    power: float


def _powers(problem: Problem) -> list[_Power] | None:
    """What each learned parameter does to the rates; None where that is not a power of it, of columns of its own."""
    names = list(problem.hyper_laws)
    ones = dict.fromkeys(names, 1.0)
    one = problem.penalty(1.0, ones).l2
    taken, found = np.zeros(one.size, dtype=bool), []
    for name in names:
        at = {h: problem.penalty(1.0, ones | {name: h}).l2 for h in (0.25, 2.0, 5.0)}
        on = (one > 0) & (at[2.0] != one)
        q = float(np.log2(at[2.0][on][0] / one[on][0])) if on.any() else 1.0
        if np.any(taken & on) or any(not np.allclose(l2[on], one[on] * h**q, rtol=1e-12) for h, l2 in at.items()):
            return None
        taken |= on
        found.append(_Power(on, q))
    # A rate that does not change stays beside those that do, which no single penalty can follow.
    return found if not names or np.array_equal(taken, one > 0) or not taken.any() else None


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
