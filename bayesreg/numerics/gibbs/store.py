"""The state of a chain put down as one of its draws: how every sweep of a Gibbs sampler ends."""

from __future__ import annotations

from typing import Any

from numba import njit


@njit(cache=True, nogil=True)
def store(k: int, state: Any, deltas: Any, locals_: Any, levels: Any) -> None:
    """Write the state into rows ``k`` of deltas (draws, p), locals_ (draws, G) and levels (draws, 5)."""
    deltas[k] = state.delta
    locals_[k] = state.local
    levels[k] = state.level


@njit(cache=True, nogil=True)
def store_with_normals(rng: Any, k: int, state: Any, free: Any, deltas: Any, locals_: Any, levels: Any) -> None:
    """`store`, and fill row ``k`` of free (draws, f) with standard normals for the columns that were projected out."""
    for i in range(free.shape[1]):
        free[k, i] = rng.standard_normal()
    store(k, state, deltas, locals_, levels)
