"""What the plots share: colours, a fresh or given axes, quiet frames, legends and labels that do not collide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

# Okabe & Ito (2008), told apart with any colour vision; their yellow is left out, being too pale for a line on white.
# Their black is the ink, which on a dark page is nearly white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
N_COLORS = len(PALETTE) + 1
# Characters: wider labels leave no room for the data.
LONGEST_NAME = 40


@dataclass(frozen=True)
class Tones:
    """Colours for one page, dark or white, as hex strings."""

    ink: str
    """Words and marks."""
    faint: str
    """Axes and lines at 0."""
    rest: str
    """Lines that are not named."""
    rule: str
    """The grid."""
    stripe: str
    """Every other row."""
    paper: str
    """The inside of hollow marks: the page itself."""
    hues: tuple[str, ...]
    """The palette, lighter on a dark page."""

    def color(self, index: int) -> str:
        """Return the colour of a position, repeating after `N_COLORS`."""
        return (*self.hues, self.ink)[index % N_COLORS]


def tones(ax: Axes) -> Tones:
    """Read the colours off the page that the axes lie on, so that a dark style needs no settings of its own."""
    from matplotlib import rcParams
    from matplotlib.colors import to_hex, to_rgb, to_rgba

    luminance = np.array([0.2126, 0.7152, 0.0722])
    figure = ax.get_figure(root=True)
    faces = [to_rgba(ax.get_facecolor()), to_rgba(figure.get_facecolor() if figure else "none")]
    opaque = [np.array(face[:3]) for face in faces if face[3] > 0]
    # Through a transparent page shines one on which the words of the style in use can be read.
    words = float(luminance @ np.array(to_rgb(rcParams["text.color"])))
    paper = opaque[0] if opaque else np.full(3, 1.0 if words < 0.5 else 0.0)
    dark = float(luminance @ paper) < 0.4
    ink = np.full(3, 0.88 if dark else 0.2)
    faint, rest, rule, stripe = (to_hex(paper + share * (ink - paper)) for share in (0.5, 0.32, 0.13, 0.05))
    lighter = 0.3 if dark else 0.0
    hues = tuple(to_hex((1 - lighter) * np.array(to_rgb(hue)) + lighter) for hue in PALETTE)
    return Tones(to_hex(ink), faint, rest, rule, stripe, to_hex(paper), hues)


def open_axes(ax: Axes | None, width: float, height: float) -> Axes:
    """Return the given axes, or the axes of a new figure of this size in inches."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    # Constrained layout makes room for what stands outside the data: legends and labels at line ends.
    made: Axes = plt.figure(figsize=(width, height), layout="constrained").add_subplot()
    return made


def quiet(ax: Axes, grid: Literal["x", "y", "both"]) -> Tones:
    """Remove the box, put a pale grid along one axis ("x", "y" or "both") behind the data; return the colours."""
    tone = tones(ax)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(tone.faint)
    ax.tick_params(colors=tone.ink, length=3)
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set_color(tone.ink)
    ax.grid(axis=grid, color=tone.rule, linewidth=0.7)
    ax.set_axisbelow(True)
    return tone


def upper_axis(ax: Axes, at: Array, labels: list[str], words: str) -> None:
    """Tell a second quantity at some places of the horizontal axis, along the top."""
    ink = tones(ax).ink
    top = ax.secondary_xaxis("top")
    top.set_xticks(at, labels=labels)
    top.minorticks_off()
    top.tick_params(colors=ink, length=3, labelsize="small")
    top.spines["top"].set_visible(False)
    top.set_xlabel(words, fontsize="small", color=ink)


def span_x(ax: Axes, left: float, right: float) -> None:
    """Let the horizontal axis run from one place to the other, whichever is larger, unless they are one."""
    if left != right:
        ax.set_xlim(left, right)


def title(ax: Axes, text: str) -> None:
    """Put a title over the left edge of the axes."""
    ax.set_title(text, loc="left", fontsize="large", color=tones(ax).ink, pad=8)


def legend_outside(ax: Axes, handles: list[Any]) -> None:
    """Put a legend to the right of the data."""
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
    ax.legend(handles=handles, frameon=False, labelcolor=tones(ax).ink, **place)


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


def column_name(name: object) -> str:
    """Return the name of a column as `plain` does, without the middle of one that would crowd out the data."""
    text = str(name)
    if len(text) > LONGEST_NAME:
        # What tells columns apart stands at either end.
        text = f"{text[: LONGEST_NAME - 13]}…{text[-12:]}"
    return plain(text)
