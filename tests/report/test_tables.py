"""Frames printed for the terminal keep every label and number."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from rich.console import Console

from bayesreg.report.tables import table


def rendered(frame: pd.DataFrame, **options: object) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(table(frame, "the title", **options))  # type: ignore[arg-type]
    return console.file.getvalue()  # type: ignore[attr-defined]


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {"value": [1234.5678, -0.00012345], "same": [True, False], "engine": ["nuts", "exact"], "zeros": [0, 7]},
        index=pd.Index(["first", "second"], name="model"),
    )


def test_every_label_and_value_is_there(frame: pd.DataFrame) -> None:
    text = rendered(frame)
    for part in ("the title", "model", "value", "first", "second", "1.23e+03", "-0.000123", "yes", "NO", "nuts", "7"):
        assert part in text


def test_a_format_belongs_to_its_column(frame: pd.DataFrame) -> None:
    text = rendered(frame, formats={"value": ".1f", "zeros": "d"})
    assert "1234.6" in text
    assert "-0.0" in text


def test_headings_of_two_levels_are_both_shown() -> None:
    frame = pd.DataFrame({("gaussian", "mean"): [1.25]}, index=["a"])
    text = rendered(frame, formats={"mean": ".2f"})
    assert "gaussian" in text
    assert "mean" in text
    assert "1.25" in text


def test_rows_beyond_the_limit_are_counted(frame: pd.DataFrame) -> None:
    text = rendered(frame, most=1)
    assert "first" in text
    assert "second" not in text
    assert "and 1 more rows" in text
    assert "more rows" not in rendered(frame, most=2)


def test_nan_is_shown_as_such() -> None:
    assert "nan" in rendered(pd.DataFrame({"a": [float("nan")]}))


@pytest.mark.parametrize("name", ["dose [/day]", "x[b]", "[red]", "[/]", "a\\[b]"])
def test_names_are_shown_as_they_are_and_not_read_as_markup(name: str) -> None:
    assert name in rendered(pd.DataFrame({"value": [1.0]}, index=[name]))
    assert name in rendered(pd.DataFrame({name: [1.0]}))
    assert name in rendered(pd.DataFrame({"value": [name]}))
