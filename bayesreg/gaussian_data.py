r"""A Gaussian likelihood in the coordinates of the Gibbs kernels.

Free columns and a flat intercept are projected out, which integrates them out; given the rest they are normal and drawn
afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from bayesreg import mixture_problem
from bayesreg.likelihoods import Gaussian
from bayesreg.mixture_problem import MixtureProblem
from bayesreg.numerics.row_products import row_products
from bayesreg.problem import Problem

Array = NDArray[np.float64]

# From draws of delta (k, q), sigma (k,) and standard normals (k, f) to what was projected out, original units (k, f).
Back = Callable[[Array, Array, Array], Array]


def why_not(problem: Problem) -> str | None:
    """Return None for a Gaussian likelihood and a prior that the Gibbs kernels know, else the reason in words."""
    if not isinstance(problem.likelihood, Gaussian):
        return "the likelihood is not Gaussian"
    return mixture_problem.why_not(problem)


@dataclass(frozen=True, eq=False)
class GaussianGram:
    """Gram matrix and cross products in delta, half-RSS units, free columns and a flat intercept projected out.

    Parameters
    ----------
    gram : array, shape (q, q)
    cross : array, shape (q,)
    total : float
        Residual sum of squares at delta = 0.
    rows : float
        Number of rows that it stands for: the total weight less what is projected out.
    back : callable
        (deltas (k, q), sigma (k,), normals (k, f)) to the values of the free columns and a flat intercept.
    n_normals : int
        f.
    """

    gram: Array
    cross: Array
    total: float
    rows: float
    back: Back
    n_normals: int

    @classmethod
    def of(cls, mixture: MixtureProblem) -> GaussianGram:
        """Reduce the rows, in one pass over X."""
        problem, kept, free = mixture.problem, mixture.kept, mixture.free
        design = problem.design
        weight, response = design.weight, problem.shifted_response
        rows = design.total_weight
        mean = 0.0
        if problem.flat_intercept:
            mean = float(weight @ response) / rows
            columns, gram = design.centred_columns, design.centred_gram
            rows -= 1
        else:
            columns, gram = design.columns, design.uncentred_gram
        residual = response - mean
        if problem.fit_intercept and not problem.flat_intercept:
            residual = residual - problem.intercept_prior.loc
        cross = columns.transposed_times(weight * residual)
        total = float(weight @ residual**2)
        unit = mixture.unit
        G, c = gram[np.ix_(kept, kept)] * np.outer(unit, unit), cross[kept] * unit
        between = gram[np.ix_(free, kept)] * unit
        if problem.fit_intercept and not problem.flat_intercept:
            own = columns.transposed_times(weight)
            G = np.block([[G, (own[kept] * unit)[:, None]], [own[kept] * unit, np.array([[design.total_weight]])]])
            c = np.append(c, weight @ residual)
            between = np.column_stack([between, own[free]])
        root, solved, at = np.zeros((0, 0)), np.zeros((0, G.shape[0])), np.zeros(0)
        if free.size:
            factor = cho_factor(gram[np.ix_(free, free)], lower=True)
            root = np.linalg.inv(np.tril(factor[0]))
            solved, at = cho_solve(factor, between), cho_solve(factor, cross[free])
            G, c, total = G - between.T @ solved, c - solved.T @ cross[free], total - float(cross[free] @ at)
            rows -= free.size
        x_mean, flat, size, weights = design.x_mean, problem.flat_intercept, kept.size, design.total_weight

        def back(deltas: Array, sigma: Array, normals: Array) -> Array:
            given = row_products(normals[:, : free.size], root)
            others = at - row_products(deltas, solved.T) + sigma[:, None] * given
            if not flat:
                return np.asarray(others)
            shift = row_products(deltas[:, :size], (unit * x_mean[kept])[:, None])
            shift = shift + row_products(others, x_mean[free][:, None])
            level = mean - shift + (sigma / np.sqrt(weights) * normals[:, -1])[:, None]
            return np.column_stack([others, level])

        return cls(np.ascontiguousarray(G), c, total, rows, back, free.size + flat)


@dataclass(frozen=True, eq=False)
class GaussianRows:
    """Rows in delta, times the square roots of their weights, in the complement of what is projected out.

    Parameters
    ----------
    X : array, shape (m, q)
    y : array, shape (m,)
    rows : float
        The total weight less what is projected out.
    back : callable
        As in `GaussianGram`.
    n_normals : int
        f.
    """

    X: Array
    y: Array
    rows: float
    back: Back
    n_normals: int

    @classmethod
    def of(cls, mixture: MixtureProblem) -> GaussianRows:
        """Reduce the rows; O(n² p)."""
        problem, kept, free, unit = mixture.problem, mixture.kept, mixture.free, mixture.unit
        design, flat = problem.design, problem.flat_intercept
        root = np.sqrt(design.weight)
        response, X = root * problem.shifted_response, design.centred if flat else design.uncentred
        kept_columns = X[:, kept] * unit
        if problem.fit_intercept and not flat:
            response = response - root * problem.intercept_prior.loc
            kept_columns = np.column_stack([kept_columns, root])
        out = np.column_stack([root, X[:, free]]) if flat else X[:, free]
        f = out.shape[1]
        Q, R = np.linalg.qr(out, mode="complete") if f else (np.eye(design.n), np.zeros((0, 0)))
        inverse = np.linalg.inv(R[:f]) if f else np.zeros((0, 0))
        along, at = inverse @ (Q[:, :f].T @ kept_columns), inverse @ (Q[:, :f].T @ response)
        x_mean, size = design.x_mean, kept.size

        def back(deltas: Array, sigma: Array, normals: Array) -> Array:
            values = at - row_products(deltas, along.T) + sigma[:, None] * row_products(normals, inverse.T)
            if not flat:
                return np.asarray(values)
            others = np.ascontiguousarray(values[:, 1:])
            shift = row_products(deltas[:, :size], (unit * x_mean[kept])[:, None])
            shift = shift + row_products(others, x_mean[free][:, None])
            return np.column_stack([others, values[:, :1] - shift])

        inside = np.ascontiguousarray(Q[:, f:].T @ kept_columns)
        return cls(inside, Q[:, f:].T @ response, design.total_weight - f, back, f)
