"""The curve over the strength of the shrinkage."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes

import bayesreg as br
from bayesreg import plots
from bayesreg.errors import InputError
from tests.plots.conftest import LASSO, RIDGE, Data


@pytest.fixture(scope="module")
def tuned(linear: Data) -> br.TuneResult:
    return br.tune(LASSO, *linear, n_points=30)


def test_the_band_is_one_standard_error_and_the_choice_lies_on_the_curve(tuned: br.TuneResult) -> None:
    curve = plots.tuning_data(tuned)
    np.testing.assert_array_equal(curve.strength, tuned.strength)
    np.testing.assert_allclose(curve.upper - curve.value, tuned.se)
    np.testing.assert_allclose(curve.value - curve.lower, tuned.se)
    assert curve.best == (tuned.best, pytest.approx(tuned.value.min()))
    assert curve.one_se is not None
    assert curve.one_se[0] == tuned.one_se
    assert curve.interval is None


def test_points_without_a_value_are_left_out(tuned: br.TuneResult) -> None:
    value = tuned.value.copy()
    value[-4:] = np.nan
    curve = plots.tuning_data(replace(tuned, value=value))
    assert curve.strength.size == 26
    assert np.all(np.isfinite(curve.upper))


def test_lines_mark_what_was_chosen_and_the_axis_begins_with_the_strongest(tuned: br.TuneResult, ax: Axes) -> None:
    assert plots.tuning(tuned, ax) is ax
    marks = {
        line.get_label(): line.get_xdata()[0] for line in ax.lines if str(line.get_label()).startswith(("best", "1-"))
    }
    assert sorted(marks.values()) == sorted([tuned.best, tuned.one_se])
    assert ax.get_xlim() == (tuned.strength[0], tuned.strength[-1])
    drawn = next(line for line in ax.lines if len(line.get_xdata()) == 30)
    np.testing.assert_array_equal(drawn.get_ydata(), tuned.value)
    assert ax.get_ylabel() == tuned.measure


def test_an_exact_curve_has_no_one_se_mark_and_a_posterior_shows_its_interval(linear: Data, ax: Axes) -> None:
    exact = br.tune(RIDGE, *linear, method="evidence", n_points=10)
    curve = plots.tuning_data(exact)
    assert curve.one_se is None
    assert curve.best == (exact.best, pytest.approx(exact.value.max()))
    bayes = br.tune(RIDGE, *linear, method="bayes", draws=200, seed=1)
    low, high = plots.tuning_data(bayes).interval or (np.nan, np.nan)
    assert low < bayes.best < high
    plots.tuning(bayes, ax)
    labels = [str(text.get_text()) for text in ax.get_legend().get_texts()]
    assert "89 % interval" in labels
    assert any(label.startswith("posterior median") for label in labels)


def test_anything_else_is_refused() -> None:
    with pytest.raises(InputError, match="result must be a result of tune, got float"):
        plots.tuning_data(1.0)  # type: ignore[arg-type]
