r"""Penalised least squares with many more columns than are in use: the Gram matrix of a working set, which grows.

.. math:: \min_d \tfrac12\sum_i w_i (b_i - a_i^T d)^2 + s\,\Omega(d) \quad\text{for falling } s

Only the columns in the set are ever copied; all others are met in products with the residual.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bayesreg.numerics.least_squares import LeastSquares
from bayesreg.numerics.penalised_quadratic import minimise
from bayesreg.numerics.working_set import grow, start_set

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# A column outside the set may violate its condition by this much (as a cosine) at the end.
TOLERANCE = 1e-13
# Where only the support matters, on the way to the first strength.
ROUGH = 1e-3


class GramSet:
    """Columns of a working set, their Gram matrix, and the products with the response; both buffers double.

    Parameters
    ----------
    problem : LeastSquares
    """

    def __init__(self, problem: LeastSquares) -> None:
        self.problem = problem
        self.index: Index = np.empty(0, dtype=np.intp)
        weight = problem.weight
        self._root = None if weight is None else np.sqrt(weight)
        extra = [] if problem.row is None else [problem.row_response]
        response = problem.response if self._root is None else self._root * problem.response
        self._response = np.concatenate([response, extra])
        self._rows = np.empty((self._response.size, 0), order="F")
        self.gram: Array = np.empty((0, 0))
        self.cross: Array = np.empty(0)

    @property
    def size(self) -> int:
        """Number of columns in the set."""
        return int(self.index.size)

    def add(self, new: Index) -> None:
        """Bring columns in. Cost O(n |new| |set|)."""
        if new.size == 0:
            return
        fresh = self.problem.columns.take(new).dense()
        if self._root is not None:
            fresh = self._root[:, None] * fresh
        if self.problem.row is not None:
            fresh = np.vstack([fresh, self.problem.row[new]])
        old, size = self.size, self.size + int(new.size)
        if size > self.gram.shape[0]:
            room = max(2 * size, 64)
            gram, rows = np.empty((room, room)), np.empty((self._response.size, room), order="F")
            gram[:old, :old], rows[:, :old] = self.gram[:old, :old], self._rows[:, :old]
            self.gram, self._rows = gram, rows
        self._rows[:, old:size] = fresh
        across = self._rows[:, :size].T @ self._rows[:, old:size]
        self.gram[:size, old:size] = across
        self.gram[old:size, :old] = across[:old].T
        self.cross = np.concatenate([self.cross, self._rows[:, old:size].T @ self._response])
        self.index = np.concatenate([self.index, new])

    def rows(self) -> tuple[Array, Array]:
        """The columns of the set, their rows weighted, and the response, shapes (m, k) and (m,)."""
        return self._rows[:, : self.size], self._response

    def gradient(self, d: Array) -> Array:
        """Gradient of half the RSS in all p columns, from the coefficients of the set."""
        on = np.flatnonzero(d)
        part = self._rows[:, on] @ d[on] if 2 * on.size < d.size else self._rows[:, : d.size] @ d
        residual = self._response - part
        extra = 0.0 if self.problem.row is None else float(residual[-1])
        rows = residual if self.problem.row is None else residual[:-1]
        if self._root is not None:
            # `gradient_at` weights once; the residual here has the root of the weight in it.
            rows = np.divide(rows, self._root, out=np.zeros_like(rows), where=self._root > 0)
        return self.problem.gradient_at(rows, extra)


def gram_set_path(
    problem: LeastSquares, strengths: Array, start: Array | None, max_cycles: int
) -> Iterator[tuple[Array, int]]:
    """Yield the minimiser for each strength (multiples of the problem's penalty, falling) and the cycles it took.

    Each is started at the one before. Without a ``start`` the first is approached through stronger penalties, so that
    the set grows with the support.
    """
    p = problem.penalty.l1.size
    work = GramSet(problem)
    d = np.zeros(p) if start is None else start.copy()
    scale = problem.kkt_scale
    work.add(start_set(problem.penalty, d))
    gradient = problem.gradient(d) if np.any(d) else -problem.cross
    lead = _lead(problem, gradient, float(strengths[0])) if start is None else np.empty(0)
    cycles = 0
    for position, strength in enumerate(np.concatenate([lead, strengths])):
        exact = position >= lead.size
        penalty = problem.penalty.scaled(float(strength))
        before = np.inf
        for _ in range(100):
            violation = penalty.subdifferential_distance(d, gradient) / scale
            # The set may hold columns that are off: what counts is the worst outside it.
            larger = grow(penalty, work.index, violation, TOLERANCE, int(np.count_nonzero(d)))
            grown = larger.size > work.size
            inner = float(violation[work.index].max(initial=0.0))
            if not grown and (inner <= 1e-12 or inner >= 0.5 * before):
                break
            before = np.inf if grown else inner
            work.add(larger[work.size :])
            at, more = minimise(
                work.gram,
                work.cross,
                penalty.take(work.index),
                d[work.index],
                scale[work.index],
                max(max_cycles - cycles, 1),
                TOLERANCE if exact else ROUGH,
                work.rows,
            )
            cycles += more
            d = np.zeros(p)
            d[work.index] = at
            gradient = work.gradient(at)
            if not exact or cycles >= max_cycles:
                break
        if exact:
            yield d, cycles
            cycles = 0


def _lead(problem: LeastSquares, gradient: Array, target: float) -> Array:
    """Strengths that fall from where nothing is in use to the target, each by a third."""
    shrink = problem.penalty.shrink(gradient)
    largest = 1.0 / shrink if shrink > 0 else 1.0
    if not problem.penalty.kinked:
        return np.empty(0)
    steps = int(np.ceil(np.log2(max(largest / target, 1.0)) / 0.6))
    return np.geomspace(max(largest, target), target, steps + 1)[1:-1] if steps > 1 else np.empty(0)
