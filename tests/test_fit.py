"""The verbs: what runs, what they say about it, and what they return."""

from __future__ import annotations

import dataclasses
import json
import pickle
from typing import Any

import numpy as np
import pytest
from scipy import stats

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.choice import MAP_ENGINES, SAMPLE_ENGINES
from bayesreg.data import make_design
from bayesreg.errors import ConvergenceWarning, DesignWarning, InputError, NoEngineError, NoMapError

GAUSSIAN, BERNOULLI = likelihoods.Gaussian(1.0), likelihoods.Bernoulli()
LEARNED_SCALE = priors.Gaussian(scales.HalfCauchy(1.0))

# model, data, engine of find_map, engine of sample
CHOICES: list[tuple[br.Model, str, str | None, str]] = [
    (br.Model(GAUSSIAN, priors.Gaussian(1.0)), "linear", "closed_form", "exact_gaussian"),
    (br.Model(GAUSSIAN, priors.Flat()), "linear", "closed_form", "exact_gaussian"),
    (br.Model(likelihoods.Gaussian(), priors.Gaussian(1.0)), "linear", "closed_form", "exact_gaussian"),
    (br.Model(GAUSSIAN, priors.Laplace(1.0)), "linear", "coordinate_descent", "gibbs_full"),
    (br.Model(GAUSSIAN, priors.ElasticNet(1.0, 1.0)), "wide", "coordinate_descent", "gibbs_collapsed"),
    (br.Model(GAUSSIAN, priors.ElasticNet(0.0, 1.0)), "linear", "closed_form", "exact_gaussian"),
    (br.Model(BERNOULLI, priors.Gaussian(1.0)), "binary", "prox_newton", "laplace_approximation"),
    (br.Model(BERNOULLI, priors.Laplace(1.0)), "binary", "prox_newton", "gibbs_augmented"),
    (br.Model(GAUSSIAN, LEARNED_SCALE), "linear", None, "exact_gaussian"),
]


@pytest.mark.parametrize(("model", "data", "map_engine", "sample_engine"), CHOICES)
def test_explain_tells_what_would_run(
    model: br.Model, data: str, map_engine: str | None, sample_engine: str, request: pytest.FixtureRequest
) -> None:
    found = br.explain(model, *request.getfixturevalue(data))
    assert found.map_engine == map_engine
    assert found.sample_engine == sample_engine
    assert [name for name, _ in found.find_map] == [engine.name for engine in MAP_ENGINES]
    assert [name for name, _ in found.sample] == [engine.name for engine in SAMPLE_ENGINES]
    # Every engine is either able or says why not.
    for name, reason in found.find_map + found.sample:
        assert reason is None or len(reason) > 10, name
    text = str(found)
    # What works comes first.
    first = "find_map: " if map_engine else "sample: "
    assert text.startswith(first)
    assert f"find_map: {map_engine or 'this model is sampled only: prior_scale is learned'}" in text
    assert f"sample: {sample_engine}" in text
    assert text.count("chosen") == 1 + (map_engine is not None)


@pytest.mark.parametrize(("model", "data", "map_engine", "sample_engine"), CHOICES)
def test_find_map_runs_what_explain_told(
    model: br.Model, data: str, map_engine: str | None, sample_engine: str, request: pytest.FixtureRequest
) -> None:
    X, y = request.getfixturevalue(data)
    if map_engine is None:
        with pytest.raises(NoMapError, match=r"prior_scale is learned"):
            br.find_map(model, X, y)
    else:
        assert br.find_map(model, X, y).engine == map_engine


def test_the_result_holds_everything_in_original_units(linear: Any) -> None:
    X, y = linear
    model = br.Model(likelihoods.Gaussian(0.7), priors.Laplace(0.05), standardize=True)
    weight, offset = np.arange(30) % 3 + 0.5, np.linspace(-1, 1, 30)
    mode = br.find_map(model, X, y, sample_weight=weight, offset=offset)
    assert mode.coef.shape == (4,)
    assert isinstance(mode.intercept, float)
    assert mode.sigma == 0.7
    assert mode.names == ("x0", "x1", "x2", "x3")
    assert mode.n_nonzero == np.count_nonzero(mode.coef)
    assert mode.converged is mode.certificate.accepted is True
    assert mode.likelihood == model.likelihood
    assert br.Model.from_json(mode.spec) == model
    problem = model.bind(make_design(X, y, weight, offset))
    np.testing.assert_allclose(mode.log_posterior, problem.log_posterior(mode.coef, mode.intercept), rtol=1e-14)
    assert "given sigma" in mode.measure
    assert mode.notes == problem.notes


def test_the_result_prints_and_becomes_a_frame(linear: Any, wide: Any) -> None:
    mode = br.find_map(br.Model(GAUSSIAN, priors.Laplace(0.2)), *linear)
    frame = mode.to_frame()
    assert list(frame.index) == ["intercept", "x0", "x1", "x2", "x3"]
    np.testing.assert_array_equal(frame["map"], [mode.intercept, *mode.coef])
    text = str(mode)
    assert "coordinate_descent" in text
    assert str(mode.certificate) in text
    assert text.count("\n  x") == 4
    X = np.column_stack([wide[0], wide[0] ** 2])
    assert "... and 20 more" in str(br.find_map(br.Model(GAUSSIAN, priors.Laplace(0.2)), X, wide[1]))
    odd = dataclasses.replace(mode, names=("<b>", *mode.names[1:]))._repr_html_()
    assert "&lt;b&gt;" in odd
    assert "<b>" not in odd
    assert odd.count("<tr") == 2 + 1 + mode.coef.size  # two of the heading, one of the intercept


def test_no_intercept_means_zero_and_no_noise_means_none(linear: Any, binary: Any) -> None:
    assert br.find_map(br.Model(GAUSSIAN, priors.Gaussian(1.0), fit_intercept=False), *linear).intercept == 0.0
    mode = br.find_map(br.Model(BERNOULLI, priors.Gaussian(1.0)), *binary)
    assert mode.sigma is None
    assert mode.measure == "mode of (intercept, coef)"


def test_an_engine_can_be_named_and_says_why_it_cannot(linear: Any) -> None:
    model = br.Model(GAUSSIAN, priors.Gaussian(1.0))
    one, two = (br.find_map(model, *linear, engine=name) for name in ("closed_form", "coordinate_descent"))
    assert (one.engine, two.engine) == ("closed_form", "coordinate_descent")
    np.testing.assert_allclose(one.coef, two.coef, rtol=1e-11)
    with pytest.raises(NoEngineError, match=r"interior_point: the loss is not made of linear pieces"):
        br.find_map(model, *linear, engine="interior_point")
    with pytest.raises(InputError, match=r"engine='lars'.*closed_form, coordinate_descent, working_set, prox_newton"):
        br.find_map(model, *linear, engine="lars")


def test_a_prior_that_is_no_penalty_has_no_map_and_each_engine_says_so(linear: Any) -> None:
    class Nothing:
        """Meets `Prior` and no more."""

        loc = 0.0
        factor = 1.0
        relative_to = None

        def hyperparameters(self) -> dict[str, Any]:
            """Return none."""
            return {}

    model = br.Model(GAUSSIAN, Nothing())
    with pytest.raises((NoMapError, NoEngineError), match="Nothing"):
        br.find_map(model, *linear)
    with pytest.raises(NoEngineError, match=r"exact_gaussian: .*; nuts: Nothing"):
        br.sample(model, *linear)
    told = br.explain(model, *linear)
    assert (told.map_engine, told.sample_engine) == (None, None)


def test_a_penalty_of_the_user_has_a_map_without_registration(linear: Any) -> None:
    class Half:
        """A lasso on every coefficient, written by a user."""

        loc = 0.0
        factor = 1.0
        relative_to = None

        def hyperparameters(self) -> dict[str, Any]:
            """Return none."""
            return {}

        def rates(self, hyper: Any) -> tuple[float, float]:
            """Return (5, 0)."""
            return 5.0, 0.0

    mine = br.find_map(br.Model(GAUSSIAN, Half()), *linear)
    ours = br.find_map(br.Model(GAUSSIAN, priors.Laplace(rate=5.0)), *linear)
    np.testing.assert_array_equal(mine.coef, ours.coef)


def test_a_convergence_warning_points_at_the_caller(wide: Any) -> None:
    with pytest.warns(ConvergenceWarning) as caught:
        br.find_map(br.Model(GAUSSIAN, priors.Laplace(0.2)), *wide, max_iter=1)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("verb", [br.find_map, br.map_path, br.path_posterior, br.tune, br.sample])
def test_a_warning_points_at_the_caller_however_deep_it_was_found(linear: Any, verb: Any) -> None:
    X, y = linear
    with pytest.warns(DesignWarning) as caught:
        verb(br.Model(GAUSSIAN, priors.Gaussian(1.0)), np.column_stack([X, np.ones(len(y))]), y)
    assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.parametrize("seed", [3, np.random.default_rng(3)])
def test_sampling_gives_a_tree_with_its_story(linear: Any, seed: Any) -> None:
    tree = br.sample(br.Model(likelihoods.Gaussian(), priors.Gaussian(1.0)), *linear, draws=50, chains=2, seed=seed)
    assert tree.attrs["engine"] == "exact_gaussian"
    assert tree.attrs["seed"] == ("3" if seed == 3 else "none")
    assert tree.attrs["sampling_time"] >= 0
    assert json.loads(tree.attrs["diagnostics"])["verdict"] == "passed"


def test_the_same_seed_gives_the_same_tree_and_a_generator_moves_on(linear: Any) -> None:
    model = br.Model(likelihoods.Gaussian(), priors.Gaussian(1.0))

    def draw(seed: Any) -> np.ndarray:
        return np.asarray(br.sample(model, *linear, draws=20, chains=2, seed=seed)["posterior"]["coef"])

    assert np.array_equal(draw(3), draw(3))
    assert np.array_equal(draw(np.int64(3)), draw(3))
    assert not np.any(draw(3) == draw(4))
    assert not np.any(draw(None) == draw(None))
    rng = np.random.default_rng(3)
    assert not np.any(draw(rng) == draw(rng))
    assert np.array_equal(draw(np.random.default_rng(3)), draw(np.random.default_rng(3)))


def test_weights_and_offset_reach_the_posterior(linear: Any) -> None:
    X, y = linear
    model = br.Model(GAUSSIAN, priors.Gaussian(1.0))
    times, offset = np.arange(30) % 3, np.linspace(-1, 1, 30)
    weighted = br.sample(model, X, y, sample_weight=times, offset=offset, draws=5, seed=0)["exact_moments"]
    repeated = br.sample(model, np.repeat(X, times, 0), np.repeat(y - offset, times), draws=5, seed=0)["exact_moments"]
    for name in ("coef_mean", "coef_sd", "intercept_mean", "intercept_sd"):
        np.testing.assert_allclose(weighted[name], repeated[name], rtol=1e-10)


def test_the_export_has_the_names_of_our_results(linear: Any) -> None:
    X, y = linear
    model = br.Model(likelihoods.Gaussian(), LEARNED_SCALE)
    exported = br.to_pymc(model, X, y, sample_weight=np.full(30, 2.0), offset=np.ones(30))
    assert {v.name for v in exported.free_RVs} == {"coef", "intercept", "sigma", "prior_scale"}
    assert exported.named_vars_to_dims["coef"] == ("feature",)
    assert tuple(exported.coords["feature"]) == ("x0", "x1", "x2", "x3")
    assert {"X", "y_observed", "offset", "sample_weight"} <= set(exported.named_vars)
    np.testing.assert_array_equal(exported["X"].get_value(), X)


def test_flat_mode_is_the_maximum_likelihood_estimate(linear: Any) -> None:
    X, y = linear
    mode = br.find_map(br.Model(GAUSSIAN, priors.Flat()), X, y)
    Z = np.column_stack([np.ones(30), X])
    np.testing.assert_allclose([mode.intercept, *mode.coef], np.linalg.lstsq(Z, y)[0], rtol=1e-10)
    expected = stats.norm.logpdf(y, mode.intercept + X @ mode.coef, 1.0).sum()
    np.testing.assert_allclose(mode.log_posterior, expected, rtol=1e-12)


def test_a_mode_travels_with_its_log_density_and_without_the_data() -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((4000, 3))
    y = X[:, 0] + rng.standard_normal(4000)
    mode = br.find_map(br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0)), X, y)
    written = pickle.dumps(mode)
    assert len(written) < 8000
    assert pickle.loads(written).log_posterior == mode.log_posterior
