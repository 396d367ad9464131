r"""The certificate of a MAP: numbers that anybody can recompute and that do not trust the solver.

Primal :math:`P = \sum_i w_i F_i(\eta_i) + \Omega(d)` and dual
:math:`D(\theta) = o^T\theta - \sum_i F_i^*(\theta_i) - \Omega^*(-X^T\theta)`, with :math:`Z^T\theta = 0` for every
column Z without a penalty (the flat intercept included); d = coef - loc and o is the offset plus X loc. For every
feasible theta P - D bounds the distance of P from its minimum. References: Ndiaye et al. (2017), Massias et al. (2020).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from bayesreg.numerics.best_constant import best_constant
from bayesreg.numerics.rank import dependent_columns
from bayesreg.penalty import Penalty
from bayesreg.problem import Problem

Array = NDArray[np.float64]
EPS = float(np.finfo(float).eps)
GAP_TOLERANCE = 1e-10
KKT_TOLERANCE = 1e-8


@dataclass(frozen=True)
class Certificate:
    """How close a point is to the MAP, in units that no rescaling of the data changes.

    Parameters
    ----------
    objective : float
        P in nats, without the terms that are free of the coefficients.
    gap : float
        P minus the best dual value: an upper bound of P minus its minimum, in nats.
    relative_gap : float
        ``gap`` over the fall from the null model (all penalised coefficients at the prior's location) to the dual
        value; 0 when the gap is below rounding, 64 eps (|P| + |D|).
    kkt : float
        Largest violation of the optimality conditions as a cosine: distance to the subdifferential over the column's
        norm (after projecting out unpenalised columns) times the norm of the null gradient.
    unique : bool
        Whether the minimiser is certified to be the only one.
    rank, equicorrelated : int
        Rank of, and number of, the columns that may be non-zero in some minimiser and have no ridge part.
    """

    objective: float
    gap: float
    relative_gap: float
    kkt: float
    unique: bool
    rank: int
    equicorrelated: int

    @property
    def accepted(self) -> bool:
        """Whether both numbers meet the contract: relative gap <= 1e-10 and KKT cosine <= 1e-8."""
        return self.relative_gap <= GAP_TOLERANCE and self.kkt <= KKT_TOLERANCE

    def __str__(self) -> str:
        uniqueness = (
            "unique"
            if self.unique
            else f"a minimiser, not certified unique (rank {self.rank} of {self.equicorrelated})"
        )
        verdict = "optimal" if self.accepted else "NOT optimal"
        return f"{verdict}: relative gap {self.relative_gap:.1e}, KKT {self.kkt:.1e}, {uniqueness}"


@dataclass(frozen=True)
class _Rows:
    """The problem at one noise level, in d: everything that the formulae above name."""

    problem: Problem
    sigma: float
    penalty: Penalty
    offset: Array
    l2_intercept: float
    # X, less its means where a flat intercept makes that the same model: large means then cost no digits.
    columns: Array

    @property
    def intercept_loc(self) -> float:
        return self.problem.intercept_prior.loc if self.l2_intercept > 0 else 0.0

    def eta(self, d: Array, b0: float) -> Array:
        centre = float(self.problem.design.x_mean @ d) if self.problem.flat_intercept else 0.0
        return np.asarray(self.offset + (b0 + centre) + self.columns @ d)

    def loss(self, eta: Array) -> float:
        design = self.problem.design
        return float(design.weight @ self.problem.likelihood.loss(eta, design.y, self.sigma))

    def primal(self, d: Array, b0: float) -> float:
        ridge = 0.5 * self.l2_intercept * (b0 - self.intercept_loc) ** 2
        return self.loss(self.eta(d, b0)) + self.penalty.value(d) + ridge

    def residual(self, eta: Array) -> Array:
        """F'(eta), unweighted."""
        return self.problem.likelihood.gradient(eta, self.problem.design.y, self.sigma)

    def dual(self, theta: Array) -> float:
        """Return D at a theta that is orthogonal to the unpenalised columns."""
        design = self.problem.design
        conjugate = self.problem.likelihood.conjugate(theta, design.y, design.weight, self.sigma)
        if not math.isfinite(conjugate):
            return -math.inf
        # Theta is orthogonal to a flat intercept, so the centred columns do as well.
        v = -(self.columns.T @ theta)
        free = ~self.penalty.penalised
        v[free] = 0.0
        # Products are sums of n rounded terms: within that rounding of the box is inside it.
        limit = self.penalty.l1
        rounding = 8 * EPS * (np.abs(self.columns).T @ np.abs(theta))
        edge = (self.penalty.l2 == 0) & (np.abs(v) > limit) & (np.abs(v) <= limit + rounding)
        v[edge] = np.sign(v[edge]) * limit[edge]
        value = float(self.offset @ theta) - conjugate - self.penalty.conjugate(v)
        if self.l2_intercept > 0:
            total = -float(theta.sum())
            value -= self.intercept_loc * total + total**2 / (2 * self.l2_intercept)
        return value


def certify(problem: Problem, coef: Array, intercept: float, sigma: float = 1.0) -> Certificate:
    """Certify a point of a model with a penalty, whoever computed it.

    Parameters
    ----------
    problem : Problem
        The model bound to its data; its prior must be `Penalised` with known parameters.
    coef : array, shape (p,)
    intercept : float
    sigma : float
        Noise level at which the coefficients are judged (ignored where it is known).

    Returns
    -------
    Certificate
        Cost O(n p), plus a QR of the columns in play for the uniqueness.
    """
    level = problem.known_sigma if problem.known_sigma is not None else sigma
    offset = problem.design.offset + (problem.design.X @ problem.loc if np.any(problem.loc) else 0.0)
    l2_intercept = problem.intercept_prior.l2(level) if problem.fit_intercept else 0.0
    columns = problem.design.X - problem.design.x_mean if problem.flat_intercept else problem.design.X
    rows = _Rows(problem, level, problem.penalty(level), offset, l2_intercept, columns)
    d = np.asarray(coef, dtype=float) - problem.loc
    b0 = float(intercept) if problem.fit_intercept else 0.0

    eta = rows.eta(d, b0)
    primal = rows.primal(d, b0)
    slope = rows.residual(eta)
    weight = problem.design.weight
    gradient = rows.columns.T @ (weight * slope)
    null_value, null_slope = _null(rows)
    dual = _best_dual(rows, weight * slope, eta)

    gap = max(primal - dual, 0.0)
    rounding = 64 * EPS * (abs(primal) + abs(dual))
    fall = null_value - dual
    relative = 0.0 if gap <= rounding else (gap / fall if fall > 0 else math.inf)
    kkt = _kkt_cosine(rows, d, b0, gradient, float(weight @ slope), null_slope)
    unique, rank, size = _uniqueness(rows, d, gradient)
    return Certificate(primal, gap, relative, kkt, unique, rank, size)


def _flat_columns(rows: _Rows) -> Array:
    """Columns without a penalty, the flat intercept first, shape (n, k)."""
    design = rows.problem.design
    columns = rows.columns[:, ~rows.penalty.penalised]
    return np.column_stack([np.ones(design.n), columns]) if rows.problem.flat_intercept else columns


def _null(rows: _Rows) -> tuple[float, Array]:
    """Smallest P with every penalised coefficient at its location, and F' there.

    When nothing is penalised that would be the minimum itself; then only the intercept is left in.
    """
    design = rows.problem.design
    free = ~rows.penalty.penalised
    if free.all():
        free = np.zeros_like(free)
    Z = rows.columns[:, free]
    if rows.problem.fit_intercept:
        Z = np.column_stack([np.ones(design.n), Z])
    ridge = np.zeros(Z.shape[1])
    target = np.zeros(Z.shape[1])
    if rows.problem.fit_intercept:
        ridge[0], target[0] = rows.l2_intercept, rows.intercept_loc
    gamma = target.copy()
    if Z.shape[1] == 0:
        return rows.loss(rows.offset), rows.residual(rows.offset)
    if rows.problem.fit_intercept:

        def slope_of_constant(t: float) -> float:
            return float(design.weight @ rows.residual(rows.offset + t) + ridge[0] * (t - target[0]))

        gamma[0] = best_constant(slope_of_constant, target[0])
    scale = np.sqrt(design.weight @ Z**2)
    scale[scale == 0] = 1.0

    def value(at: Array) -> float:
        return rows.loss(rows.offset + Z @ at) + 0.5 * float(ridge @ (at - target) ** 2)

    best = value(gamma)
    for _ in range(100):
        eta = rows.offset + Z @ gamma
        slope = design.weight * rows.residual(eta)
        h = design.weight * rows.problem.likelihood.curvature(eta, design.y, rows.sigma)
        g = (Z.T @ slope + ridge * (gamma - target)) / scale
        H = (Z.T * h) @ Z / np.outer(scale, scale) + np.diag(ridge / scale**2)
        step = linalg.lstsq(H, g)[0] / scale
        share = 1.0
        while share > 1e-10 and not value(gamma - share * step) <= best:
            share /= 2
        new = value(gamma - share * step)
        moved = best - new
        if not new <= best:
            break
        gamma, best = gamma - share * step, new
        if moved <= 4 * EPS * abs(best) and np.abs(g).max() <= 1e-12 * (np.linalg.norm(slope) + 1e-300):
            break
    return best, rows.residual(rows.offset + Z @ gamma)


def _best_dual(rows: _Rows, theta: Array, eta: Array) -> float:
    """Best dual value from the gradient: made orthogonal to the flat columns, then scaled into the box."""
    design = rows.problem.design
    Z = _flat_columns(rows)
    if Z.shape[1]:
        # Correct in proportion to the curvature: that keeps a logistic theta inside its domain.
        h = design.weight * rows.problem.likelihood.curvature(eta, design.y, rows.sigma)
        root = np.sqrt(h)
        Q = np.linalg.qr(root[:, None] * Z)[0]
        for _ in range(2):
            scaled = np.divide(theta, root, out=np.zeros_like(theta), where=root > 0)
            theta = theta - root * (Q @ (Q.T @ scaled))
    v = np.abs(rows.columns.T @ theta)
    boxed = (rows.penalty.l1 > 0) & (rows.penalty.l2 == 0)
    ratio = v[boxed] / rows.penalty.l1[boxed]
    shrink = 1.0 / max(1.0, float(ratio.max(initial=0.0)))
    # 0 is always feasible.
    candidates = [0.0 * theta, theta * shrink]
    return max(rows.dual(candidate) for candidate in candidates)


def _kkt_cosine(
    rows: _Rows, d: Array, b0: float, gradient: Array, intercept_gradient: float, null_slope: Array
) -> float:
    design = rows.problem.design
    null_norm = math.sqrt(float(design.weight @ null_slope**2))
    if null_norm == 0:
        null_norm = 1.0
    columns = design.centred if rows.problem.fit_intercept else design.uncentred
    free = ~rows.penalty.penalised
    if free.any() and not free.all():
        Q = np.linalg.qr(columns[:, free])[0]
        columns = columns.copy()
        columns[:, ~free] -= Q @ (Q.T @ columns[:, ~free])
    norm = np.linalg.norm(columns, axis=0)
    distance = rows.penalty.subdifferential_distance(d, gradient)
    # A column that is (numerically) nothing but unpenalised ones is judged by its raw length.
    raw = np.sqrt(design.weight @ design.X**2)
    norm = np.where(norm > 1e-12 * raw, norm, np.where(raw > 0, raw, 1.0))
    worst = float(np.max(distance / norm)) / null_norm
    if rows.problem.fit_intercept:
        pull = intercept_gradient + rows.l2_intercept * (b0 - rows.intercept_loc)
        worst = max(worst, abs(pull) / (math.sqrt(design.total_weight) * null_norm))
    return worst


def _uniqueness(rows: _Rows, d: Array, gradient: Array) -> tuple[bool, int, int]:
    """Rank of the columns that any minimiser may use and that have no ridge part."""
    penalty = rows.penalty
    near = np.abs(gradient) >= penalty.l1 * (1 - 1e-9)
    in_play = (penalty.l2 == 0) & (near | (d != 0) | ~penalty.penalised)
    size = int(in_play.sum())
    if size == 0:
        return True, 0, 0
    design = rows.problem.design
    columns = (design.centred if rows.problem.flat_intercept else design.uncentred)[:, in_play]
    lost = dependent_columns(columns).size
    return lost == 0, size - lost, size
