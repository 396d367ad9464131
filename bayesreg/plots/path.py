"""Every coefficient against the strength of the penalty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError
from bayesreg.plots.canvas import N_COLORS, column_name, open_axes, quiet, span_x, spread, title, upper_axis
from bayesreg.results import PathResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]
Scale = Literal["log", "linear"]


@dataclass(frozen=True, eq=False)
class PathCurves:
    """A path, ready to draw.

    Parameters
    ----------
    strength : array, shape (k,)
        Multiplier of the model's own penalty, strongest first.
    coef : array, shape (k, p)
        Coefficients.
    n_nonzero : array, shape (k,)
        Coefficients that are not exactly 0.
    vanishing : array of int, shape (m, 2)
        (point, coefficient) wherever a coefficient is exactly 0 beside a point of the path where it is not.
    order : array of int, shape (p,)
        Coefficients by size at the weakest penalty, largest first.
    count_at : array of int, shape (q,)
        Points about evenly spaced along the axis, the two ends included: where to tell the number of non-zeros.
    names : tuple of str
        Column names.
    scale : {"log", "linear"}
        Scale of the axis.
    """

    strength: Array
    coef: Array
    n_nonzero: NDArray[np.intp]
    vanishing: NDArray[np.intp]
    order: NDArray[np.intp]
    count_at: NDArray[np.intp]
    names: tuple[str, ...]
    scale: Scale


def path_data(path: PathResult, scale: Scale = "log") -> PathCurves:
    """Arrange a path for drawing.

    Parameters
    ----------
    path : PathResult
        From `bayesreg.map_path`.
    scale : {"log", "linear"}, default "log"
        Scale of the penalty's axis.

    Returns
    -------
    PathCurves

    Raises
    ------
    InputError
        If ``path`` or ``scale`` is something else.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [4.0, 0.0]])
    >>> y = np.array([0.1, 0.9, 2.1, 3.9])
    >>> result = br.map_path(br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0)), X, y, n_points=5)
    >>> plots.path_data(result).vanishing.tolist()  # x0 at the strongest penalty, x1 at the third
    [[0, 0], [2, 1]]
    """
    if not isinstance(path, PathResult):
        raise InputError(f"path must be a result of map_path, got {type(path).__name__}.")
    if scale not in ("log", "linear"):
        raise InputError(f"scale must be 'log' or 'linear', got {scale!r}.")
    zero, beside = _zeros(path.coef)
    place = np.log(path.strength) if scale == "log" else path.strength
    even = np.linspace(place[0], place[-1], min(7, place.size))
    return PathCurves(
        strength=path.strength,
        coef=path.coef,
        n_nonzero=path.n_nonzero,
        vanishing=np.argwhere(zero & ~beside),
        order=np.argsort(-np.abs(path.coef[-1]), kind="stable"),
        count_at=np.unique(np.abs(place[:, None] - even).argmin(axis=0)),
        names=path.names,
        scale=scale,
    )


def path(
    path: PathResult,
    ax: Axes | None = None,
    mark_zero: bool = True,
    *,
    scale: Scale = "log",
    n_labels: int = 10,
) -> Axes:
    """Draw each coefficient against the penalty, strongest at the left: read to the right, the model grows.

    The coefficients largest at the weakest penalty are coloured and named at the ends of their lines, the others
    grey. The upper axis counts those that are not 0, if that changes along the path; a dotted line marks strength 1.

    Parameters
    ----------
    path : PathResult
        From `bayesreg.map_path`.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    mark_zero : bool, default True
        Put a dot where a coefficient becomes exactly 0: at the first point of the grid that has it at 0.
    scale : {"log", "linear"}, default "log"
        Scale of the penalty's axis.
    n_labels : int, default 10
        How many coefficients to name.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        As `path_data`.

    Examples
    --------
    >>> import matplotlib.pyplot as plt, numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [4.0, 0.0]])
    >>> y = np.array([0.1, 0.9, 2.1, 3.9])
    >>> result = br.map_path(br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0)), X, y, n_points=20)
    >>> ax = plots.path(result)
    >>> bool(ax.xaxis_inverted())
    True
    >>> plt.close(ax.figure)
    """
    if isinstance(n_labels, bool) or not isinstance(n_labels, int | np.integer) or n_labels < 0:
        raise InputError(f"n_labels must be an integer of at least 0, got {n_labels!r}.")
    curves = path_data(path, scale)
    named = curves.order[:n_labels]
    ax = open_axes(ax, 7.5, 4.8)
    ax.set_xscale(scale)
    tone = quiet(ax, "y")
    # In the order of the columns, so that a column keeps its colour in the paths of other models.
    turn = {int(j): i for i, j in enumerate(np.sort(named))}
    shade = dict.fromkeys(range(len(curves.names)), tone.rest) | {j: tone.color(i) for j, i in turn.items()}
    ax.axhline(0, color=tone.faint, linewidth=1.0, zorder=1)
    # Nothing is drawn where a coefficient stays 0, so that no line hides another there.
    zero, beside = _zeros(curves.coef)
    lines = np.where(zero & beside, np.nan, curves.coef)
    for j in curves.order[n_labels:]:
        ax.plot(curves.strength, lines[:, j], color=tone.rest, linewidth=0.8)
    for j in named[::-1]:
        # The palette's second round is dashed, so that no two named lines look alike.
        style = "-" if turn[int(j)] < N_COLORS else (0, (5, 1.5))
        ax.plot(curves.strength, lines[:, j], color=shade[int(j)], linewidth=1.8, linestyle=style)
    if mark_zero and len(curves.vanishing):
        points, columns = curves.vanishing.T
        dots = [shade[int(j)] for j in columns]
        ax.scatter(curves.strength[points], np.zeros(points.size), s=20, c=dots, zorder=4, clip_on=False)
    span_x(ax, curves.strength[0], curves.strength[-1])
    ax.margins(y=0.06)
    ax.autoscale_view(scalex=False)
    _name_ends(ax, curves, named, shade)
    if curves.strength[-1] < 1 < curves.strength[0]:
        ax.axvline(1, color=tone.ink, linewidth=1.0, linestyle=":", zorder=1)
        ax.annotate(
            "strength 1",
            (1, 0),
            xycoords=ax.get_xaxis_transform(),
            xytext=(3, 3),
            textcoords="offset points",
            fontsize="small",
            color=tone.ink,
        )
    if np.ptp(curves.n_nonzero):
        counts = [str(count) for count in curves.n_nonzero[curves.count_at]]
        upper_axis(ax, curves.strength[curves.count_at], counts, "number of non-zero coefficients")
    ax.set_xlabel("strength of the penalty, in multiples of the model's own (strongest at the left)")
    ax.set_ylabel("coefficient (per unit of the feature)")
    title(ax, "MAP along the penalty")
    return ax


def _zeros(coef: Array) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where coefficients are exactly 0, and where they are at both neighbouring points, shapes (k, p)."""
    zero = coef == 0
    padded = np.pad(zero, ((1, 1), (0, 0)), mode="edge")
    return zero, padded[:-2] & padded[2:]


def _name_ends(ax: Axes, curves: PathCurves, named: NDArray[np.intp], shade: dict[int, str]) -> None:
    """Write names to the right of the lines' ends, moved apart, with a hair line where one had to move."""
    ends = curves.coef[-1, named]
    low, high = ax.get_ylim()
    points = ax.get_window_extent().height * 72.0 / ax.figure.dpi
    heights = spread(ends, 11.0 * (high - low) / points, low, high)
    for j, end, height in zip(named, ends, heights, strict=True):
        line: dict[str, Any] = {"arrowstyle": "-", "color": shade[int(j)], "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0}
        ax.annotate(
            column_name(curves.names[j]),
            xy=(1.0, end),
            xytext=(1.03, height),
            xycoords=ax.get_yaxis_transform(),
            textcoords=ax.get_yaxis_transform(),
            color=shade[int(j)],
            fontsize="small",
            va="center",
            arrowprops=line | {"relpos": (0, 0.5)},
        )
