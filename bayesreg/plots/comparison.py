"""How well models predict rows left out: the table of `bayesreg.compare` as dots with errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError
from bayesreg.plots.canvas import legend_outside, open_axes, plain, quiet, title, tones

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
    """Draw each model's elpd with its standard error, and how far it lies behind the best with the error of that.

    A model whose lower bar reaches the dotted line predicts as well as the best, as far as these rows can tell.

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
    >>> [label.get_text().split() for label in ax.get_yticklabels()]
    [['ridge', 'weight', '1.00']]
    >>> plt.close(ax.figure)
    """
    rows = comparison_data(table)
    at = np.arange(len(rows.names), dtype=float)
    ax = open_axes(ax, 7.4, 1.4 + 0.55 * at.size)
    tone = tones(ax)
    quiet(ax, "x")
    ax.axvline(rows.elpd[0], color=tone.faint, linewidth=1.0, linestyle=":", zorder=1)
    own = ax.errorbar(
        rows.elpd, at, xerr=rows.se, fmt="o", color=tone.color(0), markersize=6, linewidth=1.6, label="elpd ± se"
    )
    handles = [own]
    if at.size > 1:
        handles.append(
            ax.errorbar(
                rows.elpd[1:],
                at[1:] + 0.24,
                xerr=rows.behind_se[1:],
                fmt="^",
                color=tone.color(1),
                markersize=5,
                linewidth=1.6,
                label="difference to the best ± se",
            )
        )
    labels = [f"{plain(name)}\nweight {weight:.2f}" for name, weight in zip(rows.names, rows.weight, strict=True)]
    ax.set_yticks(at, labels=labels)
    ax.set_ylim(at.size - 0.4, -0.6)
    ax.set_xlabel("elpd, leaving rows out (nats; larger is better)")
    legend_outside(ax, handles)
    title(ax, "Predictions of rows left out")
    return ax
