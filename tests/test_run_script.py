"""The ``run`` script finds a Python that works and a uv that works, among those that do not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.skipif(os.name != "posix", reason="a POSIX shell script")


def program(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def sandbox(tmp_path: Path) -> Path:
    """Return a folder with a copy of the script, failing shims on the PATH and a pyenv-like home."""
    shutil.copy(ROOT / "run", tmp_path / "run")
    for name in ("uv", "python", "python3", "python3.12", "python3.13", "python3.14"):
        program(tmp_path / "shims" / name, "echo shim: command not found >&2; exit 127")
    return tmp_path


def run(sandbox: Path, *arguments: str, pyenv: bool = True) -> subprocess.CompletedProcess[str]:
    if pyenv:
        version = ".".join(map(str, sys.version_info[:2]))
        program(sandbox / f"home/.pyenv/versions/{version}.0/bin/python3", f'exec "{sys.executable}" "$@"')
    environment = {"HOME": str(sandbox / "home"), "PATH": f"{sandbox / 'shims'}:/usr/bin:/bin"}
    command = ["/bin/sh", str(sandbox / "run"), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=sandbox, timeout=60, check=False
    )


STUB = 'if [ "$1" = --version ]; then echo uv 0; exit 0; fi\necho "UV_PYTHON=$UV_PYTHON"; echo "ARGUMENTS=$*"'


def test_failing_shims_are_passed_over_for_a_python_and_a_uv_that_run(sandbox: Path) -> None:
    program(sandbox / ".uv/bin/uv", STUB)
    result = run(sandbox, "bayesreg", "demo", "--out", "a folder")
    assert result.returncode == 0, result.stderr
    python = result.stdout.splitlines()[0].removeprefix("UV_PYTHON=")
    assert Path(python).samefile(sys.executable) or "python" in Path(python).name
    assert "shims" not in python
    assert "run --project" in result.stdout
    assert result.stdout.rstrip().endswith("bayesreg demo --out a folder")


def test_a_healthy_uv_on_the_path_is_used_as_it_is(sandbox: Path) -> None:
    program(sandbox / "shims/uv", STUB)
    result = run(sandbox, "pytest", "-x")
    assert result.returncode == 0, result.stderr
    assert result.stdout.rstrip().endswith("pytest -x")
    assert not (sandbox / ".uv").exists()


def test_a_given_uv_python_is_kept(sandbox: Path) -> None:
    program(sandbox / "shims/uv", f'{STUB.splitlines()[0]}\necho "$UV_PYTHON"')
    (sandbox / "shims/uv").chmod(0o755)
    environment = {"HOME": str(sandbox), "PATH": f"{sandbox / 'shims'}:/usr/bin:/bin", "UV_PYTHON": "3.12"}
    command = ["/bin/sh", str(sandbox / "run"), "x"]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert result.stdout.strip() == "3.12"


def test_without_a_command_it_says_how_to_use_it(sandbox: Path) -> None:
    result = run(sandbox)
    assert result.returncode == 2
    assert "./run bayesreg demo" in result.stderr
