r"""The posterior of a smooth model in unconstrained coordinates, at many points at once.

.. math:: \theta = (d, b, s), \quad d = \beta - \mathrm{loc}, \quad b = \beta_0 + \bar x^T d, \quad
          s = (\log \sigma, \log \tau)

.. math:: \log p(\theta \mid y) = -\sum_i w_i [F_i(\eta_i) + c(\sigma)] + \log p(d \mid \sigma, \tau) + \log p(\beta_0)
          + \log p(\sigma) + \log \sigma + \log p(\tau) + \log \tau + \mathrm{const}

for a Gaussian or flat prior; b is there with an intercept, :math:`\log \sigma` and :math:`\log \tau` where they are
learned. The last term of each scale is the Jacobian of its logarithm; that of b is 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bayesreg.errors import UnsuitableError
from bayesreg.interfaces import implements
from bayesreg.likelihoods import Huber, Likelihood
from bayesreg.local_scales import rates_at
from bayesreg.numerics.nearest_normal import NearestNormal, Quadratic, RowBlock, nearest_normal
from bayesreg.numerics.prox_newton import prox_newton
from bayesreg.outcomes import Mode
from bayesreg.priors import Penalised
from bayesreg.problem import Problem
from bayesreg.row_problem import LikelihoodRows, MajorisedRows, smooth_problem, to_mode, to_start

Array = NDArray[np.float64]

# Rows whose curvature is formed at a time.
ROWS = 4096
# A second mode so many nats lower holds no mass to speak of.
COMPARABLE = 12.0
# A tile of the linear predictors of many draws, 128 kB: the passes of a loss over it stay in the cache.
TILE_ROWS, TILE_DRAWS = 64, 256


@dataclass(frozen=True, eq=False)
class CurvedRows(LikelihoodRows):
    """The loss of some rows with its second derivative as it is."""

    def bend(self, eta: Array) -> Array:
        """Return w F'', negative where F is concave."""
        return self.weight * self.likelihood.curvature(eta, self.y, self.sigma)


@dataclass(frozen=True, eq=False)
class SmoothPosterior:
    """The posterior of a problem with a smooth likelihood and a prior without l1 part, groups or signs.

    Parameters
    ----------
    problem : Problem
    """

    problem: Problem

    @cached_property
    def scale_names(self) -> tuple[str, ...]:
        """What is learned beside the coefficients, in the order of the coordinates."""
        noise = ("sigma",) if self.problem.sigma_law is not None else ()
        return (*noise, *self.problem.hyper_laws)

    @property
    def n_linear(self) -> int:
        """Number of coordinates of the linear predictor: the coefficients, and the intercept."""
        return self.problem.p + int(self.problem.fit_intercept)

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return self.n_linear + len(self.scale_names)

    @cached_property
    def _centre(self) -> Array:
        return self.problem.design.x_mean if self.problem.fit_intercept else np.zeros(self.problem.p)

    @cached_property
    def _base(self) -> Array:
        return self.problem.base()

    def rows(self, size: int) -> Iterator[tuple[slice, Array]]:
        """Yield the rows (x_i - mean, 1), some at a time: slice and array (size, k)."""
        design = self.problem.design
        X = sparse.csr_array(design.X) if design.is_sparse else design.X
        for start in range(0, design.n, size):
            part = slice(start, min(start + size, design.n))
            Z = np.empty((part.stop - start, self.n_linear))
            Z[:, : self.problem.p] = X[part].toarray() if design.is_sparse else X[part]
            Z[:, : self.problem.p] -= self._centre
            Z[:, self.problem.p :] = 1.0
            yield part, Z

    def scales(self, s: Array) -> tuple[Array, dict[str, Array]]:
        """Sigma (...) and the learned parameters of the prior at s (..., q)."""
        values = {name: np.exp(s[..., k]) for k, name in enumerate(self.scale_names)}
        sigma = values.pop("sigma", None)
        return (np.full(s.shape[:-1], self.problem.known_sigma) if sigma is None else sigma), values

    def values(self, theta: Array) -> dict[str, Array]:
        """What users know, in original units, at theta (..., k)."""
        p = self.problem.p
        d = theta[..., :p]
        out = {"coef": self.problem.loc + d}
        if self.problem.fit_intercept:
            out["intercept"] = theta[..., p] - d @ self._centre
        for k, name in enumerate(self.scale_names):
            out[name] = np.exp(theta[..., self.n_linear + k])
        return out

    def predictors(self, linear: Array) -> Array:
        """The linear predictor of every row at linear coordinates (k,), shape (n,)."""
        return np.concatenate([self._base[rows] + Z @ linear for rows, Z in self.rows(ROWS)])

    def log_density(self, theta: Array) -> Array:
        """Log posterior density with respect to theta, up to one constant, at theta (S, k), shape (S,).

        Cost: O(n k) a point, as products of matrices.
        """
        problem, m = self.problem, self.n_linear
        sigma, hyper = self.scales(theta[:, m:])
        total = -self._losses(np.ascontiguousarray(theta[:, :m].T), sigma)
        d = theta[:, : problem.p]
        assert implements(problem.prior, Penalised)
        rate = rates_at(problem.prior, hyper, problem.unit, problem.relative_to, sigma)[1]
        rate = np.broadcast_to(rate, (theta.shape[0], problem.p))
        proper = rate[0] > 0
        total += 0.5 * np.log(rate[:, proper]).sum(axis=1) - 0.5 * np.einsum("sj,sj,sj->s", rate, d, d)
        if problem.fit_intercept:
            total += problem.intercept_prior.log_density(theta[:, problem.p] - d @ self._centre, sigma)
        if problem.sigma_law is not None:
            total += problem.sigma_law.log_density(sigma)
        for name, law in problem.hyper_laws.items():
            total += law.log_density(hyper[name])
        return np.asarray(total + theta[:, m:].sum(axis=1))

    def _losses(self, coordinates: Array, sigma: Array) -> Array:
        """Sum over the rows of w (F + c), c where sigma is learned; coordinates (m, S), shape (S,)."""
        problem, learned = self.problem, self.problem.sigma_law is not None
        design, likelihood = problem.design, problem.likelihood
        out = np.zeros(sigma.size)
        for rows, Z in self.rows(ROWS):
            for start in range(0, sigma.size, TILE_DRAWS):
                some = slice(start, start + TILE_DRAWS)
                at = np.ascontiguousarray(coordinates[:, some])
                level = sigma[some] if learned else problem.known_sigma
                for i in range(0, Z.shape[0], TILE_ROWS):
                    tile = slice(rows.start + i, min(rows.start + i + TILE_ROWS, rows.stop))
                    eta = Z[i : i + TILE_ROWS] @ at
                    eta += self._base[tile, None]
                    y = design.y[tile, None]
                    out[some] += design.weight[tile] @ likelihood.loss(eta, y, level)
                if learned:
                    constant = likelihood.row_constant(design.y[rows, None], level)
                    out[some] += design.weight[rows] @ np.broadcast_to(constant, (Z.shape[0], at.shape[1]))
        return out

    def given_scales(self, s: Array, near: NearestNormal | None = None) -> NearestNormal | None:
        """The normal nearest to the linear coordinates at s (q,); None where the search for it fails.

        Parameters
        ----------
        s : array, shape (q,)
        near : NearestNormal, optional
            That of scales nearby, to start from; else the mode.
        """
        sigma, hyper = self._numbers(s)
        problem = self.problem

        def blocks() -> Iterable[RowBlock]:
            for rows, Z in self.rows(ROWS):
                y, weight = problem.design.y[rows], problem.design.weight[rows]
                yield RowBlock(Z, self._base[rows], CurvedRows(problem.likelihood, y, weight, sigma))

        prior = self._quadratic(sigma, hyper)
        found = None if near is None else nearest_normal(blocks, prior, near.mean, near.factor)
        if found is None:
            found = nearest_normal(blocks, prior, self._mode(sigma, hyper))
        return found

    def log_scale_terms(self, s: Array) -> float:
        """The terms of the log density that the scales have to themselves, normalisers included, at s (q,)."""
        sigma, hyper = self._numbers(s)
        problem, design = self.problem, self.problem.design
        rate = problem.penalty(sigma, hyper).l2
        total = 0.5 * float(np.log(rate[rate > 0]).sum()) + float(s.sum())
        if problem.fit_intercept and not problem.intercept_prior.flat:
            # What `_quadratic` leaves of the square, with the normaliser.
            level = problem.intercept_prior.l2(sigma)
            total += 0.5 * float(np.log(level) - level * problem.intercept_prior.loc**2)
        if problem.sigma_law is not None:
            constant = np.broadcast_to(problem.likelihood.row_constant(design.y, sigma), design.n)
            total += float(problem.sigma_law.log_density(sigma)) - float(design.weight @ constant)
        return total + sum(float(law.log_density(hyper[name])) for name, law in problem.hyper_laws.items())

    def _numbers(self, s: Array) -> tuple[float, dict[str, float]]:
        level, learned = self.scales(s)
        return float(level), {name: float(value) for name, value in learned.items()}

    def _quadratic(self, sigma: float, hyper: Mapping[str, float]) -> Quadratic:
        problem, m = self.problem, self.n_linear
        precision, pull = np.zeros((m, m)), np.zeros(m)
        precision[np.arange(problem.p), np.arange(problem.p)] = problem.penalty(sigma, hyper).l2
        if problem.fit_intercept and not problem.intercept_prior.flat:
            direction = np.append(-self._centre, 1.0)
            rate = problem.intercept_prior.l2(sigma)
            precision += rate * np.outer(direction, direction)
            pull += rate * problem.intercept_prior.loc * direction
        return Quadratic(precision, pull)

    def _mode(self, sigma: float, hyper: Mapping[str, float]) -> Array:
        """The mode of the linear coordinates, to some digits; all starts must agree on it if the loss is not convex."""
        problem = self.problem
        losses: list[tuple[Likelihood, Mode | None]] = [(problem.likelihood, None)]
        if not problem.likelihood.convex:
            losses += [(problem.likelihood, start) for start in self._robust_starts(sigma, hyper)]
        modes = [self._descend(likelihood, start, sigma, hyper) for likelihood, start in losses]
        lowest, eta, best = min(modes, key=lambda mode: mode[0])
        for value, other, _ in modes:
            if value < lowest + COMPARABLE and np.sqrt(np.mean((other - eta) ** 2)) > 0.1 * sigma:
                raise UnsuitableError("the posterior has several modes")
        d = best.coef - problem.loc
        return np.append(d, best.intercept + self._centre @ d) if problem.fit_intercept else d

    def _robust_starts(self, sigma: float, hyper: Mapping[str, float]) -> list[Mode]:
        """The Huber fit, and the same at the quartiles of its residuals, where clusters of rows may hold modes."""
        _, eta, mode = self._descend(Huber(1.345, sigma), None, sigma, hyper)
        if not self.problem.fit_intercept:
            return [mode]
        quartiles = np.quantile((self.problem.design.y - eta)[self.problem.design.weight > 0], [0.25, 0.75])
        return [mode, *(replace(mode, intercept=mode.intercept + float(shift)) for shift in quartiles)]

    def _descend(
        self, likelihood: Likelihood, start: Mode | None, sigma: float, hyper: Mapping[str, float]
    ) -> tuple[float, Array, Mode]:
        """A local minimum under a likelihood: the objective, the linear predictor, the mode."""
        problem = self.problem
        kind = LikelihoodRows if likelihood.convex else MajorisedRows
        rows = kind(likelihood, problem.design.y, problem.design.weight, sigma)
        smooth = smooth_problem(problem, sigma, rows, hyper)
        found = prox_newton(smooth, *to_start(problem, sigma, start), 200, 1e-6)
        eta = smooth.base + found.intercept + smooth.X.times(found.d)
        value = smooth.value(eta, found.d, found.intercept)
        return value, eta, to_mode(problem, found.d, found.intercept, found.steps)
