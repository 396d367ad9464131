r"""The exact minimiser of a check loss (median and quantile regression) with elastic-net penalties.

.. math:: \min_d \sum_i [up_i (r_i)_+ + down_i (-r_i)_+] + \sum_j [l1_j |d_j| + \tfrac12 l2_j d_j^2], \quad r = y - A d

The penalty l1 |d| is a check loss of the residual 0 - d, so both are one set of rows B = [A; E] with the identity rows E
of the columns that have an l1 part or a sign constraint. With r = u - v, u, v >= 0, and the multiplier a of a row in
[-down, up] the optimality conditions are

    B'a = l2 d,   s = up - a >= 0,   t = down + a >= 0,   u s = v t = 0,   theta = -a.

Mehrotra's predictor-corrector follows them with u s = v t = mu -> 0 (Portnoy & Koenker, 1997, for the linear program).
It ends in the relative interior of the solution set, which tells the rows and the coefficients that are zero from the
others; the linear system of that face is then solved (finite termination: Ye, 1992), so that zeros are exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

Array = NDArray[np.float64]
Signs = NDArray[np.int8]
EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class CheckLoss:
    """One penalised check-loss problem, and its value and dual value.

    Parameters
    ----------
    rows : array or CSC array, shape (n, k)
        A. A free intercept is a column of ones with ``l1 = l2 = 0``.
    response : array, shape (n,)
        y.
    up, down : array, shape (n,)
        Cost of a unit of residual above and below zero: row weight times quantile level, and times one minus it.
    l1, l2 : array, shape (k,)
        Penalties.
    positive : array of bool, shape (k,)
        Coefficients that may not be negative.
    """

    rows: Any
    response: Array
    up: Array
    down: Array
    l1: Array
    l2: Array
    positive: NDArray[np.bool_]

    @property
    def free(self) -> NDArray[np.bool_]:
        """Coefficients without a kink at zero, shape (k,)."""
        return np.asarray((self.l1 == 0) & ~self.positive)

    def penalty(self, d: Array) -> Array:
        """l1 |d| + l2 d²/2 of each coefficient, infinite where the sign is not allowed, shape (k,)."""
        return np.where(self.positive & (d < 0), np.inf, self.l1 * np.abs(d) + 0.5 * self.l2 * d * d)

    def objective(self, d: Array) -> float:
        """Value of the objective."""
        r = self.response - self.rows @ d
        return float(self.up @ np.maximum(r, 0) + self.down @ np.maximum(-r, 0) + self.penalty(d).sum())

    def conjugate(self, slope: Array, bound: Array) -> Array:
        """Return max over |d_j| <= bound_j of slope_j d_j - penalty_j(d_j), shape (k,)."""
        excess = np.maximum(np.where(self.positive, slope, np.abs(slope)) - self.l1, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.where(excess > 0, np.minimum(excess / self.l2, bound), 0.0)
            return np.where(at > 0, at * (excess - np.where(self.l2 > 0, 0.5 * self.l2 * at, 0.0)), 0.0)

    def dual(self, theta: Array, bound: Array) -> float:
        """Lower bound -theta'y - Omega*(-A'theta) of the objective over the box |d| <= bound.

        Parameters
        ----------
        theta : array, shape (n,)
            Slope of each row's loss in A d, in [-up, down].
        bound : array, shape (k,)
            A finite one keeps the value finite where rounding leaves A'theta just outside the domain of Omega*.
        """
        return float(-(theta @ self.response) - self.conjugate(-(self.rows.T @ theta), bound).sum())

    def gap(self, d: Array, theta: Array) -> float:
        """Primal minus dual value as a sum of non-negative terms, one a row and one a column, free of cancellation.

        It bounds the distance to the minimum over the box in which each coefficient is no further from zero than d_j
        plus the move that would change the fitted values by as much as all residuals.
        """
        r = self.response - self.rows @ d
        slope = -(self.rows.T @ theta)
        size = np.asarray(abs(self.rows).sum(axis=0)).ravel()
        bound = np.abs(d) + np.abs(r).sum() / np.where(size > 0, size, np.inf)
        in_rows = np.where(r > 0, (self.up + theta) * r, (theta - self.down) * r)
        in_columns = self.penalty(d) + self.conjugate(slope, bound) - d * slope
        return float(in_rows.sum() + np.maximum(in_columns, 0.0).sum())


@dataclass(frozen=True, eq=False)
class Minimum:
    """A minimiser with the dual variable that proves it.

    Parameters
    ----------
    d : array, shape (k,)
        Minimiser, with exact zeros; where there are many, one in the middle of the set.
    theta : array, shape (n,)
        Slope of each row's loss in A d: -up where r > 0, down where r < 0, between them where r = 0.
    iterations : int
        Interior-point steps.
    """

    d: Array
    theta: Array
    iterations: int


def minimise(problem: CheckLoss, max_iterations: int = 60) -> Minimum:
    """Return a minimiser and its dual variable. Cost O(n k min(n, k)) a step, 10 to 25 steps.

    Parameters
    ----------
    problem : CheckLoss
    max_iterations : int
        Give up after so many steps and return the point with the smallest gap.
    """
    counted = (problem.up > 0) | (problem.down > 0)
    rows = problem.rows if counted.all() else problem.rows[counted]
    # Powers of two: the units of the columns do not matter then, and the problem keeps every bit.
    norm = np.sqrt(np.asarray((rows * rows).sum(axis=0)).ravel())
    scale = np.ldexp(1.0, np.where(norm > 0, np.frexp(norm)[1], 0))
    d, theta_counted, iterations = _follow_path(
        CheckLoss(
            sparse.csc_array(rows @ sparse.diags_array(1 / scale)) if sparse.issparse(rows) else rows / scale,
            problem.response[counted],
            problem.up[counted],
            problem.down[counted],
            problem.l1 / scale,
            problem.l2 / scale**2,
            problem.positive,
        ),
        max_iterations,
    )
    theta = np.zeros(counted.size)
    theta[counted] = theta_counted
    return Minimum(d / scale, theta, iterations)


def _follow_path(problem: CheckLoss, max_iterations: int) -> tuple[Array, Array, int]:
    A, l2 = problem.rows, problem.l2
    n = problem.response.size
    kinked = np.flatnonzero(~problem.free)
    # A sign constraint is an infinite cost on one side: u = 0 there for ever, and s without a limit.
    two_sided = np.concatenate([np.ones(n), np.where(problem.positive[kinked], 0.0, 1.0)])
    up, down = (np.concatenate([cost, problem.l1[kinked]]) for cost in (problem.up, problem.down))
    together = bool(l2.any())  # d is then in the dual feasibility too, and both have to move by the same step

    def residual(x: Array) -> Array:
        return np.concatenate([problem.response - A @ x, -x[kinked]])

    d = _start(problem)
    r = residual(d)
    typical = float(np.median(np.abs(r[:n])) + 1e-3 * np.mean(np.abs(r[:n]))) or 1.0
    if problem.positive.any():
        d[problem.positive] = typical
        r = residual(d)
    mu = start = float(np.mean(up[:n] + down[:n])) * typical
    u, v, s, t = _centred(r, up + down, mu, two_sided)
    a = t - down
    best = (np.inf, d, -a[:n])
    iteration = 0
    for iteration in range(1, max_iterations + 1):
        r = residual(d)
        D = 1 / (u / s + v / t)
        h = l2.copy()
        h[kinked] += D[n:]
        off = A.T @ a[:n] - l2 * d
        off[kinked] += a[n:]
        solve = _newton(A, D[:n], h)

        def direction(m1: Array | float, m2: Array | float) -> tuple[Array, ...]:
            q = r - m1 / s + m2 / t
            f = off.copy()
            f[kinked] += D[n:] * q[n:]
            dd, da_rows = solve(q[:n], f)
            da = np.concatenate([da_rows, D[n:] * (q[n:] - dd[kinked])])
            du = two_sided * ((m1 + u * da) / s - u)
            dv = (m2 - v * da) / t - v
            primal = min(_longest(u, du), _longest(v, dv))
            dual = min(_longest(s, -da * two_sided), _longest(t, da))
            if together:
                primal = dual = min(primal, dual)
            return dd, da, du, dv, primal, dual

        dd, da, du, dv, primal, dual = direction(0.0, 0.0)
        primal, dual = min(1.0, primal), min(1.0, dual)
        mu = float(u @ s + v @ t)
        after = float((u + primal * du) @ (s - dual * da * two_sided) + (v + primal * dv) @ (t + dual * da))
        centre = (after / mu) ** 3 * mu / (two_sided.sum() + two_sided.size)
        pa, da_ = primal, dual
        second_u, second_v = two_sided * du * da, dv * da
        damp = 1.0
        tries = []
        for damp in (1.0, primal * dual):
            step = direction(two_sided * centre + damp * second_u, centre - damp * second_v)
            tries.append(step)
            if min(step[4:]) > GOOD * min(primal, dual):
                break
        dd, da, du, dv, primal, dual = max(tries, key=lambda z: z[4] * z[5])
        primal, dual = min(1.0, 0.9995 * primal), min(1.0, 0.9995 * dual)
        d, u, v = d + primal * dd, u + primal * du, v + primal * dv
        a, s, t = a + dual * da, s - dual * da * two_sided, t + dual * da
        mu = float(u @ s + v @ t) / (two_sided.sum() + two_sided.size)
        if VERBOSE:
            print(iteration, mu / start, primal, dual, np.abs(off).max(), problem.gap(d, -a[:n]))
        if mu <= 1e-5 * start:
            width = np.where(two_sided > 0, up + down, np.linalg.norm(problem.up + problem.down))
            unit = np.concatenate([np.full(n, typical), np.full(kinked.size, typical * np.sqrt(n))])
            signs = np.where(
                np.maximum(u, v) * width > np.where(two_sided > 0, np.minimum(s, t), t) * unit, np.sign(u - v), 0.0
            )
            column_sign = np.zeros(d.size)
            column_sign[kinked] = -signs[n:]
            x, theta, settled = _cross_over(problem, signs[:n], column_sign, d, -a[:n])
            gap = problem.gap(x, theta)
            if VERBOSE:
                print("   cross", gap, settled)
            if gap < best[0]:
                best = (gap, x, theta)
            if settled:
                break
    if not settled and VERBOSE:
        print("NOT SETTLED")
    return best[1], best[2], iteration


VERBOSE = False
GOOD = 0.5


def _start(problem: CheckLoss) -> Array:
    """A ridge fit with a penalty of the order of the data on every column that has one."""
    ridge = np.where(problem.free & (problem.l2 == 0), 0.0, 1.0)
    n, k = problem.rows.shape
    return _newton(problem.rows, np.ones(n), ridge)(problem.response, np.zeros(k))[0]


def _centred(r: Array, width: Array, mu: float, two_sided: Array) -> tuple[Array, Array, Array, Array]:
    """The point u s = v t = mu, s + t = width with u - v = r."""
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.hypot(width * r, 2 * mu)
        u = (width * r + 2 * mu + root) / (2 * width)
        v = (-width * r + 2 * mu + root) / (2 * width)
        # cancel
        u = np.where(r < 0, mu * v / (width * v - mu), u)
        v = np.where(r > 0, mu * u / (width * u - mu), v)
    u, v = np.where(two_sided > 0, u, 0.0), np.where(two_sided > 0, v, -r)
    return u, v, np.where(two_sided > 0, mu / np.where(u > 0, u, 1), 1.0), mu / v


def _longest(x: Array, dx: Array) -> float:
    """Step at which the first component of x + step dx reaches zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        worst = float(np.fmin.reduce(dx / x, initial=0.0))
    return -1 / worst if worst < 0 else np.inf


def _newton(A: Any, D: Array, h: Array) -> Callable[[Array, Array], tuple[Array, Array]]:
    """Solver of x: (A'DA + diag h) x = A'Dq + f in the smaller space; it returns x and D (q - A x)."""
    n, k = A.shape
    barred = h > 0
    if barred.sum() <= n:
        factor = _Cholesky(_gram(A.T, D), h)

        def in_columns(q: Array, f: Array) -> tuple[Array, Array]:
            x = factor.solve(A.T @ (D * q) + f)
            return x, D * (q - A @ x)

        return in_columns
    penalised, other = A[:, barred], A[:, ~barred]
    other = other.toarray() if sparse.issparse(other) else other
    factor = _Cholesky(_gram(penalised, 1 / h[barred]), 1 / D)
    W = factor.solve(other)
    small = other.T @ W

    def in_rows(q: Array, f: Array) -> tuple[Array, Array]:
        c = q - penalised @ (f[barred] / h[barred])
        x = np.empty(k)
        x[~barred] = np.linalg.lstsq(small, W.T @ c + f[~barred])[0]
        z = factor.solve(c - other @ x[~barred])
        # z and not D (q - A x), whose rounding D would blow up.
        x[barred] = (f[barred] + penalised.T @ z) / h[barred]
        return x, z

    return in_rows


def _gram(A: Any, weight: Array) -> Array:
    """A diag(weight) A', dense."""
    if sparse.issparse(A):
        return np.asarray((A @ sparse.diags_array(weight) @ A.T).toarray())
    root = A * np.sqrt(weight)
    return np.asarray(root @ root.T)


class _Cholesky:
    """Cholesky factor of M + diag(h), of unit diagonal and lifted by a few roundings."""

    def __init__(self, M: Array, h: Array) -> None:
        diagonal = np.diag(M) + h
        self.scale = 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
        M = M * self.scale[:, None] * self.scale
        M.flat[:: M.shape[0] + 1] = 1 + 1e-14
        self.factor = linalg.cho_factor(M, lower=True, overwrite_a=True, check_finite=False)

    def solve(self, b: Array) -> Array:
        scale = self.scale if b.ndim == 1 else self.scale[:, None]
        return np.asarray(scale * linalg.cho_solve(self.factor, scale * b, check_finite=False))


def _cross_over(problem: CheckLoss, row_sign: Array, column_sign: Array, d: Array, theta: Array):
    row_sign, column_sign = row_sign.copy(), column_sign.copy()
    A = problem.rows
    free = problem.free
    best = (np.inf, d, theta)
    for k in range(8):
        x, dual = _solve_face(problem, row_sign, column_sign, d, theta)
        inside = np.clip(dual, -problem.up, problem.down)
        gap = problem.gap(x, inside)
        if gap < best[0]:
            best = (gap, x, inside)
        r = problem.response - A @ x
        slope = A.T @ dual
        width = problem.up + problem.down
        tol = 1e-12
        new_rows = np.where(
            row_sign == 0,
            np.where(dual < -problem.up - tol * width, 1.0, np.where(dual > problem.down + tol * width, -1.0, 0.0)),
            np.where(row_sign * r < 0, 0.0, row_sign),
        )
        high = np.maximum(np.abs(slope), problem.l1) * 1e-12 + 1e-13 * np.linalg.norm(width)
        off = column_sign == 0
        new_cols = np.where(
            off,
            np.where(
                slope < -problem.l1 - high, 1.0, np.where((slope > problem.l1 + high) & ~problem.positive, -1.0, 0.0)
            ),
            np.where(column_sign * x < 0, 0.0, column_sign),
        )
        new_cols[free] = 0
        changed = (new_rows != row_sign).sum() + (new_cols != column_sign).sum()
        if VERBOSE:
            print("      face", k, (row_sign == 0).sum(), (column_sign != 0).sum(), gap, changed)
        if changed == 0:
            break
        row_sign, column_sign = new_rows, new_cols
    floor = EPS * (width @ np.abs(problem.response))
    if VERBOSE:
        print("      floor", best[0] / floor)
    return best[1], best[2], best[0] <= 16 * floor


def _solve_face(problem: CheckLoss, row_sign: Array, column_sign: Array, d: Array, theta: Array):
    E, F = np.flatnonzero(row_sign == 0), np.flatnonzero((column_sign != 0) | problem.free)
    theta = np.where(row_sign > 0, -problem.up, np.where(row_sign < 0, problem.down, theta))
    x = np.zeros(d.size)
    x[F] = d[F]
    if F.size == 0:
        return x, theta
    AF = problem.rows[:, F]
    AE = AF[E].toarray() if sparse.issparse(AF) else AF[E]
    l2 = problem.l2[F]
    pull = problem.l1[F] * column_sign[F]
    curved = l2.any()
    L = np.maximum(l2, 1e-6 * l2[l2 > 0].min()) if curved else np.ones(F.size)
    L = np.maximum(L, 1e-12 * L.max())
    rootL = np.sqrt(L)
    if E.size:
        U, S, Vt = np.linalg.svd(AE / rootL, full_matrices=False)
        keep = S > 1e-12 * S[0]
        U, S, Vt = U[:, keep], S[keep], Vt[keep]
    else:
        U, S, Vt = np.zeros((0, 0)), np.zeros(0), np.zeros((0, F.size))
    last = np.inf
    for _ in range(6):
        g = -(AF.T @ theta + pull + l2 * x[F]) / rootL
        e = problem.response[E] - AE @ x[F]
        along = Vt @ g
        move = (U.T @ e) / S
        dx = Vt.T @ move
        if curved:
            dx += g - Vt.T @ along
        dtheta = U @ ((along - move) / S) if curved else U @ (along / S)
        x[F] += dx / rootL
        theta[E] += dtheta
    return x, theta
