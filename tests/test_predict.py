"""Predictions of every kind and target against NumPy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayesreg as br
from bayesreg import likelihoods, posterior, priors, scales
from bayesreg.data import make_design
from bayesreg.errors import InputError
from bayesreg.intervals import interval
from bayesreg.outcomes import Draws

Data = tuple[np.ndarray, np.ndarray]


def expit(eta: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-eta))


@pytest.fixture(scope="module")
def new_rows() -> np.ndarray:
    return np.random.default_rng(100).standard_normal((7, 4)) * 2.0


@pytest.fixture(scope="module")
def offset() -> np.ndarray:
    return np.linspace(-1.0, 2.0, 7)


@pytest.fixture(scope="module")
def learned(linear: Data) -> xr.DataTree:
    model = br.Model(likelihoods.Gaussian(scales.HalfNormal(1.0)), priors.Gaussian(0.6))
    return br.sample(model, *linear, seed=4, draws=300, chains=3)


@pytest.fixture(scope="module")
def binary_post(binary: Data) -> xr.DataTree:
    """A logistic posterior from draws made by hand."""
    rng = np.random.default_rng(101)
    values = {
        "coef": [0.8, -0.5, 0.0] + 0.5 * rng.standard_normal((2, 200, 3)),
        "intercept": 0.2 * rng.standard_normal((2, 200)),
    }
    problem = br.Model(likelihoods.Bernoulli(), priors.Laplace(0.5)).bind(make_design(*binary))
    drawn = Draws(values, {}, "independent", {})
    return posterior.build_tree(problem, drawn, np.random.SeedSequence(1), {"engine": "by hand"})


def eta_of(post: xr.DataTree, X: np.ndarray, offset: Any = 0.0) -> np.ndarray:
    """The linear predictor of every draw, written as a loop."""
    coef = post["posterior"]["coef"].to_numpy()
    eta = np.empty((*coef.shape[:2], len(X)))
    for chain in range(coef.shape[0]):
        for draw in range(coef.shape[1]):
            eta[chain, draw] = X @ coef[chain, draw] + offset
            if "intercept" in post["posterior"]:
                eta[chain, draw] += float(post["posterior"]["intercept"][chain, draw])
    return eta


MEANS: dict[str, Callable[[np.ndarray], np.ndarray]] = {"gaussian": lambda eta: eta, "bernoulli": expit}


@pytest.fixture(params=list(MEANS))
def case(request: pytest.FixtureRequest, learned: xr.DataTree, binary_post: xr.DataTree, new_rows: np.ndarray) -> Any:
    gaussian = request.param == "gaussian"
    return learned if gaussian else binary_post, new_rows if gaussian else new_rows[:, :3], MEANS[request.param]


def test_the_expected_response_is_that_of_every_draw(case: Any, offset: np.ndarray) -> None:
    post, X, mean = case
    for given in (None, offset):
        values = mean(eta_of(post, X, 0.0 if given is None else given))
        np.testing.assert_allclose(br.predict(post, X, kind="draws", offset=given), values, rtol=1e-12)
        for target in ("mean", "response"):
            found = br.predict(post, X, offset=given, target=target, seed=1)
            np.testing.assert_allclose(found, values.mean((0, 1)), rtol=1e-12)
        table = br.predict(post, X, kind="interval", offset=given)
        assert list(table.columns) == ["mean", "lower", "upper"]
        np.testing.assert_allclose(table["mean"], values.mean((0, 1)), rtol=1e-12)
        np.testing.assert_allclose([table["lower"], table["upper"]], interval(values), rtol=1e-10)


def test_an_interval_has_the_probability_asked_for(case: Any) -> None:
    post, X, mean = case
    values = mean(eta_of(post, X))
    for prob in (0.5, 0.95):
        table = br.predict(post, X, kind="interval", ci_prob=prob)
        inside = (values >= table["lower"].to_numpy()) & (values <= table["upper"].to_numpy())
        np.testing.assert_allclose(inside.mean((0, 1)), prob, atol=0.01)
    with az.rc_context({"stats.ci_prob": 0.5, "stats.ci_kind": "hdi"}):
        table = br.predict(post, X, kind="interval")
    np.testing.assert_allclose([table["lower"], table["upper"]], interval(values, 0.5, "hdi"), rtol=1e-10)


@pytest.mark.parametrize("offset_given", [False, True])
def test_a_new_gaussian_response_has_the_noise_of_its_own_draw(
    learned: xr.DataTree, new_rows: np.ndarray, offset: np.ndarray, offset_given: bool
) -> None:
    given = offset if offset_given else None
    values = br.predict(learned, new_rows, kind="draws", target="response", offset=given, seed=3)
    eta = eta_of(learned, new_rows, offset if offset_given else 0.0)
    noise = (values - eta) / learned["posterior"]["sigma"].to_numpy()[..., None]
    assert noise.shape == (3, 300, 7)
    assert noise.size == 6300
    # Standard normal, and independent between rows, draws and chains.
    assert abs(noise.mean()) < 4 / np.sqrt(noise.size)
    assert abs((noise**2).mean() - 1) < 4 * np.sqrt(2 / noise.size)
    assert np.abs(np.corrcoef(noise.reshape(-1, 7).T) - np.eye(7)).max() < 5 / np.sqrt(900)
    assert np.abs(np.corrcoef(noise.reshape(3, -1)) - np.eye(3)).max() < 5 / np.sqrt(2100)
    table = br.predict(learned, new_rows, kind="interval", target="response", offset=given, seed=3)
    np.testing.assert_allclose([table["lower"], table["upper"]], interval(values), rtol=1e-10)
    narrow = br.predict(learned, new_rows, kind="interval", offset=given)
    assert np.all(table["upper"] - table["lower"] > narrow["upper"] - narrow["lower"])


def test_a_known_noise_level_is_the_noise_of_a_new_response(linear: Data, new_rows: np.ndarray) -> None:
    model = br.Model(likelihoods.Gaussian(2.5), priors.Gaussian(0.6), fit_intercept=False)
    post = br.sample(model, *linear, seed=4, draws=500, chains=2)
    values = br.predict(post, new_rows, kind="draws", target="response", seed=3)
    noise = (values - eta_of(post, new_rows)) / 2.5
    assert abs((noise**2).mean() - 1) < 4 * np.sqrt(2 / noise.size)


def test_a_new_binary_response_is_a_class_with_its_probability(binary_post: xr.DataTree, new_rows: np.ndarray) -> None:
    X = new_rows[:, :3]
    values = br.predict(binary_post, X, kind="draws", target="response", seed=3)
    chance = expit(eta_of(binary_post, X))
    assert set(np.unique(values)) == {0.0, 1.0}
    z = (values - chance).sum((0, 1)) / np.sqrt((chance * (1 - chance)).sum((0, 1)))
    assert np.abs(z).max() < 4


def test_the_same_seed_gives_the_same_responses(case: Any) -> None:
    post, X, _ = case
    options = {"kind": "draws", "target": "response"}
    first = br.predict(post, X, seed=7, **options)
    np.testing.assert_array_equal(first, br.predict(post, X, seed=7, **options))
    assert not np.array_equal(first, br.predict(post, X, seed=8, **options))
    generator = np.random.default_rng(7)
    one, two = (br.predict(post, X, seed=generator, **options) for _ in range(2))
    assert not np.array_equal(one, two)


@pytest.mark.parametrize("seed", [-1, "a", 1.5])
def test_an_unusable_seed_is_refused_by_name(learned: xr.DataTree, new_rows: np.ndarray, seed: Any) -> None:
    with pytest.raises(InputError, match="seed"):
        br.predict(learned, new_rows, target="response", kind="draws", seed=seed)


# A MAP.


def test_a_map_predicts_the_response_expected_at_the_mode(
    linear: Data, binary: Data, new_rows: np.ndarray, offset: np.ndarray
) -> None:
    mode = br.find_map(br.Model(likelihoods.Gaussian(), priors.Laplace(0.2)), *linear)
    expected = mode.intercept + new_rows @ mode.coef
    np.testing.assert_allclose(br.predict(mode, new_rows), expected, rtol=1e-13)
    np.testing.assert_allclose(br.predict(mode, new_rows, offset=offset), expected + offset, rtol=1e-13)
    logistic = br.find_map(br.Model(likelihoods.Bernoulli(), priors.Laplace(0.5)), *binary)
    chance = expit(logistic.intercept + new_rows[:, :3] @ logistic.coef + offset)
    np.testing.assert_allclose(br.predict(logistic, new_rows[:, :3], offset=offset), chance, rtol=1e-12)


@pytest.mark.parametrize("kind", ["interval", "draws"])
def test_a_map_has_no_spread_and_says_what_to_do(linear: Data, kind: Any) -> None:
    mode = br.find_map(br.Model(likelihoods.Gaussian(), priors.Laplace(0.2)), *linear)
    with pytest.raises(InputError, match=rf"a MAP is one point and has no {kind}: .*br\.sample"):
        br.predict(mode, linear[0], kind=kind)


# Columns.


@pytest.fixture(scope="module")
def named() -> tuple[pd.DataFrame, br.MapResult, xr.DataTree]:
    rng = np.random.default_rng(102)
    X = pd.DataFrame(rng.standard_normal((20, 3)), columns=["age", "dose", "sex"])
    y = X.to_numpy() @ [1.0, -1.0, 0.5] + 0.1 * rng.standard_normal(20)
    model = br.Model(likelihoods.Gaussian(0.1), priors.Gaussian(1.0))
    return X, br.find_map(model, X, y), br.sample(model, X, y, seed=1, draws=20)


def test_columns_in_another_order_are_refused_by_name(named: Any) -> None:
    X, *fits = named
    for fit in fits:
        with pytest.raises(InputError, match="column 0 is 'dose', the model has 'age'"):
            br.predict(fit, X[["dose", "age", "sex"]])
        with pytest.raises(InputError, match="column 2 is 'weight', the model has 'sex'"):
            br.predict(fit, X.rename(columns={"sex": "weight"}))


def test_columns_without_names_are_taken_in_their_order(named: Any) -> None:
    X, *fits = named
    for fit in fits:
        np.testing.assert_allclose(br.predict(fit, X.to_numpy()), br.predict(fit, X), rtol=1e-12)


def test_a_fit_without_names_takes_any_frame(learned: xr.DataTree, new_rows: np.ndarray) -> None:
    frame = pd.DataFrame(new_rows, columns=list("abcd"))
    np.testing.assert_allclose(br.predict(learned, frame), br.predict(learned, new_rows), rtol=1e-12)


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (np.ones((2, 3)), "X has 3 columns but the model was fitted with 4"),
        (np.ones((2, 5)), "X has 5 columns but the model was fitted with 4"),
        (np.ones(4), "X must be 2D"),
        ([[1.0, 2.0, np.nan, 4.0]], "X contains NaN"),
        ([["a", "b", "c", "d"]], "string"),
        (np.ones((0, 4)), "X has 0 samples"),
    ],
)
def test_unusable_rows_are_refused_by_name(learned: xr.DataTree, X: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        br.predict(learned, X)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "median"}, "kind must be one of 'mean', 'interval', 'draws', got 'median'"),
        ({"target": "y"}, "target must be one of 'mean', 'response', got 'y'"),
        ({"offset": [1.0, 2.0]}, "offset has 2"),
        ({"offset": np.full(7, np.inf)}, "offset contains inf"),
        ({"kind": "interval", "ci_prob": 89}, "ci_prob must lie between 0 and 1"),
    ],
)
def test_unusable_options_are_refused_by_name(
    learned: xr.DataTree, new_rows: np.ndarray, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        br.predict(learned, new_rows, **options)


@pytest.mark.parametrize(
    "tree", [xr.DataTree(), az.from_dict({"posterior": {"b": np.zeros((2, 9, 4))}})], ids=["empty", "other"]
)
def test_a_tree_of_another_making_is_refused(tree: xr.DataTree, new_rows: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"made by bayesreg\.sample"):
        br.predict(tree, new_rows)


def test_a_posterior_from_a_file_predicts_the_same(named: Any, tmp_path: Path) -> None:
    X, _, post = named
    post.to_netcdf(tmp_path / "post.nc", engine="h5netcdf")
    with az.from_netcdf(tmp_path / "post.nc") as loaded:
        for options in ({"kind": "draws"}, {"kind": "draws", "target": "response", "seed": 5}):
            np.testing.assert_array_equal(br.predict(loaded, X, **options), br.predict(post, X, **options))


def test_numbered_columns_in_another_order_are_refused(learned: xr.DataTree, new_rows: np.ndarray) -> None:
    # x0, x1, ... are the names of an array's columns; a frame that has the same is not to be read by places.
    frame = pd.DataFrame(new_rows, columns=["x1", "x0", *[f"x{j}" for j in range(2, new_rows.shape[1])]])
    with pytest.raises(InputError, match="column 0 is 'x1', the model has 'x0'"):
        br.predict(learned, frame)
