"""What models predict along one line through the space of the columns, with their bands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayesreg.data.checks import as_matrix, as_vector
from bayesreg.errors import InputError
from bayesreg.intervals import checked_probability
from bayesreg.plots.canvas import legend_outside, open_axes, plain, quiet, span_x, title
from bayesreg.plots.rows import named_trees
from bayesreg.prediction import predict

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PredictionCurves:
    """Predictions of one or several models, ready to draw.

    Parameters
    ----------
    along : array, shape (m,)
        Where the rows stand, ascending.
    curves : dict of label to pandas.DataFrame
        Columns ``mean``, ``lower``, ``upper``; one row a place.
    """

    along: Array
    curves: dict[str, pd.DataFrame]


def prediction_data(
    posteriors: Mapping[str, xr.DataTree] | xr.DataTree,
    X: Any,
    along: ArrayLike,
    *,
    target: Literal["mean", "response"] = "response",
    ci_prob: float | None = None,
    seed: int | None = 0,
) -> PredictionCurves:
    """Predict at rows that follow one quantity, as the powers of x do in a polynomial.

    Parameters
    ----------
    posteriors : dict of label to DataTree, or DataTree
        Results of `bayesreg.sample`.
    X : array or frame, shape (m, p)
        Rows to predict, as for `bayesreg.predict`.
    along : array, shape (m,)
        The quantity that they follow, in any order.
    target : {"response", "mean"}, default "response"
        Band of a new response with its noise, or of the expected one.
    ci_prob : float, optional
        Probability inside the band; ArviZ's ``stats.ci_prob`` by default.
    seed : int, default 0
        For the noise.

    Returns
    -------
    PredictionCurves

    Raises
    ------
    InputError
        For unusable X, or another number of places than rows.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> x = np.array([0.0, 1.0, 2.0, 3.0])
    >>> post = br.sample(br.Model(likelihoods.Gaussian(0.5), priors.Gaussian(1.0)), x[:, None], 2 * x, seed=0)
    >>> picture = plots.prediction_data(post, [[0.0], [4.0]], [0.0, 4.0])
    >>> picture.curves["posterior"].columns.tolist()
    ['mean', 'lower', 'upper']
    """
    trees = named_trees(posteriors)
    place = as_vector(along, "along", as_matrix(X)[0].shape[0])
    order = np.argsort(place, kind="stable")
    curves = {}
    for label, tree in trees.items():
        frame: Any = predict(tree, X, kind="interval", target=target, ci_prob=ci_prob, seed=seed)
        curves[label] = frame.iloc[order].reset_index(drop=True)
    return PredictionCurves(place[order], curves)


def prediction(
    posteriors: Mapping[str, xr.DataTree] | xr.DataTree,
    X: Any,
    along: ArrayLike,
    ax: Axes | None = None,
    *,
    points: tuple[ArrayLike, ArrayLike] | None = None,
    target: Literal["mean", "response"] = "response",
    ci_prob: float | None = None,
    seed: int | None = 0,
) -> Axes:
    """Draw each model's prediction with its band along one quantity, and the data.

    Parameters
    ----------
    posteriors : dict of label to DataTree, or DataTree
        Results of `bayesreg.sample`.
    X : array or frame, shape (m, p)
        Rows to predict; many and close together, so that the curve is smooth.
    along : array, shape (m,)
        The quantity that they follow.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    points : (array, array), optional
        Places and responses of the data, drawn as dots; the vertical axis then keeps to about their range.
    target, ci_prob, seed
        As for `prediction_data`.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        As `prediction_data`.

    Examples
    --------
    >>> import matplotlib.pyplot as plt, numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> x = np.array([0.0, 1.0, 2.0, 3.0])
    >>> post = br.sample(br.Model(likelihoods.Gaussian(0.5), priors.Gaussian(1.0)), x[:, None], 2 * x, seed=0)
    >>> grid = np.linspace(0, 3, 20)
    >>> ax = plots.prediction({"ridge": post}, grid[:, None], grid, points=(x, 2 * x))
    >>> len(ax.collections)  # the band and the dots
    2
    >>> plt.close(ax.figure)
    """
    data = None if points is None else _pair(points)
    picture = prediction_data(posteriors, X, along, target=target, ci_prob=ci_prob, seed=seed)
    ax = open_axes(ax, 7.4, 4.4)
    tone = quiet(ax, "both")
    handles: list[Any] = []
    for k, (label, frame) in enumerate(picture.curves.items()):
        shade = tone.color(k)
        ax.fill_between(picture.along, frame["lower"], frame["upper"], color=shade, alpha=0.18, linewidth=0)
        handles += ax.plot(picture.along, frame["mean"], color=shade, linewidth=1.8, label=plain(label))
    if data is not None:
        x, y = data
        dots: dict[str, Any] = {"color": tone.ink, "edgecolor": tone.paper}
        handles.append(ax.scatter(x, y, s=22, linewidth=0.5, zorder=5, label="data", **dots))
        room = 0.75 * (np.ptp(y) or 1.0)
        ax.set_ylim(y.min() - room, y.max() + room)
    span_x(ax, picture.along[0], picture.along[-1])
    ax.axhline(0, color=tone.faint, linewidth=0.8, zorder=1)
    legend_outside(ax, handles)
    ax.set_ylabel("new response" if target == "response" else "expected response")
    title(ax, f"Predictions with their {100 * checked_probability(ci_prob):g} % bands")
    return ax


def _pair(points: tuple[ArrayLike, ArrayLike]) -> tuple[Array, Array]:
    """Places and responses of the data as vectors of the same length."""
    if len(points) != 2:
        raise InputError(f"points must be a pair (places, responses), got {len(points)} parts.")
    x, y = (np.asarray(part) for part in points)
    if x.size != y.size:
        raise InputError(f"points must be as many places as responses, got {x.size} and {y.size}.")
    return as_vector(x, "points[0]", x.size), as_vector(y, "points[1]", y.size)
