r"""Exact moments of the coefficients: those of a mixture of normals over the nodes of (lambda, sigma).

Given the node, :math:`\beta = K(m + \varphi\gamma) + \ldots` with K the spectral and free directions, m the mean from
the centred rows, and gamma the covariance with the mean of y, which a normal intercept lets speak with
:math:`\varphi = \sigma^2 e / V`. All sums over sigma are taken first, so the cost is that of the nodes of lambda.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg.numerics.scale_posterior import ScalePosterior

Array = NDArray[np.float64]


def coefficient_moments(scales: ScalePosterior) -> tuple[Array, Array]:
    """Mean and standard deviation of (coef, intercept), shape (p + intercept,). Cost O(V r² + p r²) for V nodes.

    A mean square of sigma that does not exist makes the standard deviations infinite.
    """
    posterior, grid = scales.coefficients, scales.grid
    mass, square = grid.mass, scales.sigma_squared
    finite = bool(np.all(np.isfinite(square)))
    square = square if finite else np.ones_like(square)
    p, k = posterior.loc.size, posterior.d.size + posterior.free.size
    lam = np.exp(grid.v)
    total = posterior.d**2 + lam[:, None]
    weight, weighted_square = mass.sum(axis=1), np.sum(mass * square, axis=1)
    centre = np.zeros((grid.v.size, k + 1))
    centre[:, : posterior.d.size] = posterior.d * posterior.c / total
    centre[:, posterior.d.size : k] = posterior.target
    spread = np.zeros(k + 1)
    spread[: posterior.d.size] = weighted_square @ (1 / total)
    spread[posterior.d.size : k] = weighted_square.sum()
    directions = np.column_stack([posterior.basis, posterior.free_basis, np.zeros(p)])
    level = posterior.level
    if level is None or level.flat:
        mean = weight @ centre
        about = (centre - mean) * np.sqrt(weight)[:, None]
        second = about.T @ about
    else:
        directions[:, -1] = posterior.beyond_direction
        gamma = posterior.mean_coordinates(grid.v)
        tables = posterior.tables(grid.v)
        sigma = np.sqrt(square)
        variance = posterior.mean_variance(tables.spread[:, None], sigma)
        phi = square * tables.gap[:, None] / variance
        first = np.sum(mass * phi, axis=1)
        mean = weight @ centre + first @ gamma
        about = centre - mean
        cross = (first[:, None] * about).T @ gamma
        drop = np.sum(mass * (phi**2 - square**2 / variance), axis=1)
        second = (weight[:, None] * about).T @ about + cross + cross.T + (drop[:, None] * gamma).T @ gamma
    second = second + np.diag(spread)
    unseen = posterior.unseen_variance() * float(weighted_square @ (1 / lam))
    out_mean = posterior.loc + directions @ mean
    out_variance = np.einsum("ij,ij->i", directions @ second, directions) + unseen[:p]
    if level is not None and level.flat:
        row = -level.x_mean @ directions
        out_mean = np.append(out_mean, level.loc + level.y_mean + row @ mean)
        own = float(weighted_square.sum()) / posterior.total_weight
        out_variance = np.append(out_variance, row @ second @ row + unseen[p] + own)
    elif level is not None:
        prior = level.variance_at(sigma)
        at_node = prior / variance * tables.gap[:, None]
        average = float(np.sum(mass * at_node))
        inside = prior * (variance - prior) / variance
        out_mean = np.append(out_mean, level.loc + average)
        out_variance = np.append(out_variance, float(np.sum(mass * (inside + (at_node - average) ** 2))))
    sd = np.sqrt(np.maximum(out_variance, 0.0)) if finite else np.full(out_mean.size, np.inf)
    return out_mean, sd
