"""The parts that all plots share, and what importing them costs."""

import importlib
import itertools
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from scipy.optimize import minimize

from bayesreg import plots
from bayesreg.plots.canvas import N_COLORS, PALETTE, quiet, spread, title, tones


def test_importing_the_plots_loads_nothing_heavy() -> None:
    heavy = ("matplotlib", "pandas", "xarray", "arviz", "pymc", "sklearn")
    code = f"import sys, bayesreg.plots; print([name for name in {heavy} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_every_plot_has_its_data_function_and_neither_is_a_module() -> None:
    importlib.import_module("bayesreg.plots.path")
    names = [name.removesuffix("_data") for name in vars(plots) if name.endswith("_data")]
    assert {"forest", "geometry", "path", "path_bands", "prior_density", "shrinkage", "tuning"} <= set(names)
    drawn = {name for name, value in vars(plots).items() if callable(value)}
    assert drawn == {*names, *(f"{name}_data" for name in names)}
    for name in names:
        assert callable(getattr(plots, name))
        assert getattr(plots, name).__name__ == name


def test_labels_are_spread_by_the_smallest_moves() -> None:
    wished = np.array([0.5, 0.45, 3.0, 0.55, 2.9])
    placed = spread(wished, 0.3, 0.0, 4.0)
    assert np.diff(np.sort(placed)).min() >= 0.3 - 1e-12
    np.testing.assert_array_equal(np.argsort(placed), np.argsort(wished))
    apart = [
        {"type": "ineq", "fun": lambda t, a=a, b=b: t[b] - t[a] - 0.3}
        for a, b in itertools.pairwise(np.argsort(wished))
    ]
    best = minimize(lambda t: np.sum((t - wished) ** 2), placed, constraints=apart, method="SLSQP")
    assert np.sum((placed - wished) ** 2) == pytest.approx(best.fun, abs=1e-6)


def test_labels_that_need_no_move_stay() -> None:
    wished = np.array([3.0, 1.0, 2.0])
    np.testing.assert_allclose(spread(wished, 0.5, 0.0, 4.0), wished)


def test_labels_too_many_for_the_room_share_it_evenly() -> None:
    np.testing.assert_allclose(spread(np.array([1.0, 1.0, 1.0]), 5.0, 0.0, 2.0), [0.0, 1.0, 2.0])


def test_no_labels_are_no_trouble() -> None:
    assert spread(np.empty(0), 1.0, 0.0, 1.0).size == 0


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (Web Content Accessibility Guidelines 2.1)."""

    def luminance(color: str) -> float:
        part = np.array(to_rgb(color))
        return float(
            np.array([0.2126, 0.7152, 0.0722])
            @ np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
        )

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("face", ["white", "black", "#1e1e1e", "#f4ecd8"])
def test_everything_can_be_seen_on_its_page(face: str, ax: Axes) -> None:
    ax.set_facecolor(face)
    tone = tones(ax)
    assert to_rgb(tone.paper) == to_rgb(face)
    assert contrast(tone.ink, tone.paper) > 7
    # Two of Okabe and Ito's colours are near 2 on white by choice: a line needs less than a letter.
    assert min(contrast(tone.color(i), tone.paper) for i in range(N_COLORS)) > 1.9
    steps = [contrast(part, tone.paper) for part in (tone.stripe, tone.rule, tone.rest, tone.faint, tone.ink)]
    assert steps == sorted(steps)


@pytest.mark.parametrize(("style", "dark"), [("default", False), ("dark_background", True)])
def test_a_transparent_page_is_taken_to_suit_the_style(style: str, dark: bool) -> None:
    with plt.style.context(style):
        figure, ax = plt.subplots(facecolor="none")
        ax.set_facecolor("none")
        assert (tones(ax).paper == "#000000") == dark
        plt.close(figure)


def test_a_frame_takes_its_words_from_the_page() -> None:
    with plt.style.context("dark_background"):
        figure, ax = plt.subplots()
        quiet(ax, "y")
        title(ax, "all")
        ax.set_xlabel("of it")
        words = [ax.xaxis.label, ax._left_title, *ax.get_xticklabels()]
        assert {to_hex(word.get_color()) for word in words} == {tones(ax).ink}
        plt.close(figure)


def test_the_palette_repeats(ax: Axes) -> None:
    tone = tones(ax)
    assert [tone.color(0), tone.color(N_COLORS + 1)] == [PALETTE[0].lower(), PALETTE[1].lower()]
    assert len({tone.color(i) for i in range(N_COLORS)}) == N_COLORS
