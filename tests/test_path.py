"""The path: each point is the mode of its own model, from the empty one downwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.errors import ConvergenceWarning, InputError, NoMapError

INF = float("inf")
GAUSSIAN, BERNOULLI = likelihoods.Gaussian(0.8), likelihoods.Bernoulli()


def with_strength(prior: Any, strength: float) -> Any:
    """Multiply the penalty by way of the prior's own parameters."""
    if isinstance(prior, priors.Gaussian):
        return replace(prior, scale=np.asarray(prior.scale) / np.sqrt(strength))
    if isinstance(prior, priors.Laplace):
        return replace(prior, scale=np.asarray(prior.scale) / strength)
    return replace(prior, l1=np.asarray(prior.l1) * strength, l2=np.asarray(prior.l2) * strength)


CASES: dict[str, tuple[br.Model, str]] = {
    "lasso": (br.Model(GAUSSIAN, priors.Laplace(0.2)), "linear"),
    "lasso_wide": (br.Model(GAUSSIAN, priors.Laplace(0.2)), "wide"),
    "lasso_partly": (br.Model(GAUSSIAN, priors.Laplace([0.2, INF, 0.1, 0.3], loc=[0.0, 0.0, 0.5, 0.0])), "linear"),
    "net": (br.Model(GAUSSIAN, priors.ElasticNet(3.0, 2.0), standardize=True), "linear"),
    "ridge": (br.Model(GAUSSIAN, priors.Gaussian(0.5)), "linear"),
    "no_intercept": (br.Model(GAUSSIAN, priors.Laplace(0.2), fit_intercept=False), "linear"),
    "intercept_prior": (br.Model(GAUSSIAN, priors.Laplace(0.2), intercept=priors.Gaussian(0.5)), "linear"),
    "logistic": (br.Model(BERNOULLI, priors.Laplace(0.5)), "binary"),
    "logistic_net": (br.Model(BERNOULLI, priors.ElasticNet(1.0, 0.5)), "binary"),
}


@pytest.mark.parametrize("name", CASES)
def test_each_point_is_the_mode_of_the_model_with_that_penalty(name: str, request: pytest.FixtureRequest) -> None:
    model, data = CASES[name]
    X, y = request.getfixturevalue(data)
    path = br.map_path(model, X, y, n_points=7)
    assert path.coef.shape == (7, X.shape[1])
    assert all(certificate.accepted for certificate in path.certificates)
    for k in (0, 3, 6):
        single = br.find_map(replace(model, prior=with_strength(model.prior, path.strength[k])), X, y)
        np.testing.assert_allclose(path.coef[k], single.coef, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(path.intercept[k], single.intercept, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", [name for name in CASES if name != "ridge"])
def test_the_first_point_is_empty_and_the_next_is_not(name: str, request: pytest.FixtureRequest) -> None:
    model, data = CASES[name]
    X, y = request.getfixturevalue(data)
    path = br.map_path(model, X, y, n_points=400, ratio=0.5)
    loc = np.broadcast_to(np.asarray(model.prior.loc), X.shape[1])
    penalised = np.isfinite(np.broadcast_to(np.asarray(getattr(model.prior, "scale", 1.0)), X.shape[1]))
    assert np.all(path.coef[0, penalised] == loc[penalised])
    assert np.any(path.coef[1, penalised] != loc[penalised])


def test_weights_offset_and_location_reach_the_largest_penalty(linear: Any) -> None:
    X, y = linear
    model = br.Model(GAUSSIAN, priors.Laplace(0.2, loc=[0.0, 0.5, 0.0, -1.0]))
    path = br.map_path(model, X, y, n_points=3, sample_weight=np.arange(30) % 3, offset=np.linspace(-5, 5, 30))
    assert np.all(path.coef[0] == [0.0, 0.5, 0.0, -1.0])
    assert np.any(path.coef[1] != [0.0, 0.5, 0.0, -1.0])
    assert all(certificate.accepted for certificate in path.certificates)


def test_the_grid_is_logarithmic_and_its_length_depends_on_the_shape(linear: Any, wide: Any) -> None:
    model = br.Model(GAUSSIAN, priors.Laplace(0.2))
    for data, ratio in ((linear, 1e-3), (wide, 1e-2)):
        path = br.map_path(model, *data, n_points=5)
        np.testing.assert_allclose(path.strength[-1] / path.strength[0], ratio, rtol=1e-10)
        np.testing.assert_allclose(np.diff(np.log(path.strength)), np.log(ratio) / 4, rtol=1e-10)
    path = br.map_path(model, *linear, n_points=5, ratio=0.1)
    np.testing.assert_allclose(path.strength[-1] / path.strength[0], 0.1, rtol=1e-10)


def test_a_ridge_path_goes_from_almost_nothing_to_almost_the_flat_fit(linear: Any) -> None:
    X, y = linear
    path = br.map_path(CASES["ridge"][0], X, y, n_points=30, ratio=1e-6)
    flat = br.find_map(br.Model(GAUSSIAN, priors.Flat()), X, y)
    size = np.linalg.norm(path.coef, axis=1)
    assert np.all(path.coef != 0)
    assert size[0] < 0.05 * np.linalg.norm(flat.coef)
    np.testing.assert_allclose(path.coef[-1], flat.coef, rtol=0.05, atol=0.02)


def test_the_path_of_a_penalty_prior_needs_no_noise_level(linear: Any) -> None:
    X, y = linear
    prior = priors.Laplace(0.2, relative_to="penalty")
    learned = br.map_path(br.Model(likelihoods.Gaussian(), prior), X, y, n_points=6)
    known = br.map_path(br.Model(likelihoods.Gaussian(3.0), prior), X, y, n_points=6)
    np.testing.assert_allclose(learned.strength, known.strength, rtol=1e-10)
    np.testing.assert_allclose(learned.coef, known.coef, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("word", [None, "sigma"])
def test_a_learned_noise_level_is_refused_where_the_path_would_depend_on_it(linear: Any, word: Any) -> None:
    with pytest.raises(InputError, match=r"needs the noise level.*relative_to='penalty'"):
        br.map_path(br.Model(likelihoods.Gaussian(), priors.Laplace(0.2, relative_to=word)), *linear)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"n_points": 1}, "n_points"),
        ({"n_points": 2.5}, "n_points"),
        ({"n_points": True}, "n_points"),
        ({"ratio": 0.0}, "ratio"),
        ({"ratio": 1.0}, "ratio"),
        ({"ratio": -1}, "ratio"),
        ({"ratio": "small"}, "ratio"),
        ({"strengths": "small"}, "strengths"),
        ({"strengths": [[1.0, 2.0]]}, "strengths"),
    ],
)
def test_unusable_options_are_named(linear: Any, options: Any, name: str) -> None:
    with pytest.raises(InputError, match=name):
        br.map_path(CASES["lasso"][0], *linear, **options)


def test_models_without_a_path_say_why(linear: Any) -> None:
    with pytest.raises(InputError, match="penalises nothing"):
        br.map_path(br.Model(GAUSSIAN, priors.Flat()), *linear)
    with pytest.raises(NoMapError, match="prior_scale is learned"):
        br.map_path(br.Model(GAUSSIAN, priors.Laplace(scales.HalfCauchy(1.0))), *linear)


def test_the_result_counts_and_becomes_a_frame(linear: Any) -> None:
    path = br.map_path(CASES["lasso"][0], *linear, n_points=5)
    np.testing.assert_array_equal(path.n_nonzero, np.count_nonzero(path.coef, axis=1))
    frame = path.to_frame()
    assert list(frame.columns) == ["strength", "df", "intercept", "x0", "x1", "x2", "x3"]
    np.testing.assert_array_equal(frame["x2"], path.coef[:, 2])
    np.testing.assert_array_equal(frame["intercept"], path.intercept)


def test_points_that_miss_the_contract_are_counted_in_one_warning(linear: Any) -> None:
    with pytest.warns(ConvergenceWarning, match=r"\d of 4 points of the path miss the contract") as caught:
        br.map_path(CASES["lasso"][0], *linear, n_points=4, max_iter=1)
    assert len(caught) == 1


def test_knots_hold_the_path_and_every_entry_and_exit(linear: Any) -> None:
    model = CASES["lasso"][0]
    path = br.map_path(model, *linear, n_points=30, knots=True)
    assert path.knots is not None
    np.testing.assert_allclose(path.knots.at(path.strength), path.coef, atol=1e-10)
    events = path.events()
    alive = np.zeros(4, dtype=bool)
    for strength, feature, event in events.itertuples(index=False):
        j = path.names.index(feature)
        assert alive[j] == (event == "leaves")
        alive[j] = event == "enters"
        assert path.knots.strength[0] >= strength >= path.strength[-1] * (1 - 1e-9)
    np.testing.assert_array_equal(alive, path.coef[-1] != 0)


@pytest.mark.parametrize(
    "model",
    [
        br.Model(GAUSSIAN, priors.ElasticNet(1.0, 1.0)),
        br.Model(GAUSSIAN, priors.Laplace(1.0), intercept=priors.Gaussian(1.0)),
        br.Model(likelihoods.Huber(1.0, 1.0), priors.Laplace(1.0)),
    ],
)
def test_paths_that_are_not_linear_have_no_knots(linear: Any, model: Any) -> None:
    with pytest.raises(InputError, match="piecewise linear"):
        br.map_path(model, *linear, knots=True)
    with pytest.raises(InputError, match="no knots"):
        br.map_path(model, *linear, n_points=3).events()


def test_degrees_of_freedom_count_a_lasso_and_trace_a_ridge(linear: Any) -> None:
    X, y = linear
    lasso = br.map_path(CASES["lasso"][0], X, y, n_points=6)
    np.testing.assert_array_equal(lasso.df, lasso.n_nonzero)
    ridge = br.map_path(br.Model(GAUSSIAN, priors.Gaussian(1.0)), X, y, n_points=6)
    # Half-RSS units: the rate of the prior times sigma².
    d2 = np.linalg.svd(X - X.mean(axis=0), compute_uv=False) ** 2 / 0.8**2
    expected = [float(np.sum(d2 / (d2 + s))) for s in ridge.strength]
    np.testing.assert_allclose(ridge.df, expected, rtol=1e-9)


def test_a_path_may_stop_early_and_may_be_given_its_grid(linear: Any) -> None:
    model = CASES["lasso"][0]
    X, y = linear
    y = 3.0 * X[:, 0] + 1e-3 * y  # nearly a perfect fit
    whole = br.map_path(model, X, y, n_points=20, ratio=1e-6)
    short = br.map_path(model, X, y, n_points=20, ratio=1e-6, early_stop=True)
    assert 1 < short.strength.size < 20
    np.testing.assert_array_equal(short.coef, whole.coef[: short.strength.size])
    given = br.map_path(model, X, y, strengths=whole.strength[[5, 2, 9]])
    np.testing.assert_allclose(given.coef, whole.coef[[2, 5, 9]], rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("make", [sparse.csr_matrix, sparse.csc_array], ids=["csr matrix", "csc array"])
def test_sparse_columns_have_the_path_of_dense_ones(linear: Any, make: Any) -> None:
    X, y = linear
    X = np.where(np.abs(X) < 0.4, 0.0, X)
    for model in (CASES["lasso"][0], br.Model(likelihoods.Huber(1.0, 1.0), priors.ElasticNet(1.0, 1.0))):
        dense, thin = br.map_path(model, X, y, n_points=8), br.map_path(model, make(X), y, n_points=8)
        np.testing.assert_allclose(thin.strength, dense.strength, rtol=1e-12)
        np.testing.assert_allclose(thin.coef, dense.coef, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("case", ["constant response", "forbidden signs"])
def test_a_path_that_stays_empty_has_a_grid_about_the_noise(case: str) -> None:
    rng = np.random.default_rng(5)
    X, positive = rng.standard_normal((30, 3)) * [1.0, 2.0, 0.5], case == "forbidden signs"
    y = -X @ [1.0, 1.0, 1.0] if positive else np.full(30, 2.0)
    model = br.Model(likelihoods.Gaussian(0.5), priors.Laplace(0.2, positive=positive))
    path = br.map_path(model, X, y, n_points=5)
    assert not path.n_nonzero.any()
    # The gradient at the null model has the standard deviation |x_j - mean| / sigma by noise alone.
    noise = np.linalg.norm(X - X.mean(axis=0), axis=0) / 0.5
    np.testing.assert_allclose(path.strength[0], noise.max() * 0.2, rtol=1e-9)


def test_columns_may_have_the_names_of_the_frame(linear: Any) -> None:
    X, y = linear
    named = pd.DataFrame(X, columns=["intercept", "df", "strength", "x"])
    path = br.map_path(br.Model(GAUSSIAN, priors.Laplace(0.2)), named, y, n_points=3)
    frame = path.to_frame()
    assert frame.columns.tolist() == ["strength", "df", "intercept", "intercept", "df", "strength", "x"]
    np.testing.assert_array_equal(frame.iloc[:, 0], path.strength)
    np.testing.assert_array_equal(frame.iloc[:, 3:], path.coef)
