r"""Proximal Newton steps on a working set of columns: a smooth loss of the rows, any penalty.

.. math:: \min_{b, d} f(o + b + X d) + \Omega(d) + \tfrac12 \rho (b - b_*)^2

Each step minimises the quadratic model of the loss plus the penalty exactly (Friedman, Hastie & Tibshirani, 2010,
section 3), the intercept eliminated; a line search on the objective itself makes it safe. Columns outside the set are
looked at when those inside are nearly optimal (Bertrand et al., 2022).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bayesreg.data.columns import Columns
from bayesreg.numerics.lagging_gram import LEFT_OF_SINGLE, LaggingGram
from bayesreg.numerics.penalised_quadratic import TOLERANCE, minimise
from bayesreg.numerics.sparse_descent import sparse_descent
from bayesreg.numerics.working_set import grow, start_set
from bayesreg.penalty import Penalty

Array = NDArray[np.float64]
Index = NDArray[np.intp]
EPS = float(np.finfo(float).eps)
# A Gram matrix of more sparse columns would cost more memory than it is worth.
GRAM_COLUMNS = 1500
# How far a Gram matrix may lag while columns still join, and at the end; the accuracy of a step on one that lags.
LAG_GROWING, LAG_LAST, ROUGHLY = 0.2, 0.05, 0.1
# Columns that join at once, as a share of those in use: a set that is too large costs less than many rounds.
GROWTH = 1.5


class RowLoss(Protocol):
    """A smooth convex function of the linear predictor, row weights included."""

    def value(self, eta: Array) -> float:
        """Sum over the rows."""

    def slope(self, eta: Array) -> Array:
        """Derivative of each row, shape (n,)."""

    def curvature(self, eta: Array) -> Array:
        """Second derivative of each row, at least 0, shape (n,)."""

    def majorant(self, eta: Array) -> Array:
        """Curvature of a quadratic above each row that touches it; infinite where there is none."""


@dataclass(frozen=True)
class Ridge:
    """Penalty of the intercept: rate (0: flat) and location."""

    rate: float
    loc: float


@dataclass(frozen=True, eq=False)
class Point:
    """Where the search ended.

    Parameters
    ----------
    d : array, shape (p,)
    intercept : float
    steps : int
    """

    d: Array
    intercept: float
    steps: int


@dataclass(frozen=True, eq=False)
class SmoothProblem:
    """Everything that the search is about.

    Parameters
    ----------
    loss : RowLoss
    X : array or csc_array, shape (n, p)
    base : array, shape (n,)
        The linear predictor at 0.
    penalty : Penalty
    intercept : Ridge or None
        None: no intercept.
    scale : array, shape (p,)
        Unit of a KKT distance of each column.
    """

    loss: RowLoss
    X: Columns
    base: Array
    penalty: Penalty
    intercept: Ridge | None
    scale: Array

    def with_loss(self, loss: RowLoss) -> SmoothProblem:
        """The same problem with another loss."""
        return replace(self, loss=loss)

    def value(self, eta: Array, d: Array, intercept: float) -> float:
        """The objective."""
        total = self.loss.value(eta) + self.penalty.value(d)
        if self.intercept is not None and self.intercept.rate > 0:
            total += 0.5 * self.intercept.rate * (intercept - self.intercept.loc) ** 2
        return total

    def pull(self, intercept: float) -> tuple[float, float] | None:
        """Rate of the intercept's ridge, and its slope; None without an intercept."""
        if self.intercept is None:
            return None
        return self.intercept.rate, self.intercept.rate * (intercept - self.intercept.loc)

    def violation(self, d: Array, gradient: Array) -> Array:
        """KKT distance of each column, shape (p,), over its scale."""
        return self.penalty.subdifferential_distance(d, gradient) / self.scale


def prox_newton(problem: SmoothProblem, d: Array, intercept: float, max_steps: int, tol: float = 1e-15) -> Point:
    """Minimise from a starting point.

    Parameters
    ----------
    problem : SmoothProblem
    d : array, shape (p,)
    intercept : float
        Ignored without an intercept in the problem.
    max_steps : int
        Bound on the Newton steps.
    tol : float
        KKT distance at which to stop; rounding may stop the search before.
    """
    X, loss = problem.X, problem.loss
    d = d.copy()
    intercept = 0.0 if problem.intercept is None else intercept
    eta = problem.base + intercept + X.times(d)
    best = problem.value(eta, d, intercept)
    inside = start_set(problem.penalty, d)
    held = LaggingGram(X, problem.scale)
    steps, rounds, idle, stuck = 0, 0, 0, False
    previous = np.inf
    while steps < max_steps:
        slope = loss.slope(eta)
        gradient = X.transposed_times(slope)
        violation = problem.violation(d, gradient)
        worst = float(violation.max(initial=0.0))
        pulled = problem.pull(intercept)
        offset = 0.0 if pulled is None else abs(float(slope.sum()) + pulled[1])
        # The slope of a row is a difference of numbers of the size of eta, times the curvature.
        rounded = float(np.abs(slope).sum() + np.abs(loss.curvature(eta)) @ np.abs(eta))
        settled = offset <= 64 * EPS * rounded
        if settled and (worst <= tol or (worst <= 1e-10 and worst >= 0.5 * previous)):
            break
        outside = violation.copy()
        outside[inside] = 0.0
        if stuck and float(outside.max(initial=0.0)) <= tol:
            break
        previous = worst
        inside = grow(problem.penalty, inside, violation, max(tol, 1e-2 * worst), int(np.count_nonzero(d)), GROWTH)
        goal = max(tol, 0.1 * float(outside.max(initial=0.0)))
        state = _descend(problem, held, inside, d, intercept, eta, best, gradient[inside], goal, max_steps - steps)
        before = best
        d, intercept, eta, best, taken, stuck = state
        idle = idle + 1 if best >= before - 8 * EPS * abs(before) and worst <= 1e-8 else 0
        steps += taken
        rounds += 1
        if taken == 0 or rounds > 100 or idle > 3:
            break
    return Point(d, intercept, steps)


def _descend(
    problem: SmoothProblem,
    held: LaggingGram,
    inside: Index,
    d: Array,
    intercept: float,
    eta: Array,
    best: float,
    gradient: Array,
    goal: float,
    max_steps: int,
) -> tuple[Array, float, Array, float, int, bool]:
    """Newton steps on some columns until their KKT distance is at most ``goal`` or stops falling."""
    loss = problem.loss
    held.hold(inside)
    lag = LAG_GROWING if goal > 1e-6 else LAG_LAST
    XW, penalty = held.columns, problem.penalty.take(inside)
    scale = problem.scale[inside]
    damping, stalled, taken = 0.0, 0, 0
    before = np.inf
    while taken < max_steps:
        slope = loss.slope(eta)
        if taken:
            gradient = XW.transposed_times(slope)
        at = d[inside]
        worst = float(np.max(penalty.subdifferential_distance(at, gradient) / scale, initial=0.0))
        slow = taken > 0 and worst > 0.3 * before
        if slow and held.lags and worst > 1e-13:
            held.doubt()
        elif taken and (worst <= goal or (worst <= 1e-9 and worst >= 0.5 * before)):
            break
        before = worst
        h = loss.curvature(eta)
        if taken == 0 and h.min() <= 0.0:
            damping = 1e-3
        if damping > 0:
            above = loss.majorant(eta)
            # Without a majorant a step of about 1/damping in eta is as far as the model is trusted.
            h = np.where(np.isfinite(above), (1 - damping) * h + damping * above, h + damping * np.abs(slope))
        h = np.maximum(h, 1e-12 * h.max(initial=1e-300))
        target, h = _model_minimum(held, penalty, scale, h, slope, gradient, problem.pull(intercept), at, worst, lag)
        taken += 1
        step = target - at
        along = XW.times(step)
        pulled = problem.pull(intercept)
        shift = 0.0 if pulled is None else -(float(slope.sum() + h @ along) + pulled[1]) / (float(h.sum()) + pulled[0])
        along = along + shift
        decrease = float(slope @ along) + penalty.value(target) - penalty.value(at)
        if pulled is not None:
            decrease += pulled[1] * shift
        share, rounding = 1.0, 8 * EPS * abs(best)
        while True:
            new = d.copy()
            # The full step is the target itself, so that its zeros stay exact.
            new[inside] = target if share == 1.0 else at + share * step
            new_eta = eta + share * along
            with np.errstate(over="ignore", invalid="ignore"):
                value = problem.value(new_eta, new, intercept + share * shift)
            if value <= best + 1e-4 * share * min(decrease, 0.0) + rounding:
                break
            share /= 2
            if share < 1e-10:
                break
        if share < 1e-10:
            if damping >= 1.0:
                return d, intercept, eta, best, taken, True
            damping = min(1.0, max(100 * damping, 1e-2))
            continue
        d, intercept, best = new, intercept + share * shift, value
        # The predictor is taken afresh now and then: its steps round.
        eta = new_eta if taken % 4 else problem.base + intercept + XW.times(d[inside])
        # A step that promises less than rounding is the last but one, unless its model lags and the next gains too.
        stalled = stalled + 1 if abs(decrease) <= rounding and (slow or not held.lags) else 0
        if stalled >= 3:
            return d, intercept, eta, best, taken, True
        if share >= 0.999:
            damping = damping * 0.03 if damping > 1e-9 else (damping if h.min() <= 0 else 0.0)
        elif share < 0.1:
            damping = min(1.0, max(10 * damping, 1e-2))
    return d, intercept, problem.base + intercept + XW.times(d[inside]), best, taken, False


def _model_minimum(
    held: LaggingGram,
    penalty: Penalty,
    scale: Array,
    h: Array,
    slope: Array,
    gradient: Array,
    pulled: tuple[float, float] | None,
    at: Array,
    worst: float,
    lag: float,
) -> tuple[Array, Array]:
    """Minimiser of the quadratic model plus the penalty over the columns held, started at ``at``; its curvature."""
    X = held.columns
    if X.is_sparse and penalty.groups is None and X.shape[1] > GRAM_COLUMNS:
        rates = (penalty.l1, penalty.l2, penalty.constrained)
        return sparse_descent(X.X, h, slope, pulled, *rates, at, scale, 1e-13, 5000)[0], h
    gram, along, total, h = held.at(h, lag)
    downhill = -gradient
    if pulled is not None:
        total += pulled[0]
        gram = gram - np.outer(along, along) / total
        downhill += along * ((float(slope.sum()) + pulled[1]) / total)
    norm = np.sqrt(np.maximum(np.diag(gram), 0.0))
    # What is left of a constant column beside the intercept is rounding.
    raw = np.sqrt(np.maximum(np.diag(gram) + (along**2 / total if pulled is not None else 0.0), 0.0))
    empty = norm <= (LEFT_OF_SINGLE if held.lags else 1e-7) * raw
    if empty.any():
        gram = gram.copy()
        gram[empty] = 0.0
        gram[:, empty] = 0.0
        downhill[empty] = 0.0
    tol = max(TOLERANCE, ROUGHLY * worst) if held.lags else TOLERANCE
    return minimise(gram, downhill + gram @ at, penalty, at, scale, 10_000, tol)[0], h
