"""What an engine is: it says why it cannot do a problem, and does the ones it can."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Protocol, TypedDict, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from bayesreg.interfaces import implements
from bayesreg.outcomes import Draws, Mode
from bayesreg.priors.base import Penalised
from bayesreg.problem import Problem

Array = NDArray[np.float64]


class MapEngine(Protocol):
    """Finds the mode of (intercept, coef) at a given noise level."""

    name: str

    @abstractmethod
    def why_not(self, problem: Problem) -> str | None:
        """Return None when this engine can do the problem, else the reason in words."""

    @abstractmethod
    def find_map(self, problem: Problem, sigma: float, start: Mode | None, max_iter: int) -> Mode:
        """Return the mode, warm-started at ``start`` when given."""

    @abstractmethod
    def find_path(self, problem: Problem, sigma: float, strengths: Array, max_iter: int) -> list[Mode]:
        """Return the mode for the penalty times each strength, from the strongest down."""


class Options(TypedDict, total=False):
    """What `sample` hands to a ``SampleEngine``: warm-up draws, threads, and what NUTS alone understands."""

    tune: int
    cores: int
    progressbar: bool
    target_accept: float


@runtime_checkable
class SampleEngine(Protocol):
    """Draws from the posterior of everything unknown; ``tune`` is the warm-up it needs by default."""

    name: str
    tune: int

    @abstractmethod
    def why_not(self, problem: Problem) -> str | None:
        """Return None when this engine can do the problem, else the reason in words."""

    @abstractmethod
    def cost(self, problem: Problem) -> str:
        """What it is expected to cost, in a few words."""

    @abstractmethod
    def sample(
        self, problem: Problem, draws: int, chains: int, seed: np.random.SeedSequence, options: Options
    ) -> Draws:
        """Draw; called again with more draws where a target asks for them."""


class Chain(Protocol):
    """One chain of a sampler: a state that is advanced draw by draw."""

    @abstractmethod
    def warm_up(self, sweeps: int) -> None:
        """Move towards the posterior and adapt; once, before the first ``advance``."""

    @abstractmethod
    def advance(self, draws: int) -> dict[str, Array]:
        """Return the next draws in original units, shapes (draws, ...): ``coef``, ``intercept``, ``sigma``, ...

        The draws do not depend on how they are cut into calls. What is no parameter but belongs to the group
        ``sample_stats`` has a name like ``stats/accept``.
        """

    @abstractmethod
    def state(self) -> dict[str, Array]:
        """Return every number that is needed to go on, but for the state of the generator."""

    @abstractmethod
    def restore(self, state: Mapping[str, Array]) -> None:
        """Take up a state that `state` returned, for the same problem."""


@runtime_checkable
class ChainEngine(Protocol):
    """A sampler whose chains are run one draw after the other (see ``chains``)."""

    name: str
    tune: int

    @abstractmethod
    def why_not(self, problem: Problem) -> str | None:
        """Return None when this engine can do the problem, else the reason in words."""

    @abstractmethod
    def cost(self, problem: Problem) -> str:
        """What it is expected to cost, in a few words."""

    @abstractmethod
    def start(self, problem: Problem, rng: np.random.Generator) -> Chain:
        """Return a chain at a random start that is wider than the posterior; it draws from ``rng`` from then on."""


def one_by_one(engine: MapEngine, problem: Problem, sigma: float, strengths: Array, max_iter: int) -> list[Mode]:
    """The path of an engine that has no better way than to start each point at the one before."""
    modes: list[Mode] = []
    for strength in strengths:
        start = modes[-1] if modes else None
        modes.append(engine.find_map(problem.with_strength(float(strength)), sigma, start, max_iter))
    return modes


def not_penalised(problem: Problem) -> str | None:
    """Return why a prior that is no penalty has no MAP here; None for one that is."""
    if implements(problem.prior, Penalised):
        return None
    return f"{type(problem.prior).__name__} is not a penalty (it has no rates), so there is no mode to find"
