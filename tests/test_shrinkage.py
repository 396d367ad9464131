"""Shrinkage factors against formulas by hand, dense algebra and numerical integration."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pytest
import xarray as xr
from scipy import integrate

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.errors import DesignWarning, InputError
from bayesreg.intervals import interval
from bayesreg.outcomes import Draws
from bayesreg.posterior import build_tree

Data = tuple[np.ndarray, np.ndarray]
INF = float("inf")


def tree_of(model: br.Model, X: np.ndarray, y: np.ndarray, values: dict[str, np.ndarray], **rows: Any) -> xr.DataTree:
    """Return the result that these draws of the parameters would give."""
    problem = model.bind(make_design(X, y, **rows))
    return build_tree(problem, Draws(values, {}, "independent", {}), np.random.SeedSequence(5), {"engine": "by hand"})


def moments(X: np.ndarray, weight: np.ndarray | None = None, centred: bool = True) -> np.ndarray:
    """Gram matrix of the columns, about their weighted means or about 0."""
    w = np.ones(len(X)) if weight is None else weight
    Z = X - (w @ X / w.sum()) * centred
    return (Z.T * w) @ Z


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("model", "precision"),
    [
        # Prior precision of each coefficient, from sigma and the columns' sds.
        (br.Model(likelihoods.Gaussian(0.6), priors.Gaussian(0.4)), lambda s, sd: 1 / 0.4**2 + 0 * sd),
        (br.Model(likelihoods.Gaussian(0.6), priors.Gaussian(0.4, loc=3.0)), lambda s, sd: 1 / 0.4**2 + 0 * sd),
        (
            br.Model(likelihoods.Gaussian(0.6), priors.Gaussian([0.1, 1.0, 2.0, INF])),
            lambda s, sd: np.array([100.0, 1.0, 0.25, 0.0]),
        ),
        (
            br.Model(likelihoods.Gaussian(0.6), priors.Gaussian(0.4, factor=[1.0, 2.0, 1.0, INF])),
            lambda s, sd: np.array([1.0, 0.25, 1.0, 0.0]) / 0.16,
        ),
        (
            br.Model(likelihoods.Gaussian(0.6), priors.Gaussian(0.4), standardize=True),
            lambda s, sd: sd**2 / 0.4**2,
        ),
        (
            br.Model(likelihoods.Gaussian(0.6), priors.Gaussian(0.4), fit_intercept=False),
            lambda s, sd: 1 / 0.4**2 + 0 * sd,
        ),
        (
            br.Model(likelihoods.Gaussian(scales.HalfNormal(1.0)), priors.Gaussian(0.4)),
            lambda s, sd: 1 / 0.4**2 + 0 * sd,
        ),
        (
            br.Model(likelihoods.Gaussian(), priors.Gaussian(0.4, relative_to="sigma")),
            lambda s, sd: 1 / (0.4 * s) ** 2 + 0 * sd,
        ),
        (
            br.Model(likelihoods.Gaussian(0.6), priors.Gaussian(0.4, relative_to="penalty"), standardize=True),
            lambda s, sd: sd**2 / (0.4 * s) ** 2,
        ),
    ],
    ids=["plain", "loc", "vector", "factor", "standardize", "no_intercept", "learned", "sigma", "penalty"],
)
def test_a_gaussian_prior_has_the_factor_of_the_formula(
    model: br.Model, precision: Callable[..., Any], weighted: bool, linear: Data
) -> None:
    X, y = linear
    weight = np.random.default_rng(80).integers(1, 4, y.size).astype(float) if weighted else None
    post = br.sample(model, X, y, sample_weight=weight, seed=1, draws=100, chains=2)
    found = br.shrinkage(post)
    gram = moments(X, weight, model.fit_intercept)
    sd = np.sqrt(np.diag(moments(X, weight)) / (y.size if weight is None else weight.sum()))
    sigma = post["posterior"]["sigma"].to_numpy() if "sigma" in post["posterior"] else np.full((2, 100), 0.6)
    q = np.stack([np.broadcast_to(precision(s, sd), 4) for s in sigma.ravel()])
    information = np.diag(gram) / sigma.ravel()[:, None] ** 2
    kappa = q / (q + information)
    np.testing.assert_allclose(found.frame["kappa"], kappa.mean(0), rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(found.effective_sum, (1 - kappa).sum(1).mean(), rtol=1e-11)
    if not model.standardize and model.fit_intercept and np.ndim(model.prior.scale) == np.ndim(model.prior.factor) == 0:
        # kappa = 1 / (1 + n sd² scale² / sigma²)
        n = y.size if weight is None else weight.sum()
        ratio = 1.0 / sigma**2 if model.prior.relative_to in (None, "auto") else np.ones_like(sigma)
        expected = np.mean([1 / (1 + n * sd**2 * 0.16 * r) for r in ratio.ravel()], axis=0)
        np.testing.assert_allclose(found.frame["kappa"], expected, rtol=1e-11)
    trace = [
        np.trace(np.linalg.inv(gram / s**2 + np.diag(each)) @ gram / s**2)
        for s, each in zip(sigma.ravel(), q, strict=True)
    ]
    np.testing.assert_allclose(found.effective, np.mean(trace), rtol=1e-10)
    lower, upper = interval(kappa.reshape(2, 100, 4))
    np.testing.assert_allclose(found.frame["kappa_lower"], lower, rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(found.frame["kappa_upper"], upper, rtol=1e-10, atol=1e-15)


def test_the_trace_counts_correlated_columns_once() -> None:
    rng = np.random.default_rng(81)
    first = rng.standard_normal(50)
    X = np.column_stack([first, first + 1e-3 * rng.standard_normal(50), rng.standard_normal(50)])
    post = br.sample(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(2.0)), X, first, seed=1, draws=10)
    found = br.shrinkage(post)
    assert found.effective == pytest.approx(2.0, abs=0.05)
    assert found.effective_sum == pytest.approx(3.0, abs=0.05)


def expected_kappa(estimate: float, variance: float, l1: float, l2: float) -> float:
    """E[kappa | y] for one coefficient, by quadrature over its local variance t with the coefficient integrated out.

    beta | t ~ N(0, t) e^{-l2 beta²/2}, t ~ Exp(l1²/2), estimate | beta ~ N(beta, variance).
    """

    def density(t: float) -> float:
        total = 1 / t + l2 + 1 / variance
        fit = -0.5 * (estimate**2 / variance - (estimate / variance) ** 2 / total)
        return float(np.exp(-0.5 * l1**2 * t + fit) / np.sqrt(t * total))

    def kappa(t: float) -> float:
        return (1 / t + l2) / (1 / t + l2 + 1 / variance)

    def integral(f: Callable[[float], float]) -> float:
        # t = u² takes the singularity at 0 away.
        return integrate.quad(lambda u: 2 * u * f(u * u), 0, np.inf, epsabs=0, epsrel=1e-11, limit=500)[0]

    return integral(lambda t: kappa(t) * density(t)) / integral(density)


def draws_of_one(estimate: float, variance: float, l1: float, l2: float, size: int, seed: int) -> np.ndarray:
    """Draw from exp(-(beta - estimate)²/(2 variance) - l1 |beta| - l2 beta²/2) by its inverse on a grid."""
    width = 9 * np.sqrt(variance)
    grid = np.linspace(min(0.0, estimate) - width, max(0.0, estimate) + width, 200_001)
    log_density = -((grid - estimate) ** 2) / (2 * variance) - l1 * np.abs(grid) - 0.5 * l2 * grid**2
    mass = np.cumsum(np.exp(log_density - log_density.max()))
    return np.interp(np.random.default_rng(seed).random(size), mass / mass[-1], grid)


@pytest.mark.parametrize(
    ("prior", "rates"),
    [
        (priors.Laplace(0.25), (4.0, 0.0)),
        (priors.Laplace(rate=40.0), (40.0, 0.0)),
        (priors.Laplace(0.25, loc=0.7), (4.0, 0.0)),
        (priors.Laplace(0.25, factor=2.0), (2.0, 0.0)),
        (priors.Laplace(0.25, relative_to="sigma"), (4.0 / 0.8, 0.0)),
        (priors.Laplace(0.25, relative_to="penalty"), (4.0 / 0.8**2, 0.0)),
        (priors.ElasticNet(4.0, 6.0), (4.0, 6.0)),
        (priors.ElasticNet(4.0, 6.0, relative_to="penalty"), (4.0 / 0.8**2, 6.0 / 0.8**2)),
    ],
    ids=["laplace", "strong", "loc", "factor", "sigma", "penalty", "elastic_net", "elastic_net_penalty"],
)
def test_the_local_scales_of_one_coefficient_have_the_mean_of_a_numerical_integral(
    prior: Any, rates: tuple[float, float]
) -> None:
    rng = np.random.default_rng(82)
    x = rng.standard_normal(12)
    y = 0.9 * x + 0.8 * rng.standard_normal(12)
    centred = x - x.mean()
    variance = 0.8**2 / (centred @ centred)
    distance = centred @ y / (centred @ centred) - prior.loc
    chains, size = 2, 20_000
    coef = prior.loc + draws_of_one(distance, variance, *rates, chains * size, 83).reshape(chains, size, 1)
    post = tree_of(br.Model(likelihoods.Gaussian(0.8), prior), x[:, None], y, {"coef": coef})
    found = br.shrinkage(post)
    truth = expected_kappa(distance, variance, *rates)
    assert 0.01 < truth < 0.99
    # local_scale is in units of the prior's own scale.
    variances = (post["posterior"]["local_scale"].to_numpy() / rates[0]) ** 2
    kappa = (1 / variances + rates[1]) / (1 / variances + rates[1] + 1 / variance)
    error = kappa.std() / np.sqrt(chains * size)
    assert abs(found.frame["kappa"].item() - truth) < 4 * error
    np.testing.assert_allclose(found.frame["kappa"], kappa.mean((0, 1)), rtol=1e-10)
    # One column: the trace is 1 - kappa.
    np.testing.assert_allclose(found.effective, 1 - found.frame["kappa"].item(), rtol=1e-10)


def test_a_learned_prior_scale_enters_draw_by_draw(linear: Data) -> None:
    X, y = linear
    rng = np.random.default_rng(84)
    values = {
        "coef": rng.standard_normal((2, 30, 4)),
        "intercept": rng.standard_normal((2, 30)),
        "sigma": 0.5 + rng.random((2, 30)),
        "prior_scale": 0.5 + rng.random((2, 30)),
    }
    model = br.Model(likelihoods.Gaussian(), priors.Gaussian(scales.HalfCauchy(1.0)), standardize=True)
    found = br.shrinkage(tree_of(model, X, y, values))
    # Learned, so relative to sigma: sigma cancels, and standardised: the columns' sds cancel.
    kappa = 1 / (1 + y.size * values["prior_scale"] ** 2)
    np.testing.assert_allclose(found.frame["kappa"], np.full(4, kappa.mean()), rtol=1e-12)


def test_a_binary_response_is_measured_by_its_curvature_at_the_posterior_mean(binary: Data) -> None:
    X, y = binary
    rng = np.random.default_rng(85)
    coef = np.array([0.8, -0.4, 0.1]) + 0.2 * rng.standard_normal((2, 200, 3))
    intercept = 0.3 + 0.2 * rng.standard_normal((2, 200))
    offset = 0.3 * rng.standard_normal(y.size)
    weight = rng.integers(1, 3, y.size).astype(float)
    model = br.Model(likelihoods.Bernoulli(), priors.Gaussian(0.5))
    values = {"coef": coef, "intercept": intercept}
    found = br.shrinkage(tree_of(model, X, y, values, sample_weight=weight, offset=offset))
    chance = 1 / (1 + np.exp(-(intercept.mean() + X @ coef.mean((0, 1)) + offset)))
    gram = moments(X, weight * chance * (1 - chance))
    np.testing.assert_allclose(found.frame["kappa"], 4.0 / (4.0 + np.diag(gram)), rtol=1e-11)
    np.testing.assert_allclose(found.effective, np.trace(np.linalg.solve(gram + 4 * np.eye(3), gram)), rtol=1e-11)
    assert found.frame["relative_to_flat"].isna().all()
    # Practically none: a tenth of pi / sqrt 3 log odds for a standard deviation of the column.
    sd = np.sqrt(np.diag(moments(X, weight)) / weight.sum())
    none = np.abs(coef) <= 0.1 * np.pi / np.sqrt(3) / sd
    np.testing.assert_array_equal(found.frame["equivalence"], none.mean((0, 1)))


def test_signs_and_practical_equivalence_are_shares_of_the_draws(linear: Data) -> None:
    X, y = linear
    offset = np.linspace(-2, 2, y.size)
    model = br.Model(likelihoods.Gaussian(0.7), priors.Gaussian(0.5))
    post = br.sample(model, X, y, seed=1, draws=300, offset=offset)
    draws = post["posterior"]["coef"].to_numpy().reshape(-1, 4)
    frame = br.shrinkage(post).frame
    sure = np.maximum((draws > 0).mean(0), (draws < 0).mean(0))
    np.testing.assert_array_equal(frame["sign_probability"], sure)
    assert 0.5 <= sure.min() < 0.98 < sure.max()
    none = np.abs(draws) <= 0.1 * (y - offset).std() / X.std(0)
    np.testing.assert_allclose(frame["equivalence"], none.mean(0), rtol=0)
    own = br.shrinkage(post, rope=[0.0, 0.2, 0.2, np.inf]).frame["equivalence"]
    assert own.iloc[0] == 0.0
    assert own.iloc[3] == 1.0
    assert own.iloc[1] == np.mean(np.abs(draws[:, 1]) <= 0.2)
    narrow, wide_ = (br.shrinkage(post, ci_prob=prob) for prob in (0.5, 0.99))
    assert wide_.effective_lower <= narrow.effective_lower <= narrow.effective <= narrow.effective_upper
    with pytest.raises(InputError, match="rope must be a number of at least 0, or one for each of the 4 columns"):
        br.shrinkage(post, rope=[0.1, 0.2])


@pytest.mark.parametrize("rope", ["small", [0.1, 0.2], -1.0, np.nan])
def test_an_unusable_rope_is_named(linear: Data, rope: Any) -> None:
    post = br.sample(br.Model(likelihoods.Gaussian(0.7), priors.Gaussian(0.2)), *linear, draws=50, seed=1)
    with pytest.raises(InputError, match=r"rope must be a number of at least 0.*4 columns"):
        br.shrinkage(post, rope=rope)


def test_an_unpenalised_column_is_not_shrunk_and_counts_one(linear: Data) -> None:
    X, y = linear
    post = br.sample(br.Model(likelihoods.Gaussian(0.7), priors.Gaussian([INF, 0.1, INF, 0.1])), X, y, seed=1, draws=9)
    found = br.shrinkage(post)
    assert found.frame["kappa"].iloc[0] == found.frame["kappa"].iloc[2] == 0.0
    assert np.all(found.frame["kappa"].iloc[[1, 3]] > 0.1)
    assert 2.0 < found.effective < 4.0
    flat = br.shrinkage(br.sample(br.Model(likelihoods.Gaussian(0.7), priors.Flat()), X, y, seed=1, draws=9))
    assert flat.effective == pytest.approx(4.0, rel=1e-12)
    assert np.all(flat.frame["kappa"] == 0.0)


def test_a_laplace_prior_with_an_unpenalised_column_shrinks_only_the_others(linear: Data) -> None:
    X, y = linear
    values = {"coef": np.random.default_rng(86).standard_normal((2, 50, 4)), "intercept": np.zeros((2, 50))}
    post = tree_of(br.Model(likelihoods.Gaussian(0.7), priors.Laplace([INF, 0.1, 0.1, INF])), X, y, values)
    kappa = br.shrinkage(post).frame["kappa"]
    assert np.all(kappa.iloc[[0, 3]] == 0.0)
    assert np.all((kappa.iloc[[1, 2]] > 0) & (kappa.iloc[[1, 2]] < 1))


def test_a_constant_column_is_shrunk_to_its_prior_and_counts_nothing(linear: Data) -> None:
    X, y = linear
    with_constant = np.column_stack([X, np.full(y.size, 3.0)])
    model = br.Model(likelihoods.Gaussian(0.7), priors.Gaussian(0.5))
    with pytest.warns(DesignWarning, match="x4"):
        post = br.sample(model, with_constant, y, seed=1, draws=9)
    found, without = br.shrinkage(post), br.shrinkage(br.sample(model, X, y, seed=1, draws=9))
    assert found.frame["kappa"].iloc[4] == 1.0
    assert found.effective == pytest.approx(without.effective, rel=1e-12)
    relative = found.frame["relative_to_flat"]
    assert np.isnan(relative.iloc[4])
    np.testing.assert_allclose(relative[:4], without.frame["relative_to_flat"], rtol=1e-9)


def test_relative_to_flat_is_what_the_posterior_mean_lost_of_least_squares(linear: Data) -> None:
    X, y = linear
    offset = np.linspace(-1, 1, y.size)
    loc = np.array([0.0, 0.5, 0.0, -0.2])
    model = br.Model(likelihoods.Gaussian(0.7), priors.Gaussian(0.3, loc=loc))
    post = br.sample(model, X, y, offset=offset, seed=1, draws=50)
    flat = br.find_map(br.Model(likelihoods.Gaussian(0.7), priors.Flat()), X, y, offset=offset).coef
    mean = post["posterior"]["coef"].mean(("chain", "draw")).to_numpy()
    expected = 1 - (mean - loc) / (flat - loc)
    np.testing.assert_allclose(br.shrinkage(post).frame["relative_to_flat"], expected, rtol=1e-9)


def test_with_more_columns_than_rows_the_flat_fit_is_that_of_least_norm(wide: Data) -> None:
    X, y = wide
    unit = np.logspace(-3, 3, 25)
    loc = np.linspace(-0.5, 0.5, 25) / unit
    prior = priors.Gaussian(0.3 / unit, loc=loc)
    post = br.sample(br.Model(likelihoods.Gaussian(0.7), prior), X * unit, y, seed=1, draws=9)
    found = br.shrinkage(post)
    # On the rows, with columns of unit length, so that units do not matter.
    Z = X - X.mean(0)
    size = np.linalg.norm(Z, axis=0)
    flat = np.linalg.lstsq(Z / size, y - y.mean() - Z @ (loc * unit))[0] / size
    mean = post["posterior"]["coef"].to_numpy().mean((0, 1)) * unit - loc * unit
    np.testing.assert_allclose(found.frame["relative_to_flat"], 1 - mean / flat, rtol=1e-7)
    assert 0 < found.effective < 12
    assert np.all((found.frame["kappa"] > 0) & (found.frame["kappa"] < 1))


def test_many_draws_of_many_columns_are_thinned(linear: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    from bayesreg import shrinkage_factors

    X, y = linear
    model = br.Model(likelihoods.Gaussian(scales.HalfNormal(1.0)), priors.Gaussian(0.4))
    post = br.sample(model, X, y, seed=1, draws=50, chains=2)
    monkeypatch.setattr(shrinkage_factors, "_LARGEST_WORK", 4**3 * 10)  # ten of the hundred draws
    gram, sigma = moments(X), post["posterior"]["sigma"].to_numpy().ravel()[::10]
    trace = [np.trace(np.linalg.solve(gram + s**2 / 0.16 * np.eye(4), gram)) for s in sigma]
    np.testing.assert_allclose(br.shrinkage(post).effective, np.mean(trace), rtol=1e-11)


def test_a_result_that_went_through_a_file_gives_the_same(linear: Data, tmp_path: Path) -> None:
    X, y = linear
    values = {
        "coef": np.random.default_rng(87).standard_normal((2, 50, 4)),
        "intercept": np.zeros((2, 50)),
        "sigma": np.full((2, 50), 0.9),
    }
    exact = br.sample(br.Model(likelihoods.Gaussian(0.7), priors.Gaussian(0.3)), X, y, seed=1, draws=50)
    by_hand = tree_of(br.Model(likelihoods.Gaussian(), priors.Laplace(0.1, relative_to="sigma")), X, y, values)
    for name, post in (("exact", exact), ("by_hand", by_hand)):
        post.to_netcdf(tmp_path / f"{name}.nc", engine="h5netcdf")
        with az.from_netcdf(tmp_path / f"{name}.nc") as loaded:
            again = br.shrinkage(loaded)
        fresh = br.shrinkage(post)
        np.testing.assert_array_equal(again.frame.to_numpy(), fresh.frame.to_numpy())
        assert list(again.frame.index) == list(fresh.frame.index) == ["x0", "x1", "x2", "x3"]
        assert (again.effective, again.effective_sum) == (fresh.effective, fresh.effective_sum)


def test_the_text_names_columns_and_both_counts() -> None:
    import pandas as pd

    rng = np.random.default_rng(88)
    X = pd.DataFrame(rng.standard_normal((20, 2)), columns=["age", "height"])
    post = br.sample(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0)), X, X["age"], seed=1, draws=9)
    found = br.shrinkage(post)
    for word in ("age", "height", "kappa", f"{found.effective:.2f}", f"{found.effective_sum:.2f}"):
        assert word in str(found)


@pytest.mark.parametrize(
    "tree",
    [
        xr.DataTree(),
        xr.DataTree.from_dict({"posterior": xr.Dataset({"coef": (("chain", "draw"), np.zeros((2, 3)))})}),
        az.from_dict({"posterior": {"coef": np.zeros((2, 9, 3))}, "constant_data": {"gram": np.eye(3)}}),
    ],
    ids=["empty", "posterior_only", "without_model"],
)
def test_a_tree_of_another_making_is_refused(tree: xr.DataTree) -> None:
    with pytest.raises(InputError, match=r"needs a DataTree made by bayesreg\.sample"):
        br.shrinkage(tree)


def test_a_prior_of_the_user_that_a_file_cannot_hold_is_refused(linear: Data) -> None:
    post = br.sample(br.Model(likelihoods.Gaussian(0.7), priors.Gaussian(0.3)), *linear, seed=1, draws=9)
    spec = json.loads(post.attrs["model"])
    spec["prior"] = {"custom": "MyPrior()"}
    post.attrs["model"] = json.dumps(spec)
    with pytest.raises(InputError, match="MyPrior"):
        br.shrinkage(post)
