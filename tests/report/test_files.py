"""Files are written whole or not at all, and never over somebody else's."""

from __future__ import annotations

import os
from pathlib import Path

import arviz as az
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.errors import InputError
from bayesreg.report.files import new_folder, save_figure, save_posterior, save_table, written


def test_a_wanted_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    wanted = tmp_path / "a" / "b"
    assert new_folder(str(wanted), "unused") == wanted
    assert wanted.is_dir()
    assert new_folder(str(wanted), "unused") == wanted  # still empty


@pytest.mark.parametrize("hidden", [False, True])
def test_a_wanted_folder_that_holds_something_is_refused(tmp_path: Path, hidden: bool) -> None:
    name = ".x" if hidden else "x"
    (tmp_path / name).write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=r"--out .* exists and is not empty; nothing is overwritten"):
        new_folder(str(tmp_path), "unused")
    assert (tmp_path / name).read_text(encoding="utf-8") == "mine"


def test_a_wanted_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(InputError, match="--out"):
        new_folder(str(file), "unused")


def test_the_default_folder_gets_the_next_free_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "result-3").mkdir()
    made = [new_folder(None, "result") for _ in range(3)]
    assert [str(folder) for folder in made] == ["result", "result-2", "result-4"]
    assert all((tmp_path / folder).is_dir() for folder in made)


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    with written(path) as temporary:
        temporary.write_text("half", encoding="utf-8")
        assert not path.exists()
        assert temporary.parent == tmp_path  # the same file system, so that the move is atomic
        assert temporary.suffix == ".csv"
    assert path.read_text(encoding="utf-8") == "half"
    assert os.listdir(tmp_path) == ["table.csv"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_writer_that_fails_leaves_nothing_behind_and_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"

    def fail() -> None:
        with written(path) as temporary:
            temporary.write_text("half", encoding="utf-8")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert os.listdir(tmp_path) == []
    path.write_text("before", encoding="utf-8")
    with pytest.raises(OSError, match="disk full"):
        fail()
    assert os.listdir(tmp_path) == ["table.csv"]
    assert path.read_text(encoding="utf-8") == "before"


def test_an_interrupted_writer_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), written(tmp_path / "post.nc"):
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


class Unwritable:
    """Any value whose text cannot be made."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


def test_each_kind_of_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="no text"):
        save_table(pd.DataFrame({"a": [1, Unwritable()]}), tmp_path / "table.csv")

    def half(path: Path, **options: object) -> float:
        path.write_bytes(b"half")
        return 1 / 0

    figure, axes = plt.subplots()
    monkeypatch.setattr(figure, "savefig", half)
    with pytest.raises(ZeroDivisionError):
        save_figure(axes, tmp_path / "figure.png")
    plt.close(figure)
    post = br.sample(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0)), np.eye(3), np.ones(3), draws=9, seed=1)
    monkeypatch.setattr(type(post), "to_netcdf", lambda tree, path, **options: half(path))
    with pytest.raises(ZeroDivisionError):
        save_posterior(post, tmp_path / "post.nc")
    assert os.listdir(tmp_path) == []


def test_a_table_reads_back_to_the_last_digit(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [np.pi, 1e-300, 0.0]}, index=pd.Index(["a", "b, c", 'd"'], name="term"))
    save_table(frame, tmp_path / "table.csv")
    again = pd.read_csv(tmp_path / "table.csv", index_col="term", dtype={"x": str})
    assert list(again.index) == list(frame.index)
    assert [float(text) for text in again["x"]] == frame["x"].tolist()


def test_a_posterior_reads_back_by_arviz(tmp_path: Path) -> None:
    rng = np.random.default_rng(120)
    X = pd.DataFrame(rng.standard_normal((10, 2)), columns=["größe", "alter"])
    post = br.sample(
        br.Model(likelihoods.Gaussian(), priors.Gaussian(1.0)), X, rng.standard_normal(10), draws=30, seed=1
    )
    save_posterior(post, tmp_path / "post.nc")
    with az.from_netcdf(tmp_path / "post.nc") as loaded:
        assert list(loaded["posterior"]["feature"].to_numpy()) == ["größe", "alter"]
        np.testing.assert_array_equal(loaded["posterior"]["coef"].to_numpy(), post["posterior"]["coef"].to_numpy())
        assert loaded.attrs["model"] == post.attrs["model"]


def test_a_figure_is_a_picture_and_is_closed(tmp_path: Path) -> None:
    axes = plt.subplots()[1]
    save_figure(axes, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert plt.get_fignums() == []
