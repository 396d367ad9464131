r"""The exact minimiser of a check loss (median and quantile regression) with elastic-net penalties.

.. math:: \min_d \sum_i up_i (r_i)_+ + down_i (-r_i)_+ + \sum_j l1_j |d_j| + \tfrac12 l2_j d_j^2, \qquad r = y - A d

A penalty l1 |d| is the check loss of the residual 0 - d, so data and penalty are one set of rows B = [A; E], E the
identity rows of the coefficients with a kink. With r = u - v and the multiplier a of each row the optimum has

    B'a = l2 d,   s = up - a,   t = down + a,   u, v, s, t >= 0,   u s = v t = 0,   theta = -a (of the data rows).

Mehrotra's predictor-corrector keeps u s = v t = mu on its way to mu = 0 (for the linear program: Portnoy & Koenker,
1997). It ends in the relative interior of the solution set, which tells the rows and the coefficients that are zero
from the others; the linear system of that face gives the exact answer (finite termination: Ye, 1992).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

Array = NDArray[np.float64]
_Direction = tuple[Array, Array, Array, float, float]
_Point = tuple[float, Array, Array]
EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class CheckLoss:
    """One penalised check-loss problem, its value and its dual value.

    Parameters
    ----------
    rows : array or CSC array, shape (n, k)
        A; a sparse one is never made dense as a whole. A free intercept is a column of ones with ``l1 = l2 = 0``.
    response : array, shape (n,)
        y.
    up, down : array, shape (n,)
        Cost of a unit of residual above and below zero: row weight times quantile level, and times one minus it.
    l1, l2 : array, shape (k,)
        Penalties.
    positive : array of bool, shape (k,), optional
        Coefficients that may not be negative.
    """

    rows: Any
    response: Array
    up: Array
    down: Array
    l1: Array
    l2: Array
    positive: NDArray[np.bool_] | None = None

    @cached_property
    def signed(self) -> NDArray[np.bool_]:
        """Coefficients that may not be negative, shape (k,)."""
        return np.zeros(self.l1.size, dtype=bool) if self.positive is None else self.positive

    @cached_property
    def kinked(self) -> NDArray[np.bool_]:
        """Coefficients with a kink or a bound at zero, shape (k,)."""
        return np.asarray((self.l1 > 0) | self.signed)

    @cached_property
    def size(self) -> Array:
        """Sum of the absolute values of each column, infinite for a column of zeros, shape (k,)."""
        size = np.asarray(abs(self.rows).sum(axis=0)).ravel()
        return np.where(size > 0, size, np.inf)

    def residual(self, d: Array) -> Array:
        """Return y - A d, shape (n,)."""
        return np.asarray(self.response - self.rows @ d)

    def penalty(self, d: Array) -> Array:
        """Penalty of each coefficient, infinite where its sign is not allowed, shape (k,)."""
        return np.where(self.signed & (d < 0), np.inf, self.l1 * np.abs(d) + 0.5 * self.l2 * d * d)

    def objective(self, d: Array) -> float:
        """Value of the objective."""
        r = self.residual(d)
        return float(self.up @ np.maximum(r, 0) + self.down @ np.maximum(-r, 0) + self.penalty(d).sum())

    def conjugate(self, slope: Array, bound: Array) -> Array:
        """Largest slope_j d_j - penalty_j(d_j) over |d_j| <= bound_j, shape (k,)."""
        excess = np.maximum(np.where(self.signed, slope, np.abs(slope)) - self.l1, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.where(excess > 0, np.minimum(excess / self.l2, bound), 0.0)
            return np.where(at > 0, at * (excess - np.where(self.l2 > 0, 0.5 * self.l2 * at, 0.0)), 0.0)

    def dual(self, theta: Array, bound: Array) -> float:
        """Lower bound -theta'y - Omega*(-A'theta) of the objective over |d| <= bound, for theta in [-up, down]."""
        return float(-(theta @ self.response) - self.conjugate(-(self.rows.T @ theta), bound).sum())

    def gap(self, d: Array, theta: Array) -> float:
        """Primal minus dual value as a sum of one non-negative term a row and a column, free of cancellation.

        It bounds the distance from the minimum over a box: coefficients without a penalty no further from d_j, others
        no larger than |d_j|, plus what changes the fit by as much as residuals and penalised columns make up.
        """
        r, slope = self.residual(d), -(self.rows.T @ theta)
        bare = ~self.kinked & (self.l2 == 0)
        reach = r.size * (_bulk(r) + _bulk(self.residual(np.where(bare, d, 0.0)))) / self.size
        in_rows = np.where(r > 0, (self.up + theta) * r, (theta - self.down) * r)
        penalised = self.penalty(d) + self.conjugate(slope, np.abs(d) + reach) - d * slope
        return float(in_rows.sum() + np.where(bare, reach * np.abs(slope), np.maximum(penalised, 0.0)).sum())

    def rounding(self, d: Array, theta: Array) -> float:
        """The gap that the rounding of y - A d (in rows at their kink) and of A'theta leaves."""
        size, reach = abs(self.rows), theta.size * _bulk(self.residual(d)) / self.size
        kink = np.where((theta > -self.up) & (theta < self.down), self.up + self.down, 0.0)
        return float(EPS * (kink @ (np.abs(self.response) + size @ np.abs(d)) + (size.T @ np.abs(theta)) @ reach))


@dataclass(frozen=True, eq=False)
class Minimum:
    """A minimiser with the dual variable that proves it.

    Parameters
    ----------
    d : array, shape (k,)
        The minimiser, with exact zeros; where there are many, one in the middle of them.
    theta : array, shape (n,)
        Slope of each row's loss in A d: -up where r > 0, down where r < 0, between them where r = 0; 0 without weight.
    iterations : int
        Interior-point steps.
    """

    d: Array
    theta: Array
    iterations: int


def minimise(problem: CheckLoss, max_iterations: int = 60) -> Minimum:
    """Return a minimiser and its dual variable, in 5 to 20 steps of cost O(n k min(n, k)).

    Parameters
    ----------
    problem : CheckLoss
    max_iterations : int
        Give up after so many steps and return the point with the smallest gap.
    """
    counted = (problem.up > 0) | (problem.down > 0)
    rows = problem.rows if counted.all() else problem.rows[counted]
    if 0 in rows.shape:
        theta = np.where(problem.response > 0, -problem.up, np.where(problem.response < 0, problem.down, 0.0))
        return Minimum(np.zeros(problem.l1.size), theta, 0)
    # Powers of two: the units of the columns do not matter then, and the data keep every bit.
    norm = np.sqrt(np.asarray((rows * rows).sum(axis=0)).ravel())
    scale = np.ldexp(1.0, np.where(norm > 0, np.frexp(norm)[1], 0))
    rows = sparse.csc_array(rows @ sparse.diags_array(1 / scale)) if sparse.issparse(rows) else rows / scale
    y, up, down = (part[counted] for part in (problem.response, problem.up, problem.down))
    unit = CheckLoss(rows, y, up, down, problem.l1 / scale, problem.l2 / scale**2, problem.positive)
    theta = np.zeros(counted.size)
    d, theta[counted], iterations = _follow_path(unit, max_iterations)
    return Minimum(d / scale, theta, iterations)


def _follow_path(problem: CheckLoss, max_iterations: int) -> tuple[Array, Array, int]:
    """Follow the central path until its face is clear; the columns of the problem have unit norm."""
    path = _Path(problem)
    d, z, w, start = path.start()
    best, iteration, in_vain = _rated(problem, d, problem.down - w[1, : path.n]), 0, 0
    for iteration in range(1, max_iterations + 1):
        direction = _newton(path, d, z, w)
        dd, dz, dw, primal, dual = direction(np.zeros_like(z))
        mu = float((z * w).sum()) / path.pairs
        after = float(((z + primal * dz) * (w + dual * dw)).sum()) / path.pairs
        # Mehrotra's target and second-order term, which is out of its range where the first step is short.
        target = mu * min(after / mu, 0.5) ** 3 - np.clip(dz * dw, -3 * mu, 3 * mu)
        dd, dz, dw, primal, dual = direction(np.where(path.side == 0, 0.0, target))
        d, z, w = d + primal * dd, z + primal * dz, w + dual * dw
        # The face shows long before the path has all digits.
        if (z * w).sum() > 1e-5 * start * path.pairs and iteration < max_iterations:
            continue
        theta = problem.down - w[1, : path.n]
        face = _cross_over(problem, *path.signs(z, w), d, theta)
        # A few roundings: of the point, and of the terms of the gap.
        if face[0] <= 4 * problem.rounding(*face[1:]):
            return *face[1:], iteration
        last, best = best, min(best, face, _rated(problem, d, theta), key=lambda point: point[0])
        in_vain = 0 if best[0] < 0.99 * last[0] else in_vain + 1
        if in_vain == 8:  # rounding has taken over the path
            break
    return *best[1:], iteration


def _bulk(x: Array) -> float:
    """Mean absolute value, outliers cut to ten times the upper decile."""
    size, at = np.abs(x), int(0.9 * (x.size - 1))
    decile = np.partition(size, at)[at]
    return float(np.minimum(size, 10 * decile).mean() if decile > 0 else size.mean())


class _Path:
    """All rows, both sides at once: z = (u, v) and w = (s, t), that is w = cost + side a, with z w = mu on the path."""

    def __init__(self, problem: CheckLoss) -> None:
        self.problem, self.n = problem, problem.response.size
        self.kinked = np.flatnonzero(problem.kinked)
        self.cost = np.stack([np.append(cost, problem.l1[self.kinked]) for cost in (problem.up, problem.down)])
        self.side = np.repeat([[-1.0], [1.0]], self.n + self.kinked.size, axis=1)
        # A bound at zero is an infinite cost on one side: z stays 0 there, and w (here 1) does not count.
        self.side[0, self.n :][problem.signed[self.kinked]] = 0.0
        self.pairs = np.count_nonzero(self.side)

    def residual(self, d: Array) -> Array:
        """Residuals of the data rows, then those of the penalty rows."""
        return np.append(self.problem.residual(d), -d[self.kinked])

    def start(self) -> tuple[Array, Array, Array, float]:
        """Centred z and w around a ridge fit, with their mu."""
        problem, n, y = self.problem, self.n, self.problem.response
        ridge = np.where(problem.kinked | (problem.l2 > 0), 1.0, 0.0)
        low, high = np.quantile(y, (0.1, 0.9))
        # Outliers are not to spoil the fit; an exact fit is not to leave zero.
        tamed = np.clip(y, 11 * low - 10 * high, 11 * high - 10 * low) if low < high else y
        d, _ = _normal_equations(problem.rows, np.ones(n), ridge)(tamed, np.zeros(ridge.size))
        typical = (_bulk(problem.residual(d)) + 1e-12 * _bulk(y)) or 1.0
        d[problem.signed] = typical
        one_sided = self.side[0] == 0
        width = np.where(one_sided, np.linalg.norm(problem.up + problem.down), self.cost.sum(axis=0))
        # The sizes at which a component of z and one of w are neither small nor large, as a ratio.
        self.ratio = np.append(np.full(n, typical), np.full(self.kinked.size, typical * np.sqrt(n))) / width
        mu, r = float(width[:n].mean()) * typical, self.residual(d)
        # The root of z w = mu, z_0 - z_1 = r, w_0 + w_1 = width; cancellation apart it is above mu / width.
        z = (2 * mu + np.array([[1.0], [-1.0]]) * width * r + np.hypot(width * r, 2 * mu)) / (2 * width)
        z = np.where(self.side == 0, 0.0, np.maximum(z, mu / width))
        z[1, one_sided] = -r[one_sided]
        return d, z, np.divide(mu, z, out=np.ones_like(z), where=z > 0), mu

    def signs(self, z: Array, w: Array) -> tuple[Array, Array]:
        """Signs of the residuals and of the coefficients where the path ends: 0 where w is the one that stays."""
        slack = np.where(self.side == 0, np.inf, w).min(axis=0)
        sign = np.where(z.max(axis=0) > self.ratio * slack, np.sign(z[0] - z[1]), 0.0)
        column_sign = np.zeros(self.problem.l1.size)
        column_sign[self.kinked] = -sign[self.n :]
        return sign[: self.n], column_sign


def _newton(path: _Path, d: Array, z: Array, w: Array) -> Callable[[Array], _Direction]:
    """Solver of the Newton system at a point for the target z w = m: steps in d, z, w; lengths for (d, z) and w."""
    A, l2, kinked, n = path.problem.rows, path.problem.l2, path.kinked, path.n
    a, r, D = w[1] - path.cost[1], path.residual(d), 1 / (z / w).sum(axis=0)
    infeasible = A.T @ a[:n] - l2 * d
    infeasible[kinked] += a[n:]
    barrier = np.zeros(d.size)
    barrier[kinked] = D[n:]
    solve = _normal_equations(A, D[:n], l2 + barrier)

    def direction(m: Array) -> _Direction:
        q = r + (path.side * m / w).sum(axis=0)
        f = infeasible.copy()
        f[kinked] += D[n:] * q[n:]
        dd, da = solve(q[:n], f)
        dw = path.side * np.append(da, D[n:] * (q[n:] - dd[kinked]))
        dz = (m - z * dw) / w - z
        primal, dual = _longest(z, dz), _longest(w, dw)
        if l2.any():
            # d is then in the dual feasibility too. Beyond the lowest z w of the line the path may cycle.
            fall, bend = -float((z * dw + w * dz).sum()), float((dz * dw).sum())
            primal = dual = min(primal, dual, 0.5 * fall / bend if bend > 0 and fall > 0 else 1.0)
        return dd, dz, dw, primal, dual

    return direction


def _longest(x: Array, dx: Array) -> float:
    """Step, at most 1, that goes nearly to where the first component of x + step dx is zero."""
    worst = float(np.divide(dx, x, out=np.zeros_like(x), where=x > 0).min())
    return min(1.0, -0.9995 / worst) if worst < 0 else 1.0


def _normal_equations(A: Any, D: Array, h: Array) -> Callable[[Array, Array], tuple[Array, Array]]:
    """Solver of (A'DA + diag h) x = A'Dq + f in the smaller space; it returns x and D (q - A x)."""
    n, k = A.shape
    if np.count_nonzero(h) <= n:
        solve = _cholesky(_gram(A.T, D), h)

        def in_columns(q: Array, f: Array) -> tuple[Array, Array]:
            x = solve(A.T @ (D * q) + f)
            # One refinement: late on the path A'DA is nearly singular.
            x = x + solve(A.T @ (D * (q - A @ x)) + f - h * x)
            return x, D * (q - A @ x)

        return in_columns
    # Columns with a far smaller h than n others keep their own equations: 1 / h would drown what the others add.
    own = h <= 1e-3 * np.partition(h, n - 1)[n - 1]
    own[np.argmin(h)] = True
    A_other, A_own, h_other, h_own = A[:, ~own], A[:, own], h[~own], h[own]
    A_own = A_own.toarray() if sparse.issparse(A) else A_own
    solve = _cholesky(_gram(A_other, 1 / h_other), 1 / D)
    through = solve(A_own)
    solve_own = _cholesky(A_own.T @ through, h_own)

    def in_rows(q: Array, f: Array) -> tuple[Array, Array]:
        # z = D (q - A x), found before x: the product would blow up the rounding of x. Repeated for refinement.
        x, z = np.zeros(k), np.zeros(n)
        for _ in range(2):
            g = f + A.T @ z - h * x
            p = q - z / D - A @ x - A_other @ (g[~own] / h_other)
            step = solve_own(through.T @ p + g[own])
            dz = solve(p - A_own @ step)
            x[own] += step
            x[~own] += (g[~own] + A_other.T @ dz) / h_other
            z += dz
        return x, z

    return in_rows


def _gram(A: Any, weight: Array) -> Array:
    """A diag(weight) A', dense."""
    half = A @ sparse.diags_array(np.sqrt(weight)) if sparse.issparse(A) else A * np.sqrt(weight)
    return np.asarray((half @ half.T).toarray() if sparse.issparse(half) else half @ half.T)


def _cholesky(M: Array, h: Array) -> Callable[[Array], Array]:
    """Solver of (M + diag h) x = b for a positive semidefinite M, which is overwritten."""
    diagonal = np.diag(M) + h
    scale = 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    M *= scale[:, None] * scale
    for lift in (1, 1e3, 1e6):
        # Unit diagonal, lifted by the rounding of a factorisation, or by more where M itself is rounded.
        M.flat[:: M.shape[0] + 1] = 1 + lift * M.shape[0] * EPS
        # LAPACK itself: the checks around it cost more than a small factorisation.
        factor, info = linalg.lapack.dpotrf(M.T, lower=1, clean=0)
        if info == 0:
            return lambda b: (scale * linalg.lapack.dpotrs(factor, (scale * b.T).T, lower=1)[0].T).T
    raise linalg.LinAlgError("the rows, the response or the costs are not finite, or too far apart in size")


def _rated(problem: CheckLoss, d: Array, theta: Array) -> _Point:
    """Gap of the nearest feasible point, and that point."""
    d = np.where(problem.signed, np.maximum(d, 0.0), d)
    theta = np.clip(theta, -problem.up, problem.down)
    return problem.gap(d, theta), d, theta


def _cross_over(problem: CheckLoss, row_sign: Array, column_sign: Array, d: Array, theta: Array) -> _Point:
    """Solve the face of these signs, and again with signs that its solution shows to be wrong: best gap, d, theta."""
    # Below this a slack in a row or in a column is rounding.
    row_slack = 1e-12 * (problem.up + problem.down)
    column_slack = 1e-12 * problem.l1 + 0.1 * np.linalg.norm(row_slack)

    best = (np.inf, d, theta)
    for _ in range(4):
        x, dual = _solve_face(problem, row_sign, column_sign, d, theta)
        best = min(best, _rated(problem, x, dual), key=lambda point: point[0])
        outside = 1.0 * (dual < -problem.up - row_slack) - (dual > problem.down + row_slack)
        rows = np.where(row_sign == 0, outside, row_sign * (row_sign * problem.residual(x) >= 0))
        slope = problem.rows.T @ dual
        enters = problem.kinked & (np.abs(slope) - problem.l1 > column_slack) & ~(problem.signed & (slope > 0))
        columns = np.where(column_sign == 0, -np.sign(slope) * enters, column_sign * (column_sign * x >= 0))
        if np.array_equal(rows, row_sign) and np.array_equal(columns, column_sign):
            break
        row_sign, column_sign = rows, columns
    return best


def _solve_face(problem: CheckLoss, row_sign: Array, column_sign: Array, d: Array, theta: Array) -> tuple[Array, Array]:
    """Solve A_EF d_F = y_E and A_F'theta + l1 sign + l2 d = 0 for (d_F, theta_E), near the given point.

    E are the rows at their kink, F the coefficients off theirs. The correction minimises dd'L dd/2 - g'dd on
    A_EF dd = e, L being l2 lifted off zero (repetitions take the lift out); without any l2 it has the least norm.
    """
    E, F, x = np.flatnonzero(row_sign == 0), np.flatnonzero((column_sign != 0) | ~problem.kinked), np.zeros(d.size)
    theta = np.where(row_sign > 0, -problem.up, np.where(row_sign < 0, problem.down, theta))
    if F.size == 0:
        return x, theta
    curved = bool(problem.l2[F].any())
    L = np.maximum(problem.l2, 1e-6 * problem.l2[F][problem.l2[F] > 0].min()) if curved else np.ones(d.size)
    # Rows by size and pivoted columns keep Householder's QR accurate however unequal the rows are (Cox & Higham, 1998).
    F = F[np.argsort(L[F], kind="stable")]
    root, l2, A_F = np.sqrt(L[F]), problem.l2[F], problem.rows[:, F]
    A_EF = A_F[E].toarray() if sparse.issparse(A_F) else A_F[E]
    M = (A_EF / root).T
    Q, R, pivot = linalg.qr(M, mode="economic", pivoting=True, check_finite=False)
    below = np.maximum.accumulate(np.linalg.norm(M, axis=1)[::-1])[::-1]
    rank = int(np.argmin(np.append(np.abs(np.diag(R)) > 1e-12 * below[: len(R)], False)))
    # The other rows at their kink are combinations of these.
    Q, R, E, A_EF = Q[:, :rank], R[:rank, :rank], E[pivot[:rank]], A_EF[pivot[:rank]]
    x[F] = d[F]
    for last in (False, False, True):
        g = -(A_F.T @ theta + problem.l1[F] * column_sign[F] + l2 * x[F]) / root
        along = Q.T @ g
        move = linalg.solve_triangular(R, problem.response[E] - A_EF @ x[F], trans="T", check_finite=False)
        step = Q @ move
        if curved and not last:
            # Not in the end, where g is rounding that a small L blows up.
            step += g - Q @ along
            along -= move
        x[F] += step / root
        theta[E] += linalg.solve_triangular(R, along, check_finite=False)
    return x, theta
