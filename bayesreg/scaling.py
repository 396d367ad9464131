"""Columns of extreme size, brought to a common one while a mode is found, and the coefficients back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bayesreg.data import Design
from bayesreg.problem import Problem

Array = NDArray[np.float64]

# Squares of column norms within these bounds neither over- nor underflow, nor do products of them.
SMALLEST, LARGEST = 1e-60, 1e60


def rescaled(problem: Problem) -> tuple[Problem, Array]:
    """Return the problem with columns of a size that squares can bear, and what its coefficients are multiplied by.

    Powers of two, so that nothing is rounded; ones, and the problem itself, where no column is extreme.
    """
    size = problem.design.moments.size
    extreme = (size > 0) & ((size < SMALLEST) | (size > LARGEST))
    if not extreme.any():
        return problem, np.ones(1)
    unit = np.ones(size.size)
    unit[extreme] = np.ldexp(1.0, -np.frexp(size[extreme])[1])
    design = problem.design
    X = sparse.csc_array(design.X @ sparse.diags_array(unit)) if design.is_sparse else design.X * unit
    smaller = Design(X, design.y, design.weight, design.offset, design.names, design.weighted)
    moved = replace(problem, design=smaller, unit=problem.unit / unit, loc=problem.loc / unit, memo={})
    return moved, unit
