"""Models by how well they predict."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.axes import Axes

import bayesreg as br
from bayesreg import plots
from bayesreg.errors import InputError


@pytest.fixture(scope="module")
def table(ridge_post: xr.DataTree, flat_post: xr.DataTree) -> pd.DataFrame:
    return br.compare({"ridge $1$": ridge_post, "flat": flat_post})


def test_the_numbers_are_those_of_the_table_best_first(table: pd.DataFrame) -> None:
    rows = plots.comparison_data(table.iloc[::-1])
    assert rows.names == tuple(table.index)
    np.testing.assert_array_equal(rows.elpd, table["elpd"])
    np.testing.assert_array_equal(rows.behind, table["elpd_diff"].abs())
    assert rows.behind[0] == 0.0
    assert rows.behind[1] == pytest.approx(rows.elpd[0] - rows.elpd[1])
    assert rows.weight.sum() == pytest.approx(1.0)


def test_each_model_has_its_distance_to_the_best_and_its_own_numbers(table: pd.DataFrame, ax: Axes) -> None:
    assert plots.comparison(table, ax) is ax
    (behind,) = ax.containers
    np.testing.assert_array_equal(behind[0].get_xdata(), -table["elpd_diff"].abs()[1:])
    segment = behind[2][0].get_segments()[0]
    assert np.ptp(segment[:, 0]) == pytest.approx(2 * table["dse"].iloc[1])
    labels = [label.get_text() for label in ax.get_yticklabels()]
    numbers = zip(table["elpd"], table["se"], table["weight"], strict=True)
    assert [label.split("\n")[1] for label in labels] == [
        f"elpd {elpd:.1f} ± {se:.1f}, weight {weight:.2f}" for elpd, se, weight in numbers
    ]
    assert any(r"\$1\$" in label for label in labels)


def test_another_table_is_refused() -> None:
    with pytest.raises(InputError, match="has no elpd, se"):
        plots.comparison_data(pd.DataFrame({"weight": [1.0], "elpd_diff": [0.0], "dse": [0.0]}))
