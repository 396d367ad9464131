"""The submodels that each method looks at, and which of them it takes where that is its own affair."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bayesreg.selection import rules
from bayesreg.selection.adaptive import adaptive
from bayesreg.selection.decoupled import decouple
from bayesreg.selection.forward import forward
from bayesreg.selection.reference import Reference

Array = NDArray[np.float64]
Method = Literal["projection", "dss", "savs", "interval", "sign"]


@dataclass(frozen=True, eq=False)
class Candidates:
    """Submodels of growing size.

    Parameters
    ----------
    supports : list of tuple of int
        Columns of each, from none on.
    points : array, shape (k, p), or None
        Point estimates of the method's own; None: those of the projection.
    penalty : array, shape (k,), or None
        What made them.
    evidence : dict of str to array, shape (p,)
        What was looked at, by name.
    position : int or None
        Which one the method takes; None where a measure decides.
    rule : str
        Why, in words.
    """

    supports: list[tuple[int, ...]]
    points: Array | None = None
    penalty: Array | None = None
    evidence: dict[str, Array] = field(default_factory=dict)
    position: int | None = None
    rule: str = ""


def candidates(
    reference: Reference, method: Method, max_size: int, x_sd: Array, ci_prob: float | None, probability: float
) -> Candidates:
    """Look for submodels by a method."""
    if method == "projection":
        return Candidates(_nested(forward(reference, max_size)))
    if method == "dss":
        found = decouple(reference, max_size)
        return Candidates(found.supports, found.points, found.penalty)
    if method == "savs":
        return _by_thresholds(reference, max_size, x_sd)
    return _by_margins(reference, method, max_size, ci_prob, probability)


def _by_thresholds(reference: Reference, max_size: int, x_sd: Array) -> Candidates:
    point, margin = adaptive(reference, reference.flat_coef.mean(axis=0), x_sd)
    count = int(np.count_nonzero(point))
    order = np.argsort(-margin, kind="stable")
    supports = _nested(order[: max(count, max_size)].tolist())
    evidence = {"margin": margin, "inclusion": (adaptive(reference, reference.flat_coef, x_sd)[1] > 1).mean(axis=0)}
    rule = f"{count} columns whose |b|³ ‖x‖² exceeds 1, in units of standard deviations (SAVS)"
    points = np.stack([np.where(np.isin(np.arange(reference.p), support), point, 0.0) for support in supports])
    return Candidates(supports, points, None, evidence, count, rule)


def _by_margins(
    reference: Reference, method: Method, max_size: int, ci_prob: float | None, probability: float
) -> Candidates:
    coef = reference.coef
    sure = rules.sign_probability(coef)
    # Ties at certainty are broken by the distance of the mean from 0 in standard deviations.
    spread = coef.std((0, 1))
    distance = np.abs(coef.mean((0, 1))) / np.where(spread > 0, spread, np.inf)
    if method == "interval":
        lower, upper, chosen, words = rules.by_interval(coef, ci_prob)
        evidence: dict[str, Any] = {"lower": lower, "upper": upper}
        rule = f"{int(chosen.sum())} columns whose {words} interval leaves 0 out"
    else:
        chosen = sure >= probability
        evidence = {"sign_probability": sure}
        rule = f"{int(chosen.sum())} columns whose sign has a probability of at least {probability:g}"
    order = np.lexsort((-distance, -sure, ~chosen))
    count = int(chosen.sum())
    return Candidates(_nested(order[: max(count, max_size)].tolist()), None, None, evidence, count, rule)


def _nested(order: list[int]) -> list[tuple[int, ...]]:
    return [tuple(order[:k]) for k in range(len(order) + 1)]
