"""The notebooks: as committed they show their results, and they still run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = [path.stem for path in NOTEBOOKS]
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
# The two that need the least time run with the quick tests, the others with the slow ones.
QUICK = ("04_paths_and_geometry", "10_mle_map_posterior")
every_run = pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.stem, marks=() if path.stem in QUICK else pytest.mark.slow) for path in NOTEBOOKS],
)

# Folders where people and kernels keep their files, and what a traceback or a warning of an installed package shows.
PLACES = re.compile(r"/(?:home|Users|tmp|usr|opt|var|private|mnt)/|[A-Za-z]:\\|site-packages|ipykernel_\d")


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def kinds(cell: Any) -> list[tuple[str, ...]]:
    """Tell what a cell shows: each output's media types, with what goes to stderr left out."""
    shown: list[tuple[str, ...]] = []
    for output in cell.outputs:
        if output.output_type != "stream":
            shown.append(tuple(sorted(output.data)))
        elif output.name == "stdout" and shown[-1:] != [("stdout",)]:
            # A kernel may send one print in several parts.
            shown.append(("stdout",))
    return shown


def words(notebook: Any) -> list[str]:
    """Return all text that a reader may see; pictures are left out."""
    texts = [cell.source for cell in notebook.cells]
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "stream":
                texts.append(output.text)
            elif output.output_type == "error":
                texts += output.traceback
            else:
                texts += [str(value) for kind, value in output.data.items() if not kind.startswith("image/")]
    return texts


def test_the_readme_lists_every_notebook_in_order() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"notebooks/(\w+)\.ipynb", readme) == NAMES
    assert set(QUICK) <= set(NAMES)


@every_notebook
def test_a_notebook_is_valid_and_small_and_names_the_kernel_that_everybody_has(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert path.stat().st_size < 1_500_000


@every_notebook
def test_a_notebook_names_no_place_of_the_machine_that_ran_it(path: Path) -> None:
    # Of the machine that tests, only folders whose names are too long to be words of the text.
    own = [name for name in (str(ROOT), str(Path.home())) if len(name) > 3]
    for text in words(read(path)):
        assert not PLACES.search(text)
        assert not [name for name in own if name in text]


@every_notebook
def test_a_notebook_keeps_no_times_of_its_execution(path: Path) -> None:
    notebook = read(path)
    assert not any(cell.metadata for cell in notebook.cells)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}


@every_notebook
def test_a_committed_notebook_was_run_from_top_to_bottom_without_an_error_or_a_warning(path: Path) -> None:
    cells = code_cells(read(path))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"]


@every_notebook
def test_every_cell_but_the_settings_shows_its_result(path: Path) -> None:
    first, *rest = code_cells(read(path))
    assert "BAYESREG_NOTEBOOK_DRAWS" in first.source
    assert all(kinds(cell) for cell in rest)
    assert sum("image/png" in kind for cell in rest for kind in kinds(cell)) >= 3


@every_run
def test_a_notebook_runs_and_shows_the_kinds_of_results_that_are_committed(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbclient import NotebookClient

    monkeypatch.setenv("BAYESREG_NOTEBOOK_DRAWS", "50")
    # The kernel's own backend keeps the figures in the notebook.
    monkeypatch.delenv("MPLBACKEND", raising=False)
    committed, fresh = read(path), read(path)
    for cell in code_cells(fresh):
        cell.outputs = []
    # An exception in any cell is raised here; warnings of so few draws only reach stderr.
    NotebookClient(fresh, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert [kinds(cell) for cell in code_cells(fresh)] == [kinds(cell) for cell in code_cells(committed)]
