"""What an engine is: it says why it cannot do a problem, and does the ones it can."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bayesreg.problem import Problem

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Mode:
    """A posterior mode at one noise level.

    Parameters
    ----------
    coef : array, shape (p,)
    intercept : float
    n_iter : int
        Cycles or Newton steps.
    """

    coef: Array
    intercept: float
    n_iter: int


@dataclass(frozen=True, eq=False)
class Draws:
    """Posterior draws in original units, before they become a DataTree.

    Parameters
    ----------
    values : mapping of str to array, shape (chains, draws, ...)
        ``coef`` and, where they are in the model, ``intercept``, ``sigma`` and the learned prior parameters.
    stats : mapping of str to array, shape (chains, draws)
        Per-draw diagnostics of the sampler.
    exactness : str
        "independent" or "mcmc".
    moments : mapping of str to array
        Exact posterior means and standard deviations, where the engine has them.
    numerical_error : float
        Computed error of quadrature, relative; 0 for closed forms.
    """

    values: dict[str, Array]
    stats: dict[str, Array]
    exactness: str
    moments: dict[str, Array]
    numerical_error: float = 0.0


class MapEngine(Protocol):
    """Finds the mode of (intercept, coef) at a given noise level."""

    name: str

    @abstractmethod
    def why_not(self, problem: Problem) -> str | None:
        """Return None when this engine can do the problem, else the reason in words."""

    @abstractmethod
    def find_map(self, problem: Problem, sigma: float, start: Array | None, max_iter: int) -> Mode:
        """Return the mode, warm-started at the coefficients ``start`` when given."""


class SampleEngine(Protocol):
    """Draws from the posterior of everything unknown."""

    name: str

    @abstractmethod
    def why_not(self, problem: Problem) -> str | None:
        """Return None when this engine can do the problem, else the reason in words."""

    @abstractmethod
    def sample(
        self, problem: Problem, draws: int, chains: int, seed: np.random.SeedSequence, options: dict[str, Any]
    ) -> Draws:
        """Draw; ``options`` holds ``tune``, ``progressbar`` and ``target_accept``."""
