"""The compiled samplers go on from their files bit by bit, on any number of cores."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bayesreg as br
from bayesreg import chains, likelihoods, priors, scales
from bayesreg.choice import SAMPLE_ENGINES
from bayesreg.engines.base import ChainEngine

PRIOR = priors.Laplace(scales.HalfCauchy(1.0), relative_to=None)
LAPLACE = br.Model(likelihoods.Gaussian(scales.InverseGamma(2.0, 1.0)), PRIOR)
CLASSES = br.Model(likelihoods.Bernoulli(), priors.Laplace(scales.HalfNormal(1.0)))
# The runs are too short to pass a diagnosis.
pytestmark = pytest.mark.filterwarnings("ignore:the posterior sample by:bayesreg.errors.SamplingWarning")


def able() -> list[Any]:
    """Name every engine with chains, with a model and data that it can do."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((25, 40))
    cases = []
    for engine in SAMPLE_ENGINES:
        if isinstance(engine, ChainEngine):
            for model, data, label in (
                (LAPLACE, (X[:, :4], X[:, 0]), "tall"),
                (LAPLACE, (X, X[:, 0]), "wide"),
                (CLASSES, (X[:, :4], (X[:, 0] > X[:, 5]) * 1.0), "classes"),
                (CLASSES, (X, (X[:, 0] > X[:, 5]) * 1.0), "wide classes"),
            ):
                if engine.why_not(model.bind(br.make_design(*data))) is None:
                    cases.append(pytest.param(engine, model, data, id=f"{engine.name}-{label}"))
    return cases


class Interrupted:
    """A chain engine whose last chain is interrupted in the k-th round of draws."""

    def __init__(self, engine: Any, k: int) -> None:
        self.engine, self.k = engine, k
        self.name, self.tune = engine.name, engine.tune

    def why_not(self, problem: Any) -> Any:
        """Ask the engine."""
        return self.engine.why_not(problem)

    def cost(self, problem: Any) -> Any:
        """Ask the engine."""
        return self.engine.cost(problem)

    def start(self, problem: Any, rng: Any) -> Any:
        """Wrap the way that draws are made."""
        chain = self.engine.start(problem, rng)
        advance, calls = chain.advance, []

        def stopped(draws: int) -> Any:
            calls.append(draws)
            parts = advance(draws)
            if len(calls) == self.k:
                raise KeyboardInterrupt
            return parts

        chain.advance = stopped
        return chain


@pytest.mark.parametrize(("engine", "model", "data"), able())
def test_a_run_of_a_compiled_sampler_goes_on_bit_by_bit(
    engine: Any, model: Any, data: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {"draws": 90, "tune": 30, "chains": 2, "seed": 4, "engine": engine.name}
    whole = br.sample(model, *data, cores=1, **options)
    monkeypatch.setattr(chains, "FIRST_ROUND", 5)
    monkeypatch.setattr(chains, "ROUND", 0.0005)
    for k in (1, 2, 4):
        with monkeypatch.context() as patched:
            patched.setattr(
                "bayesreg.fit.SAMPLE_ENGINES", tuple(Interrupted(e, k) if e is engine else e for e in SAMPLE_ENGINES)
            )
            with contextlib.suppress(KeyboardInterrupt):
                br.sample(model, *data, checkpoint=tmp_path / "run.npz", cores=2, **options)
    gone_on = br.sample(model, *data, checkpoint=tmp_path / "run.npz", cores=2, **options)
    assert gone_on["posterior"].identical(whole["posterior"])


@pytest.mark.slow
def test_the_example_of_the_document_shows_the_same_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (Path(__file__).parent.parent / "docs/long_runs.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[1]
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "docs/long_runs.md", "exec"), {})
    assert re.search(r"interrupted after \d+ of \d+ draws\nsame draws: True\n", capsys.readouterr().out)


def test_the_pages_options_are_those_of_the_function() -> None:
    page = (Path(__file__).parent.parent / "docs/long_runs.md").read_text(encoding="utf-8")
    options = set(re.findall(r"`(\w+)=`", page)) | set(re.findall(r"^    (\w+)=", page, re.MULTILINE))
    assert options >= {"checkpoint", "target_ess", "cores", "progressbar"}
    assert options <= set(br.sample.__kwdefaults__)
