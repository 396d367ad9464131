"""Plots with one row a feature and one lane a model: the trees they read, and the lanes they draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError
from bayesreg.plots.canvas import plain, quiet, tones

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

# Inches: a lane of 6.5 points keeps markers of 4.5 points apart from the next lane's; a row adds air between features.
LANE, AIR, HEAD, TALLEST = 0.09, 0.10, 1.1, 14.0


def named_trees(posteriors: Mapping[str, xr.DataTree] | xr.DataTree) -> dict[str, xr.DataTree]:
    """Return posteriors by label; one tree alone is called "posterior".

    Raises
    ------
    InputError
        If there is none, or one is not a result of `bayesreg.sample`.
    """
    import xarray as xr

    trees = {"posterior": posteriors} if isinstance(posteriors, xr.DataTree) else posteriors
    if not isinstance(trees, Mapping) or not trees:
        raise InputError(f"posteriors must be a result of sample, or a dict {{label: result}}, got {posteriors!r}.")
    for label, tree in trees.items():
        if not isinstance(tree, xr.DataTree) or "posterior" not in tree.children:
            raise InputError(f"posteriors[{label!r}] must be a DataTree from sample, got {type(tree).__name__}.")
        if "coef" not in tree["posterior"].data_vars or "feature" not in tree["posterior"]["coef"].dims:
            raise InputError(f"posteriors[{label!r}] has no variable coef with the dimension feature in its posterior.")
    return {str(label): tree for label, tree in trees.items()}


def check_limit(max_features: int | None) -> None:
    """Raise unless ``max_features`` is None or an integer of at least 1."""
    if max_features is None:
        return
    if isinstance(max_features, bool) or not isinstance(max_features, int | np.integer) or max_features < 1:
        raise InputError(f"max_features must be an integer of at least 1, or None for all, got {max_features!r}.")


def keep_features(frame: pd.DataFrame, importance: pd.Series, max_features: int | None) -> tuple[pd.DataFrame, int]:
    """Keep the rows of the features of largest importance, in their order of appearance.

    Parameters
    ----------
    frame : DataFrame
        With a column ``feature``.
    importance : Series
        One number a row of ``frame``; a feature counts with its largest.
    max_features : int or None
        How many features to keep; None keeps all.

    Returns
    -------
    DataFrame
        The rows kept.
    int
        How many features were left out.
    """
    check_limit(max_features)
    by_feature = importance.groupby(frame["feature"], sort=False).max()
    if max_features is None or by_feature.size <= max_features:
        return frame, 0
    kept = by_feature.sort_values(ascending=False, kind="stable").index[:max_features]
    return frame[frame["feature"].isin(kept)], by_feature.size - int(max_features)


def row_positions(features: pd.Series, lane: int, lanes: int) -> Array:
    """Heights of one lane in the rows of features 0, 1, ... counted downwards, shape of ``features``.

    A row is 1 high and its lanes share the middle of it, the first on top.
    """
    room = lanes * LANE / (lanes * LANE + AIR)
    return np.asarray(features, dtype=float) + room * ((lane + 0.5) / lanes - 0.5)


def figure_height(n_features: int, lanes: int) -> float:
    """Height in inches of a figure that holds so many rows of so many lanes, within a page or two."""
    return min(max(2.4, HEAD + n_features * (lanes * LANE + AIR)), TALLEST)


def label_rows(ax: Axes, names: list[Any]) -> None:
    """Name the rows, first on top, and shade every other one to lead the eye."""
    tone = tones(ax)
    for row in range(1, len(names), 2):
        ax.axhspan(row - 0.5, row + 0.5, color=tone.stripe, linewidth=0, zorder=0)
    quiet(ax, "x")
    ax.spines["left"].set_visible(False)
    ax.set_yticks(range(len(names)), labels=[plain(name) for name in names])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(names) - 0.5, -0.5)
