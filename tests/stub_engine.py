"""A sampler that needs no compiler: an autoregression in every coefficient, whose law is known."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np

from bayesreg.problem import Problem

MEAN, SD = 2.0, 0.5


class StubChain:
    """coef_j and sigma - 10 move as x' = mean + phi (x - mean) + sqrt(1 - phi²) sd z: normal, mean 2, sd 1/2."""

    def __init__(self, engine: StubEngine, problem: Problem, rng: np.random.Generator) -> None:
        self.engine = engine
        self.rng = rng
        self.phi = 0.0
        self.done = 0
        self.x = MEAN + 3 * rng.standard_normal(problem.p + 1)

    def warm_up(self, sweeps: int) -> None:
        """Adapt something, and move."""
        self.engine.event("warm_up", self, sweeps)
        self.phi = self.engine.phi + 0.01 * self.rng.random()
        for _ in range(sweeps):
            self.move()

    def move(self) -> None:
        """Make one step."""
        self.x = (
            MEAN + self.phi * (self.x - MEAN) + np.sqrt(1 - self.phi**2) * SD * self.rng.standard_normal(self.x.size)
        )

    def advance(self, draws: int) -> dict[str, np.ndarray]:
        """Return the next draws."""
        out = np.empty((draws, self.x.size))
        for i in range(draws):
            self.engine.event("draw", self, self.done)
            self.move()
            self.done += 1
            out[i] = self.x
        return {
            "coef": out[:, :-1],
            "sigma": 10 + out[:, -1],
            "stats/step": np.arange(self.done - draws, self.done) * 1.0,
        }

    def state(self) -> dict[str, np.ndarray]:
        """Return position, adaptation, count; the arrays themselves, which move on."""
        return {"x": self.x, "phi": np.array(self.phi), "done": np.array(self.done)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self.x, self.phi, self.done = np.array(state["x"]), float(state["phi"]), int(state["done"])


class StubEngine:
    """Starts stub chains; ``fail`` maps (event, chain, number) to what shall be raised there, once."""

    name = "stub"
    tune = 20
    exactness = "mcmc"

    def __init__(self, phi: float = 0.5) -> None:
        self.phi = phi
        self.fail: dict[tuple[str, int, int], BaseException] = {}
        self.chains: list[StubChain] = []
        self.calls: list[tuple[str, int, int]] = []
        self.threads: set[int] = set()

    def why_not(self, problem: Problem) -> str | None:
        """Return None: it can do anything."""
        return None

    def cost(self, problem: Problem) -> str:
        """Next to nothing."""
        return "nothing"

    def start(self, problem: Problem, rng: np.random.Generator) -> StubChain:
        """Return a chain."""
        chain = StubChain(self, problem, rng)
        self.chains.append(chain)
        return chain

    def event(self, what: str, chain: StubChain, number: int) -> None:
        """Note what happens, and let it fail where it shall."""
        at = (what, self.chains.index(chain), number)
        self.calls.append(at)
        self.threads.add(threading.get_ident())
        if (error := self.fail.pop(at, None)) is not None:
            raise error
