"""Every sampler of our own leaves the joint law of parameters and data as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

from bayesreg.choice import SAMPLE_ENGINES
from bayesreg.engines.base import ChainEngine
from bayesreg.problem import Problem
from tests.posterior.cases import (
    BY_COLUMN,
    INTERCEPTS,
    MIXTURES,
    NOISE,
    PENALISED,
    SHAPES,
    make_prior,
    make_problem,
    words,
)
from tests.posterior.geweke import LEVEL, replicated
from tests.posterior.placing import place_gibbs

ENGINES = {engine.name: engine for engine in SAMPLE_ENGINES if isinstance(engine, ChainEngine)}
PRIORS = (*PENALISED, *MIXTURES, *BY_COLUMN)


class Case(NamedTuple):
    """What is sampled, and how."""

    engine: str
    prior: str
    relative_to: Any
    shape: str
    noise: str
    intercept: str
    standardize: bool

    def problem(self) -> Problem:
        """Bind it; the response is of no account."""
        prior = make_prior(self.prior, self.relative_to, SHAPES[self.shape][1])
        options = INTERCEPTS[self.intercept] | {"standardize": self.standardize}
        return make_problem(prior, NOISE[self.noise], self.shape, **options)

    def __str__(self) -> str:
        return " | ".join(str(part) for part in self)


def product() -> Iterator[Case]:
    """Engine × prior × relative_to × shape, with the other factors in a fixed random order along it."""
    rng = np.random.default_rng(9)
    for name, engine in ENGINES.items():
        for prior in PRIORS:
            for word in words(prior):
                for shape in SHAPES:
                    noise, intercept = str(rng.choice(list(NOISE))), str(rng.choice(list(INTERCEPTS)))
                    case = Case(name, prior, word, shape, noise, intercept, bool(rng.random() < 0.5))
                    if engine.why_not(case.problem()) is None:
                        yield case


WHOLE = list(product())


def one_a_prior() -> list[Case]:
    """One case for each engine and prior, the words and shapes taking turns."""
    chosen: dict[tuple[str, str], list[Case]] = {}
    for case in WHOLE:
        chosen.setdefault((case.engine, case.prior), []).append(case)
    return [cases[k % len(cases)] for k, cases in enumerate(chosen.values())]


QUICK = one_a_prior()


def check(case: Case, replicates: int, sweeps: int) -> None:
    engine = ENGINES[case.engine]
    verdict = replicated(
        engine.start, place_gibbs, case.problem(), replicates=replicates, sweeps=sweeps, seed=WHOLE.index(case)
    )
    assert verdict.p_value > LEVEL, verdict


@pytest.mark.parametrize("case", QUICK, ids=str)
def test_a_sweep_keeps_the_joint_law(case: Case) -> None:
    check(case, 800, 6)


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in WHOLE if case not in QUICK], ids=str)
def test_a_sweep_keeps_the_joint_law_in_every_combination(case: Case) -> None:
    check(case, 1200, 10)
