"""Posterior intervals of every coefficient, one lane a model, with the MAP beside the posterior mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from bayesreg.errors import InputError
from bayesreg.intervals import interval
from bayesreg.plots.canvas import legend_outside, open_axes, plain, title, tones
from bayesreg.plots.rows import (
    check_limit,
    figure_height,
    keep_features,
    label_rows,
    named_trees,
    row_positions,
)
from bayesreg.results import MapResult

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes

Kind = Literal["eti", "hdi"]
Trees = Mapping[str, "xr.DataTree"]
KINDS = {"eti": "equal-tailed", "hdi": "highest-density"}


def forest_data(
    posteriors: Trees | xr.DataTree,
    maps: Mapping[str, MapResult] | MapResult | None = None,
    ci_prob: float | None = None,
    ci_kind: Kind | None = None,
) -> pd.DataFrame:
    """Summarise the coefficients of one or several posteriors.

    Parameters
    ----------
    posteriors : dict of label to DataTree, or DataTree
        Results of `bayesreg.sample`.
    maps : dict of label to MapResult, or MapResult, optional
        Under the labels of ``posteriors``; not every posterior needs one.
    ci_prob : float, optional
        Probability of the interval; ArviZ's ``rcParams["stats.ci_prob"]`` by default.
    ci_kind : {"eti", "hdi"}, optional
        Equal-tailed or highest-density; ArviZ's ``rcParams["stats.ci_kind"]`` by default.

    Returns
    -------
    pandas.DataFrame
        One row a model and feature: ``model``, ``feature``, ``mean``, ``lower``, ``upper``, ``map`` (missing where no
        MAP was given). Original units.

    Raises
    ------
    InputError
        For a tree without coefficients, a MAP under an unknown label or of other columns, an impossible interval.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [4.0, 0.0]])
    >>> y = np.array([0.1, 0.9, 2.1, 3.9])
    >>> model = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0))
    >>> post = br.sample(model, X, y, draws=100, seed=1)
    >>> frame = plots.forest_data({"ridge": post}, {"ridge": br.find_map(model, X, y)})
    >>> frame.columns.tolist()
    ['model', 'feature', 'mean', 'lower', 'upper', 'map']
    """
    import pandas as pd

    trees = named_trees(posteriors)
    modes = {"posterior": maps} if isinstance(maps, MapResult) else dict(maps or {})
    if strangers := sorted(set(modes) - set(trees)):
        raise InputError(f"maps has the labels {strangers}, which posteriors has not; it has {sorted(trees)}.")
    parts = []
    for label, tree in trees.items():
        coef = tree["posterior"]["coef"].transpose("chain", "draw", "feature")
        names = [str(name) for name in coef["feature"].to_numpy()]
        lower, upper = interval(coef.to_numpy(), ci_prob, ci_kind)
        parts.append(
            pd.DataFrame(
                {
                    "model": label,
                    "feature": names,
                    "mean": coef.mean(("chain", "draw")).to_numpy(),
                    "lower": lower,
                    "upper": upper,
                    "map": _modes(label, names, modes.get(label)),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def forest(
    posteriors: Trees | xr.DataTree,
    maps: Mapping[str, MapResult] | MapResult | None = None,
    ax: Axes | None = None,
    *,
    ci_prob: float | None = None,
    ci_kind: Kind | None = None,
    max_features: int | None = 25,
) -> Axes:
    """Draw an interval a coefficient and model, its posterior mean (disc) and the MAP (diamond, hollow at exactly 0).

    Parameters
    ----------
    posteriors, maps, ci_prob, ci_kind
        As in `forest_data`.
    ax : matplotlib Axes, optional
        Where to draw; a new figure, as high as the rows need, by default.
    max_features : int or None, default 25
        With more features, only those with the largest absolute mean in any model are shown, and the plot says how
        many were left out; None shows all.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        As `forest_data`.

    Examples
    --------
    >>> import matplotlib.pyplot as plt, numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [4.0, 0.0]])
    >>> y = np.array([0.1, 0.9, 2.1, 3.9])
    >>> model = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0))
    >>> ax = plots.forest({"ridge": br.sample(model, X, y, draws=100, seed=1)})
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['x0', 'x1']
    >>> plt.close(ax.figure)
    """
    import arviz as az
    from matplotlib.lines import Line2D

    check_limit(max_features)
    frame = forest_data(posteriors, maps, ci_prob, ci_kind)
    frame, left_out = keep_features(frame, frame["mean"].abs(), max_features)
    names = list(frame["feature"].unique())
    models = list(frame["model"].unique())
    # A MAP has its own lane below the interval, so that one equal to the mean hides nothing.
    with_map = {model: bool(frame.loc[frame["model"] == model, "map"].notna().any()) for model in models}
    lanes, lane = len(models) + sum(with_map.values()), 0
    ax = open_axes(ax, 7.5, figure_height(len(names), lanes))
    tone = tones(ax)
    label_rows(ax, names)
    ax.axvline(0, color=tone.faint, linewidth=1.0, zorder=1)
    row = {name: index for index, name in enumerate(names)}
    handles = []
    for index, model in enumerate(models):
        part = frame[frame["model"] == model]
        shade, place = tone.color(index), part["feature"].map(row)
        height = row_positions(place, lane, lanes)
        ax.hlines(height, part["lower"], part["upper"], color=shade, linewidth=2.0)
        ax.plot(part["mean"], height, "o", color=shade, markersize=4.5)
        handles.append(Line2D([], [], color=shade, linewidth=2.0, marker="o", markersize=4.5, label=plain(model)))
        lane += 1
        if with_map[model]:
            height = row_positions(place, lane, lanes)
            zero = (part["map"] == 0).to_numpy()
            for chosen, face in ((~zero, shade), (zero, tone.paper)):
                if chosen.any():
                    ax.plot(part["map"][chosen], height[chosen], "D", color=shade, mfc=face, markersize=4.2)
            lane += 1
    shown = frame["map"].dropna()
    kinds = (("MAP", tone.ink, (shown != 0).any()), ("MAP, exactly 0", tone.paper, (shown == 0).any()))
    for name, face, any_such in kinds:
        if any_such:
            diamond: dict[str, Any] = {"linestyle": "", "marker": "D", "markersize": 4.2}
            handles.append(Line2D([], [], color=tone.ink, mfc=face, label=name, **diamond))
    legend_outside(ax, handles)
    more = f"\n{left_out} more features, with smaller |mean|, are not shown" if left_out else ""
    ax.set_xlabel(f"coefficient (per unit of the feature){more}")
    prob = az.rcParams["stats.ci_prob"] if ci_prob is None else ci_prob
    kind = az.rcParams["stats.ci_kind"] if ci_kind is None else ci_kind
    title(ax, f"Posterior mean and {100 * prob:g} % {KINDS[kind]} interval")
    return ax


def _modes(label: str, names: list[str], mode: MapResult | None) -> list[float]:
    """MAP of the named coefficients; NaN without one."""
    if mode is None:
        return [float("nan")] * len(names)
    if set(mode.names) != set(names):
        odd = sorted(set(mode.names) ^ set(names))
        raise InputError(f"maps[{label!r}] and posteriors[{label!r}] are of different columns: {', '.join(odd[:5])}.")
    value = dict(zip(mode.names, mode.coef, strict=True))
    return [float(value[name]) for name in names]
