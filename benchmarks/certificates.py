"""The certificates of every likelihood with every prior on every shape of data.

    ./run python benchmarks/certificates.py [--pair Huber] [--shape sparse] [--seeds 2]

Each pair and shape: a path of five strengths over three decades, and cold fits at its second and its last one. One
line a pair: the worst relative gap and KKT cosine, and the misses (a certificate that is not accepted, an error, a
warning of the numerics, more than a minute), which are listed below it. Ends with exit code 1 where anything missed.
"""

from __future__ import annotations

import argparse
import math
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapes import SHAPES, Shape, response, row_options

import bayesreg as br
from bayesreg import likelihoods, priors

Array = NDArray[np.float64]

# Seconds that a fit may take; a path has as many a point.
LIMIT = 60

LIKELIHOODS: dict[str, tuple[Any, str]] = {
    "Gaussian": (likelihoods.Gaussian(1.5), "real"),
    "Huber": (likelihoods.Huber(1.345, 1.0), "real"),
    "Laplace": (likelihoods.Laplace(1.2), "real"),
    "AsymmetricLaplace": (likelihoods.AsymmetricLaplace(0.3, 0.5), "real"),
    "StudentT": (likelihoods.StudentT(4.0, 1.0), "real"),
    "Bernoulli": (likelihoods.Bernoulli(), "class"),
    "Poisson": (likelihoods.Poisson(), "count"),
}


def _per_column(strength: float, p: int) -> priors.Laplace:
    """An adaptive lasso whose first column has no penalty."""
    scale = np.geomspace(0.3, 3.0, p) / strength
    scale[0] = np.inf
    return priors.Laplace(scale=scale)


def _groups(strength: float, p: int) -> priors.GroupLaplace:
    """Groups of one, two, three and four columns in turn."""
    label = np.repeat(np.arange(p), 1 + np.arange(p) % 4)[:p]
    return priors.GroupLaplace(groups=label.tolist(), scale=1.0 / strength)


# From the strength of the penalty and the number of columns; None for no penalty.
PRIORS: dict[str, Callable[[float, int], Any] | None] = {
    "Flat": None,
    "Gaussian": lambda strength, p: priors.Gaussian(scale=strength**-0.5),
    "Laplace": lambda strength, p: priors.Laplace(rate=strength),
    "ElasticNet": lambda strength, p: priors.ElasticNet(l1=0.5 * strength, l2=0.5 * strength),
    "per column": _per_column,
    "GroupLaplace": _groups,
    "positive Laplace": lambda strength, p: priors.Laplace(rate=strength, positive=True),
}


@dataclass(frozen=True)
class Outcome:
    """What one fit gave: its certificate, or what went wrong, and the seconds that it took (of a path, the mean)."""

    where: str
    gap: float
    kkt: float
    trouble: str
    seconds: float


def _too_long(*_: object) -> None:
    raise TimeoutError("took too long")


def attempt(where: str, work: Callable[[], Any], seconds: int = LIMIT) -> tuple[Any, list[Outcome]]:
    """Run one fit or path; return its result (None after an error) and one outcome a certificate."""
    began = time.perf_counter()
    signal.signal(signal.SIGALRM, _too_long)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        signal.alarm(seconds)
        try:
            result = work()
        except Exception as error:
            lasted = time.perf_counter() - began
            return None, [Outcome(where, math.nan, math.nan, f"{type(error).__name__}: {error}", lasted)]
        finally:
            signal.alarm(0)
    noise = {f"{each.category.__name__}: {each.message}" for each in caught if each.category is RuntimeWarning}
    certificates = getattr(result, "certificates", None) or [result.certificate]
    lasted = (time.perf_counter() - began) / len(certificates)
    return result, [
        Outcome(
            where if len(certificates) == 1 else f"{where}, point {k}",
            certificate.relative_gap,
            certificate.kkt,
            ("" if certificate.accepted else str(certificate)) + "; ".join(sorted(noise)),
            lasted,
        )
        for k, certificate in enumerate(certificates)
    ]


def fits(likelihood: str, prior: str, shape: Shape, seed: int) -> Iterator[Outcome]:
    """All fits of one pair on one set of data."""
    law, kind = LIKELIHOODS[likelihood]
    rng = np.random.default_rng([seed, SHAPES.index(shape)])
    X = shape.make(rng)
    rows = row_options(shape, X.shape[0], rng)
    y = response(kind, X, rows.get("offset", 0.0), rng)
    make = PRIORS[prior]
    if make is None:
        if shape.identified:
            model = br.Model(law, priors.Flat(), **shape.options)
            yield from attempt(f"{shape.name}, seed {seed}", lambda: br.find_map(model, X, y, **rows))[1]
        return

    def model_at(strength: float) -> br.Model:
        return br.Model(law, make(strength, X.shape[1]), **shape.options)

    def follow() -> Any:
        return br.map_path(model_at(1.0), X, y, n_points=5, ratio=1e-3, **rows)

    path, outcomes = attempt(f"{shape.name}, seed {seed}, path", follow, 5 * LIMIT)
    yield from outcomes
    for strength in [] if path is None else path.strength[[1, -1]].tolist():
        cold = model_at(strength)
        where = f"{shape.name}, seed {seed}, strength {strength:.17g}"
        yield from attempt(where, lambda model=cold: br.find_map(model, X, y, **rows))[1]


def report(likelihood: str, prior: str, shapes: list[Shape], seeds: int) -> int:
    """Print the line of one pair and its misses; return their number."""
    found = [outcome for shape in shapes for seed in range(seeds) for outcome in fits(likelihood, prior, shape, seed)]
    if not found:
        return 0
    missed = [outcome for outcome in found if outcome.trouble]
    gaps = [outcome.gap for outcome in found if not math.isnan(outcome.gap)]
    worst = max((outcome.kkt for outcome in found if not math.isnan(outcome.kkt)), default=math.nan)
    slowest = max(found, key=lambda outcome: outcome.seconds)
    gap = f"{max(gaps):.1e}" if gaps else "-"
    counts = f"{len(found):>6}{gap:>10}{worst:>10.1e}{len(missed):>8}{1000 * slowest.seconds:>13.0f}"
    print(f"{likelihood:<19}{prior:<18}{counts}  ({slowest.where})", flush=True)
    for outcome in missed:
        print(f"    MISS {outcome.where}: {outcome.trouble}")
    return len(missed)


def main() -> None:
    """Read the options, run the pairs, exit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pair", default="", help='part of "likelihood prior"')
    parser.add_argument("--shape", default="", help="part of a shape's name")
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    shapes = [shape for shape in SHAPES if options.shape in shape.name]
    heads = f"{'fits':>6}{'gap':>10}{'KKT':>10}{'misses':>8}{'slowest, ms':>13}"
    print(f"{'likelihood':<19}{'prior':<18}{heads}")
    missed = 0
    for likelihood in LIKELIHOODS:
        for prior in PRIORS:
            if options.pair in f"{likelihood} {prior}":
                missed += report(likelihood, prior, shapes, options.seeds)
    print(f"{missed} misses")
    sys.exit(missed > 0)


if __name__ == "__main__":
    main()
