"""A chain of a compiled Gibbs sampler: its state, its warm-up, its draws in original units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import SamplingError
from bayesreg.mixture_problem import MixtureProblem
from bayesreg.numerics.gibbs.specification import SIGMA, State

Array = NDArray[np.float64]

# A slice is found fastest with a first interval of about three standard deviations.
_WIDTH = 3.0


class Raw(NamedTuple):
    """Room for the draws of a kernel.

    Parameters
    ----------
    free : array, shape (k, f)
        Standard normals, for what is drawn given the rest.
    deltas, locals_, levels : array, shape (k, q), (k, G), (k, 5)
    """

    free: Array
    deltas: Array
    locals_: Array
    levels: Array


Sweeps = Callable[[np.random.Generator, State, Array, Raw], bool]
Back = Callable[[Array, Array, Array], Array]


class GibbsChain:
    """A chain that a compiled kernel advances.

    Parameters
    ----------
    mixture : MixtureProblem
    rng : numpy.random.Generator
    sweeps : callable
        (rng, state, widths, raw): fills ``raw``, one sweep a row; False where a matrix was singular.
    n_normals : int
        Columns of ``raw.free``.
    back : callable
        (deltas, sigma, free) of raw draws to the values of free columns and a flat intercept, shape (k, f).
    """

    def __init__(
        self, mixture: MixtureProblem, rng: np.random.Generator, sweeps: Sweeps, n_normals: int, back: Back
    ) -> None:
        self._mixture = mixture
        self._rng = rng
        self._sweeps = sweeps
        self._n_normals = n_normals
        self._back = back
        self._state = mixture.start(rng)
        self._width = np.ones(3)

    def warm_up(self, sweeps: int) -> None:
        """Move towards the posterior; the slice widths are set from the second half of the sweeps."""
        first = sweeps // 2
        self._run(first)
        levels = np.log(self._run(sweeps - first).levels[:, :3])
        if levels.shape[0] > 1:
            spread = levels.std(axis=0)
            self._width = np.where(spread > 0, np.clip(_WIDTH * spread, 1e-3, 10.0), 1.0)

    def advance(self, draws: int) -> dict[str, Array]:
        """Return the next draws in original units."""
        raw = self._run(draws)
        free = self._back(raw.deltas, raw.levels[:, SIGMA], raw.free)
        return self._mixture.original(raw.deltas, raw.locals_, raw.levels, free)

    def state(self) -> dict[str, Array]:
        """Return the state of the kernel and the slice widths."""
        return {name: part.copy() for name, part in self._state._asdict().items()} | {"width": self._width.copy()}

    def restore(self, state: Mapping[str, Array]) -> None:
        """Take up a state that `state` returned."""
        for name, own in self._state._asdict().items():
            own[:] = state[name]
        self._width = np.array(state["width"], dtype=float)

    def _run(self, draws: int) -> Raw:
        sizes = (self._n_normals, self._state.delta.size, self._state.local.size, self._state.level.size)
        raw = Raw(*(np.empty((draws, size)) for size in sizes))
        if not self._sweeps(self._rng, self._state, self._width, raw):
            raise SamplingError(
                "the posterior precision of the coefficients is singular to working precision: look for columns that "
                "nearly repeat each other under a prior that hardly holds them, or use engine='nuts'."
            )
        return raw
