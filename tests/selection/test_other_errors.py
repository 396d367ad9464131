"""Projections with errors that are not normal, against a minimiser of the divergence summed over a grid of y."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import optimize

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.errors import InputError
from bayesreg.selection.reference import Reference, read_reference
from bayesreg.selection.submodel import submodel
from tests.selection.conftest import SUPPORT, Data

# Short runs say so.
pytestmark = pytest.mark.filterwarnings("ignore::bayesreg.errors.SamplingWarning")

LIKELIHOODS: list[Any] = [
    likelihoods.StudentT(4.0),
    likelihoods.Huber(),
    likelihoods.Laplace(),
    likelihoods.AsymmetricLaplace(0.8),
]
METHODS = ("projection", "dss", "savs", "interval", "sign")
# Equal steps in asinh(z): dense where the density is, with tails to 1e5.
_AT = np.linspace(-12, 12, 801)
_Z, _STEP = np.sinh(_AT), np.cosh(_AT) * (_AT[1] - _AT[0])


def divergence(likelihood: Any, eta: np.ndarray, sigma: float, m: np.ndarray, t: float, w: np.ndarray) -> float:
    """Mean over rows of the divergence of the law at (m, t) from that at (eta, sigma), by the trapezoidal rule."""
    y = eta[:, None] + sigma * _Z
    own = -(likelihood.loss(eta[:, None], y, sigma) + likelihood.row_constant(y, sigma))
    other = -(likelihood.loss(m[:, None], y, t) + likelihood.row_constant(y, t))
    return float(w @ (np.exp(own) * (own - other) @ (sigma * _STEP)) / w.sum())


def quickly(model: br.Model, X: np.ndarray, y: np.ndarray) -> xr.DataTree:
    """Sample few draws."""
    return br.sample(model, X, y, draws=150, chains=2, seed=1)


def small_reference(likelihood: Any, weighted: bool = False, intercept: bool = True) -> Reference:
    """Return six draws of a model with three columns on 25 rows."""
    rng = np.random.default_rng(80)
    X = rng.standard_normal((25, 3)) * [1.0, 3.0, 0.5]
    coef = np.array([1.0, -0.5, 2.0]) * (1 + 0.3 * rng.standard_normal((1, 6, 3)))
    sigma = rng.uniform(0.3, 1.5, (1, 6))
    weight = rng.integers(1, 4, 25).astype(float) if weighted else np.ones(25)
    centre = weight @ X / weight.sum() if intercept else np.zeros(3)
    gram = (X - centre).T @ (weight[:, None] * (X - centre))
    model = br.Model(likelihood, priors.Gaussian(1.0), fit_intercept=intercept)
    b0 = rng.standard_normal((1, 6)) if intercept else np.zeros((1, 6))
    offset = rng.standard_normal(25)
    return Reference(("a", "b", "c"), model, coef, b0, sigma, gram, centre, weight, offset, rng.standard_normal(25), X)


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize(
    ("on", "weighted", "intercept"), [((), False, True), ((1,), True, True), ((0, 2), True, False)]
)
def test_a_projection_minimises_the_divergence_of_the_predictive_laws(
    likelihood: Any, on: tuple[int, ...], weighted: bool, intercept: bool
) -> None:
    reference = small_reference(likelihood, weighted, intercept)
    found = submodel(reference, on)
    eta = reference.linear_predictor()
    A = np.column_stack([np.full(25, float(intercept)), reference.rows()[:, list(on)]])
    for k in (0, 3):
        sigma = float(reference.sigma.ravel()[k])

        def far(v: np.ndarray, k: int = k, sigma: float = sigma) -> float:
            m = reference.offset + A @ v[:-1]
            return divergence(likelihood, eta[k], sigma, m, float(np.exp(v[-1])), reference.weight)

        own = np.concatenate([found.intercept[k : k + 1], found.coef[k], np.log(found.sigma[k : k + 1])])
        # The grid meets the kink of a loss with an error of its step squared.
        assert found.kl[k] == pytest.approx(far(own), abs=5e-4)
        start = np.append(np.linalg.lstsq(A, eta[k] - reference.offset)[0], np.log(2 * sigma))
        best = optimize.minimize(far, start, method="BFGS", options={"gtol": 1e-7})
        assert far(own) == pytest.approx(best.fun, abs=1e-5)
        # Flat at the minimum: an error of 1e-5 in the value is one of some 1e-3 in the place.
        np.testing.assert_allclose(own, best.x, atol=0.01)
    if not intercept:
        np.testing.assert_array_equal(found.intercept, 0.0)


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=lambda value: type(value).__name__)
def test_with_all_columns_a_draw_is_its_own_projection(likelihood: Any) -> None:
    reference = small_reference(likelihood)
    found = submodel(reference, (0, 1, 2))
    np.testing.assert_allclose(found.coef, reference.flat_coef, rtol=1e-6)
    np.testing.assert_allclose(found.sigma, reference.sigma.ravel(), rtol=1e-6)
    np.testing.assert_allclose(found.kl, 0.0, atol=1e-9)


def test_dependent_columns_are_projected_onto_too() -> None:
    reference = small_reference(likelihoods.Laplace())
    X = np.column_stack([reference.rows(), reference.rows()[:, 0], np.ones(25)])
    Z = X - X.mean(0)
    coef = np.concatenate([reference.coef, np.zeros((1, 6, 2))], axis=2)
    wide = Reference(
        tuple("abcde"), reference.model, coef, reference.intercept, reference.sigma, Z.T @ Z, X.mean(0),
        reference.weight, reference.offset, reference.y, X,
    )  # fmt: skip
    one, twice = submodel(reference, (0, 1)), submodel(wide, (0, 3, 1, 4))
    np.testing.assert_allclose(twice.kl, one.kl, rtol=1e-6)
    np.testing.assert_allclose(twice.sigma, one.sigma, rtol=1e-5)
    np.testing.assert_allclose(twice.coef[:, 0] + twice.coef[:, 1], one.coef[:, 0], rtol=1e-3)


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=lambda value: type(value).__name__)
def test_every_method_finds_the_known_support(likelihood: Any, known: Data) -> None:
    X, _ = known
    rng = np.random.default_rng(81)
    y = 1.0 + X @ [2.0, 0, 0, -1.5, 0, 0, 1.0, 0] + 0.7 * rng.standard_t(4, 120)
    post = quickly(br.Model(likelihood, priors.Gaussian(2.0)), X, y)
    for method in METHODS:
        found = br.select(post, X, method=method, ci_prob=0.999, probability=1 - 1e-9, max_size=3)  # type: ignore[arg-type]
        # The posterior of a quantile is too narrow, and the marginal rules go by its width.
        too_many = method in ("interval", "sign") and isinstance(likelihood, likelihoods.AsymmetricLaplace)
        assert set(SUPPORT) <= set(found.chosen) if too_many else set(found.chosen) == set(SUPPORT), method
    last = br.select(post, X, size=8).path.iloc[-1]
    assert last["kl"] == pytest.approx(0.0, abs=1e-9)
    assert last["elpd_diff"] == pytest.approx(0.0, abs=1e-3)
    with pytest.raises(InputError, match=r"give X, as in select\(post, X\)"):
        br.select(post)
    # The spread of predictions is that of draws from the likelihood.
    estimator = found.estimator()
    group = found.posterior["posterior"]
    on = [int(name[1]) for name in found.chosen]
    eta = group["intercept"].to_numpy().reshape(-1, 1) + group["coef"].to_numpy().reshape(-1, len(on)) @ X[:3, on].T
    noisy = likelihood.draw(rng, np.tile(eta, (40, 1)), np.tile(group["sigma"].to_numpy().reshape(-1, 1), (40, 1)))
    np.testing.assert_allclose(estimator.predict(X[:3], return_std=True)[1], noisy.std(axis=0), rtol=0.06)


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=lambda value: type(value).__name__)
def test_the_search_takes_the_column_after_which_the_divergence_is_least(likelihood: Any, known: Data) -> None:
    X, y = known
    X, y = X[:40, [0, 3, 5, 6]], y[:40]
    post = quickly(br.Model(likelihood, priors.Gaussian(2.0)), X, y)
    order = br.select(post, X).supports[-1]
    reference = read_reference(post, X, "select")
    eta, sigma = reference.linear_predictor().mean(axis=0), float(reference.sigma.mean())
    taken: list[int] = []

    def least(on: list[int]) -> float:
        A = np.column_stack([np.ones(40), X[:, on]])
        start = np.append(np.linalg.lstsq(A, eta)[0], np.log(2 * sigma))

        def far(v: np.ndarray) -> float:
            return divergence(likelihood, eta, sigma, A @ v[:-1], float(np.exp(v[-1])), np.ones(40))

        return float(optimize.minimize(far, start, method="BFGS", options={"gtol": 1e-4}).fun)

    for size in range(3):
        left = [j for j in range(4) if j not in taken]
        taken.append(min(left, key=lambda j: least([*taken, j])))
        assert order[size] == f"x{taken[-1]}"


def test_folds_sample_and_search_anew(known: Data) -> None:
    X, y = known
    post = quickly(br.Model(likelihoods.Huber(sigma=1.0), priors.Gaussian(1.0)), X, y)
    found = br.select(post, X, folds=2, seed=1, max_size=4)
    assert set(found.chosen) == set(SUPPORT)
    assert (found.features["fold_share"][list(SUPPORT)] == 1).all()
