"""The shape of the package: floors, sizes, documentation of public names, and what importing it costs."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import inspect
import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bayesreg

PACKAGE = Path(bayesreg.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
NAMES = [str(path.relative_to(PACKAGE)) for path in FILES]

# Imports point strictly down; within one folder siblings may import each other, but engines only their base.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("errors", "interfaces"),
    ("groups", "by_group", "scales", "data"),
    ("penalty",),
    ("numerics", "priors", "likelihoods"),
    (
        "problem",
        "outcomes",
        "codec",
        "conventions",
        "foreign",
        "intervals",
        "expected_nonzero",
        "explained_share",
        "local_scales",
        "equivalence",
        "flat_fit",
        "fitted_rows",
    ),
    (
        "model",
        "identified",
        "noise",
        "null_model",
        "uniqueness",
        "scaling",
        "effective_df",
        "pymc_priors",
        "posterior",
        "power_rates",
    ),
    (
        "optimality",
        "row_problem",
        "mixture_problem",
        "pymc_export",
        "diagnostics",
        "checkpoint",
        "progress",
        "whitening",
        "bound_again",
    ),
    ("row_certificates", "gaussian_data", "gibbs_chain", "smooth_posterior", "sampling_form"),
    ("quadratic_certificates", "nutpie_models"),
    ("certificate",),
    ("results",),
    ("engines",),
    ("choice", "chains"),
    ("fit", "path", "evidence", "map_shrinkage", "leave_one_out"),
    ("shrinkage_factors", "verification", "prediction", "prior_prediction", "contrasts", "selection"),
    ("comparison", "power_scaling", "estimators"),
    ("tuning",),
    ("plots", "guide"),
    ("report",),
    ("cli",),
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
HEAVY = {"numpy", "numba", "pymc", "pytensor", "nutpie", "arviz", "sklearn", "matplotlib", "xarray", "pandas", "scipy"}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name below bayesreg) of every import of the package, wherever it stands in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "bayesreg":
                    yield node.lineno, alias.name.removeprefix("bayesreg").removeprefix(".")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            if node.module == "bayesreg":
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif node.module is not None and node.module.startswith("bayesreg."):
                yield node.lineno, node.module.removeprefix("bayesreg.")


def test_every_room_has_a_floor_and_every_floor_its_rooms() -> None:
    assert {room_of(path) for path in FILES} - {"__init__", "__main__"} == set(FLOOR)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("__init__.py", "__main__.py")])
def test_imports_point_down(name: str) -> None:
    path = PACKAGE / name
    room = room_of(path)
    for line, module in imported(path):
        target = module.split(".")[0]
        where = f"{name}:{line} imports {module or 'bayesreg itself'}"
        if target in ("", "__version__"):
            # The list of public names lies above all rooms but the last.
            assert FLOOR[room] == len(FLOORS) - 1, where
            continue
        assert target in FLOOR, where
        if target == room:
            assert room != "engines" or module == "engines.base", where
        else:
            assert FLOOR[target] < FLOOR[room], where


def test_the_table_of_the_contributors_page_is_this_one() -> None:
    page = PACKAGE.parent / "CONTRIBUTING.md"
    if not page.exists():
        pytest.skip("the tests run apart from the source tree")
    rows = [line.split("|") for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    table = {int(cells[1]): cells[2] for cells in rows if cells[1].strip().isdigit()}
    for floor, rooms in enumerate(FLOORS):
        said = {word.strip("/") for word in table[floor].split("`")[1::2]}
        assert said == set(rooms), floor


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_file_holds_one_idea_in_fewer_than_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 400


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_every_function_is_annotated_completely(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    methods = {
        id(item)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for item in node.body
        if not any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in getattr(item, "decorator_list", []))
    }
    for node in functions(tree):
        arguments = [*node.args.posonlyargs, *node.args.args]
        arguments = arguments[1:] if id(node) in methods else arguments
        arguments += [*node.args.kwonlyargs, *(a for a in (node.args.vararg, node.args.kwarg) if a is not None)]
        bare = [argument.arg for argument in arguments if argument.annotation is None]
        assert not bare, f"{node.name} (line {node.lineno}): {bare}"
        assert node.returns is not None, f"{node.name} (line {node.lineno}) does not say what it returns"


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_every_public_name_has_a_docstring(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the module"
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    bodies = [tree.body, *(node.body for node in classes)]
    for node in itertools.chain(classes, *bodies):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} (line {node.lineno})"


def test_public_names_load_and_are_listed() -> None:
    assert sorted(bayesreg.__all__) == dir(bayesreg)
    for name in bayesreg.__all__:
        value = getattr(bayesreg, name)
        assert isinstance(value, str) or inspect.getdoc(value), name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        bayesreg.nothing  # noqa: B018


def test_a_public_name_is_never_hidden_by_a_module_of_the_same_name() -> None:
    # Importing bayesreg.x sets the attribute x of the package, which would replace a function x.
    public = {name: getattr(bayesreg, name) for name in bayesreg.__all__}
    for name in NAMES:
        if not name.endswith("__main__.py"):
            module = ".".join(Path(name).with_suffix("").parts).removesuffix("__init__").strip(".")
            importlib.import_module(f"bayesreg.{module}".strip("."))
    for name, value in public.items():
        assert getattr(bayesreg, name) is value, name
        assert inspect.ismodule(value) or name not in {room_of(path) for path in FILES}, name


@pytest.mark.parametrize("name", [n for n in bayesreg.__all__ if inspect.isroutine(getattr(bayesreg, n))])
def test_a_public_function_shows_how_it_is_used(name: str) -> None:
    doc = inspect.getdoc(getattr(bayesreg, name)) or ""
    for section in ("Parameters\n-", "Examples\n-", ">>> "):
        assert section in doc, section


def test_every_prior_likelihood_and_law_shows_how_it_is_used() -> None:
    for module in ("priors", "likelihoods", "scales"):
        for name, value in vars(importlib.import_module(f"bayesreg.{module}")).items():
            own = inspect.isclass(value) and value.__module__.startswith(f"bayesreg.{module}")
            if own and not name.startswith("_") and not getattr(value, "_is_protocol", False):
                assert "Examples\n" in (inspect.getdoc(value) or ""), name


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_importing_the_package_loads_nothing_heavy_and_takes_no_time() -> None:
    code = (
        "import sys, time; start = time.process_time(); import bayesreg; "
        "print(time.process_time() - start, *sorted({name.split('.')[0] for name in sys.modules}))"
    )
    outputs = [run(code).split() for _ in range(5)]
    assert not HEAVY & set(outputs[0][1:])
    assert min(float(words[0]) for words in outputs) < 0.1


def test_building_a_model_loads_neither_pymc_nor_arviz_nor_scikit_learn() -> None:
    code = (
        "import sys, bayesreg as br; br.Model(br.likelihoods.Gaussian(), br.priors.Laplace(1.0)); br.find_map; "
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    assert not {"pymc", "pytensor", "nutpie", "arviz", "sklearn", "matplotlib", "xarray", "pandas"} & set(
        run(code).split()
    )


def test_sampling_loads_neither_arviz_nor_what_only_other_models_need() -> None:
    code = (
        "import sys, bayesreg as br; model = br.Model(br.likelihoods.Gaussian(1.0), br.priors.Gaussian(1.0)); "
        "br.sample(model, [[1.0], [2.0], [4.0]], [1.0, 2.0, 3.0], draws=5); print(*sorted(sys.modules))"
    )
    loaded = set(run(code).split())
    assert "xarray" in loaded
    assert (
        not {"arviz", "arviz_stats", "pymc", "nutpie", "sklearn", "matplotlib", "scipy.optimize", "scipy.stats"}
        & loaded
    )


def test_the_version_is_that_of_the_distribution() -> None:
    assert bayesreg.__version__ == importlib.metadata.version("bayesreg")
