"""What was found, in words and numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg.data import Design
from bayesreg.guide.comparisons import Compared
from bayesreg.guide.measures import CORRELATED, HARMFUL, Collinearity

Array = NDArray[np.float64]

# Simplest first: where several predict alike, the first is taken.
_ORDER = ("gaussian", "elastic net", "laplace", "horseshoe")
_CALLED = {
    "gaussian": "a Gaussian prior",
    "elastic net": "an elastic-net prior",
    "laplace": "a Laplace prior",
    "horseshoe": "a horseshoe",
}


def which_prior(compared: Compared, select_columns: bool) -> tuple[str, bool, str]:
    """Return the name of the prior to take, whether the data speak against a Gaussian one, and why."""
    best = compared.best()
    alike = []
    for name in _ORDER:
        if name in compared.density:
            difference, se = compared.against(name, best)
            if difference + se >= 0:
                alike.append(name)
    chosen = alike[-1] if select_columns else alike[0]
    others = [name for name in _ORDER if name in compared.density and name != chosen]
    gaps = []
    for name in others:
        difference, se = compared.against(name, chosen)
        gaps.append(f"{_CALLED[name]} {difference:+.1f} ± {se:.1f}")
    taken = "the sparsest" if select_columns else "the simplest"
    tie = (
        f"{taken} of those within one standard error of the best"
        if len(alike) > 1
        else "alone within one standard error"
    )
    said = f"{_CALLED[chosen]} is {tie} in elpd ({compared.how})"
    return chosen, "gaussian" not in alike, said + (f"; against it {', '.join(gaps)}" if gaps else "")


def log_losses(design: Design, density: Array) -> tuple[dict[str, float], str]:
    """Return the mean log loss of predictions and of the shares of the classes alone, and say it."""
    share = float(design.weight @ design.y / design.total_weight)
    own, base = float(-density.sum() / design.total_weight), -(share * np.log(share) + (1 - share) * np.log1p(-share))
    said = f"log loss {own:.3f} a row, against {base:.3f} for the shares of the classes alone"
    return {"log loss": own, "log loss of the class shares": base}, said


def rows_and_columns(design: Design) -> str:
    """Say how many rows there are for each column."""
    rows = f"{design.total_weight:g} rows" + (" (sum of the weights)" if design.weighted else "")
    ratio = design.total_weight / design.p
    words = (
        "too few to fit the columns without a prior" if ratio < 1 else "few for each column" if ratio < 10 else "plenty"
    )
    return f"{rows} and {design.p} columns, {ratio:.3g} rows a column: {words}"


def correlated_columns(found: Collinearity) -> str:
    """Say how far columns stand for each other."""
    if np.isnan(found.largest):
        return "too many columns to compare each with each, so nothing is known of their correlations"
    if not found.pair:
        return "one column with any variation, so nothing is collinear"
    largest = f"largest correlation {found.largest:.2f} ({found.pair[0]}, {found.pair[1]})"
    words = f"{found.condition:.3g}, {'harmful' if found.condition >= HARMFUL else 'harmless'}"
    words = "not computed for so many columns" if np.isnan(found.condition) else words
    groups = "no groups of columns"
    if found.groups:
        shown = "; ".join(", ".join(group[:4]) + (", ..." if len(group) > 4 else "") for group in found.groups[:3])
        groups = f"{len(found.groups)} group{'s' if len(found.groups) > 1 else ''} of columns ({shown})"
    return f"{largest}; {groups} correlated above {CORRELATED}; condition number {words}"


def first_measures(design: Design, found: Collinearity) -> dict[str, float]:
    """Return what was measured before any model."""
    return {
        "rows": design.total_weight,
        "columns": float(design.p),
        "rows a column": design.total_weight / design.p,
        "largest correlation": found.largest,
        "correlated groups": float(len(found.groups)),
        "condition number": found.condition,
    }
