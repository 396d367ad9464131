"""Random numbers for the penalised densities and their scale mixtures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtri_exp

Array = NDArray[np.float64]


def draw_penalised(rng: np.random.Generator, l1: Array, l2: Array, shape: tuple[int, ...]) -> Array:
    """Draw from the density proportional to exp(-l1 |d| - l2 d²/2).

    |d| is a normal with mean -l1/l2 and variance 1/l2, truncated to the positive half line; exponential where l2 = 0.

    Parameters
    ----------
    rng : numpy.random.Generator
    l1, l2 : array
        Not both 0 anywhere; broadcast to ``shape``.
    shape : tuple of int
        Shape of the result.
    """
    l1, l2 = np.broadcast_to(l1, shape), np.broadcast_to(l2, shape)
    log_uniform = -rng.standard_exponential(shape)
    sign = rng.choice((-1.0, 1.0), shape)
    root = np.sqrt(l2)
    with np.errstate(divide="ignore", invalid="ignore"):
        a = l1 / root
        curved = (-ndtri_exp(log_ndtr(-a) + log_uniform) - a) / root
        exponential = -log_uniform / l1
    # Beyond a = 1e4 the truncated normal is the exponential to a relative 1/a² and the difference above cancels.
    return np.asarray(sign * np.where(a < 1e4, curved, exponential))


def draw_grouped(rng: np.random.Generator, rate: Array, label: NDArray[np.intp]) -> Array:
    """Draw groups from the density proportional to exp(-rate ||d_g||): a uniform direction, a gamma radius.

    Parameters
    ----------
    rng : numpy.random.Generator
    rate : array, shape (draws, G)
    label : array of int, shape (p,)
        Group of each coefficient.

    Returns
    -------
    array, shape (draws, p)
    """
    size = np.bincount(label, minlength=rate.shape[1])
    radius = rng.standard_gamma(np.broadcast_to(size.astype(float), rate.shape)) / rate
    normal = rng.standard_normal((rate.shape[0], label.size))
    squares = normal**2 @ (label[:, None] == np.arange(rate.shape[1]))
    return np.asarray(normal * (radius / np.sqrt(squares))[:, label])


def draw_laplace_local_variance(rng: np.random.Generator, distance: Array, l1: Array) -> Array:
    """Draw the local variance t of a Laplace coefficient given the coefficient.

    d | t ~ N(0, t) and t ~ Exp(rate l1²/2) give d ~ Laplace(1/l1); then 1/t | d is inverse Gaussian with mean l1/|d|
    and shape l1² (Park & Casella, 2008). The same t belongs to an elastic net, whose ridge part does not involve it.

    Parameters
    ----------
    rng : numpy.random.Generator
    distance : array
        |d|.
    l1 : array
        Positive rate in nats; broadcast against ``distance``.
    """
    # A coefficient at exactly 0 has the law's limit; 1e-150 is near enough and keeps every quotient finite.
    distance, l1 = np.broadcast_arrays(np.maximum(np.abs(distance), 1e-150), l1)
    z = rng.standard_normal(distance.shape)
    uniform = rng.random(distance.shape)
    # With mean mu = l1/|d|, shape l1²: y = mu z²/(2 l1²) = z²/(2 l1 |d|); the root written without cancellation.
    mu = l1 / distance
    y = z * z / (2 * l1 * distance)
    small = mu / (1 + y + np.sqrt(y) * np.sqrt(2 + y))
    inverse = np.where(uniform * (mu + small) <= mu, small, mu * (mu / small))
    return np.asarray(1 / np.maximum(inverse, np.finfo(float).tiny))
