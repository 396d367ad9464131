"""The parts that all plots share, and what importing them costs."""

import importlib
import itertools
import subprocess
import sys

import numpy as np
import pytest
from scipy.optimize import minimize

from bayesreg import plots
from bayesreg.plots.canvas import PALETTE, color, spread


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


def test_the_palette_repeats() -> None:
    assert [color(0), color(len(PALETTE) + 1)] == [PALETTE[0], PALETTE[1]]
    assert len(set(PALETTE)) == len(PALETTE)
