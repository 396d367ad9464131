"""Every coefficient against the strength of the penalty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError
from bayesreg.plots.canvas import FAINT, INK, color, open_axes, quiet, spread, title
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
    x : array, shape (k,)
        Position of each point: log10 of the strength, or the strength; strongest first.
    coef : array, shape (k, p)
        Coefficients.
    n_nonzero : array, shape (k,)
        Coefficients that are not exactly 0.
    vanishing : array of int, shape (m, 2)
        (point, coefficient) wherever a coefficient is exactly 0 and was not at the next weaker point.
    order : array of int, shape (p,)
        Coefficients by size at the weakest penalty, largest first.
    names : tuple of str
        Column names.
    scale : {"log", "linear"}
        What ``x`` is.
    """

    x: Array
    coef: Array
    n_nonzero: NDArray[np.intp]
    vanishing: NDArray[np.intp]
    order: NDArray[np.intp]
    names: tuple[str, ...]
    scale: Scale


def path_data(path: PathResult, scale: Scale = "log") -> PathCurves:
    """Arrange a path for drawing.

    Parameters
    ----------
    path : PathResult
        From `bayesreg.map_path`.
    scale : {"log", "linear"}, default "log"
        Whether positions are log10 of the strength or the strength.

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
    >>> path = br.map_path(br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0)), X, y, n_points=5)
    >>> plots.path_data(path).vanishing.tolist()
    [[0, 0], [3, 1]]
    """
    if not isinstance(path, PathResult):
        raise InputError(f"path must be a result of map_path, got {type(path).__name__}.")
    if scale not in ("log", "linear"):
        raise InputError(f"scale must be 'log' or 'linear', got {scale!r}.")
    zero = path.coef == 0
    return PathCurves(
        x=np.log10(path.strength) if scale == "log" else path.strength,
        coef=path.coef,
        n_nonzero=path.n_nonzero,
        vanishing=np.argwhere(zero[:-1] & ~zero[1:]),
        order=np.argsort(-np.abs(path.coef[-1]), kind="stable"),
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

    The coefficients largest at the weakest penalty are coloured and named at their line's end, the others grey. The
    upper axis counts those that are not 0, where that changes along the path; a dotted line marks strength 1.

    Parameters
    ----------
    path : PathResult
        From `bayesreg.map_path`.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    mark_zero : bool, default True
        Put a dot where a coefficient becomes exactly 0: on the weakest penalty of the grid that removes it.
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
    >>> sorted(text.get_text() for text in ax.texts)
    ['strength 1', 'x0', 'x1']
    >>> plt.close(ax.figure)
    """
    from matplotlib.collections import LineCollection

    if isinstance(n_labels, bool) or not isinstance(n_labels, int | np.integer) or n_labels < 0:
        raise InputError(f"n_labels must be an integer of at least 0, got {n_labels!r}.")
    curves = path_data(path, scale)
    ax = open_axes(ax, 7.5, 4.6)
    quiet(ax, "y")
    named, others = curves.order[:n_labels], curves.order[n_labels:]
    shades = dict.fromkeys(others.tolist(), "#C4C4C4") | {int(j): color(i) for i, j in enumerate(named)}
    ax.axhline(0, color=FAINT, linewidth=1.0, zorder=1)
    ax.add_collection(
        LineCollection(
            [np.column_stack([curves.x, curves.coef[:, j]]) for j in others], colors=shades[-1:] if False else "#C4C4C4"
        )
    )
    return ax
