"""How far each coefficient is pulled towards its prior: 0 untouched, 1 shrunk to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bayesreg.plots.canvas import legend_outside, open_axes, plain, title, tones
from bayesreg.plots.rows import (
    check_limit,
    figure_height,
    keep_features,
    label_rows,
    named_trees,
    row_positions,
)
from bayesreg.shrinkage_factors import shrinkage as factors_of

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class ShrinkageTable:
    """Shrinkage factors of one or several posteriors.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a model and feature: ``model``, ``feature``, ``kappa`` (posterior mean), ``lower``, ``upper``,
        ``relative_to_flat``.
    effective : dict of label to float
        Effective number of coefficients, the posterior mean of tr[(G + Q)⁻¹ G].
    effective_sum : dict of label to float
        The sum of 1 - kappa, which equals it where the columns are uncorrelated.
    """

    frame: pd.DataFrame
    effective: dict[str, float]
    effective_sum: dict[str, float]


def shrinkage_data(posteriors: Mapping[str, xr.DataTree] | xr.DataTree) -> ShrinkageTable:
    """Collect the shrinkage factors of one or several posteriors.

    Parameters
    ----------
    posteriors : dict of label to DataTree, or DataTree
        Results of `bayesreg.sample`.

    Returns
    -------
    ShrinkageTable

    Raises
    ------
    InputError
        For a tree without coefficients.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> X = np.array([[-1.0], [1.0]])
    >>> post = br.sample(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0)), X, [-1.0, 1.2], draws=50, seed=1)
    >>> table = plots.shrinkage_data({"ridge": post})
    >>> round(float(table.frame["kappa"][0]), 6)  # 1 / (1 + x'x)
    0.333333
    """
    import pandas as pd

    parts, effective, effective_sum = [], {}, {}
    for label, tree in named_trees(posteriors).items():
        factors = factors_of(tree)
        part = factors.frame.rename(columns={"kappa_lower": "lower", "kappa_upper": "upper"})
        part = part[["kappa", "lower", "upper", "relative_to_flat"]].reset_index(names="feature")
        part.insert(0, "model", label)
        parts.append(part)
        effective[label] = float(factors.effective)
        effective_sum[label] = float(factors.effective_sum)
    return ShrinkageTable(pd.concat(parts, ignore_index=True), effective, effective_sum)


def shrinkage(
    posteriors: Mapping[str, xr.DataTree] | xr.DataTree,
    ax: Axes | None = None,
    *,
    max_features: int | None = 25,
) -> Axes:
    """Draw the shrinkage factor of each coefficient and model with its interval.

    The legend tells the effective number of coefficients of each model.

    Parameters
    ----------
    posteriors : dict of label to DataTree, or DataTree
        Results of `bayesreg.sample`.
    ax : matplotlib Axes, optional
        Where to draw; a new figure, as high as the rows need, by default.
    max_features : int or None, default 25
        With more features, only those least shrunk in any model are shown, and the plot says how many were left out;
        None shows all.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        As `shrinkage_data`.

    Examples
    --------
    >>> import matplotlib.pyplot as plt, numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> X = np.array([[-1.0], [1.0]])
    >>> post = br.sample(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0)), X, [-1.0, 1.2], draws=50, seed=1)
    >>> ax = plots.shrinkage({"ridge": post})
    >>> ax.get_legend().get_texts()[0].get_text()
    'ridge: 0.667 of 1 effective'
    >>> plt.close(ax.figure)
    """
    from matplotlib.lines import Line2D

    check_limit(max_features)
    table = shrinkage_data(posteriors)
    frame, left_out = keep_features(table.frame, 1.0 - table.frame["kappa"], max_features)
    names = list(frame["feature"].unique())
    models = list(frame["model"].unique())
    ax = open_axes(ax, 7.5, figure_height(len(names), len(models)))
    tone = tones(ax)
    label_rows(ax, names)
    row = {name: index for index, name in enumerate(names)}
    handles = []
    for index, (model, effective) in enumerate(table.effective.items()):
        part = frame[frame["model"] == model]
        height = row_positions(part["feature"].map(row), index, len(models))
        shade = tone.color(index)
        ax.hlines(height, part["lower"], part["upper"], color=shade, linewidth=2.0)
        ax.plot(part["kappa"], height, "o", color=shade, markersize=5)
        total = int((table.frame["model"] == model).sum())
        name = f"{model}: {effective:.3g} of {total} effective"
        handles.append(Line2D([], [], color=shade, linewidth=2.0, marker="o", markersize=5, label=plain(name)))
    legend_outside(ax, handles)
    ax.set_xlim(-0.03, 1.03)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1])
    more = f"\n{left_out} more features, shrunk further, are not shown" if left_out else ""
    ax.set_xlabel(f"shrinkage factor κ (0: untouched, 1: shrunk to nothing){more}")
    title(ax, "Shrinkage of each coefficient")
    return ax
