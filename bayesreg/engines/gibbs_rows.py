r"""Gibbs sampling with a latent weight a row: likelihoods and priors that are scale mixtures of normals.

Logistic, Student-t, Laplace and asymmetric Laplace likelihoods; see `bayesreg.numerics.gibbs.rows`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bayesreg import mixture_problem
from bayesreg.engines.base import Chain
from bayesreg.gibbs_chain import GibbsChain, Raw, Sweeps
from bayesreg.likelihoods import AsymmetricLaplace, Bernoulli, Laplace, StudentT
from bayesreg.mixture_problem import MixtureProblem
from bayesreg.numerics.gibbs.rows import ABSOLUTE, LOGISTIC, STUDENT_T, Rows, row_sweeps
from bayesreg.numerics.gibbs.rows_wide import wide_row_sweeps
from bayesreg.numerics.gibbs.specification import KNOWN, Learned, State
from bayesreg.numerics.row_products import row_products
from bayesreg.problem import Problem

Array = NDArray[np.float64]

# Operations a sweep beyond which a sweep takes longer than the ten or so gradients of a draw of NUTS.
MANY = 1e9
_KNOWN = Learned(KNOWN, 0, 0.0, 0.0)


class GibbsRows:
    """The latent weights of the rows, all coefficients at once, then the scales without the latent variables."""

    name = "gibbs_augmented"
    tune = 1000
    exactness = "mcmc"

    def why_not(self, problem: Problem) -> str | None:
        """Return None for a likelihood and a prior that are scale mixtures of normals, and data of moderate size."""
        if not isinstance(problem.likelihood, AsymmetricLaplace | Bernoulli | Laplace | StudentT):
            return f"the likelihood {type(problem.likelihood).__name__} is not augmented to a normal one"
        if (reason := mixture_problem.why_not(problem)) is not None:
            return reason
        weight = problem.design.weight
        if isinstance(problem.likelihood, Bernoulli) and np.any(weight != np.round(weight)):
            return "a Pólya-Gamma law needs sample weights that are whole numbers"
        operations = _operations(problem)
        if operations > MANY:
            return f"{operations:.1g} operations a draw, where gradients cost less"
        return None

    def cost(self, problem: Problem) -> str:
        """One product of the weighted rows and one Cholesky factorisation a sweep."""
        return f"n p min(n, p) = {_operations(problem):.2g} operations a draw"

    def start(self, problem: Problem, rng: np.random.Generator) -> Chain:
        """Return a chain at a random start."""
        mixture, rows = augmented(problem)
        sweeps = kernel(problem, mixture, rows)

        def back(deltas: Array, sigma: Array, free: Array) -> Array:
            if not problem.flat_intercept:
                return free
            # The kernel's intercept is that at the column means.
            d = np.zeros((deltas.shape[0], problem.p))
            d[:, mixture.kept] = deltas[:, : mixture.kept.size] * mixture.unit
            d[:, mixture.free] = free[:, :-1]
            shift = row_products(d, problem.design.x_mean[:, None])
            return np.column_stack([free[:, :-1], free[:, -1:] - shift])

        return GibbsChain(mixture, rng, sweeps, rows.n_flat, back)


def kernel(problem: Problem, mixture: MixtureProblem, rows: Rows) -> Sweeps:
    """Return the sweeps for `augmented` data: m x m matrices, or n x n ones where there are more columns than rows."""
    prior, hyper, own = mixture.prior, mixture.hyper, mixture.own_noise
    # Columns without a prior are the last ones and no part of what is integrated out of the rows.
    pure = bool(np.all(prior.rate[: prior.rate.size - rows.n_flat] > 0)) and not prior.ridged
    given_omega = hyper._replace(noise=_KNOWN) if rows.sloped else hyper

    def sweeps(rng: np.random.Generator, state: State, width: Array, raw: Raw) -> bool:
        if problem.p >= problem.n:
            wide = (rng, rows, prior, hyper, given_omega, state, width, own and not rows.sloped, pure)
            return bool(wide_row_sweeps(*wide, *raw))
        return bool(row_sweeps(rng, rows, prior, hyper, state, width, own, *raw))

    return sweeps


def _operations(problem: Problem) -> float:
    n, p = float(problem.n), float(problem.p)
    return n * p * min(n, p)


def augmented(problem: Problem) -> tuple[MixtureProblem, Rows]:
    """Return the problem with columns without a prior as the last coefficients, and its rows."""
    mixture = MixtureProblem.of(problem)
    n_flat = mixture.free.size + problem.flat_intercept
    prior, none = mixture.prior, np.zeros(n_flat)
    if n_flat:
        # They form an empty group: no local variance, no part in the density.
        prior = prior._replace(
            group=np.append(prior.group, np.full(n_flat, prior.size.size)),
            size=np.append(prior.size, 0.0),
            rate=np.append(prior.rate, none),
            ridge=np.append(prior.ridge, none),
            fixed=np.append(prior.fixed, none),
        )
    return replace(mixture, prior=prior), _rows(problem, mixture, n_flat)


def _rows(problem: Problem, mixture: MixtureProblem, n_flat: int) -> Rows:
    likelihood, design = problem.likelihood, problem.design
    used = design.weight > 0
    weight, y = design.weight[used], design.y[used]
    X = problem.columns.dense()[used]
    one = np.ones((y.size, int(problem.fit_intercept)))
    parts = [X[:, mixture.kept] * mixture.unit, one, X[:, mixture.free]]
    if problem.flat_intercept:
        parts = [parts[0], parts[2], one]
    Z = np.ascontiguousarray(np.column_stack(parts))
    known = problem.base()[used]
    if problem.fit_intercept and not problem.flat_intercept:
        known = known + problem.intercept_prior.loc
    amount, slope, df = weight, np.zeros(y.size), 0.0
    if isinstance(likelihood, Bernoulli):
        # exp(y eta)/(1 + exp(eta)) with s = -eta: the slope is that of y - 1/2.
        code, slope, y = LOGISTIC, weight * (y - 0.5), np.zeros(y.size)
    elif isinstance(likelihood, StudentT):
        code, df = STUDENT_T, likelihood.df
    else:
        code = ABSOLUTE
        if isinstance(likelihood, AsymmetricLaplace):
            amount, slope = 0.5 * weight, weight * (likelihood.quantile - 0.5)
    response = y - known
    return Rows(
        Z,
        response,
        np.ascontiguousarray(amount),
        slope,
        slope @ Z,
        bool(np.any(slope != 0)),
        code,
        df,
        float(weight.sum()),
        n_flat,
    )
