r"""Exact leave-one-out predictive densities of a Gaussian model.

Given (lambda, sigma), with h_i the leverage and e_i the residual of row i (times the root of its weight w),

.. math:: \log p(y_i \mid y_{-i}, \lambda, \sigma) = -\tfrac{w}{2}\log(2\pi\sigma^2) + \tfrac12 \log(1-h_i)
          - \frac{e_i^2}{2\sigma^2 (1-h_i)}

and over the posterior of the scales :math:`1/p(y_i \mid y_{-i}) = E[1/p(y_i \mid y_{-i}, \lambda, \sigma) \mid y]`, a sum over
the nodes of its quadrature; with sigma² inverse gamma given lambda, the mean over sigma is in closed form. A row is left
out with all its weight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

from bayesreg.numerics.log_grid import LogGrid, rule_error
from bayesreg.numerics.scale_posterior import ScalePosterior

Array = NDArray[np.float64]

# Numbers held at a time.
_BLOCK = 2_000_000
# The scales without an influential row may lie where the grid with it ends: then it is made wider.
_EDGE = 1e-8
_WIDEST = 700.0


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
        nodes = _Nodes.of(scales, rows, response)
        block = max(1, _BLOCK // nodes.grid.mass.size)
        parts = [
            _part(scales, nodes, slice(start, start + block), weight[start : start + block])
            for start in range(0, weight.size, block)
        ]
        elpd = np.concatenate([part[0] for part in parts])
        error, edge = max(part[1] for part in parts), max(part[2] for part in parts)
        if edge <= _EDGE or scales.fall > _WIDEST:
            return LeaveOneOut(elpd, error + edge)
        scales = replace(scales, fall=3 * scales.fall)


@dataclass(frozen=True, eq=False)
class _Nodes:
    """The grid, thinned, and the rows in the directions of the posterior."""

    grid: LogGrid
    spectral: Array
    residual: Array
    free_leverage: Array
    with_mean: tuple[Array, Array]

    @classmethod
    def of(cls, scales: ScalePosterior, rows: Array, response: Array) -> _Nodes:
        posterior, grid = scales.coefficients, _thinned(scales.grid)
        spectral, free = rows @ posterior.basis, rows @ posterior.free_basis
        lam = np.exp(grid.v)
        fitted = (posterior.d * posterior.c) / (posterior.d**2 + lam[:, None])
        residual = (response - free @ posterior.target)[:, None] - spectral @ fitted.T
        none = np.empty((0, 0))
        with_mean = (none, none)
        level = posterior.level
        if level is not None and not level.flat:
            gamma = posterior.mean_coordinates(grid.v)[:, :-1]
            with_mean = (np.hstack([spectral, free]) @ gamma.T, none)
        return cls(grid, spectral, residual, np.sum(free**2, axis=1), with_mean)


def _thinned(grid: LogGrid) -> LogGrid:
    """Every second node as often as the integral stays the same."""
    for axis in (0, 1):
        while grid.mass.shape[axis] >= 33:
            every = (slice(None, None, 2), slice(None)) if axis == 0 else (slice(None), slice(None, None, 2))
            mass = 2 * grid.mass[every]
            if abs(1 - mass.sum()) > 1e-10:
                break
            grid = replace(grid, v=grid.v[every[0]], u=grid.u[every], mass=mass)
    return grid


def _part(scales: ScalePosterior, nodes: _Nodes, part: slice, weight: Array) -> tuple[Array, float, float]:
    """Densities of some rows, the error of their sums, and the largest share of the nodes at the ends."""
    posterior, grid = scales.coefficients, nodes.grid
    lam, w = np.exp(grid.v), weight[:, None, None]
    leverage = nodes.free_leverage[part, None] + nodes.spectral[part] ** 2 @ (1 / (posterior.d[:, None] ** 2 + lam))
    leverage, residual = leverage[:, :, None], nodes.residual[part][:, :, None]
    sigma = np.exp(scales.log_sigma(grid.v, grid.u))[None]
    level, total = posterior.level, posterior.total_weight
    if level is not None and level.flat:
        leverage = leverage + w / total
    elif level is not None:
        tables = posterior.tables(grid.v)
        known = level.variance_at(sigma) / sigma**2 + tables.spread[None, :, None]
        across, root = nodes.with_mean[0][part][:, :, None], np.sqrt(w)
        whole = known + 1 / total
        leverage = leverage + (w * known / total + 2 * root * across / total - across**2) / whole
        residual = residual + tables.gap[None, :, None] * (root / total - across) / whole
    left = np.where(leverage < 1 - 1e-12, 1 - leverage, np.nan)
    half_square = 0.5 * residual**2 / left
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = 0.5 * w * math.log(2 * math.pi) - 0.5 * np.log(left)
        if scales.conjugate:
            shape, scale, _ = scales.inverse_gamma(grid.v)
            b, without = scale[None, :, None], np.where(w < 2 * shape, shape - 0.5 * w, np.nan)
            inverse = (
                inverse + shape * np.log(b) - without * np.log(b - half_square) + gammaln(without) - gammaln(shape)
            )
        else:
            inverse = inverse + w * np.log(sigma) + half_square / sigma**2
        terms = np.log(grid.mass) + inverse
    log_sum = logsumexp(terms, axis=(1, 2))
    share = np.exp(terms - log_sum[:, None, None])
    error = max(rule_error(share.sum(axis=2).T), rule_error(share.sum(axis=1).T))
    edge = 0.0
    if grid.v.size > 1:
        edge = float(np.nanmax(share[:, [0, -1]].sum(axis=2), initial=0.0))
    if grid.u.shape[1] > 1:
        edge = max(edge, float(np.nanmax(share[:, :, [0, -1]].sum(axis=1), initial=0.0)))
    return -log_sum, error, edge
