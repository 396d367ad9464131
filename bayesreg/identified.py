"""Whether the data and the prior together determine the coefficients: else there is neither a MAP nor a posterior."""

from __future__ import annotations

import math

import numpy as np

from bayesreg.by_group import stem_of
from bayesreg.errors import NotIdentifiedError
from bayesreg.interfaces import implements
from bayesreg.likelihoods import Bernoulli, Poisson
from bayesreg.numerics.rank import dependent_columns
from bayesreg.numerics.separation import recedes, separated, strictly_separated
from bayesreg.priors import NormalMixture, Penalised
from bayesreg.priors.base import Grouped
from bayesreg.priors.mixture import HORSESHOE, REGULARIZED_HORSESHOE, STUDENT_T
from bayesreg.problem import Problem
from bayesreg.scales import Flat, Gamma, HalfCauchy, HalfNormal, HalfStudentT, InverseGamma, Jeffreys, Law

_CURE = "drop them or give them a proper prior such as priors.Gaussian(scale)."


def check_identified(problem: Problem) -> None:
    """Raise ``NotIdentifiedError`` where columns are collinear or separate the classes, or a law is improper.

    Cost: a QR of the unpenalised columns, and for two classes a linear program over them; nothing where every column
    has a proper prior.
    """
    _check_scale_laws(problem)
    _check_tails(problem)
    penalty = problem.penalty(1.0) if not problem.hyper_laws and implements(problem.prior, Penalised) else None
    signed = np.zeros(problem.p, dtype=bool) if penalty is None else penalty.constrained & ~penalty.penalised
    free = problem.unpenalised
    if not (free | signed).any():
        return
    design = problem.design
    # An intercept with a proper prior is pinned by it; only a flat one can trade with the columns.
    columns = problem.columns.take(np.flatnonzero(free)).dense()
    lost = np.flatnonzero(free)[dependent_columns(np.sqrt(design.weight)[:, None] * columns)]
    if lost.size:
        shown = ", ".join(design.names[j] for j in lost[:5]) + (", ..." if lost.size > 5 else "")
        raise NotIdentifiedError(
            f"columns without a penalty are collinear: rank deficiency {lost.size} ({shown}: spanned by the others"
            f"{' and the intercept' if problem.flat_intercept else ''}), so their coefficients are not identified "
            f"under a flat prior; {_CURE}"
        )
    if not isinstance(problem.likelihood, Bernoulli | Poisson):
        return
    loose, used = np.flatnonzero(free | signed), design.weight > 0
    Z, one_sided = design.columns.take(loose).dense(), signed[loose]
    if problem.flat_intercept:
        Z, one_sided = np.column_stack([np.ones(design.n), Z]), np.append(False, one_sided)
    if isinstance(problem.likelihood, Bernoulli):
        if separated(Z[used], design.y[used], one_sided):
            raise NotIdentifiedError(
                "separation: the columns without a penalty predict the classes without error, so under a flat prior "
                f"the likelihood has no maximum and the posterior is improper; {_CURE}"
            )
    elif recedes(Z[used], design.y[used], one_sided):
        raise NotIdentifiedError(
            "the columns without a penalty can send the rate of rows without counts to 0 and leave those with counts "
            f"alone, so under a flat prior the likelihood has no maximum and the posterior is improper; {_CURE}"
        )


def check_noise_law(problem: Problem) -> None:
    """Raise where a Jeffreys law of sigma leaves the posterior improper at sigma = 0.

    Where the columns can fit every row, the evidence under a prior on an absolute scale tends to a positive constant as
    sigma goes to 0, and 1/sigma is not integrable there.
    """
    if not isinstance(problem.sigma_law, Jeffreys) or problem.relative_to is not None:
        return
    rows = int(np.count_nonzero(problem.design.weight > 0))
    if problem.p + problem.fit_intercept >= rows:
        raise NotIdentifiedError(
            f"sigma ~ scales.Jeffreys() leaves the posterior improper: {problem.p} columns can fit all {rows} rows, so "
            "nothing keeps sigma from 0. Give sigma a proper law such as scales.InverseGamma(1.5, scale), or none for "
            "the default."
        )


def _check_tails(problem: Problem) -> None:
    """Raise where separable classes, a flat intercept and a heavy-tailed prior leave the posterior improper.

    Beyond a large multiple of a separating direction the likelihood is 1 over a range of intercepts that grows with the
    coefficients, so their mean size under the prior must be finite.
    """
    if not (isinstance(problem.likelihood, Bernoulli) and problem.flat_intercept) or problem.design.is_sparse:
        return
    heavy = _without_mean(problem)
    if heavy is None:
        return
    design = problem.design
    used = design.weight > 0
    Z = np.column_stack([np.ones(design.n), design.X])[used]
    if strictly_separated(Z, design.y[used]):
        raise NotIdentifiedError(
            f"separation: the columns predict the classes without error, and under {heavy} with a flat intercept the "
            "posterior is then improper. Give the intercept a prior, Model(..., intercept=priors.Gaussian(10.0)), or "
            "the scale a law with a mean, such as scales.HalfNormal(1.0)."
        )


def _without_mean(problem: Problem) -> str | None:
    """What gives the coefficients an infinite mean size under the prior, in words; None where nothing does."""
    prior = problem.prior
    if implements(prior, NormalMixture):
        code, df = prior.local_law
        if code == HORSESHOE or (code == STUDENT_T and df <= 1):
            return f"{type(prior).__name__}(...)"
        if code == REGULARIZED_HORSESHOE:
            return None
    heavy = {name: law for name, law in problem.hyper_laws.items() if _infinite_mean(name, law)}
    if not heavy:
        return None
    if implements(prior, Penalised) and not implements(prior, Grouped):
        # Where another rate goes on when these have gone to 0, it bounds the coefficients.
        gone = {name: math.inf if stem_of(name) == "prior_scale" else 0.0 for name in heavy}
        ones = dict.fromkeys(problem.hyper_laws, 1.0)
        if not np.any(problem.penalty(1.0, ones).penalised & ~problem.penalty(1.0, ones | gone).penalised):
            return None
    return " and ".join(f"{name} ~ {law!r}" for name, law in heavy.items())


def _infinite_mean(name: str, law: Law) -> bool:
    """Whether the scale that a law gives has an infinite mean, as far as the law is one of ours."""
    if stem_of(name) == "prior_scale":
        heavy = isinstance(law, HalfCauchy | Flat | Jeffreys) or (isinstance(law, HalfStudentT) and law.df <= 1)
        return heavy or (isinstance(law, InverseGamma) and law.shape <= 0.5)
    # A rate: its reciprocal has a mean where its density vanishes at 0 fast enough.
    if name == "prior_l2":
        return isinstance(law, Gamma) and law.shape <= 0.5
    return isinstance(law, HalfCauchy | HalfStudentT | HalfNormal) or (isinstance(law, Gamma) and law.shape <= 1)


def _check_scale_laws(problem: Problem) -> None:
    """Raise where the law of a learned prior scale or rate leaves the posterior improper.

    With the coefficients at the prior's location the likelihood is positive, so the law itself must be integrable
    towards the strongest penalty; towards none, p coefficients lend the density scale^-p (a horseshoe's, times a power
    of its logarithm). A slab lends nothing: coefficients stay where it holds them.
    """
    slab = implements(problem.prior, NormalMixture) and problem.prior.local_law[0] == REGULARIZED_HORSESHOE
    for name, law in problem.hyper_laws.items():
        wide = isinstance(law, Flat) and stem_of(name) == "prior_scale" and not slab and _governed(problem, name) >= 2
        if isinstance(law, Jeffreys | Flat) and not wide:
            raise NotIdentifiedError(
                f"{name} ~ scales.{type(law).__name__}() leaves the posterior improper: it has infinite mass where the "
                "data cannot rule the prior out. Give it a proper law such as scales.HalfCauchy(1.0)."
            )


def _governed(problem: Problem, name: str) -> int:
    """Number of penalised coefficients whose scale is the learned one of this name, or that of their group."""
    if stem_of(name) == name:
        return problem.p - int(problem.unpenalised.sum())
    ones = dict.fromkeys(problem.hyper_laws, 1.0)
    return int(np.sum(problem.penalty(1.0, ones).l2 != problem.penalty(1.0, ones | {name: 2.0}).l2))
