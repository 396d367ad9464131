"""How far models lie behind the best in predicting rows left out: the table of `bayesreg.compare`, drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError
from bayesreg.plots.canvas import open_axes, plain, quiet, title

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

_NEEDED = ("elpd", "se", "elpd_diff", "dse", "weight")


@dataclass(frozen=True, eq=False)
class ComparisonRows:
    """Models by predictive density, best first.

    Parameters
    ----------
    names : tuple of str
    elpd, se : array, shape (m,)
        Expected log predictive density, in nats, and its standard error.
    behind, behind_se : array, shape (m,)
        How far behind the best, at least 0, and the standard error of that difference.
    weight : array, shape (m,)
        Stacking weights.
    """

    names: tuple[str, ...]
    elpd: Array
    se: Array
    behind: Array
    behind_se: Array
    weight: Array


def comparison_data(table: pd.DataFrame) -> ComparisonRows:
    """Read the table of `bayesreg.compare`.

    Parameters
    ----------
    table : pandas.DataFrame
        From `bayesreg.compare`.

    Returns
    -------
    ComparisonRows

    Raises
    ------
    InputError
        If it is another table.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((30, 2))
    >>> y = X @ [1.0, 0.0] + rng.standard_normal(30)
    >>> tight, wide = (br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(s)) for s in (0.5, 5.0))
    >>> table = br.compare({name: br.sample(m, X, y, seed=1) for name, m in (("tight", tight), ("wide", wide))})
    >>> plots.comparison_data(table).behind[0]
    np.float64(0.0)
    """
    missing = [name for name in _NEEDED if name not in getattr(table, "columns", ())]
    if missing:
        raise InputError(f"table must be that of compare; it has no {', '.join(missing)}.")
    best_first = table.sort_values("elpd", ascending=False)
    elpd, se, diff, dse, weight = (best_first[name].to_numpy(dtype=float) for name in _NEEDED)
    return ComparisonRows(tuple(map(str, best_first.index)), elpd, se, np.abs(diff), dse, weight)


def comparison(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw how far each model lies behind the best, with the standard error of that difference.

    The error of a model's own elpd, which the labels tell, is mostly shared by all models of the same rows and says
    nothing about their order; that of the difference does. A model whose bar reaches the dotted line predicts as
    well as the best, as far as these rows can tell.

    Parameters
    ----------
    table : pandas.DataFrame
        From `bayesreg.compare`.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        As `comparison_data`.

    Examples
    --------
    >>> import matplotlib.pyplot as plt, numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((30, 2))
    >>> y = X @ [1.0, 0.0] + rng.standard_normal(30)
    >>> post = br.sample(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0)), X, y, seed=1)
    >>> ax = plots.comparison(br.compare({"ridge": post}))
    >>> [label.get_text().split()[-2:] for label in ax.get_yticklabels()]
    [['weight', '1.00']]
    >>> plt.close(ax.figure)
    """
    rows = comparison_data(table)
    at = np.arange(len(rows.names), dtype=float)
    ax = open_axes(ax, 7.4, 1.2 + 0.55 * at.size)
    tone = quiet(ax, "x")
    ax.axvline(0, color=tone.faint, linewidth=1.2, linestyle=":", zorder=1)
    ax.plot(-rows.behind[:1], at[:1], "o", color=tone.color(1), markersize=7)
    if at.size > 1:
        dots: dict[str, Any] = {"fmt": "o", "color": tone.color(0), "markersize": 6, "linewidth": 1.8}
        ax.errorbar(-rows.behind[1:], at[1:], xerr=rows.behind_se[1:], **dots)
    words = zip(rows.names, rows.elpd, rows.se, rows.weight, strict=True)
    labels = [f"{plain(name)}\nelpd {elpd:.1f} ± {se:.1f}, weight {weight:.2f}" for name, elpd, se, weight in words]
    ax.set_yticks(at, labels=labels, fontsize="small")
    ax.set_ylim(at.size - 0.4, -0.6)
    ax.set_xlabel("elpd less that of the best ± standard error of the difference (nats)")
    title(ax, "Predictions of rows left out")
    return ax
