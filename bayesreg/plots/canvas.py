"""What the plots share: colours, a fresh or given axes, quiet frames, legends and labels that do not collide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

# Okabe & Ito (2008), told apart with any colour vision; their yellow is left out, being too pale for a line on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
INK = "#333333"
FAINT = "#9A9A9A"


def color(index: int) -> str:
    """Return the colour of a position, the palette repeating."""
    return PALETTE[index % len(PALETTE)]


def open_axes(ax: Axes | None, width: float, height: float) -> Axes:
    """Return the given axes, or the axes of a new figure of this size in inches."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    # Constrained layout makes room for what stands outside the data: legends and labels at line ends.
    made: Axes = plt.figure(figsize=(width, height), layout="constrained").add_subplot()
    return made


def quiet(ax: Axes, grid: Literal["x", "y", "both"]) -> None:
    """Remove the box, and put a pale grid along one axis ("x", "y" or "both") behind the data."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(FAINT)
    ax.tick_params(colors=INK, length=3)
    ax.grid(axis=grid, color="#E4E4E4", linewidth=0.7)
    ax.set_axisbelow(True)


def title(ax: Axes, text: str) -> None:
    """Put a title over the left edge of the axes."""
    ax.set_title(text, loc="left", fontsize="large", color=INK, pad=8)


def legend_outside(ax: Axes, handles: list[Any]) -> None:
    """Put a legend to the right of the data."""
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, borderaxespad=0.0)


def spread(positions: Array, gap: float, low: float, high: float) -> Array:
    r"""Move labels apart, by the least sum of squared moves.

    With the labels sorted and :math:`z_i = y_i - i\,\mathrm{gap}`, the condition is that z does not decrease, which
    is isotonic regression.

    Parameters
    ----------
    positions : array, shape (k,)
        Where the labels would like to stand.
    gap : float
        Least distance of two labels; smaller where k of them would not fit between the bounds.
    low, high : float
        Bounds.

    Returns
    -------
    array, shape (k,)
        In the order of ``positions``.
    """
    from scipy.optimize import isotonic_regression

    k = positions.size
    if k == 0:
        return positions.copy()
    gap = min(gap, (high - low) / max(k - 1, 1))
    order = np.argsort(positions, kind="stable")
    steps = gap * np.arange(k)
    z = np.clip(isotonic_regression(positions[order] - steps).x, low, high - gap * (k - 1))
    out = np.empty(k)
    out[order] = z + steps
    return out


def plain(name: object) -> str:
    """Return a user's own name such that matplotlib draws it as it is, dollar signs included, and not as a formula."""
    return str(name).replace("$", r"\$")
