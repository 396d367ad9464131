"""What the documents say is what the package does."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from bayesreg import plots
from bayesreg.choice import MAP_ENGINES, SAMPLE_ENGINES
from bayesreg.conventions import CONVENTIONS

ROOT = Path(__file__).parent.parent


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_convention_stands_in_the_table_with_its_objective() -> None:
    page = text("docs/conventions.md").replace("\\|", "|")
    rows = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    assert rows == list(CONVENTIONS)
    for row in CONVENTIONS.values():
        assert row.objective.split(" (on w_j")[0] in page


def test_every_engine_is_described_in_the_order_of_choice() -> None:
    page = text("docs/engines.md")
    names = re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE)
    engines = [engine.name for engine in (*MAP_ENGINES, *SAMPLE_ENGINES)]
    assert names[: len(engines)] == engines


def test_links_between_documents_lead_somewhere() -> None:
    for page in (
        "README.md",
        "CONTRIBUTING.md",
        "docs/model.md",
        "docs/engines.md",
        "docs/conventions.md",
        "docs/long_runs.md",
        "docs/strength.md",
        "docs/selection.md",
        "docs/choosing.md",
        "docs/plots.md",
    ):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text(page)):
            assert (ROOT / page).parent.joinpath(target).exists(), f"{page}: {target}"
    for name in re.findall(
        r"`((?:notebooks|benchmarks|bayesreg|tests)/[\w./]+)`", text("README.md") + text("CONTRIBUTING.md")
    ):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("docs/strength.md", "log evidence, exact"),
        ("docs/selection.md", "5 of 10 columns by projection: bmi, s5, bp, s3, sex"),
        ("docs/choosing.md", "within one standard error of the best in elpd (leave-one-out)"),
        ("docs/plots.md", ""),
    ],
)
def test_the_pieces_of_a_page_run_in_a_row(page: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = "\n".join(re.findall(r"```python\n(.*?)```", text(page), re.DOTALL))
    exec(compile(code, page, "exec"), {})
    plt.close("all")
    assert said in capsys.readouterr().out


def test_every_plot_has_its_picture_on_both_pages() -> None:
    page = text("docs/plots.md")
    drawn = set(re.findall(r"plots\.(\w+)\(", page))
    assert drawn == {name for name in dir(plots) if f"{name}_data" in dir(plots)}
    shown = re.findall(r"images/([\w-]+)\.png", page)
    assert set(shown) == {name + end for name in drawn for end in ("", "-dark")}
    for name in shown:
        assert (ROOT / "docs" / "images" / f"{name}.png").exists(), name


@pytest.mark.slow
def test_the_example_of_the_readme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    code = re.search(r"```python\n(.*?)```", text("README.md"), re.DOTALL)
    assert code is not None
    exec(compile(code[1], "README.md", "exec"), {})
    plt.close("all")
    said = capsys.readouterr().out
    assert "7 of 10 coefficients non-zero" in said
    assert "optimal: relative gap 0.0e+00" in said
    assert "NOT optimal" in said
    assert "effective number of coefficients" in said
