r"""Exact leave-one-out predictive densities of a Gaussian model.

Given (lambda, sigma), with h_i the leverage and e_i the residual of row i (times the root of its weight w),

.. math:: \log p(y_i \mid y_{-i}, \lambda, \sigma) = -\tfrac{w}{2}\log(2\pi\sigma^2) + \tfrac12 \log(1-h_i)
          - \frac{e_i^2}{2\sigma^2 (1-h_i)}

and over the posterior of the scales 1/p(y_i | y_-i) is the mean of 1/p(y_i | y_-i, lambda, sigma): a sum over the nodes
of its quadrature; with sigma² inverse gamma given lambda, the mean over sigma is in closed form. A row is left out with
all its weight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from bayesreg.numerics.log_grid import LogGrid, rule_error
from bayesreg.numerics.scale_posterior import ScalePosterior

Array = NDArray[np.float64]

# Numbers held at a time.
_BLOCK = 2_000_000
# The scales without an influential row may lie where the grid with it ends: then it is made wider.
LARGEST_EDGE = 1e-8
WIDEST = 700.0


@dataclass(frozen=True, eq=False)
class LeaveOneOut:
    """Log predictive densities of each row given the others.

    Parameters
    ----------
    elpd : array, shape (n,)
        NaN where the posterior without the row is improper.
    error : float
        Largest relative error of the sums over nodes.
    """

    elpd: Array
    error: float


def leave_one_out(scales: ScalePosterior, rows: Array, response: Array, weight: Array) -> LeaveOneOut:
    """Compute the densities. Cost O(n r V + n V U) for r columns and a grid of V x U nodes.

    Parameters
    ----------
    scales : ScalePosterior
    rows : array, shape (n, p)
        As given to ``GaussianPosterior.build``.
    response : array, shape (n,)
    weight : array, shape (n,)
    """
    while True:
        nodes = _Nodes.of(scales, rows, response, weight)
        block = max(1, _BLOCK // nodes.grid.mass.size)
        parts = [
            _part(scales, nodes, slice(start, start + block), weight[start : start + block])
            for start in range(0, weight.size, block)
        ]
        elpd = np.concatenate([part[0] for part in parts])
        error, edge = max(part[1] for part in parts), max(part[2] for part in parts)
        if edge <= LARGEST_EDGE or scales.fall > WIDEST:
            return LeaveOneOut(elpd, error + edge)
        scales = replace(scales, fall=3 * scales.fall)


@dataclass(frozen=True, eq=False)
class _Nodes:
    """The grid, thinned, and what each row is in the directions of the posterior.

    Parameters
    ----------
    grid : LogGrid
    unit : array, shape (n, r)
        Rows of the left singular vectors.
    base : array, shape (n,)
        1 - h_i without a penalty.
    residual : array, shape (n,)
        Residual without a penalty.
    with_mean : array, shape (n, V)
        Covariance of the predictor with the mean of y over sigma², for a normal intercept.
    """

    grid: LogGrid
    unit: Array
    base: Array
    residual: Array
    with_mean: Array

    @classmethod
    def of(cls, scales: ScalePosterior, rows: Array, response: Array, weight: Array) -> _Nodes:
        posterior, grid = scales.coefficients, _thinned(scales.grid)
        unit, free = rows @ (posterior.basis / posterior.d), rows @ posterior.free_basis
        level = posterior.level
        base = 1 - np.sum(unit**2, axis=1) - np.sum(free**2, axis=1)
        if level is not None:
            base -= weight / posterior.total_weight
        residual = response - free @ posterior.target - unit @ posterior.c
        # Rows that the columns can fit whatever they are.
        fitted = base < 1e-13 * rows.shape[1]
        base, residual = np.where(fitted, 0.0, base), np.where(fitted, 0.0, residual)
        with_mean = np.zeros((weight.size, grid.v.size))
        if level is not None and not level.flat:
            gamma = posterior.mean_coordinates(grid.v)[:, :-1]
            with_mean = np.hstack([unit * posterior.d, free]) @ gamma.T
        return cls(grid, unit, base, residual, with_mean)


def _thinned(grid: LogGrid) -> LogGrid:
    """Every second node as often as the integral stays the same."""
    for axis, every in ((0, np.s_[::2, :]), (1, np.s_[:, ::2])):
        while grid.mass.shape[axis] > 33:
            mass = 2 * grid.mass[every]
            if rule_error(mass.sum(axis=1 - axis)) > 1e-11 or abs(1 - mass.sum()) > 1e-12:
                break
            grid = replace(grid, v=grid.v[every[0]], u=grid.u[every], mass=mass)
    return grid


def _part(scales: ScalePosterior, nodes: _Nodes, part: slice, weight: Array) -> tuple[Array, float, float]:
    """Densities of some rows, the error of their sums, and the largest share of the nodes at the ends."""
    posterior, grid = scales.coefficients, nodes.grid
    w = weight[:, None, None]
    lam = np.exp(grid.v)
    shrunk = lam / (posterior.d[:, None] ** 2 + lam)
    left = (nodes.base[part, None] + nodes.unit[part] ** 2 @ shrunk)[:, :, None]
    residual = (nodes.residual[part, None] + (nodes.unit[part] * posterior.c) @ shrunk)[:, :, None]
    sigma = np.exp(scales.log_sigma(grid.v, grid.u))[None]
    level, weights = posterior.level, posterior.total_weight
    if level is not None and not level.flat:
        tables = posterior.tables(grid.v)
        whole = level.variance_at(sigma) / sigma**2 + tables.spread[None, :, None] + 1 / weights
        apart = np.sqrt(w) / weights - nodes.with_mean[part][:, :, None]
        left = left + apart**2 / whole
        residual = residual + tables.gap[None, :, None] * apart / whole
    left = np.where(left > 0, left, np.nan)
    half_square = 0.5 * residual**2 / left
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = 0.5 * w * math.log(2 * math.pi) - 0.5 * np.log(left)
        if scales.conjugate:
            shape, scale, _ = scales.inverse_gamma(grid.v)
            b, without = scale[None, :, None], np.where(w < 2 * shape, shape - 0.5 * w, np.nan)
            inverse += shape * np.log(b) - without * np.log(b - half_square) + gammaln(without) - gammaln(shape)
            terms = np.log(grid.mass) + inverse
        else:
            terms = half_square * sigma**-2.0
            terms += inverse
            terms += w * np.log(sigma) + np.log(grid.mass)
    top = terms.max(axis=(1, 2), keepdims=True)
    terms -= top
    np.exp(terms, out=terms)
    by_v, by_u = terms.sum(axis=2), terms.sum(axis=1)
    total = by_v.sum(axis=1)
    ends = [by_v[:, [0, -1]]] if grid.v.size > 1 else []
    if grid.u.shape[1] > 1:
        ends.append(by_u[:, [0, -1]])
    edge = np.hstack([np.zeros((total.size, 1)), *ends]) / total[:, None]
    elpd = -top[:, 0, 0] - np.log(total)
    error = max(rule_error(by_v.T), rule_error(by_u.T))
    return elpd, error, float(np.max(edge, where=~np.isnan(edge), initial=0.0))
