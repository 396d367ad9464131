"""Every sampler of our own leaves the joint law of parameters and data as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

from bayesreg.choice import SAMPLE_ENGINES
from bayesreg.engines import gibbs_blocks
from bayesreg.engines.base import ChainEngine
from bayesreg.engines.gibbs_blocks import GibbsBlocks
from bayesreg.engines.gibbs_collapsed import GibbsCollapsed
from bayesreg.engines.gibbs_full import GibbsFull
from bayesreg.engines.gibbs_rows import GibbsRows
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

ENGINES: dict[str, ChainEngine] = {
    engine.name: engine for engine in (GibbsFull(), GibbsCollapsed(), GibbsBlocks(), GibbsRows())
}
NORMAL, ROBUST = ("gaussian",), ("bernoulli", "student t", "laplace", "quantile")
# Likelihoods and shapes of each; blocks are meant for more columns, but what they draw must be right for any number.
SCOPE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "gibbs_full": (NORMAL, ("n > p", "p > n")),
    "gibbs_collapsed": (NORMAL, ("p > n",)),
    "gibbs_blocks": (NORMAL, ("n > p", "larger")),
    "gibbs_augmented": (ROBUST, ("n > p", "p > n")),
}
PRIORS = (*PENALISED, *MIXTURES, *BY_COLUMN)


class Case(NamedTuple):
    """What is sampled, and how."""

    engine: str
    likelihood: str
    prior: str
    relative_to: Any
    shape: str
    noise: str
    intercept: str
    standardize: bool

    def problem(self) -> Problem:
        """Bind it; the response is of no account."""
        prior = make_prior(self.prior, self.relative_to, SHAPES[self.shape][1])
        options = INTERCEPTS[self.intercept] | {"standardize": self.standardize, "likelihood": self.likelihood}
        return make_problem(prior, NOISE[self.noise], self.shape, **options)

    def __str__(self) -> str:
        return " | ".join(str(part) for part in self)


def product() -> Iterator[Case]:
    """Engine × prior × relative_to × shape, with the other factors in a fixed random order along it."""
    rng = np.random.default_rng(9)
    for engine, (likelihoods, shapes) in SCOPE.items():
        for prior in PRIORS:
            for word in words(prior):
                for shape in shapes:
                    likelihood, noise = (str(rng.choice(options)) for options in (likelihoods, list(NOISE)))
                    intercepts = list(INTERCEPTS)
                    if likelihood == "bernoulli" and word is not None:
                        continue
                    if likelihood != "gaussian":
                        # What has a flat prior is compared under normal errors only.
                        if "free" in prior:
                            continue
                        intercepts.remove("flat")
                        if likelihood == "bernoulli":
                            intercepts.remove("relative normal")
                    yield Case(
                        engine,
                        likelihood,
                        prior,
                        word,
                        shape,
                        noise,
                        str(rng.choice(intercepts)),
                        bool(rng.random() < 0.5),
                    )


WHOLE = list(product())


def one_a_prior() -> list[Case]:
    """One case for each engine and prior, the words and shapes taking turns."""
    chosen: dict[tuple[str, str], list[Case]] = {}
    for case in WHOLE:
        chosen.setdefault((case.engine, case.prior), []).append(case)
    return [cases[k % len(cases)] for k, cases in enumerate(chosen.values())]


QUICK = one_a_prior()


def check(case: Case, replicates: int, sweeps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Several blocks of a few columns, and borders that move.
    monkeypatch.setattr(gibbs_blocks, "SIZE", 3)
    start = ENGINES[case.engine].start
    seed = WHOLE.index(case)
    verdict = replicated(start, place_gibbs, case.problem(), replicates=replicates, sweeps=sweeps, seed=seed)
    assert verdict.p_value > LEVEL, verdict


def test_every_sampler_of_our_own_is_here() -> None:
    ours = {engine.name for engine in SAMPLE_ENGINES if isinstance(engine, ChainEngine)}
    assert ours <= set(SCOPE)


@pytest.mark.parametrize("case", QUICK, ids=str)
def test_a_sweep_keeps_the_joint_law(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    check(case, 500, 6, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in WHOLE if case not in QUICK], ids=str)
def test_a_sweep_keeps_the_joint_law_in_every_combination(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    check(case, 700, 6, monkeypatch)
