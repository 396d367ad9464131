"""Chains give the same draws on any number of cores, in any rounds, in one go or in many."""

from __future__ import annotations

import _thread
import math
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from threadpoolctl import threadpool_info, threadpool_limits

import bayesreg as br
from bayesreg import chains, fit, likelihoods, priors
from bayesreg.chains import Request, run
from bayesreg.checkpoint import Checkpoint
from bayesreg.errors import InputError, NoEngineError, SamplingWarning
from tests.stub_engine import MEAN, SD, StubEngine

MODEL = br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0))
RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((6, 2)), RNG.standard_normal(6)
PROBLEM = MODEL.bind(br.make_design(X, Y))


def draw(engine: StubEngine | None = None, checkpoint: Checkpoint | None = None, **options: Any) -> Any:
    request = Request(**({"draws": 60, "chains": 3, "tune": 7, "cores": 2} | options))
    return run(engine or StubEngine(), PROBLEM, request, np.random.SeedSequence(5), checkpoint)


def same(a: Any, b: Any) -> None:
    assert set(a.values) == set(b.values)
    for name in a.values:
        np.testing.assert_array_equal(a.values[name], b.values[name])
    for name in a.stats:
        np.testing.assert_array_equal(a.stats[name], b.stats[name])


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[StubEngine], StubEngine]:
    """Make a stub the only engine that samples."""

    def only(engine: StubEngine) -> StubEngine:
        monkeypatch.setattr("bayesreg.choice.SAMPLE_ENGINES", (engine,))
        monkeypatch.setattr(fit, "SAMPLE_ENGINES", (engine,))
        return engine

    return only


def test_draws_are_those_of_one_chain_after_the_other() -> None:
    drawn = draw()
    expected = []
    for child in np.random.SeedSequence(5).spawn(3):
        chain = StubEngine().start(PROBLEM, np.random.Generator(np.random.PCG64(child)))
        chain.engine.chains.append(chain)
        chain.warm_up(7)
        expected.append(chain.advance(60))
    for name in ("coef", "sigma"):
        np.testing.assert_array_equal(drawn.values[name], np.stack([part[name] for part in expected]))
    assert drawn.values["coef"].shape == (3, 60, 2)
    np.testing.assert_array_equal(drawn.stats["step"], np.broadcast_to(np.arange(60.0), (3, 60)))
    assert drawn.exactness == "mcmc"
    assert drawn.attrs == {}


def test_draws_are_from_the_law_of_the_stub() -> None:
    coef = draw(draws=4000).values["coef"]
    # Autocorrelation 0.505 at most leaves a third of the 24000 numbers: four standard errors.
    assert abs(coef.mean() - MEAN) < 4 * SD / math.sqrt(8000)
    assert abs(coef.std() - SD) < 4 * SD / math.sqrt(2 * 8000)


@pytest.mark.parametrize("options", [{"cores": 1}, {"cores": 3}, {"cores": None}, {"block": 1}, {"block": 17}])
def test_neither_cores_nor_rounds_change_the_draws(options: dict[str, Any]) -> None:
    same(draw(**options), draw())


def test_neither_does_the_progress_line_which_is_one_line_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    same(draw(progressbar=True), draw())
    assert re.fullmatch(r"stub: 60 draws a chain, \d+ draws a chain a second, ESS \d+\n", capsys.readouterr().err)
    draw()
    assert capsys.readouterr().err == ""


def test_the_line_moves_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "150")
    draw(progressbar=True)
    said = capsys.readouterr().err
    assert "\x1b[" in said
    assert "60/60" in said
    assert "ESS" in said


def test_chains_run_in_no_more_threads_than_cores_and_leave_the_main_one_to_hear_ctrl_c() -> None:
    for cores in (1, 2):
        engine = StubEngine()
        draw(engine, cores=cores)
        assert 1 <= len(engine.threads) <= cores
        assert threading.get_ident() not in engine.threads


def test_blas_has_one_thread_while_chains_run_and_what_it_had_afterwards() -> None:
    def blas() -> list[int]:
        return [info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"]

    seen = []

    class Looking(StubEngine):
        def event(self, what: str, chain: Any, number: int) -> None:
            if number == 3:
                seen.append(blas())

    with threadpool_limits(2, user_api="blas"):
        before = blas()
        draw(Looking())
        assert blas() == before
    assert len(seen) == 3
    assert all(set(numbers) == {1} for numbers in seen)


def test_an_error_of_one_chain_is_raised() -> None:
    engine = StubEngine()
    engine.fail["draw", 1, 30] = FloatingPointError("no longer positive definite")
    with pytest.raises(FloatingPointError, match="no longer positive definite"):
        draw(engine)


@pytest.mark.parametrize("chain", [0, 2])
def test_an_interrupted_run_returns_the_draws_that_all_chains_have(chain: int) -> None:
    engine = StubEngine()
    engine.fail["draw", chain, 33] = KeyboardInterrupt()
    drawn = draw(engine, block=5)
    assert drawn.attrs == {"interrupted": 1}
    whole = draw()
    for name in whole.values:
        np.testing.assert_array_equal(drawn.values[name], whole.values[name][:, :30])
    assert drawn.stats["step"].shape == (3, 30)


def test_ctrl_c_lets_the_chains_end_their_round() -> None:
    class Signalled(StubEngine):
        def event(self, what: str, chain: Any, number: int) -> None:
            super().event(what, chain, number)
            if (what, number) == ("draw", 22) and chain is self.chains[0]:
                _thread.interrupt_main()

    engine = Signalled()
    drawn = draw(engine, block=5, draws=5000, cores=3)
    assert drawn.attrs == {"interrupted": 1}
    kept = drawn.values["coef"].shape[1]
    assert 25 <= kept < 5000
    assert {chain.done for chain in engine.chains} == {kept}
    np.testing.assert_array_equal(drawn.values["coef"], draw(draws=kept).values["coef"])


@pytest.mark.parametrize("at", [("warm_up", 1, 7), ("draw", 0, 0), ("draw", 2, 3)])
def test_with_hardly_any_draws_the_interrupt_goes_through(at: tuple[str, int, int]) -> None:
    engine = StubEngine()
    engine.fail[at] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        draw(engine, block=1)


def test_an_interrupted_posterior_says_so(use: Callable[[StubEngine], StubEngine]) -> None:
    engine = use(StubEngine())
    engine.fail["draw", 1, 700] = KeyboardInterrupt()
    with pytest.warns(SamplingWarning, match=r"stub failed: interrupted after \d+ draws a chain"):
        post = br.sample(MODEL, X, Y, seed=1)
    assert post.attrs["interrupted"] == 1
    assert 4 <= post["posterior"].sizes["draw"] <= 700
    assert post["sample_stats"]["step"].dims == ("chain", "draw")


def test_warm_up_is_what_the_engine_needs_unless_told(use: Callable[[StubEngine], StubEngine]) -> None:
    engine = use(StubEngine())
    br.sample(MODEL, X, Y, seed=1, chains=1, draws=500)
    br.sample(MODEL, X, Y, seed=1, chains=1, draws=500, tune=3)
    assert [call for call in engine.calls if call[0] == "warm_up"] == [("warm_up", 0, 20), ("warm_up", 1, 3)]


# Targets


def smallest(drawn: Any) -> float:
    return chains.smallest_ess(drawn.values)


def test_a_target_is_reached_and_not_by_much_more_than_needed() -> None:
    drawn = draw(StubEngine(0.9), target_ess=400.0, max_draws=100_000)
    length = drawn.values["coef"].shape[1]
    assert smallest(drawn) >= 400
    # (1 + phi)/(1 - phi) is 19 to 21: about 2700 draws a chain of three.
    assert 1500 < length < 8000
    same(drawn, draw(StubEngine(0.9), target_ess=400.0, max_draws=100_000, cores=1, block=23))
    np.testing.assert_array_equal(drawn.values["coef"], draw(StubEngine(0.9), draws=length).values["coef"])


def test_a_target_that_is_met_at_once_costs_no_further_draws() -> None:
    assert draw(target_ess=5.0).values["coef"].shape[1] == 60


def test_a_target_that_is_not_reached_is_said(use: Callable[[StubEngine], StubEngine]) -> None:
    use(StubEngine(0.98))
    with pytest.warns(SamplingWarning, match=r"smallest ESS \d+ of target_ess=2000 after max_draws=300"):
        post = br.sample(MODEL, X, Y, seed=1, draws=100, target_ess=2000, max_draws=300)
    assert post["posterior"].sizes["draw"] == 300
    assert post.attrs["target_ess"] == 2000


def test_without_max_draws_there_is_a_limit() -> None:
    assert draw(StubEngine(0.99), draws=10, target_ess=1e6).values["coef"].shape[1] == 200


def test_engines_with_independent_draws_make_just_enough_of_them() -> None:
    model = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0))
    for draws, expected in ((600, 600), (400, 500), (10, 200)):
        post = br.sample(model, X, Y, seed=1, draws=draws, target_ess=2000)
        assert post["posterior"].sizes["draw"] == expected


def test_an_engine_that_cannot_go_on_begins_again_with_more_draws(use: Callable[[Any], Any]) -> None:
    class Again:
        name = "again"
        tune = 4

        def __init__(self) -> None:
            self.asked: list[tuple[int, int]] = []

        def why_not(self, problem: Any) -> None:
            return None

        def cost(self, problem: Any) -> str:
            return "little"

        def sample(self, problem: Any, draws: int, chains: int, seed: Any, options: Any) -> Any:
            self.asked.append((draws, options["tune"]))
            request = Request(draws, chains, options["tune"])
            return run(StubEngine(0.9), problem, request, seed)

    engine = use(Again())
    post = br.sample(MODEL, X, Y, seed=1, draws=100, target_ess=400, max_draws=5000)
    assert len(engine.asked) > 1
    assert engine.asked[0] == (100, 4)
    assert post["posterior"].sizes["draw"] == engine.asked[-1][0]
    once = br.sample(MODEL, X, Y, seed=1, draws=engine.asked[-1][0])
    np.testing.assert_array_equal(post["posterior"]["coef"], once["posterior"]["coef"])


def test_an_interrupted_engine_does_not_begin_again(use: Callable[[Any], Any]) -> None:
    class Halved:
        name = "halved"
        tune = 4

        def why_not(self, problem: Any) -> None:
            return None

        def cost(self, problem: Any) -> str:
            return "little"

        def sample(self, problem: Any, draws: int, chains: int, seed: Any, options: Any) -> Any:
            drawn = run(StubEngine(0.9), problem, Request(draws // 2, chains, options["tune"]), seed)
            return replace(drawn, attrs={"interrupted": 1})

    use(Halved())
    with pytest.warns(SamplingWarning, match="interrupted after 50 draws a chain"):
        post = br.sample(MODEL, X, Y, seed=1, draws=100, target_ess=4000)
    assert post["posterior"].sizes["draw"] == 50


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"cores": 0}, "cores must be an integer of at least 1, got 0"),
        ({"cores": 1.5}, "cores"),
        ({"tune": -1}, "tune must be an integer of at least 0"),
        ({"target_ess": 0}, "target_ess must be a positive number, got 0"),
        ({"target_ess": math.nan}, "target_ess"),
        ({"target_ess": "many"}, "target_ess"),
        ({"max_draws": 5}, "max_draws limits target_ess, which is not given"),
        ({"target_ess": 10, "max_draws": 5}, "max_draws must be at least draws=1000, got 5"),
        ({"checkpoint_every": 5}, "give checkpoint= too"),
        ({"checkpoint": "run.npz", "checkpoint_every": 0}, "checkpoint_every must be an integer of at least 1"),
        ({"checkpoint": 3}, "checkpoint must be a path, got int"),
        ({"checkpoint": "no/such/folder/run.npz"}, "there is no folder 'no/such/folder'"),
        ({"checkpoint": "."}, "is a folder"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_by_name(
    options: dict[str, Any], match: str, use: Callable[[StubEngine], StubEngine]
) -> None:
    engine = use(StubEngine())
    with pytest.raises(InputError, match=re.escape(match)):
        br.sample(MODEL, X, Y, **options)
    assert engine.chains == []


def test_engines_that_cannot_go_on_are_passed_over_for_a_checkpoint(tmp_path: Path) -> None:
    model = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0))
    assert br.sample(model, X, Y, seed=1).attrs["engine"] == "exact_gaussian"
    post = br.sample(model, X, Y, seed=1, checkpoint=tmp_path / "run.npz")
    assert post.attrs["engine"].startswith("gibbs")
    assert "not exact_gaussian: it writes no checkpoint=" in post.attrs["why"]
    with pytest.raises(NoEngineError, match="exact_gaussian: it writes no checkpoint="):
        br.sample(model, X, Y, engine="exact_gaussian", checkpoint=tmp_path / "other.npz")


def test_the_tree_of_a_stub_is_a_posterior(use: Callable[[StubEngine], StubEngine]) -> None:
    use(StubEngine())
    post = br.sample(MODEL, X, Y, seed=1)
    assert isinstance(post, xr.DataTree)
    assert "interrupted" not in post.attrs
    assert br.diagnose(post).passed
