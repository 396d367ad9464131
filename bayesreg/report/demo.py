"""``bayesreg demo``: the main job on data that ship with scikit-learn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.path import map_path
from bayesreg.report.analysis import Analysis, analyse, equivalence_row
from bayesreg.report.files import new_folder, save_figure, save_table
from bayesreg.report.output import print_coefficients, print_comparison, save_analysis
from bayesreg.report.steps import Steps
from bayesreg.report.tables import table

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

Array = NDArray[np.float64]

# Noise level of the full data set (residual sd of least squares), taken as known where rows are few.
_SIGMA = 54.0


def run_demo(console: Console, out: str | None = None, draws: int = 1000, chains: int = 4, seed: int = 1) -> Path:
    """Verify, sample, compare and draw; print what was found and write it into a folder.

    Parameters
    ----------
    console : rich.console.Console
    out : str, optional
        Folder to make; ``bayesreg-demo`` (or the next free number) by default.
    draws, chains, seed
        As in `bayesreg.sample`.

    Returns
    -------
    pathlib.Path
        The folder.
    """
    from bayesreg import plots

    folder = new_folder(out, "bayesreg-demo")
    step = Steps(console)
    X, y = diabetes()
    console.print(
        f"[bold]bayesreg demo[/bold]: a prior is a penalty. Diabetes data: {len(y)} patients, {X.shape[1]} predictors "
        "in units of their standard deviation, response: disease progression after a year."
    )
    step("fitting scikit-learn at its tightest tolerance, and our MAP, for seven penalties")
    rows = equivalence(X.to_numpy(), y)
    save_table(rows, folder / "equivalence.csv")
    console.print("[bold]1. The MAP is the penalised fit[/bold] (gap and KKT are 0 at the optimum)")
    shown = rows.drop(columns=["prior", "same"])
    shown.columns = [name.replace(" ", "\n") for name in shown.columns]
    console.print(table(shown, "scikit-learn at its tightest tolerance; largest difference relative", _FORMATS))
    console.print(default_tolerance_note(X.to_numpy(), y))

    full = analyse(
        X,
        y,
        "gaussian",
        rule="1se",
        draws=draws,
        chains=chains,
        seed=seed,
        progressbar=console.is_terminal,
        say=step,
    )
    console.print(
        "The penalties are the strongest within one standard error of the best in five-fold cross-validation; the same "
        "penalties, read as priors, give the posteriors. sigma is learned.\n"
    )
    print_coefficients(console, full, "2. What the posterior adds")
    print_comparison(console, full, "3. How the priors shrink, and which predicts better")
    save_analysis(full, folder)

    wide, few = quadratic_columns(X, rows=50, seed=seed)
    step(f"more columns than rows: {wide.shape[0]} patients, {wide.shape[1]} columns (squares and products)")
    narrow = analyse(
        wide,
        y[few],
        "gaussian",
        sigma=_SIGMA,
        draws=draws,
        chains=chains,
        seed=seed,
        progressbar=console.is_terminal,
        say=step,
    )
    console.print(_parting(narrow))
    print_coefficients(console, narrow, "The columns that matter most", most=10)
    print_comparison(console, narrow, "The two priors where rows are few")
    save_analysis(narrow, folder, prefix="wide_")

    step("drawing")
    path = map_path(full.models["laplace"], X, y, n_points=100)
    pictures = {
        "prior_density": plots.prior_density(
            {label: model.prior for label, model in full.models.items()}, sigma=_SIGMA
        ),
        "path": plots.path(path),
        "forest": plots.forest(full.posteriors, full.maps),
        "shrinkage": plots.shrinkage(full.posteriors),
        "wide_forest": plots.forest(narrow.posteriors, narrow.maps),
        "wide_shrinkage": plots.shrinkage(narrow.posteriors),
    }
    for name, axes in pictures.items():
        save_figure(axes, folder / f"{name}.png")
    written = ", ".join(sorted(file.name for file in folder.iterdir()))
    console.print(f"\nWritten to {folder.resolve()}: {written}", soft_wrap=True, highlight=False, markup=False)
    console.print(f"{step.seconds:.0f} s in all.", highlight=False)
    return folder


_FORMATS = {name: ".0e" for name in ("max\n|Δcoef|", "gap\nours", "gap\ntheirs", "KKT\nours", "KKT\ntheirs")} | {
    "zeros\nours": "d",
    "zeros\ntheirs": "d",
}


def diabetes() -> tuple[pd.DataFrame, Array]:
    """Predictors in units of their standard deviations, and the response, of scikit-learn's diabetes data."""
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    return (X - X.mean()) / X.std(ddof=0), y.to_numpy(dtype=float, copy=True)


def breast_cancer() -> tuple[Array, Array]:
    """Thirty standardised features and the class (1 = benign) of scikit-learn's breast cancer data."""
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)
    return (X - X.mean(0)) / X.std(0), y.astype(float)


def equivalence(X: Array, y: Array) -> pd.DataFrame:
    """Ours beside scikit-learn's at its tightest tolerance: least squares, three squared-loss, three logistic fits."""
    import pandas as pd
    from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge

    tight = {"tol": 1e-14, "max_iter": 1_000_000}
    Xb, yb = breast_cancer()
    fits: list[tuple[str, Any, Array, Array]] = [
        ("least squares", LinearRegression(), X, y),
        ("ridge, alpha=10", Ridge(10.0, tol=1e-14), X, y),
        ("lasso, alpha=2", Lasso(2.0, **tight), X, y),
        ("elastic net, alpha=.5", ElasticNet(alpha=0.5, l1_ratio=0.5, **tight), X, y),
        ("logistic l2, C=0.1", LogisticRegression(C=0.1, solver="newton-cholesky", **tight), Xb, yb),
        ("logistic l1, C=0.1", LogisticRegression(C=0.1, l1_ratio=1.0, solver="saga", **tight), Xb, yb),
        ("logistic e. net, C=0.1", LogisticRegression(C=0.1, l1_ratio=0.5, solver="saga", **tight), Xb, yb),
    ]
    rows = [equivalence_row(estimator.fit(A, b), name, A, b) for name, estimator, A, b in fits]
    return pd.DataFrame(rows).set_index("model")


def default_tolerance_note(X: Array, y: Array) -> str:
    """What the certificate says of scikit-learn at its default tolerance, and of liblinear's intercept."""
    from sklearn.linear_model import Lasso, LogisticRegression

    from bayesreg.verification import verify

    lasso = verify(Lasso(0.1).fit(X, y), X, y)
    Xb, yb = breast_cancer()
    liblinear = verify(LogisticRegression(solver="liblinear").fit(Xb, yb), Xb, yb)
    return (
        f"At its default tolerance scikit-learn's lasso (alpha=0.1) stops at a relative gap of "
        f"{lasso.certificate.relative_gap:.0e}; its liblinear solver has the intercept {liblinear.intercept} and is at "
        f"{liblinear.certificate.relative_gap:.0e}. br.verify(fit, X, y) shows this for any fit.\n"
    )


def quadratic_columns(X: pd.DataFrame, rows: int, seed: int) -> tuple[pd.DataFrame, NDArray[np.intp]]:
    """Some rows of the data with all squares and products added, standardised; and which rows."""
    import pandas as pd

    some = np.sort(np.random.default_rng(seed).choice(len(X), rows, replace=False))
    part = X.iloc[some]
    names = list(X.columns)
    wide = {name: part[name].to_numpy() for name in names}
    for i, first in enumerate(names):
        for second in names[i:]:
            # The square of a binary column is the column itself.
            if first == second and X[first].nunique() == 2:
                continue
            label = f"{first}²" if first == second else f"{first}·{second}"
            wide[label] = part[first].to_numpy() * part[second].to_numpy()
    frame = pd.DataFrame(wide)
    return (frame - frame.mean()) / frame.std(ddof=0), some


def _parting(analysis: Analysis) -> str:
    """One paragraph: where MAP and posterior part when p > n."""
    lasso = analysis.maps["laplace"]
    table_ = analysis.coefficients["laplace"]
    away = (table_["MAP"] == 0) & (table_["mean"].abs() > 0.1 * table_["mean"].abs().max())
    crossing = (table_["lower"] < 0) & (table_["upper"] > 0)
    return (
        f"\n[bold]4. p > n: MAP and posterior part.[/bold] The lasso keeps {lasso.n_nonzero} of {lasso.coef.size} "
        f"columns and sets the others to exactly 0. Under the posterior of the same model no coefficient is 0: "
        f"{int(away.sum())} of the columns that the MAP removes have a posterior mean above a tenth of the largest, "
        f"and the intervals of {int(crossing.sum())} of {lasso.coef.size} cross 0. The MAP is one corner of a wide "
        "posterior: see wide_forest.png.\n"
    )
