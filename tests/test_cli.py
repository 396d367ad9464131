"""The command line: exit codes, messages, and its two programs from end to end."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import pytest

import bayesreg as br
from bayesreg import report
from bayesreg.cli import build_parser, main
from bayesreg.errors import InputError


@pytest.fixture
def data_file(tmp_path: Path) -> Path:
    rng = np.random.default_rng(150)
    frame = pd.DataFrame(rng.standard_normal((60, 3)) * [1.0, 5.0, 0.2], columns=["dose", "age", "noise"])
    frame["outcome"] = 2.0 * frame["dose"] - 0.3 * frame["age"] + rng.standard_normal(60)
    file = tmp_path / "data.csv"
    frame.to_csv(file, index=False)
    return file


def run(*arguments: str) -> int:
    """Exit code of a run, however it ends."""
    try:
        return main(list(arguments))
    except SystemExit as ended:
        return int(ended.code or 0)


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out.strip() == f"bayesreg {br.__version__}"


@pytest.mark.parametrize("arguments", [("--help",), ("demo", "--help"), ("compare", "--help")])
def test_help_is_help(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 0
    assert "usage: bayesreg" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "command"),
        (("fit",), "fit"),
        (("compare",), "file"),
        (("compare", "x.csv"), "--target"),
        (("demo", "--draws", "0"), "--draws"),
        (("demo", "--draws", "many"), "--draws"),
        (("demo", "--chains", "-1"), "--chains"),
        (("demo", "--seed", "x"), "--seed"),
        (("demo", "--target", "y"), "--target"),
    ],
)
def test_a_wrong_use_is_told_with_code_2(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""


def test_the_defaults_are_those_of_sample() -> None:
    import inspect

    given = build_parser().parse_args(["demo"])
    defaults = inspect.signature(br.sample).parameters
    assert (given.draws, given.chains) == (defaults["draws"].default, defaults["chains"].default)
    assert (given.seed, given.out) == (1, None)


def test_what_was_asked_for_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(report, "run_demo", lambda console, *given: seen.append(given))
    monkeypatch.setattr(report, "run_compare", lambda console, *given, **options: seen.append((given, options)))
    assert run("demo", "--out", "there", "--draws", "27", "--chains", "2", "--seed", "5") == 0
    assert seen.pop() == ("there", 27, 2, 5)
    assert run("compare", "data.csv", "--target", "y", "--drop", "a", "b", "--draws", "29", "--chains", "3") == 0
    options = {"out": None, "drop": ("a", "b"), "draws": 29, "chains": 3, "seed": 1}
    assert seen.pop() == (("data.csv", "y"), options)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [(InputError("the column is not good."), 1, "the column is not good."), (KeyboardInterrupt(), 130, "interrupted")],
)
def test_an_error_of_ours_is_one_line_and_an_exit_code(
    error: BaseException, code: int, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*given: Any) -> None:
        raise error

    monkeypatch.setattr(report, "run_demo", fail)
    assert run("demo") == code
    assert capsys.readouterr().err == f"bayesreg: {words}\n"


def test_an_error_that_is_not_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "run_demo", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["demo"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--target", "nothing"), "no column 'nothing'; it has dose, age, noise, outcome"),
        (("--target", "outcome", "--drop", "nothing"), "no column 'nothing'"),
        (("--target", "outcome", "--drop", "dose", "age", "noise"), "no usable predictor column beside 'outcome'"),
    ],
)
def test_a_fault_of_the_data_is_told_with_code_1_and_leaves_no_folder(
    arguments: tuple[str, ...], words: str, data_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("compare", str(data_file), "--out", str(tmp_path / "out"), *arguments) == 1
    said = capsys.readouterr()
    assert said.err.startswith("bayesreg: ")
    assert words in said.err
    assert os.listdir(tmp_path) == ["data.csv"]


def test_a_missing_file_is_told_with_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compare", str(tmp_path / "nothing.csv"), "--target", "y") == 1
    assert "nothing.csv" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["demo", "compare"])
def test_a_folder_that_holds_something_is_not_written_to(
    command: str, data_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(data_file), "--target", "outcome"] if command == "compare" else []
    assert run(command, *given, "--out", str(tmp_path)) == 1
    assert "nothing is overwritten" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["data.csv"]


@pytest.mark.parametrize(("option", "value"), [("--seed", "-1"), ("--draws", "1")])
def test_a_number_that_cannot_be_used_is_told_by_its_option_before_any_work(
    option: str,
    value: str,
    data_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from bayesreg.report import analysis

    def fail(*given: Any, **options: Any) -> None:
        raise AssertionError("sampling although an option is unusable")

    monkeypatch.setattr(analysis, "sample", fail)
    given = [str(data_file), "--target", "outcome", "--out", str(tmp_path / "out"), option, value]
    assert run("compare", *given) in (1, 2)
    assert option.strip("-") in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["data.csv"]


def check_posterior(file: Path, model: str, columns: list[str], draws: int) -> None:
    """A saved posterior loads with ArviZ and is all that the package needs of it."""
    with az.from_netcdf(file) as post:
        assert list(post["posterior"]["feature"].to_numpy()) == columns
        assert post["posterior"]["coef"].shape == (2, draws, len(columns))
        assert {"log_likelihood", "observed_data", "constant_data"} <= set(post.children)
        wide = post["posterior"].sizes["feature"] >= post["observed_data"].sizes["obs"]
        gibbs = "gibbs_collapsed" if wide else "gibbs_full"
        assert post.attrs["engine"] == (gibbs if model == "laplace" else "exact_gaussian")
        assert "verdict" in json.loads(post.attrs["diagnostics"])
        summary = az.summary(post, var_names=["coef"])
        assert len(summary) == len(columns)
        assert 0 < br.shrinkage(post).effective <= len(columns)
        predicted = br.predict(post, np.zeros((1, len(columns))), kind="interval")
        assert predicted["lower"].item() < predicted["mean"].item() < predicted["upper"].item()


def check_coefficients(file: Path, columns: list[str]) -> pd.DataFrame:
    table = pd.read_csv(file, index_col=0)
    assert list(table.index) == columns
    for model in ("gaussian", "laplace"):
        assert np.all(table[f"{model} lower"] < table[f"{model} mean"])
        assert np.all(table[f"{model} mean"] < table[f"{model} upper"])
        assert np.all(table[f"{model} P(sign)"].between(0.5, 1.0))
    assert np.all(table["gaussian MAP"] != 0)
    return table


@pytest.mark.slow
def test_the_demo_runs_from_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "demo"
    assert run("demo", "--draws", "200", "--chains", "2", "--out", str(out)) == 0
    said = " ".join(capsys.readouterr().out.split())
    tables = {
        "equivalence.csv",
        *(f"{part}{name}.csv" for part in ("", "wide_") for name in ("coefficients", "comparison")),
    }
    posteriors = {f"{part}posterior_{model}.nc" for part in ("", "wide_") for model in ("gaussian", "laplace")}
    pictures = {"forest.png", "path.png", "prior_density.png", "shrinkage.png", "wide_forest.png", "wide_shrinkage.png"}
    assert {file.name for file in out.iterdir()} == tables | posteriors | pictures
    assert str(out).split("/")[-1] in said

    equivalence = pd.read_csv(out / "equivalence.csv", index_col="model")
    assert len(equivalence) == 7
    assert np.all(equivalence["max |Δcoef|"] <= 1e-8)
    assert np.all(equivalence["same"])
    np.testing.assert_array_equal(equivalence["zeros ours"], equivalence["zeros theirs"])
    assert (equivalence["zeros ours"] > 0).sum() == 3
    for side in ("ours", "theirs"):
        assert np.all(equivalence[f"gap {side}"] <= 1e-10)
        assert np.all(equivalence[f"KKT {side}"] <= 1e-8)

    columns = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
    full = check_coefficients(out / "coefficients.csv", columns)
    assert np.all(np.isfinite(full["flat estimate"]))
    # 442 rows: the posterior is near the MAP, and bmi, bp and s5 matter under either prior.
    for model in ("gaussian", "laplace"):
        assert np.all(full.loc[["bmi", "bp", "s5"], f"{model} lower"] > 0)
    with az.from_netcdf(out / "wide_posterior_laplace.nc") as post:
        wide_columns = [str(name) for name in post["posterior"]["feature"].to_numpy()]
    wide = check_coefficients(out / "wide_coefficients.csv", wide_columns)
    assert len(wide) == 64
    assert "flat estimate" not in wide
    assert (wide["laplace MAP"] == 0).sum() > 32
    for part, names in (("", columns), ("wide_", wide_columns)):
        comparison = pd.read_csv(out / f"{part}comparison.csv", index_col=0)
        assert set(comparison.index) == {"gaussian", "laplace"}
        assert np.all(np.isfinite(comparison[["elpd", "se", "effective", "mean_kappa"]]))
        # Exact leave-one-out densities have no k-hat.
        assert list(comparison["pareto_k_max"].isna()) == list(comparison["loo"] == "exact")
        for model in ("gaussian", "laplace"):
            check_posterior(out / f"{part}posterior_{model}.nc", model, names, 200)
    for picture in pictures:
        assert (out / picture).read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_a_comparison_runs_from_end_to_end(data_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from sklearn.linear_model import Lasso

    out = tmp_path / "out"
    given = ["--target", "outcome", "--draws", "200", "--chains", "2", "--seed", "4", "--out", str(out)]
    assert run("compare", str(data_file), *given) == 0
    said = capsys.readouterr()
    # Where lines are broken hangs on the length of the file's name.
    in_a_row = " ".join(said.out.split())
    for word in ("60 rows", "3 predictors", "linear regression of outcome", "dose", "age", "noise"):
        assert word in in_a_row
    assert said.err == ""
    columns = ["dose", "age", "noise"]
    table = check_coefficients(out / "coefficients.csv", columns)
    for model in ("gaussian", "laplace"):
        check_posterior(out / f"posterior_{model}.nc", model, columns, 200)
        # In units of the columns' standard deviations: 2, -1.5 and nothing.
        assert np.all(table.loc[["dose", "age"], f"{model} P(sign)"] > 0.99)
        assert abs(table.loc["noise", f"{model} mean"]) < 0.5
    with az.from_netcdf(out / "posterior_laplace.nc") as post:
        prior = br.Model.from_json(post.attrs["model"]).prior
    frame = pd.read_csv(data_file)
    X = (frame[columns] - frame[columns].mean()) / frame[columns].std(ddof=0)
    alpha = br.penalty_for("sklearn.Lasso", prior, n=60)["alpha"]
    fit = Lasso(alpha, tol=1e-14).fit(X.to_numpy(), frame["outcome"].to_numpy())
    np.testing.assert_allclose(table["laplace MAP"], fit.coef_, rtol=1e-8, atol=1e-12)
