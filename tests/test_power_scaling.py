"""Sensitivity against ArviZ on densities written by hand, and contraction against normal theory."""

from __future__ import annotations

import arviz as az
import numpy as np
import pytest
import xarray as xr
from scipy import stats

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.errors import InputError

Data = tuple[np.ndarray, np.ndarray]


def by_arviz(post: xr.DataTree, log_prior: np.ndarray, name: str) -> np.ndarray:
    tree = xr.DataTree.from_dict(
        {
            "posterior": post["posterior"].to_dataset()[[name]],
            "log_prior": xr.Dataset({"p": (("chain", "draw"), log_prior)}),
            "log_likelihood": post["log_likelihood"].to_dataset(),
        }
    )
    return np.asarray(az.psense(tree, group="prior")[name].to_numpy())


def test_a_known_scale_raises_the_density_of_coefficients_and_noise(linear: Data) -> None:
    X, y = linear
    model = br.Model(likelihoods.Gaussian(scales.HalfNormal(2.0)), priors.Gaussian(0.3))
    post = br.sample(model, X, y, draws=500, seed=1)
    found = br.sensitivity(post, X, seed=1)
    group = post["posterior"]
    log_prior = stats.norm.logpdf(group["coef"].to_numpy(), scale=0.3).sum(-1)
    log_prior = log_prior + stats.halfnorm.logpdf(group["sigma"].to_numpy(), scale=2.0)
    rows = [f"coef[x{j}]" for j in range(4)]
    np.testing.assert_allclose(found.loc[rows, "prior"], by_arviz(post, log_prior, "coef"), rtol=1e-9)
    np.testing.assert_allclose(found.loc["sigma", "prior"], by_arviz(post, log_prior, "sigma"), rtol=1e-9)
    whole = az.psense(post, group="likelihood", var_names=["coef"])["coef"].to_numpy()
    np.testing.assert_allclose(found.loc[rows, "likelihood"], whole, rtol=1e-9)
    assert list(found.index) == list(az.summary(post, kind="stats").index)


def test_a_learned_scale_raises_the_laws_of_what_is_learned(linear: Data) -> None:
    X, y = linear
    model = br.Model(
        likelihoods.Gaussian(scales.HalfNormal(2.0)),
        priors.Laplace(scales.HalfNormal(0.5)),
        intercept=priors.Gaussian(3.0),
    )
    post = br.sample(model, X, y, draws=500, seed=1)
    found = br.sensitivity(post, X, seed=1)
    group = post["posterior"]
    law = stats.halfnorm.logpdf(group["prior_scale"].to_numpy(), scale=0.5)
    law = law + stats.halfnorm.logpdf(group["sigma"].to_numpy(), scale=2.0)
    law = law + stats.norm.logpdf(group["intercept"].to_numpy(), scale=3.0)
    np.testing.assert_allclose(found.loc["prior_scale", "prior"], by_arviz(post, law, "prior_scale"), rtol=1e-8)
    assert not any(name.startswith("local_scale") for name in found.index)


def test_every_group_has_a_learned_scale_of_its_own(linear: Data) -> None:
    X, y = linear
    model = br.Model(likelihoods.Gaussian(1.0), priors.GroupGaussian(("a", "a", "b", "b"), scales.HalfNormal(0.5)))
    post = br.sample(model, X, y, draws=500, seed=1)
    found = br.sensitivity(post, X, seed=1)
    scale = post["posterior"]["prior_scale"].to_numpy()
    law = stats.halfnorm.logpdf(scale, scale=0.5).sum(-1)
    rows = ["prior_scale[a]", "prior_scale[b]"]
    np.testing.assert_allclose(found.loc[rows, "prior"], by_arviz(post, law, "prior_scale"), rtol=1e-8)
    width = np.subtract(*np.quantile(scale, [0.75, 0.25], axis=(0, 1)))
    before = np.subtract(*stats.halfnorm(scale=0.5).ppf([0.75, 0.25]))
    np.testing.assert_allclose(found.loc[rows, "contraction"], 1 - (width / before) ** 2, atol=0.05)


def test_a_mixture_whose_own_density_is_known_is_raised_without_its_local_scales(linear: Data) -> None:
    X, y = linear
    post = br.sample(br.Model(likelihoods.Gaussian(0.7), priors.StudentT(3.0, 0.4)), X, y, draws=500, seed=1)
    log_prior = stats.t.logpdf(post["posterior"]["coef"].to_numpy(), 3.0, scale=0.4).sum(-1)
    found = br.sensitivity(post, X, seed=1).loc[[f"coef[x{j}]" for j in range(4)], "prior"]
    np.testing.assert_allclose(found, by_arviz(post, log_prior, "coef"), rtol=1e-8)


def test_contraction_is_one_minus_the_ratio_of_variances_under_normal_laws(linear: Data) -> None:
    X, y = linear
    model = br.Model(likelihoods.Gaussian(0.7), priors.Gaussian([0.5, 0.1, float("inf"), 2.0]))
    post = br.sample(model, X, y, draws=5000, chains=4, seed=1)
    found = br.sensitivity(post, X, seed=2)["contraction"]
    Z = X - X.mean(0)
    covariance = np.linalg.inv(Z.T @ Z / 0.49 + np.diag([4.0, 100.0, 0.0, 0.25]))
    expected = 1 - np.diag(covariance) / np.array([0.25, 0.01, 1.0, 4.0])
    on = [0, 1, 3]
    np.testing.assert_allclose(found[[f"coef[x{j}]" for j in on]], expected[on], atol=0.03)
    assert np.isnan(found["coef[x2]"])
    assert np.isnan(found["intercept"])


def test_a_conflict_is_told_from_a_strong_prior_and_from_neither() -> None:
    rng = np.random.default_rng(4)
    X = rng.standard_normal((40, 2))
    y = 5 * X[:, 0] + rng.standard_normal(40)

    def diagnosis(prior: priors.Gaussian, rows: int) -> str:
        post = br.sample(br.Model(likelihoods.Gaussian(1.0), prior), X[:rows], y[:rows], seed=1)
        return str(br.sensitivity(post, X[:rows], seed=1).loc["coef[x0]", "diagnosis"])

    assert diagnosis(priors.Gaussian(0.2), 40) == "prior-data conflict"
    assert diagnosis(priors.Gaussian(10.0), 40) == ""
    # Two rows hardly move a posterior that is its prior.
    assert diagnosis(priors.Gaussian(0.02), 2) == "strong prior or weak data"
    flat = br.sample(br.Model(likelihoods.Gaussian(1.0), priors.Flat()), X, y, seed=1)
    found = br.sensitivity(flat, X)
    assert (found["prior"] == 0).all()
    assert found["contraction"].isna().all()


def test_what_it_needs_is_asked_for(linear: Data) -> None:
    X, y = linear
    post = br.sample(br.Model(likelihoods.Gaussian(0.7), priors.Gaussian(0.5)), X, y, draws=50, seed=1)
    with pytest.raises(InputError, match="column 'x0' has another mean"):
        br.sensitivity(post, X + 1.0)
    with pytest.raises(InputError, match="keeps no pointwise log likelihood"):
        br.sensitivity(_without(post), X)
    with pytest.raises(InputError, match=r"needs a DataTree made by bayesreg\.sample"):
        br.sensitivity(post["posterior"], X)


def _without(post: xr.DataTree) -> xr.DataTree:
    tree = xr.DataTree.from_dict({k: v.to_dataset() for k, v in post.children.items() if k != "log_likelihood"})
    tree.attrs = dict(post.attrs)
    return tree


def test_an_intercept_with_a_proper_prior_has_a_contraction(linear: Data) -> None:
    X, y = linear
    sigma, tau = 0.7, 0.3
    level = priors.Gaussian(tau, loc=0.5, relative_to="sigma")
    model = br.Model(likelihoods.Gaussian(sigma), priors.Gaussian(1.0), intercept=level)
    found = br.sensitivity(br.sample(model, X, y, draws=5000, seed=1), X, seed=2)["contraction"]
    Z = np.column_stack([np.ones(len(y)), X])
    precision = Z.T @ Z / sigma**2 + np.diag([1 / (tau * sigma) ** 2, 1, 1, 1, 1])
    # Quartiles of 20 000 draws are good to about 2 %.
    assert found["intercept"] == pytest.approx(1 - np.linalg.inv(precision)[0, 0] / (tau * sigma) ** 2, abs=0.04)
