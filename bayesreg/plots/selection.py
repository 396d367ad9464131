"""How well a submodel of each size predicts, beside the whole posterior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError
from bayesreg.plots.canvas import open_axes, plain, quiet, title
from bayesreg.selection.result import Selection

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]
Measure = Literal["elpd", "explained"]

WORDS = {
    "elpd": "elpd less that of the whole posterior,\n± 1 standard error",
    "explained": "explained variation, with its interval",
}


@dataclass(frozen=True, eq=False)
class SelectionCurve:
    """A selection, ready to draw.

    Parameters
    ----------
    size : array of int, shape (k,)
    value, lower, upper : array, shape (k,)
        The measure with its ends: elpd less the reference's and one standard error to each side, or the posterior mean
        and interval of the explained variation.
    reference : float
        Where the whole posterior stands.
    chosen : int
        The chosen size.
    labels : tuple of str
        What each size has gained and lost.
    measure : {"elpd", "explained"}
    """

    size: NDArray[np.intp]
    value: Array
    lower: Array
    upper: Array
    reference: float
    chosen: int
    labels: tuple[str, ...]
    measure: Measure


def selection_data(result: Selection, measure: Measure | None = None) -> SelectionCurve:
    """Arrange a selection for drawing.

    Parameters
    ----------
    result : Selection
        From `bayesreg.select`.
    measure : {"elpd", "explained"}, optional
        By default "elpd" where it was measured.

    Returns
    -------
    SelectionCurve

    Raises
    ------
    InputError
        If ``result`` is something else, or the measure is not in it.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> X = np.random.default_rng(0).standard_normal((50, 3))
    >>> model = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0))
    >>> curve = plots.selection_data(br.select(br.sample(model, X, 2 * X[:, 0], draws=50, seed=1)))
    >>> curve.labels[1], curve.measure
    ('+x0', 'explained')
    """
    if not isinstance(result, Selection):
        raise InputError(f"result must be what bayesreg.select returns, got {type(result).__name__}.")
    path = result.path
    if measure is None:
        measure = "elpd" if "elpd" in path else "explained"
    if measure not in WORDS:
        raise InputError(f"measure must be 'elpd', 'explained' or None, got {measure!r}.")
    if measure not in path:
        raise InputError("this selection has no elpd: it needs the rows, select(post, X).")
    if measure == "elpd":
        value, se = path["elpd_diff"].to_numpy(), path["elpd_diff_se"].to_numpy()
        lower, upper, reference = value - se, value + se, 0.0
    else:
        value, lower, upper = (path[name].to_numpy() for name in ("explained", "explained_lower", "explained_upper"))
        reference = result.reference["explained"]
    size = path.index.to_numpy(dtype=np.intp)
    return SelectionCurve(size, value, lower, upper, reference, result.size, tuple(path["columns"]), measure)


def selection(result: Selection, ax: Axes | None = None, *, measure: Measure | None = None) -> Axes:
    """Draw the measure of every size with its uncertainty; the dashed line is the whole posterior.

    The names are of the columns that enter, up to the chosen size, which is marked.

    Parameters
    ----------
    result : Selection
        From `bayesreg.select`.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    measure : {"elpd", "explained"}, optional
        By default "elpd" where it was measured.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        As `selection_data`.

    Examples
    --------
    >>> import matplotlib.pyplot as plt, numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> X = np.random.default_rng(0).standard_normal((50, 3))
    >>> model = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0))
    >>> ax = plots.selection(br.select(br.sample(model, X, 2 * X[:, 0], draws=50, seed=1)))
    >>> ax.get_xlabel()
    'number of columns'
    >>> plt.close(ax.figure)
    """
    from matplotlib.ticker import MaxNLocator

    curve = selection_data(result, measure)
    ax = open_axes(ax, 7.0, 4.2)
    tone = quiet(ax, "y")
    ax.axhline(curve.reference, color=tone.ink, linestyle="--", linewidth=1.0)
    ax.vlines(curve.size, curve.lower, curve.upper, color=tone.color(0), linewidth=2.0)
    ax.plot(curve.size, curve.value, "o-", color=tone.color(0), linewidth=0.8, markersize=4.5)
    ax.axvline(curve.chosen, color=tone.faint, linestyle=":", linewidth=1.2)
    at = int(np.argmax(curve.size == curve.chosen))
    ax.plot([curve.chosen], [curve.value[at]], "o", color=tone.color(1), markersize=8, zorder=4)
    # Below the line: the curve rises to the right, so that there is room.
    for k in range(1, min(at, 12) + 1):
        text = plain(curve.labels[k])
        place = (curve.size[k], curve.lower[k])
        ax.annotate(text, place, (4, -4), textcoords="offset points", rotation=-60, ha="left", va="top", fontsize=8)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("number of columns")
    ax.set_ylabel(WORDS[curve.measure])
    title(ax, f"{result.size} of {len(result.names)} columns by {result.method}")
    return ax
