"""How well a proposal covers a target, and the Markov chain of its draws that leaves the target invariant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Pareto smoothing fits the largest min(S / 5, 3 sqrt S) weights, which must be 5 at least (Vehtari et al., 2024).
FEWEST_DRAWS = 25


@dataclass(frozen=True, eq=False)
class Coverage:
    """What importance ratios say about a proposal.

    Parameters
    ----------
    khat : float
        Shape of the generalised Pareto law of the largest ratios (Vehtari, Simpson, Gelman, Yao & Gabry, 2024, Journal
        of Machine Learning Research 25): below 0.5 their variance is finite.
    efficiency : float
        Effective number of draws over their number, (sum w)² / (S sum w²).
    smoothed : array, shape (S,)
        The log ratios, the largest replaced by quantiles of that law.
    """

    khat: float
    efficiency: float
    smoothed: Array


def coverage(log_ratio: Array) -> Coverage:
    """Judge log ratios log p - log q of draws from q, shape (S,); at least `FEWEST_DRAWS`."""
    from arviz_stats.base import array_stats

    if not np.all(np.isfinite(log_ratio)):
        usable = np.where(np.isfinite(log_ratio), log_ratio, -np.inf)
        return Coverage(np.inf, 0.0, usable)
    # psislw takes the ratios with the sign of leave-one-out, as minus the log weight.
    smoothed, khat = array_stats.psislw(-log_ratio)
    ratio = np.exp(log_ratio - log_ratio.max())
    return Coverage(float(khat), float(ratio.sum() ** 2 / (ratio.size * (ratio @ ratio))), np.asarray(smoothed))


def independence_metropolis(log_ratio: Array, log_uniform: Array, current: float) -> tuple[NDArray[np.intp], Array]:
    """Run independence Metropolis-Hastings over proposals (Tierney, 1994, Annals of Statistics 22).

    Proposal j is taken with probability min(1, r_j / r), r the ratio p / q where the chain stands.

    Parameters
    ----------
    log_ratio : array, shape (S,)
        log p - log q at the proposals.
    log_uniform : array, shape (S,)
        Logarithms of uniform numbers.
    current : float
        log p - log q where the chain stands.

    Returns
    -------
    array of int, shape (S,)
        Proposal at which the chain stands after each; -1 for where it began.
    array, shape (S,)
        Probability with which each was taken.
    """
    at, chances = np.empty(log_ratio.size, dtype=np.intp), np.empty(log_ratio.size)
    position = -1
    for j, (ratio, threshold) in enumerate(zip(log_ratio.tolist(), log_uniform.tolist(), strict=True)):
        gain = min(ratio - current, 0.0)
        chances[j] = gain
        if threshold < gain:
            position, current = j, ratio
        at[j] = position
    return at, np.exp(chances)
