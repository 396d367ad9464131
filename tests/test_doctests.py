"""Every example in a docstring runs and shows what it says."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import bayesreg

PACKAGE = Path(bayesreg.__file__).parent
MODULES = sorted(
    ".".join(["bayesreg", *path.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if path.name != "__main__.py"
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    results = doctest.testmod(importlib.import_module(name), verbose=False)
    assert results.failed == 0


def test_the_examples_are_found() -> None:
    module = importlib.import_module("bayesreg.fit")
    found = [test for test in doctest.DocTestFinder().find(module) if test.examples]
    assert {test.name.rsplit(".", 1)[1] for test in found} >= {"find_map", "sample", "explain", "to_pymc"}
