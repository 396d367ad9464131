"""``bayesreg compare data.csv --target y``: the main job on a user's file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError
from bayesreg.path import map_path
from bayesreg.report.analysis import Family, analyse
from bayesreg.report.files import new_folder, save_figure
from bayesreg.report.output import print_coefficients, print_comparison, save_analysis
from bayesreg.report.steps import Steps

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

Array = NDArray[np.float64]


def run_compare(
    console: Console,
    file: str,
    target: str,
    *,
    out: str | None = None,
    drop: tuple[str, ...] = (),
    draws: int = 1000,
    chains: int = 4,
    seed: int = 1,
) -> Path:
    """Compare a Gaussian and a Laplace prior on the columns of a CSV file.

    Parameters
    ----------
    console : rich.console.Console
    file : str
        CSV file with a header line.
    target : str
        Column to predict; two distinct values make it a logistic regression.
    out : str, optional
        Folder to make; ``bayesreg-compare`` (or the next free number) by default.
    drop : tuple of str
        Columns to leave out.
    draws, chains, seed
        As in `bayesreg.sample`.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    InputError
        Naming the column, for a missing target, missing values or text that is no category.
    """
    from bayesreg import plots

    X, y, family, notes = read_csv(file, target, drop)
    folder = new_folder(out, "bayesreg-compare")
    step = Steps(console)
    kind = "linear" if family == "gaussian" else "logistic"
    console.print(
        f"[bold]bayesreg compare[/bold] {file}: {len(y)} rows, {X.shape[1]} predictors in units of their standard "
        f"deviation, {kind} regression of {target}.",
        highlight=False,
    )
    for note in notes:
        console.print(f"  {note}", highlight=False)
    found = analyse(X, y, family, draws=draws, chains=chains, seed=seed, progressbar=console.is_terminal, say=step)
    print_coefficients(console, found, "Coefficients")
    print_comparison(console, found, "Comparison")
    save_analysis(found, folder)
    step("drawing")
    save_figure(plots.forest(found.posteriors, found.maps), folder / "forest.png")
    save_figure(plots.shrinkage(found.posteriors), folder / "shrinkage.png")
    save_figure(plots.path(map_path(found.models["laplace"], X, y)), folder / "path.png")
    console.print(f"\nWritten to [bold]{folder.resolve()}[/bold].", soft_wrap=True, highlight=False)
    return folder


def read_csv(file: str, target: str, drop: tuple[str, ...] = ()) -> tuple[pd.DataFrame, Array, Family, list[str]]:
    """Read predictors (standardised; categories as 0/1 columns) and response from a CSV file.

    Returns
    -------
    X : pandas.DataFrame
    y : array
    family : {"gaussian", "bernoulli"}
    notes : list of str
        What was done to the columns.
    """
    import pandas as pd

    try:
        frame = pd.read_csv(file)
    except (OSError, pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {file} as CSV: {error}") from error
    for name in (target, *drop):
        if name not in frame.columns:
            raise InputError(f"{file} has no column {name!r}; it has {', '.join(map(str, frame.columns[:30]))}.")
    notes: list[str] = []
    missing = frame.drop(columns=list(drop)).isna().sum()
    if missing.any():
        shown = ", ".join(f"{name} ({count})" for name, count in missing[missing > 0].items())
        raise InputError(f"missing values in {shown}: fill or remove them, or leave the column out with --drop.")
    y, family, said = _response(frame[target], target)
    notes += said
    X = frame.drop(columns=[target, *drop])
    text = [name for name in X.columns if not pd.api.types.is_numeric_dtype(X[name])]
    for name in text:
        levels = X[name].nunique()
        if levels > max(20, len(X) // 10):
            raise InputError(f"column {name!r} holds {levels} different texts; leave it out with --drop {name}.")
    if text:
        X = pd.get_dummies(X, columns=text, drop_first=True, dtype=float)
        notes.append(f"categories as 0/1 columns, first level dropped: {', '.join(text)}")
    X = X.astype(float)
    constant = [name for name in X.columns if X[name].nunique() == 1]
    if constant:
        X = X.drop(columns=constant)
        notes.append(f"constant columns left out: {', '.join(constant)}")
    if X.shape[1] == 0:
        raise InputError(f"{file} has no usable predictor column beside {target!r}.")
    return (X - X.mean()) / X.std(ddof=0), y, family, notes


def _response(column: Any, target: str) -> tuple[Array, Family, list[str]]:
    import pandas as pd

    values = sorted(column.unique())
    if len(values) == 2:
        y = (column == values[1]).to_numpy(dtype=float)
        return y, "bernoulli", [f"{target} has two values: the probability of {values[1]!r} is modelled"]
    if not pd.api.types.is_numeric_dtype(column):
        raise InputError(f"target {target!r} is text with {len(values)} values; it must be numeric or have 2 values.")
    return column.to_numpy(dtype=float, copy=True), "gaussian", []
