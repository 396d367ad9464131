"""A run that goes on from its file is the run that was never interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bayesreg as br
from bayesreg import chains, fit, likelihoods, priors
from bayesreg import checkpoint as module
from bayesreg.errors import InputError, SamplingWarning
from tests.stub_engine import StubEngine

MODEL = br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0))
RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((6, 2)), RNG.standard_normal(6)
# Many runs here are too short to pass a diagnosis, which is not what they are for.
pytestmark = pytest.mark.filterwarnings("ignore:the posterior sample by:bayesreg.errors.SamplingWarning")
OPTIONS: dict[str, Any] = {"draws": 400, "chains": 3, "seed": 5}


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> StubEngine:
    """Make a stub the only engine that samples, in rounds of seven draws."""
    stub = StubEngine()
    monkeypatch.setattr("bayesreg.choice.SAMPLE_ENGINES", (stub,))
    monkeypatch.setattr(fit, "SAMPLE_ENGINES", (stub,))
    monkeypatch.setattr(chains, "FIRST_ROUND", 7)
    monkeypatch.setattr(chains, "ROUND", 0.002)
    return stub


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.npz"


def sample(**options: Any) -> Any:
    return br.sample(MODEL, X, Y, **(OPTIONS | options))


def interrupted(engine: StubEngine, at: tuple[str, int, int], **options: Any) -> None:
    """Begin a run in which something raises KeyboardInterrupt."""
    engine.chains.clear()
    engine.fail[at] = KeyboardInterrupt()
    try:
        with pytest.warns(SamplingWarning, match="interrupted after"):
            sample(**options)
    except KeyboardInterrupt:
        pass
    assert not engine.fail
    engine.chains.clear()


def same(a: Any, b: Any) -> None:
    for group in ("posterior", "sample_stats", "log_likelihood"):
        assert a[group].to_dataset().identical(b[group].to_dataset())


@pytest.mark.parametrize(
    "at", [("warm_up", 1, 20), ("draw", 0, 0), ("draw", 1, 2), ("draw", 2, 100), ("draw", 0, 333), ("draw", 2, 399)]
)
def test_an_interrupted_run_goes_on_bit_by_bit(engine: StubEngine, path: Path, at: tuple[str, int, int]) -> None:
    interrupted(engine, at, checkpoint=path)
    assert path.exists() is (at[0] == "draw")
    engine.calls.clear()
    gone_on = sample(checkpoint=path)
    # Unless it was interrupted in it, the warm-up is not done again, and the draws in the file are not either.
    assert any(what == "warm_up" for what, _, _ in engine.calls) is (at[0] == "warm_up")
    firsts = {number for what, chain, number in engine.calls if what == "draw" and chain == 0}
    assert max(0, at[2] - 200) <= min(firsts) if at[0] == "draw" else min(firsts) == 0
    same(gone_on, sample())
    assert "interrupted" not in gone_on.attrs


def test_a_run_that_is_interrupted_again_and_again_comes_to_the_same_end(engine: StubEngine, path: Path) -> None:
    for number in (50, 51, 130, 300):
        interrupted(engine, ("draw", number % 3, number), checkpoint=path, cores=number % 3 + 1)
    same(sample(checkpoint=path), sample())


def test_a_finished_run_is_read_and_a_longer_one_goes_on_from_it(engine: StubEngine, path: Path) -> None:
    first = sample(checkpoint=path)
    engine.calls.clear()
    before = path.read_bytes()
    same(sample(checkpoint=path), first)
    same(sample(checkpoint=path, draws=150), sample(draws=150))
    assert path.read_bytes() == before
    engine.calls.clear()
    engine.chains.clear()
    longer = sample(checkpoint=path, draws=700)
    assert {number for what, chain, number in engine.calls if chain == 0} == set(range(400, 700))
    same(longer, sample(draws=700))
    assert path.read_bytes() != before


def test_a_target_is_reached_by_the_same_draws_in_two_goes(engine: StubEngine, path: Path) -> None:
    options: dict[str, Any] = {"draws": 100, "target_ess": 800.0, "max_draws": 9000}
    whole = sample(**options)
    assert whole["posterior"].sizes["draw"] > 400
    for number in (99, 150, 350):
        interrupted(engine, ("draw", 1, number), checkpoint=path, **options)
    same(sample(checkpoint=path, **options), whole)
    same(sample(checkpoint=path, **options), whole)
    same(sample(checkpoint=path, draws=100), sample(draws=100))


def test_a_run_without_a_seed_goes_on_with_the_one_it_had(engine: StubEngine, path: Path) -> None:
    interrupted(engine, ("draw", 1, 200), checkpoint=path, seed=None)
    gone_on = sample(checkpoint=path, seed=None)
    same(sample(checkpoint=path, seed=None), gone_on)
    same(sample(seed=module.stored_seed(path)), gone_on)


def test_a_generator_as_seed_goes_on_when_it_is_the_same_again(engine: StubEngine, path: Path) -> None:
    interrupted(engine, ("draw", 1, 200), checkpoint=path, seed=np.random.default_rng(8))
    same(sample(checkpoint=path, seed=np.random.default_rng(8)), sample(seed=np.random.default_rng(8)))
    with pytest.raises(InputError, match=r"numpy\.random\.Generator as seed: give seed= again"):
        sample(checkpoint=path, seed=None)


def test_it_is_written_as_often_as_asked(engine: StubEngine, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = []
    write = module.Checkpoint.write

    def counted(self: Any, saved: Any) -> None:
        lengths.append(saved.length)
        write(self, saved)

    monkeypatch.setattr(module.Checkpoint, "write", counted)
    whole = sample(checkpoint=path, checkpoint_every=150)
    assert lengths == [0, 150, 300, 400]
    same(whole, sample())
    lengths.clear()
    sample(checkpoint=path.with_name("other.npz"))
    assert lengths == [0, 400]


def test_the_file_holds_plain_numbers_and_one_text(path: Path) -> None:
    post = sample(checkpoint=path)
    with np.load(path, allow_pickle=False) as file:
        assert all(file[name].dtype.kind in "fiu" for name in file.files if name != "meta")
        np.testing.assert_array_equal(file["draws/coef"], post["posterior"]["coef"])
        assert json.loads(str(file["meta"]))["run"]["seed"] == "5"
    assert [child.name for child in path.parent.iterdir()] == ["run.npz"]


# Other runs


def changed(what: str) -> Callable[[Path], Any]:
    def call(path: Path) -> Any:
        args: list[Any] = [MODEL, X, Y]
        options = OPTIONS | {"checkpoint": path}
        match what:
            case "the model":
                args[0] = br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.1))
            case "X":
                args[1] = np.where(np.arange(12).reshape(6, 2) == 3, np.nextafter(X, 9), X)
            case "y":
                args[2] = Y + 1e-9
            case "sample_weight":
                options["sample_weight"] = np.array([1, 1, 1, 1, 1, 2])
            case "offset":
                options["offset"] = np.full(6, 0.1)
            case "seed":
                options["seed"] = 6
            case "chains":
                options["chains"] = 2
            case "tune":
                options["tune"] = 21
        return br.sample(*args, **options)

    return call


@pytest.mark.parametrize("what", ["the model", "X", "y", "sample_weight", "offset", "seed", "chains", "tune"])
def test_the_file_of_another_run_is_refused_by_what_differs_and_kept(path: Path, what: str) -> None:
    sample(checkpoint=path)
    before = path.read_bytes()
    with pytest.raises(
        InputError, match=rf"is the file of another run: it differs in {what}( \(\d+ there, \d+ now\))?\. It is never"
    ):
        changed(what)(path)
    assert path.read_bytes() == before


def test_other_versions_and_engines_are_named(engine: StubEngine, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample(checkpoint=path)
    monkeypatch.setattr(engine, "name", "other", raising=False)
    monkeypatch.setattr(module, "version", lambda name: "99")
    with pytest.raises(InputError, match=r"the engine \(stub there, other now\), the versions .*numpy 99"):
        sample(checkpoint=path)


def test_numbers_of_several_runs_are_told(path: Path) -> None:
    sample(checkpoint=path)
    with pytest.raises(InputError, match=r"differs in seed \(5 there, 6 now\), chains \(3 there, 2 now\)"):
        sample(checkpoint=path, seed=6, chains=2)


# Damage


def test_every_truncated_file_is_refused_and_kept(path: Path) -> None:
    sample(checkpoint=path)
    whole = path.read_bytes()
    for length in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"cannot be read .* it is damaged, or no checkpoint"):
            sample(checkpoint=path)
        assert path.read_bytes() == whole[:length]


def test_a_flipped_bit_is_found(path: Path) -> None:
    sample(checkpoint=path)
    whole = bytearray(path.read_bytes())
    with np.load(path) as file:
        place = bytes(whole).index(np.ascontiguousarray(file["draws/coef"]).tobytes())
    whole[place + 1000] ^= 1
    path.write_bytes(bytes(whole))
    with pytest.raises(InputError, match="damaged"):
        sample(checkpoint=path)


def test_files_of_another_kind_are_refused(path: Path) -> None:
    path.write_text("coef,intercept\n1,2\n")
    with pytest.raises(InputError, match="damaged, or no checkpoint"):
        sample(checkpoint=path)
    for arrays in (
        {"x": np.ones(3)},
        {"meta": np.array("{}")},
        {"meta": np.array("[1]")},
        {"meta": np.array('{"format": "bayesreg checkpoint 0", "run": {}, "generators": [1]}')},
        {"meta": np.array([{"a": 1}], dtype=object)},
    ):
        np.savez(path, **arrays)
        with pytest.raises(InputError, match="damaged, or no checkpoint"):
            sample(checkpoint=path)


# The disk


@pytest.mark.parametrize("step", ["savez", "fsync", "replace"])
def test_a_crash_while_writing_leaves_the_old_file(
    engine: StubEngine, path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    sample(checkpoint=path)
    before = path.read_bytes()

    def crash(*_: Any, **__: Any) -> None:
        raise SystemExit(9)

    monkeypatch.setattr(*{"savez": (np, "savez"), "fsync": (os, "fsync"), "replace": (os, "replace")}[step], crash)
    with pytest.raises(SystemExit):
        sample(checkpoint=path, draws=500)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [child.name for child in path.parent.iterdir()] == ["run.npz"]


def test_a_full_disk_is_said_and_does_not_end_the_run(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.warns(SamplingWarning, match="could not be written .*No space left on device"):
        post = sample(checkpoint=path)
    same(post, sample())
    assert not path.exists()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no such signal")
def test_a_run_that_is_killed_goes_on_from_its_last_file(path: Path) -> None:
    code = f"""
import time
from bayesreg import choice, fit
from tests import test_checkpoint
from tests.stub_engine import StubEngine

class Slow(StubEngine):
    def event(self, what, chain, number):
        time.sleep(0.001)

fit.SAMPLE_ENGINES = choice.SAMPLE_ENGINES = (Slow(),)
test_checkpoint.sample(checkpoint={str(path)!r}, checkpoint_every=10, draws=100_000)
"""
    process = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parent.parent)
    try:
        while not path.exists() or path.stat().st_size < 20_000:
            assert process.poll() is None
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    same(sample(checkpoint=path), sample())
