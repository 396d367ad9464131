"""Penalised least squares on sparse columns for falling penalties: a working set, and descent on stored entries."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bayesreg.numerics.least_squares import LeastSquares
from bayesreg.numerics.sparse_descent import sparse_descent
from bayesreg.numerics.working_set import grow, start_set

Array = NDArray[np.float64]


def sparse_set_path(
    problem: LeastSquares, strengths: Array, start: Array | None, max_cycles: int
) -> Iterator[tuple[Array, int]]:
    """Yield the minimiser for each strength (multiples of the problem's penalty, falling) and the cycles it took."""
    X = problem.columns.X
    n, p = problem.columns.shape
    centred = problem.columns.shift is not None
    weight = np.ones(n) if problem.weight is None else problem.weight
    d = np.zeros(p) if start is None else start.copy()
    scale = problem.kkt_scale
    inside = start_set(problem.penalty, d)
    residual, _ = problem.residual(d)
    gradient = problem.gradient_at(residual, 0.0)
    chosen, held = None, np.empty(0, dtype=np.intp)
    for strength in strengths:
        penalty = problem.penalty.scaled(float(strength))
        cycles, before = 0, np.inf
        for _ in range(100):
            violation = penalty.subdifferential_distance(d, gradient) / scale
            larger = grow(penalty, inside, violation, 1e-13, int(np.count_nonzero(d)))
            inner = float(violation[inside].max(initial=0.0))
            grown = larger.size > inside.size
            if not grown and (inner <= 1e-12 or inner >= 0.5 * before):
                break
            before, inside = np.inf if grown else inner, larger
            if chosen is None or held.size != inside.size:
                chosen, held = X[:, inside], inside
            part = penalty.take(inside)
            at, more = sparse_descent(
                chosen,
                weight,
                -weight * residual,
                (0.0, 0.0) if centred else None,
                part.l1,
                part.l2,
                part.constrained,
                d[inside],
                scale[inside],
                1e-13,
                max(max_cycles - cycles, 1),
            )
            cycles += more
            d = np.zeros(p)
            d[inside] = at
            residual, _ = problem.residual(d)
            gradient = problem.gradient_at(residual, 0.0)
            if cycles >= max_cycles:
                break
        yield d, cycles
