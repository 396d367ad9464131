"""NUTS against the exact engine: two implementations of one posterior."""

from __future__ import annotations

import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import arviz as az
import numpy as np
import pytest
from scipy import sparse

import bayesreg as br
from bayesreg import likelihoods, nutpie_models, priors, scales
from bayesreg.data import make_design
from bayesreg.engines.base import Options
from bayesreg.engines.nuts import Nuts
from bayesreg.errors import SamplingError, SamplingWarning
from bayesreg.nutpie_models import compiled_pymc


@pytest.fixture(scope="module")
def trees() -> dict[str, Any]:
    rng = np.random.default_rng(8)
    X = rng.standard_normal((20, 2)) @ np.array([[1.0, 0.6], [0.0, 0.8]]) + [3.0, -1.0]
    y = 1.0 + X @ [0.8, -0.5] + 0.7 * rng.standard_normal(20)
    model = br.Model(likelihoods.Gaussian(scales.HalfNormal(1.0)), priors.Gaussian(0.6))
    options = {"draws": 1500, "tune": 500, "chains": 2, "seed": 5}
    return {
        "exact": br.sample(model, X, y, **options),
        "nuts": br.sample(model, X, y, engine="nuts", target_accept=0.95, **options),
    }


def test_both_engines_have_the_same_moments(trees: dict[str, Any]) -> None:
    exact, nuts = trees["exact"], trees["nuts"]
    assert (exact.attrs["engine"], nuts.attrs["engine"]) == ("exact_gaussian", "nuts")
    assert (exact.attrs["exactness"], nuts.attrs["exactness"]) == ("independent", "mcmc")
    for name in ("coef", "intercept", "sigma"):
        draws = nuts["posterior"][name]
        for kind, estimate in (("mean", draws.mean(("chain", "draw"))), ("sd", draws.std(("chain", "draw")))):
            mcse = az.mcse(nuts["posterior"].to_dataset()[[name]], method=kind)[name]
            truth = exact["exact_moments"][f"{name}_{kind}"]
            assert np.all(np.abs(estimate - truth) < 4 * mcse), (name, kind)


def test_the_sampler_reports_itself_and_nothing_else(trees: dict[str, Any]) -> None:
    nuts = trees["nuts"]
    assert {"diverging", "energy", "n_steps", "step_size"} <= set(nuts["sample_stats"].data_vars)
    assert set(nuts["posterior"].data_vars) == {"coef", "intercept", "sigma"}
    assert nuts["posterior"]["coef"].shape == (2, 1500, 2)


def test_a_sampler_that_cannot_start_says_what_to_check(linear: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import nutpie

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("All initialization points failed")

    monkeypatch.setattr(nutpie, "sample", fail)
    with pytest.raises(SamplingError, match=r"All initialization points failed.*every prior is proper"):
        br.sample(br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0)), *linear, seed=0, engine="nuts")


def test_it_refuses_a_prior_without_a_pymc_form(linear: Any) -> None:
    class Nothing:
        """Meets `Prior` and no more."""

        loc = 0.0
        factor = 1.0
        relative_to = None

        def hyperparameters(self) -> dict[str, Any]:
            """Return none."""
            return {}

    model = br.Model(likelihoods.Gaussian(1.0), Nothing())
    assert "neither rates(...) nor to_pymc(...)" in str(Nuts().why_not(model.bind(make_design(*linear))))


class Exponential:
    """A law of a user's own, which only PyMC can be told about."""

    def log_density(self, value: Any) -> Any:
        """Rate 1."""
        return -value

    def draw(self, rng: np.random.Generator, size: int) -> Any:
        """Rate 1."""
        return rng.exponential(size=size)

    def to_pymc(self, name: str) -> Any:
        """Rate 1."""
        import pymc as pm

        return pm.Exponential(name, 1.0)


@dataclass(frozen=True)
class Counter:
    """Stands for nutpie's compiler: counts, and keeps the data that it is given."""

    compiled: list[Any] = field(default_factory=list)

    def __call__(self, model: Any) -> Any:
        """Return a compiled model."""
        self.compiled.append(model)
        return SimpleNamespace(number=len(self.compiled), with_data=lambda **data: (len(self.compiled), data))


@pytest.fixture
def compiler(monkeypatch: pytest.MonkeyPatch) -> Counter:
    import nutpie

    counter = Counter()
    monkeypatch.setattr(nutpie_models, "_COMPILED", {})
    monkeypatch.setattr(nutpie, "compile_pymc_model", counter)
    return counter


OWN = br.Model(likelihoods.Gaussian(Exponential()), priors.Laplace(1.0))


def test_a_model_of_our_parts_is_never_compiled(compiler: Counter, linear: Any) -> None:
    X, y = linear
    for model in (
        br.Model(likelihoods.StudentT(), priors.Laplace(scales.HalfCauchy(1.0))),
        br.Model(likelihoods.Gaussian(), priors.Horseshoe()),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SamplingWarning)
            br.sample(model, X, y, engine="nuts", draws=20, tune=20, chains=1, seed=1)
    assert compiler.compiled == []


def test_new_data_of_a_known_structure_are_not_compiled_again(compiler: Counter, linear: Any) -> None:
    X, y = linear
    rows = np.arange(y.size) % 2 == 0
    first, second = OWN.bind(make_design(X, y)), OWN.bind(make_design(X, y + 0.1 * np.cos(np.arange(y.size))))
    # Fewer rows with the same means and units would serve too: means enter the model.
    third = replace(second, design=replace(second.design, y=second.design.y[::-1].copy()))
    for problem in (first, second, third):
        _, data = compiled_pymc(problem)
        np.testing.assert_array_equal(data["y_observed"], problem.design.y)
        np.testing.assert_array_equal(data["X"], problem.design.X)
    assert len(compiler.compiled) == 1
    others = [
        br.Model(OWN.likelihood, priors.Laplace(2.0)).bind(make_design(X, y)),
        OWN.bind(make_design(X[rows], y[rows])),
        OWN.bind(make_design(X, y, np.where(rows, 2.0, 1.0))),
        OWN.bind(make_design(X, y, None, rows.astype(float))),
        OWN.bind(make_design(X, 1000 * y)),
        replace(OWN, fit_intercept=False).bind(make_design(X, y)),
        replace(OWN, standardize=True).bind(make_design(X, y)),
    ]
    for number, problem in enumerate(others, start=2):
        assert compiled_pymc(problem)[0] == number
        assert compiled_pymc(problem)[0] == number


def test_threads_that_ask_at_the_same_time_compile_once(compiler: Counter, linear: Any) -> None:
    problem = OWN.bind(make_design(*linear))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: compiled_pymc(problem), range(8)))
    assert len(compiler.compiled) == 1


@pytest.mark.slow
def test_a_compiled_pymc_form_forgets_the_data_before(linear: Any) -> None:
    X, y = linear
    options = {"engine": "nuts", "draws": 1000, "tune": 300, "chains": 2, "seed": 2}
    ours = br.Model(likelihoods.Gaussian(scales.Gamma(1.0, 1.0)), priors.Laplace(1.0))
    # An exponential law is a gamma law of shape 1: the two ways to sample must agree, for either response.
    for response in (y, y[::-1].copy()):
        theirs, own = (br.sample(model, X, response, **options)["posterior"] for model in (OWN, ours))
        for name in ("coef", "intercept", "sigma"):
            error = np.hypot(*(az.mcse(tree.to_dataset()[[name]])[name] for tree in (theirs, own)))
            difference = theirs[name].mean(("chain", "draw")) - own[name].mean(("chain", "draw"))
            assert np.all(np.abs(difference) < 4 * error), name


def test_ctrl_c_keeps_what_every_chain_has(linear: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import nutpie

    start = nutpie.sample

    def interrupted(*args: Any, **settings: Any) -> Any:
        running = start(*args, **settings)

        def wait() -> None:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                time.sleep(0.1)
                with warnings.catch_warnings():
                    # ArviZ about fewer draws than chains.
                    warnings.simplefilter("ignore", UserWarning)
                    posterior = running.inspect()["posterior"]
                if "u" in posterior and posterior.sizes["draw"] > 50 and np.isfinite(posterior["u"][:, 50]).all():
                    raise KeyboardInterrupt
            raise AssertionError("no draws within a minute")

        return SimpleNamespace(wait=wait, abort=running.abort)

    monkeypatch.setattr(nutpie, "sample", interrupted)
    model = br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0))
    X, y = linear
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SamplingWarning)
        post = br.sample(model, X, (y > y.mean()).astype(float), draws=10**6, tune=50, chains=2, seed=1, engine="nuts")
    draws = post["posterior"]["coef"]
    assert 50 < draws.sizes["draw"] < 10**6
    assert np.isfinite(draws).all()
    assert post.attrs["interrupted"] == 1


def test_the_same_seed_gives_the_same_draws_on_any_number_of_cores(linear: Any) -> None:
    model = br.Model(likelihoods.StudentT(), priors.RegularizedHorseshoe())
    options = {"draws": 30, "tune": 50, "chains": 2, "seed": 3, "engine": "nuts"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SamplingWarning)
        one, two = (br.sample(model, *linear, cores=cores, **options)["posterior"] for cores in (1, 2))
    for name in one.data_vars:
        np.testing.assert_array_equal(one[name], two[name])


def test_sparse_columns_give_the_draws_of_dense_ones(binary: Any) -> None:
    X, y = binary
    model = br.Model(likelihoods.Bernoulli(), priors.Laplace(1.0))
    options: Options = {"tune": 30, "cores": 1, "progressbar": False, "target_accept": 0.9}
    dense, stored = (
        Nuts().sample(model.bind(make_design(form, y)), 30, 1, np.random.SeedSequence(4), options).values["coef"]
        for form in (X, sparse.csc_array(X))
    )
    # Sums are taken in another order: early draws agree but for rounding, which trajectories blow up.
    np.testing.assert_allclose(dense[:, :2], stored[:, :2], rtol=1e-3)


def test_sparse_columns_under_a_law_of_ones_own_are_refused(binary: Any) -> None:
    X, y = binary
    problem = OWN.bind(make_design(sparse.csc_array(X), y))
    assert "X is sparse" in str(Nuts().why_not(problem))


def test_rows_that_are_fitted_perfectly_at_the_start_have_information() -> None:
    # The slopes of the loss are all 0 there, and its information is not.
    X = np.random.default_rng(1).standard_normal((20, 2))
    model = br.Model(likelihoods.Huber(1.35, 1.0), priors.Gaussian(1.0))
    post = br.sample(model, X, np.full(20, 2.0), draws=400, tune=300, chains=2, seed=1, engine="nuts")
    assert np.abs(post["posterior"]["coef"].mean(("chain", "draw"))).max() < 0.1
