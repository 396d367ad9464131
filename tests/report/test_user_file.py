"""A CSV file of a user: what is read, what is said, what is refused."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import bayesreg as br
from bayesreg.errors import InputError
from bayesreg.report.user_file import read_csv, run_compare


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(140)
    X = pd.DataFrame(rng.standard_normal((40, 3)) * [1.0, 10.0, 0.1] + [0.0, 5.0, 1.0], columns=["a", "b", "c"])
    return X.assign(y=X["a"] - 0.1 * X["b"] + rng.standard_normal(40))


def save(frame: pd.DataFrame, folder: Path) -> str:
    file = folder / "data.csv"
    frame.to_csv(file, index=False)
    return str(file)


def test_numbers_are_read_in_units_of_their_standard_deviations(frame: pd.DataFrame, tmp_path: Path) -> None:
    X, y, family, notes = read_csv(save(frame, tmp_path), "y")
    assert (family, notes) == ("gaussian", [])
    assert list(X.columns) == ["a", "b", "c"]
    expected = (frame[["a", "b", "c"]] - frame[["a", "b", "c"]].mean()) / frame[["a", "b", "c"]].std(ddof=0)
    np.testing.assert_allclose(X, expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(y, frame["y"], rtol=1e-14)


def test_columns_can_be_left_out(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame["b"] = frame["b"].where(frame.index != 3)
    frame["id"] = [f"person {i}" for i in range(40)]
    X, *_ = read_csv(save(frame, tmp_path), "y", ("b", "id"))
    assert list(X.columns) == ["a", "c"]


def test_text_becomes_0_1_columns_without_its_first_level(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame["color"] = np.tile(["green", "blue", "red", "blue"], 10)
    frame["flag"] = np.tile([True, False], 20)
    X, _, _, notes = read_csv(save(frame, tmp_path), "y")
    assert list(X.columns) == ["a", "b", "c", "flag", "color_green", "color_red"]
    assert len(notes) == 1
    assert "color" in notes[0]
    assert "flag" not in notes[0]
    raw = np.tile([1.0, 0.0, 0.0, 0.0], 10)
    np.testing.assert_allclose(X["color_green"], (raw - 0.25) / raw.std(), rtol=1e-12)


def test_constant_columns_are_left_out_and_named(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame["k"], frame["place"] = 7.0, "here"
    X, _, _, notes = read_csv(save(frame, tmp_path), "y")
    assert list(X.columns) == ["a", "b", "c"]
    assert any("constant" in note and "k" in note for note in notes)


@pytest.mark.parametrize(
    ("values", "one"), [(("no", "yes"), "yes"), ((0, 1), 1), ((-3.5, 2.0), 2.0), ((False, True), True)]
)
def test_a_target_of_two_values_is_the_probability_of_the_larger(
    frame: pd.DataFrame, tmp_path: Path, values: tuple[Any, Any], one: Any
) -> None:
    frame["y"] = np.where(frame["y"] > 0, values[1], values[0])
    _, y, family, notes = read_csv(save(frame, tmp_path), "y")
    assert family == "bernoulli"
    np.testing.assert_array_equal(y, (frame["y"] == one).to_numpy(dtype=float))
    assert any("two values" in note and str(one) in note for note in notes)


REFUSED: dict[str, tuple[Any, dict[str, Any], tuple[str, ...]]] = {
    "no target": (lambda f: f, {"target": "z"}, ("no column 'z'", "a, b, c, y")),
    "no dropped column": (lambda f: f, {"drop": ("q",)}, ("no column 'q'",)),
    "missing value": (lambda f: f.assign(a=f["a"].where(f.index > 1)), {}, ("missing values in a (2)", "--drop")),
    "missing target": (lambda f: f.assign(y=f["y"].where(f.index > 0)), {}, ("missing values in y (1)",)),
    "text target": (
        lambda f: f.assign(y=np.tile(["u", "v", "w", "x"], 10)),
        {},
        ("target 'y' is text with 4 values",),
    ),
    "names": (
        lambda f: f.assign(who=[f"person {i}" for i in range(40)]),
        {},
        ("column 'who' holds 40 different texts", "--drop who"),
    ),
    "only the target": (lambda f: f[["y"]], {}, ("no usable predictor column beside 'y'",)),
    "only constants": (lambda f: f[["y"]].assign(k=1.0), {}, ("no usable predictor column beside 'y'",)),
    "no rows": (lambda f: f[:0], {}, ("'y'",)),
    "infinite value": (lambda f: f.assign(a=f["a"].replace(f["a"][0], np.inf)), {}, ("inf", "a")),
    "infinite target": (lambda f: f.assign(y=f["y"].replace(f["y"][0], -np.inf)), {}, ("inf", "y")),
    "dropped target": (lambda f: f.assign(y=f["y"].where(f.index > 0)), {"drop": ("y",)}, ("y",)),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_file_that_cannot_be_used_is_refused_with_the_name_of_the_column(
    fault: str, frame: pd.DataFrame, tmp_path: Path
) -> None:
    change, options, words = REFUSED[fault]
    with pytest.raises(InputError) as raised:
        read_csv(save(change(frame), tmp_path), **({"target": "y"} | options))
    for word in words:
        assert word in str(raised.value)


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n1,2,3,4\n", bytes(range(128, 256)) * 3], ids=["empty", "ragged", "binary"]
)
def test_what_is_no_csv_is_refused_with_the_name_of_the_file(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "broken.csv"
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"cannot read .*broken\.csv as CSV"):
        read_csv(str(file), "y")


def test_a_file_that_is_missing_or_a_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(InputError, match="cannot read"):
            read_csv(str(path), "y")


def run(file: str, out: Path | None, target: str = "y", **options: Any) -> tuple[Path, str]:
    console = Console(file=io.StringIO(), width=120)
    given = {"draws": 60, "chains": 2, "seed": 3} | options
    folder = run_compare(console, file, target, out=None if out is None else str(out), **given)
    return folder, console.file.getvalue()  # type: ignore[attr-defined]


FILES = {
    "coefficients.csv",
    "comparison.csv",
    "forest.png",
    "path.png",
    "posterior_gaussian.nc",
    "posterior_laplace.nc",
    "shrinkage.png",
}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("binary", [False, True], ids=["linear", "logistic"])
def test_a_report_is_written_with_all_its_files(binary: bool, frame: pd.DataFrame, tmp_path: Path) -> None:
    if binary:
        noise = np.random.default_rng(141).standard_normal(40)
        frame["y"] = np.where(frame["a"] + noise > 0, "ill", "well")
    folder, text = run(save(frame, tmp_path), tmp_path / "out")
    assert folder == tmp_path / "out"
    assert {file.name for file in folder.iterdir()} == FILES
    table = pd.read_csv(folder / "coefficients.csv", index_col=0)
    assert list(table.index) == ["a", "b", "c"]
    with az.from_netcdf(folder / "posterior_laplace.nc") as post:
        np.testing.assert_allclose(post["posterior"]["coef"].mean(("chain", "draw")), table["laplace mean"], rtol=1e-12)
        assert br.shrinkage(post).effective <= 3
    comparison = pd.read_csv(folder / "comparison.csv", index_col=0)
    assert set(comparison.index) == {"gaussian", "laplace"}
    for name in ("forest.png", "path.png", "shrinkage.png"):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
    for word in ("40 rows", "3 predictors", "logistic" if binary else "linear", "optimal", "passed", *table.index):
        assert word in text
    assert ("'well'" in text) is binary


@pytest.mark.usefixtures("quick")
def test_a_report_without_a_wanted_folder_gets_a_numbered_one(
    frame: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bayesreg-compare").mkdir()
    folder, text = run(save(frame, tmp_path), None)
    assert str(folder) == "bayesreg-compare-2"
    assert str(tmp_path / folder) in text.replace("\n", "")


@pytest.mark.usefixtures("quick")
def test_names_with_brackets_are_shown_as_they_are(frame: pd.DataFrame, tmp_path: Path) -> None:
    names = {"a": "dose [/day]", "b": "x[b]", "y": "rate [/]"}
    folder, text = run(save(frame.rename(columns=names), tmp_path), tmp_path / "out [x]", target="rate [/]")
    for name in names.values():
        assert name in text
    assert folder.name in text
    assert list(pd.read_csv(folder / "coefficients.csv", index_col=0).index) == ["dose [/day]", "x[b]", "c"]


@pytest.mark.usefixtures("quick")
def test_names_with_dollar_signs_are_drawn_and_not_read_as_formulae(frame: pd.DataFrame, tmp_path: Path) -> None:
    names = {"a": "cost $ per $", "b": r"$\frac$", "y": "rate $/$"}
    folder, text = run(save(frame.rename(columns=names), tmp_path), tmp_path / "out", target="rate $/$")
    assert {file.name for file in folder.iterdir()} == FILES
    for name in names.values():
        assert name in text


@pytest.mark.usefixtures("quick")
def test_more_columns_than_rows_are_reported_with_their_warnings(tmp_path: Path) -> None:
    rng = np.random.default_rng(142)
    wide = pd.DataFrame(rng.standard_normal((20, 30)), columns=[f"c{j}" for j in range(30)])
    folder, text = run(save(wide.assign(y=wide["c0"] + 0.3 * rng.standard_normal(20)), tmp_path), tmp_path / "out")
    assert {file.name for file in folder.iterdir()} == FILES
    assert "pulls sigma down" in " ".join(text.split())


def test_a_refused_file_leaves_no_folder(frame: pd.DataFrame, tmp_path: Path) -> None:
    for change in (lambda f: f.assign(a=f["a"].where(f.index > 1)), lambda f: f.assign(y=3.0), lambda f: f[:4]):
        with pytest.raises(InputError):
            run(save(change(frame), tmp_path), tmp_path / "out")
        assert not (tmp_path / "out").exists()
