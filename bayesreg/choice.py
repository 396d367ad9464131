"""The ordered choice of an engine, and what it says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bayesreg.engines.augmented_lagrangian import AugmentedLagrangian
from bayesreg.engines.base import ChainEngine, MapEngine, SampleEngine
from bayesreg.engines.closed_form import ClosedForm
from bayesreg.engines.coordinate_descent import CoordinateDescent
from bayesreg.engines.exact_gaussian import ExactGaussian
from bayesreg.engines.gibbs_blocks import GibbsBlocks
from bayesreg.engines.gibbs_collapsed import GibbsCollapsed
from bayesreg.engines.gibbs_full import GibbsFull
from bayesreg.engines.gibbs_rows import GibbsRows
from bayesreg.engines.interior_point import InteriorPoint
from bayesreg.engines.laplace_approximation import LaplaceApproximation
from bayesreg.engines.majorise_minimise import MajoriseMinimise
from bayesreg.engines.nuts import Nuts
from bayesreg.engines.prox_newton import ProxNewton
from bayesreg.engines.working_set import WorkingSet
from bayesreg.errors import InputError, NoEngineError, NoMapError
from bayesreg.identified import check_identified
from bayesreg.interfaces import implements
from bayesreg.priors import NormalMixture
from bayesreg.priors.mixture import why_no_mode
from bayesreg.problem import Problem

# The policy: the first engine that answers None to why_not runs.
MAP_ENGINES: tuple[MapEngine, ...] = (
    ClosedForm(),
    CoordinateDescent(),
    WorkingSet(),
    ProxNewton(),
    InteriorPoint(),
    AugmentedLagrangian(),
    MajoriseMinimise(),
)
SAMPLE_ENGINES: tuple[SampleEngine | ChainEngine, ...] = (
    ExactGaussian(),
    LaplaceApproximation(),
    GibbsCollapsed(),
    GibbsBlocks(),
    GibbsFull(),
    GibbsRows(),
    Nuts(),
)


@dataclass(frozen=True)
class Explanation:
    """Which engines would run, and why not the others.

    Parameters
    ----------
    find_map, sample : tuple of (str, str or None)
        Every engine in order with its reason against; None means that it can.
    notes : tuple of str
        Choices made when the model met the data.
    costs : dict of str to str
        What each sampling engine that can do the problem is expected to cost.
    """

    find_map: tuple[tuple[str, str | None], ...]
    sample: tuple[tuple[str, str | None], ...]
    notes: tuple[str, ...]
    costs: Mapping[str, str] = field(default_factory=dict)

    @property
    def map_engine(self) -> str | None:
        """Name of the engine that ``find_map`` would use, None if there is no MAP."""
        return next((name for name, reason in self.find_map if reason is None), None)

    @property
    def sample_engine(self) -> str | None:
        """Name of the engine that ``sample`` would use."""
        return next((name for name, reason in self.sample if reason is None), None)

    def __str__(self) -> str:
        lines = []
        verbs = [("find_map", self.find_map, self.map_engine), ("sample", self.sample, self.sample_engine)]
        # What works comes first.
        for verb, rows, chosen in sorted(verbs, key=lambda one: one[2] is None):
            reasons = {reason for _, reason in rows}
            if len(reasons) == 1 and None not in reasons:
                only = verb == "find_map" and self.sample_engine is not None
                lines.append(f"{verb}: {'this model is sampled only' if only else 'not possible'}: {reasons.pop()}")
                continue
            lines.append(f"{verb}: {chosen or 'not possible'}")
            for name, reason in rows:
                word = "chosen" if name == chosen else (f"no: {reason}" if reason else "could, but comes later")
                cost = f" ({self.costs[name]})" if verb == "sample" and name in self.costs else ""
                lines.append(f"  {name:<22}{word}{cost}")
        return "\n".join(lines + [f"note: {note}" for note in self.notes])


def refusal(problem: Problem) -> str | None:
    """Why the model has no useful mode at all, or None."""
    if implements(problem.prior, NormalMixture):
        return why_no_mode(problem.prior)
    learned = ", ".join(problem.hyper_laws)
    if learned:
        return (
            f"{learned} is learned: the joint mode of a global prior scale and the coefficients is degenerate (the "
            "density grows without bound as both go to 0). Choose the scale first, with br.tune, and give it as a "
            "number; br.sample works as it is."
        )
    return None


def map_reasons(problem: Problem) -> tuple[tuple[str, str | None], ...]:
    """Every MAP engine in order, with its reason against the problem (None: it can)."""
    reason = refusal(problem)
    return tuple((engine.name, reason or engine.why_not(problem)) for engine in MAP_ENGINES)


def sample_reasons(problem: Problem) -> tuple[tuple[str, str | None], ...]:
    """Every sampling engine in order, with its reason against the problem (None: it can)."""
    sparse = "X is sparse; pass X.toarray()" if problem.design.is_sparse else None
    return tuple((engine.name, sparse or engine.why_not(problem)) for engine in SAMPLE_ENGINES)


def sample_costs(problem: Problem) -> dict[str, str]:
    """What each sampling engine that can do a problem is expected to cost."""
    able = {name for name, reason in sample_reasons(problem) if reason is None}
    return {engine.name: engine.cost(problem) for engine in SAMPLE_ENGINES if engine.name in able}


def choose(verb: str, reasons: tuple[tuple[str, str | None], ...], wanted: str | None) -> int:
    """Position of the engine to run; raise with every reason if there is none."""
    names = [name for name, _ in reasons]
    if wanted is not None and wanted not in names:
        raise InputError(f"engine={wanted!r} is not an engine of {verb}; there are {', '.join(names)}.")
    able = [i for i, (name, reason) in enumerate(reasons) if reason is None and wanted in (None, name)]
    if able:
        return able[0]
    listed = "; ".join(f"{name}: {reason}" for name, reason in reasons if wanted in (None, name))
    raise NoEngineError(f"{verb} is not possible here. {listed}")


def map_engine(verb: str, problem: Problem, wanted: str | None = None) -> MapEngine:
    """Return the engine that finds the mode of a problem, or raise with the reason why there is none to find."""
    if (reason := refusal(problem)) is not None:
        raise NoMapError(reason)
    # The usual case costs no more reasons than it takes to find the first engine that can.
    chosen = next(
        (engine for engine in MAP_ENGINES if wanted in (None, engine.name) and not engine.why_not(problem)), None
    )
    if chosen is None:
        chosen = MAP_ENGINES[choose(verb, map_reasons(problem), wanted)]
    check_identified(problem)
    return chosen
