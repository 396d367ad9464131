"""``bayesreg compare data.csv --target y``: the main job on a user's file."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError, PriorWarning
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
    console.print("[bold]bayesreg compare[/bold]")
    about = (
        f"{file}: {len(y)} rows, {X.shape[1]} predictors in units of their standard deviation, "
        f"{kind} regression of {target}."
    )
    for line in (about, *notes):
        console.print(line, highlight=False, markup=False)
    found = analyse(X, y, family, draws=draws, chains=chains, seed=seed, progressbar=console.is_terminal, say=step)
    print_coefficients(console, found, "Coefficients")
    print_comparison(console, found, "Comparison")
    save_analysis(found, folder)
    step("drawing")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PriorWarning)  # said by the analysis already
        path = map_path(found.models["laplace"], X, y)
    save_figure(plots.forest(found.posteriors, found.maps), folder / "forest.png")
    save_figure(plots.shrinkage(found.posteriors), folder / "shrinkage.png")
    save_figure(plots.path(path), folder / "path.png")
    console.print(f"\nWritten to {folder.resolve()}.", soft_wrap=True, highlight=False, markup=False)
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
    if frame.empty:
        raise InputError(f"{file} has a header with {target!r} but no rows.")
    if target in drop:
        raise InputError(f"column {target!r} is the target and cannot be left out with --drop.")
    notes: list[str] = []
    missing = frame.drop(columns=list(drop)).isna().sum()
    if missing.any():
        shown = ", ".join(f"{name} ({count})" for name, count in missing[missing > 0].items())
        raise InputError(f"missing values in {shown}: fill or remove them, or leave the column out with --drop.")
    y, family, said = _response(frame[target], target)
    notes += said
    _check_rows(y, family, target)
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
    endless = [str(name) for name in X.columns if not np.isfinite(X[name]).all()]
    if endless:
        raise InputError(f"infinite values (inf) in {', '.join(endless)}: replace them, or use --drop.")
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
    y = column.to_numpy(dtype=float, copy=True)
    if not np.isfinite(y).all():
        raise InputError(f"infinite values (inf) in the target {target!r}: replace or remove those rows.")
    return y, "gaussian", []


def _check_rows(y: Array, family: Family, target: str) -> None:
    """Raise where five-fold cross-validation, which chooses the penalties, could not run."""
    if y.size < 10:
        raise InputError(f"the file has {y.size} rows with {target!r}; at least 10 are needed.")
    if family == "gaussian" and np.ptp(y) == 0:
        raise InputError(f"target {target!r} is constant, so there is nothing to explain.")
    if family == "bernoulli" and min(y.sum(), y.size - y.sum()) < 5:
        raise InputError(f"one value of target {target!r} occurs in fewer than 5 rows; both need at least 5.")
