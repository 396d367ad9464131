"""A certificate from the rows: every formula of `bayesreg.certificate`, evaluated at one point."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bayesreg.data.columns import Columns
from bayesreg.interfaces import implements
from bayesreg.likelihoods import Kinked
from bayesreg.null_model import NullModel, null_model
from bayesreg.optimality import EPS, KKT_TOLERANCE, Certificate, rounding
from bayesreg.penalty import Penalty
from bayesreg.problem import Problem
from bayesreg.uniqueness import Uniqueness

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Certifier:
    """Certificates for points of one problem at one noise level; what they share is computed once.

    Parameters
    ----------
    problem : Problem
    sigma : float
    """

    problem: Problem
    sigma: float

    @cached_property
    def columns(self) -> Columns:
        """X, centred under a flat intercept."""
        return self.problem.columns

    @cached_property
    def base(self) -> Array:
        """Offset plus X loc, shape (n,)."""
        return self.problem.base()

    @cached_property
    def null(self) -> NullModel:
        """The null model; the strength of the penalty does not change it."""
        return null_model(self.problem, self.sigma)

    @cached_property
    def free(self) -> NDArray[np.intp]:
        """Indices of the columns without a penalty."""
        return np.flatnonzero(self.problem.unpenalised)

    @cached_property
    def norm(self) -> Array:
        """Norms of the columns after projecting out what has no penalty, shape (p,)."""
        moments = self.problem.design.moments
        norm = moments.spread if self.problem.fit_intercept else moments.size
        if 0 < self.free.size < self.problem.p:
            design = self.problem.design
            columns = design.centred_columns if self.problem.fit_intercept else design.columns
            root = np.sqrt(design.weight)
            Q = np.linalg.qr(root[:, None] * columns.take(self.free).dense())[0]
            along = columns.transposed_times(root[:, None] * Q)
            left = np.sqrt(np.maximum(norm**2 - np.einsum("jk,jk->j", along, along), 0.0))
            left[self.free] = norm[self.free]
            norm = left
        # A column that is (numerically) nothing but unpenalised ones is judged by its raw length.
        raw = moments.size
        return np.where(norm > 1e-7 * raw, norm, np.where(raw > 0, raw, 1.0))

    @cached_property
    def slope_norm(self) -> float:
        """Weighted norm of F' at the null model.

        Where that model fits exactly there is only rounding to compare with, and the contract is met by what is no
        more than that.
        """
        null = self.null
        norm = null.slope_norm(self.problem.design.row_weight)
        rounded = 64 * EPS * self._slope_size(null.eta, self._size(null.d, null.eta))
        return norm if norm > rounded else rounded / KKT_TOLERANCE

    def _size(self, d: Array, eta: Array) -> Array:
        """Size of the terms behind y - eta (of eta, where y is not in its unit), row by row, shape (n,)."""
        design = self.problem.design
        # The terms of X d may be larger than their sum.
        terms = float(design.moments.size @ np.abs(d)) / math.sqrt(design.total_weight)
        size = np.abs(eta) + np.abs(self.base) + terms
        return size + np.abs(design.y) if self.problem.likelihood.has_sigma else size

    def _slope_size(self, eta: Array, size: Array) -> float:
        """Weighted norm of what F' is made of: rounding of y - eta, times the curvature."""
        design, likelihood = self.problem.design, self.problem.likelihood
        h = np.abs(likelihood.curvature(eta, design.y, self.sigma))
        return float(np.sqrt(design.weight @ (h * size) ** 2))

    def slack(self, eta: Array, theta: Array, size: Array) -> float:
        """Rounding of the sums over rows: of theta (y - eta), and of F where y - eta is nothing but rounding."""
        design, likelihood = self.problem.design, self.problem.likelihood
        linear = 64 * EPS * float(np.abs(theta) @ size)
        if implements(likelihood, Kinked):
            exact = design.weight * (np.abs(design.y - eta) <= 64 * EPS * size)
            return linear + 64 * EPS * max(likelihood.slopes(self.sigma)) * float(exact @ size)
        h = np.abs(likelihood.curvature(eta, design.y, self.sigma))
        return linear + (64 * EPS) ** 2 * float((design.weight * h) @ size**2)

    def eta(self, d: Array, intercept: float) -> Array:
        """Linear predictor at d and the intercept of the original columns."""
        centre = float(self.problem.design.x_mean @ d) if self.problem.flat_intercept else 0.0
        return self.base + (intercept + centre) + self.columns.times(d)

    def certify(
        self,
        penalty: Penalty,
        d: Array,
        intercept: float,
        *,
        dual: Array | None = None,
        gradient: Array | None = None,
        optima: int | None = None,
    ) -> Certificate:
        """Certify a point.

        Parameters
        ----------
        penalty : Penalty
            In nats, at the noise level.
        d : array, shape (p,)
        intercept : float
        dual : array, shape (n,), optional
            A feasible theta that somebody found; needed where the loss has kinks.
        gradient : array, shape (p,), optional
            Columns' theta for the theta of this point, when it is known already.
        optima : int, optional
            For a likelihood that is not convex.
        """
        design, likelihood = self.problem.design, self.problem.likelihood
        eta = self.eta(d, intercept)
        pull = self._intercept_pull(intercept)
        primal = float(design.weight @ likelihood.loss(eta, design.y, self.sigma)) + penalty.value(d) + pull[0]
        theta = design.weight * likelihood.gradient(eta, design.y, self.sigma)
        if not likelihood.smooth and dual is not None:
            theta, gradient = self._multiplier(penalty, d, dual), None
        if gradient is None:
            gradient = self.columns.transposed_times(theta)
        kkt = self._kkt(penalty, d, gradient, float(theta.sum()) + pull[1])
        rows = self._curved_rows(eta, theta)
        uniqueness = self._uniqueness(penalty, d, gradient, rows)
        if optima is not None:
            return Certificate(primal, math.nan, math.nan, kkt, uniqueness, optima, self._stable(penalty, d, eta))
        size = self._size(d, eta)
        best = self._best_dual(penalty, d, theta, gradient, eta, size, primal)
        if dual is not None and likelihood.smooth:
            best = max(best, self._best_dual(penalty, d, dual, self.columns.transposed_times(dual), eta, size, primal))
        if not best > primal - abs(self.null.value - primal):
            # Far from the optimum the multiplier 0, which is always feasible, may bound the minimum better.
            best = max(best, self._dual(penalty, np.zeros_like(theta), np.zeros_like(gradient)))
        gap = max(primal - best, 0.0)
        fall = self.null.value - best
        slack = max(rounding(primal, best), self.slack(eta, theta, size))
        relative = 0.0 if gap <= slack else (gap / fall if fall > 0 else math.inf)
        return Certificate(primal, gap, relative, kkt, uniqueness)

    def _multiplier(self, penalty: Penalty, d: Array, dual: Array) -> Array:
        """The better one of a given multiplier and, where nothing penalised is in use, that of the null model."""
        if np.any(d[penalty.penalised] != 0):
            return dual
        both = [dual, self.null.theta]
        ratios = [penalty.kkt_ratios(d, self.columns.transposed_times(theta), self.norm).max() for theta in both]
        return both[int(np.argmin(ratios))]

    def _intercept_pull(self, intercept: float) -> tuple[float, float]:
        """Penalty of the intercept and its slope."""
        prior = self.problem.intercept_prior
        if not self.problem.fit_intercept or prior.flat:
            return 0.0, 0.0
        rate = prior.l2(self.sigma)
        return 0.5 * rate * (intercept - prior.loc) ** 2, rate * (intercept - prior.loc)

    def _kkt(self, penalty: Penalty, d: Array, gradient: Array, intercept_slope: float) -> float:
        worst = float(np.max(penalty.kkt_ratios(d, gradient, self.norm), initial=0.0)) / self.slope_norm
        if self.problem.fit_intercept:
            size = math.sqrt(self.problem.design.total_weight) * self.slope_norm
            worst = max(worst, abs(intercept_slope) / size)
        return worst

    def _flat(self, penalty: Penalty, d: Array) -> NDArray[np.intp]:
        """Columns to which theta must be orthogonal: without a penalty, and not held at a sign constraint."""
        return np.flatnonzero(~penalty.penalised & (~penalty.constrained | (d != 0)))

    def _feasible(
        self, flat: NDArray[np.intp], theta: Array, gradient: Array, eta: Array
    ) -> tuple[Array, Array] | None:
        """Make theta orthogonal to the flat columns and the constant; with its products with all columns.

        None where the rows cannot give that much: such a theta bounds nothing.
        """
        constant = self.problem.flat_intercept
        Z = self.columns.take(flat).dense()
        Z = np.column_stack([np.ones(theta.size), Z]) if constant else Z
        if Z.shape[1] == 0:
            return theta, gradient
        size = np.sqrt(np.einsum("ij,ij->j", Z, Z))
        allowed = 8 * EPS * size * float(np.linalg.norm(theta))
        moved = False
        for attempt in range(4):
            excess = Z.T @ theta
            if np.all(np.abs(excess) <= allowed):
                return theta, self.columns.transposed_times(theta) if moved else gradient
            if attempt == 3:
                break
            # Correct in proportion to the curvature: that keeps theta inside the domain of its conjugate.
            give = self._give(eta, theta)
            M = (Z.T * give) @ Z / np.outer(size, size)
            theta = theta - give * (Z @ (np.linalg.lstsq(M, excess / size)[0] / size))
            moved = True
        # Rounding of large terms may remain; what is more than that bounds nothing.
        if np.all(np.abs(excess) <= 64 * allowed):
            return theta, self.columns.transposed_times(theta)
        return None

    def _give(self, eta: Array, theta: Array) -> Array:
        """How far each theta_i may be moved: curvature of its row, or whether it lies inside at a kink."""
        design, likelihood = self.problem.design, self.problem.likelihood
        if implements(likelihood, Kinked):
            return self._curved_rows(eta, theta)
        return design.weight * np.maximum(likelihood.curvature(eta, design.y, self.sigma), 0.0)

    def _best_dual(
        self, penalty: Penalty, d: Array, theta: Array, gradient: Array, eta: Array, size: Array, primal: float
    ) -> float:
        """Best dual value from a gradient, scaled into the domain of the penalty's conjugate."""
        flat = self._flat(penalty, d)
        made = self._feasible(flat, theta, gradient, eta)
        if made is None:
            return -math.inf
        theta, gradient = made
        v = -gradient
        v[flat] = 0.0
        if self.problem.flat_intercept:
            # Rounding of a product with a constant column is no violation.
            v[self.problem.design.constant] = 0.0
        shrink = penalty.shrink(v)
        # The product with the quotient may round to just outside.
        inside = penalty.clipped(shrink * v, 4 * EPS * np.abs(v))
        best = self._dual(penalty, theta if shrink == 1.0 else shrink * theta, inside)
        if not (math.isfinite(best) and primal - best <= rounding(primal, best)):
            # Products are sums of rounded terms of a rounded theta: within that rounding of the box is inside it.
            slack = 8 * EPS * self.problem.design.moments.size * (self._norm(theta) + self._slope_size(eta, size))
            best = max(best, self._dual(penalty, theta, penalty.clipped(v, slack)))
        return best

    def _norm(self, theta: Array) -> float:
        """Norm of theta that bounds its products with the columns by theirs."""
        weight = self.problem.design.weight
        slope = np.divide(theta, np.sqrt(weight), out=np.zeros_like(theta), where=weight > 0)
        return float(np.linalg.norm(slope))

    def _dual(self, penalty: Penalty, theta: Array, v: Array) -> float:
        design = self.problem.design
        conjugate = self.problem.likelihood.conjugate(theta, design.y, design.weight, self.sigma)
        if not math.isfinite(conjugate):
            return -math.inf
        value = float(self.base @ theta) - conjugate - penalty.conjugate(v)
        prior = self.problem.intercept_prior
        if self.problem.fit_intercept and not prior.flat:
            total = -float(theta.sum())
            value -= prior.loc * total + total**2 / (2 * prior.l2(self.sigma))
        return value

    def _curved_rows(self, eta: Array, theta: Array) -> Array:
        """Weight of the rows whose loss pins eta: where it is curved, or at a kink."""
        design, likelihood = self.problem.design, self.problem.likelihood
        if not implements(likelihood, Kinked):
            curvature = likelihood.curvature(eta, design.y, self.sigma)
            return np.where(curvature > 0, design.weight, 0.0)
        up, down = likelihood.slopes(self.sigma)
        inside = (theta > -design.weight * up * (1 - 1e-9)) & (theta < design.weight * down * (1 - 1e-9))
        return np.where(inside, design.weight, 0.0)

    def _uniqueness(self, penalty: Penalty, d: Array, gradient: Array, rows: Array) -> Uniqueness:
        reach = np.where(penalty.constrained, -gradient, np.abs(gradient))
        near = (reach >= penalty.l1 * (1 - 1e-9)) & (penalty.l1 > 0)
        if penalty.groups is not None:
            groups = penalty.groups
            full = groups.dual_norms(gradient) >= groups.rate * (1 - 1e-9)
            near = np.where(groups.member, np.append(full, False)[groups.label], near)
        in_play = (penalty.l2 == 0) & (near | (d != 0) | ~(penalty.penalised | penalty.constrained))
        return Uniqueness(self.columns, rows, in_play, self.problem.flat_intercept)

    def _stable(self, penalty: Penalty, d: Array, eta: Array) -> bool:
        """Whether the Hessian on the support has no negative direction."""
        design = self.problem.design
        on = np.flatnonzero((d != 0) | ~penalty.penalised)
        if on.size == 0:
            return True
        h = design.weight * self.problem.likelihood.curvature(eta, design.y, self.sigma)
        Z = self.problem.design.columns.take(on).dense()
        bend = penalty.smooth(d, on)[1]
        if self.problem.fit_intercept:
            Z, bend = np.column_stack([np.ones(design.n), Z]), np.pad(bend, ((1, 0), (1, 0)))
        norm = np.linalg.norm(Z, axis=0)
        norm[norm == 0] = 1.0
        H = (Z.T * h) @ Z + bend
        values = np.linalg.eigvalsh(H / np.outer(norm, norm))
        return bool(values[0] >= -1e-10 * abs(values[-1]))
