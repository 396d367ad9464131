r"""Whether chains have mixed: rank-normalised R-hat, bulk and tail effective sample size, many parameters at once.

Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), as ArviZ computes them. Chains are split in halves of n draws;
z are the normal scores of the ranks of all S draws, :math:`z = \Phi^{-1}((r - 3/8) / (S + 1/4))`. With within-chain
variance W and between-chain variance B of the means,

.. math:: \hat R = \sqrt{(n - 1 + n B / W) / n}, \qquad
          \rho_t = 1 - \frac{W - \bar\gamma_t}{(n - 1) W / n + B}, \qquad S_{\rm eff} = S / \tau, \qquad
          \tau = -1 + 2 \sum_k P_k,

where :math:`\bar\gamma_t` is the autocovariance averaged over chains and :math:`P_k = \rho_{2k} + \rho_{2k+1}`, summed
while positive and made monotone (Geyer 1992). R-hat is the larger one of z and of the z of :math:`|x - {\rm median}|`;
the bulk ESS is that of z, the tail ESS the smaller one of the indicators of the 5 % and 95 % quantiles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Array = NDArray[np.float64]

TAILS = (0.05, 0.95)
SMALLEST = 4
# Numbers a batch: its transforms stay in the processor's cache or near it.
BATCH = 1 << 18


@dataclass(frozen=True, eq=False)
class Mixing:
    """Diagnostics of k parameters.

    Parameters
    ----------
    rhat, ess_bulk, ess_tail : array, shape (k,)
        NaN where they do not exist: fewer than four draws, numbers that are not finite, R-hat of a single chain.
    """

    rhat: Array
    ess_bulk: Array
    ess_tail: Array


def mixing(draws: Array) -> Mixing:
    """Compute R-hat, bulk and tail ESS of every parameter.

    Parameters
    ----------
    draws : array, shape (chains, draws, k)

    Returns
    -------
    Mixing
        Cost: two sorts and three Fourier transforms of the draws of each parameter.
    """
    chains, length, k = draws.shape
    found = np.full((3, k), np.nan)
    if length >= SMALLEST:
        step = max(1, BATCH // (chains * length))
        for first in range(0, k, step):
            batch = np.ascontiguousarray(np.moveaxis(draws[..., first : first + step], -1, 0), dtype=float)
            finite = np.isfinite(batch).all((1, 2))
            found[:, first : first + step][:, finite] = _measure(batch[finite])
    return Mixing(*found)


def _measure(x: Array) -> tuple[Array, Array, Array]:
    """R-hat, bulk and tail ESS for x of shape (k, chains, draws)."""
    split = _split(x)
    flat = split.reshape(x.shape[0], -1)
    order = np.argsort(flat, axis=1)
    ordered = np.take_along_axis(flat, order, axis=1)
    z = _normal_scores(ordered, order).reshape(split.shape)
    rhat = np.full(x.shape[0], np.nan)
    if x.shape[1] > 1:
        half = ordered.shape[1] // 2
        folded = np.abs(ordered - 0.5 * (ordered[:, half - 1 : half] + ordered[:, half : half + 1]))
        # It falls, then rises: two runs, which a stable sort merges in one pass.
        again = np.argsort(folded, axis=1, kind="stable")
        scores = _normal_scores(np.take_along_axis(folded, again, axis=1), np.take_along_axis(order, again, axis=1))
        # One of the two has no spread where the draws take few values.
        rhat = np.fmax(_rhat(z), _rhat(scores.reshape(split.shape)))
    if split.size == x.size:
        low, high = _quantiles(ordered)
    else:
        # An odd number of draws: the middle one of each chain is in neither half.
        low, high = _quantiles(np.sort(x.reshape(x.shape[0], -1), axis=1))
    tail = np.minimum(_effective_size(_split(x <= low)), _effective_size(_split(x <= high)))
    return rhat, _effective_size(z), tail


def _split(x: NDArray[np.generic]) -> Array:
    half = x.shape[2] // 2
    return np.concatenate([x[..., :half], x[..., -half:]], axis=1).astype(float, copy=False)


def _quantiles(ordered: Array) -> list[Array]:
    """Return the tails' quantiles of sorted rows, each of shape (k, 1, 1), interpolated as by ``numpy.quantile``."""
    found = []
    for share in TAILS:
        at = share * (ordered.shape[1] - 1)
        below = int(at)
        low, high = ordered[:, below], ordered[:, min(below + 1, ordered.shape[1] - 1)]
        found.append((low + (at - below) * (high - low))[:, None, None])
    return found


def _normal_scores(ordered: Array, order: NDArray[np.intp]) -> Array:
    """Return the normal scores of values whose sorted rows and the order that sorts them are given."""
    size = ordered.shape[1]
    # Average ranks are multiples of one half: one table serves all parameters.
    table = ndtri((np.arange(2, 2 * size + 1) / 2 - 0.375) / (size + 0.25))
    scores = np.empty_like(ordered)
    np.put_along_axis(scores, order, np.broadcast_to(table[::2], ordered.shape), axis=1)
    tie = ordered[:, 1:] == ordered[:, :-1]
    tied = tie.any(axis=1)
    if tied.any():
        place = np.arange(size)
        apart = ~tie[tied]
        edge = np.ones((apart.shape[0], 1), bool)
        first = np.maximum.accumulate(np.where(np.hstack([edge, apart]), place, 0), axis=1)
        last = np.where(np.hstack([apart, edge]), place, size)[:, ::-1]
        last = np.minimum.accumulate(last, axis=1)[:, ::-1]
        averaged = np.empty_like(ordered[tied])
        np.put_along_axis(averaged, order[tied], table[first + last], axis=1)
        scores[tied] = averaged
    return scores


def _rhat(z: Array) -> Array:
    n = z.shape[2]
    within = z.var(axis=2, ddof=1).mean(axis=1)
    between = n * z.mean(axis=2).var(axis=1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.sqrt((between / within + n - 1) / n))


def _effective_size(x: Array) -> Array:
    k, chains, n = x.shape
    size = chains * n
    mean = x.mean(axis=2)
    # Zeros up to twice the length keep the end of a chain from meeting its beginning.
    length = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(x - mean[..., None], length)
    power = (spectrum.real**2 + spectrum.imag**2).mean(axis=1)
    covariance = np.fft.irfft(power, length)[:, :n] / n
    within = covariance[:, :1] * n / (n - 1)
    total = covariance[:, :1] + mean.var(axis=1, ddof=1)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = 1 - (within - covariance) / total
    rho[:, 0] = 1.0
    pairs = rho[:, 0 : n - n % 2 : 2] + rho[:, 1::2]
    # m pairs count in full; of the one after them the first term does, once, if it is positive.
    limit = max(0, (n - 3) // 2)
    stops = np.column_stack([pairs[:, :limit] <= 0, np.ones(k, bool)])
    m = stops.argmax(axis=1)
    rows = np.arange(k)
    sums = np.cumsum(np.minimum.accumulate(pairs, axis=1), axis=1)
    counted = np.where(m > 0, sums[rows, m - 1], 0.0)
    after, pair = rho[rows, 2 * m], pairs[rows, m]
    rest = np.where((after > 0) | (pair >= 0), after, 0.0)
    tau = np.maximum(-1 + 2 * counted + rest, 1 / np.log10(size))
    constant = np.ptp(x, axis=(1, 2)) < np.finfo(float).resolution
    return np.where(constant, float(size), size / tau)
