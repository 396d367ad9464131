"""Local scales that are drawn afterwards, and the precisions and shrinkage factors that they make."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.errors import InputError
from bayesreg.local_scales import is_mixture
from bayesreg.numerics.variates import draw_grouped
from bayesreg.outcomes import Draws
from bayesreg.posterior import build_tree

INF = float("inf")
CHAINS, DRAWS, P = 2, 2000, 4
NOISE = likelihoods.Gaussian(scales.HalfNormal(1.0))


def tree_of(prior: Any, data: Any, values: dict[str, np.ndarray], **settings: Any) -> xr.DataTree:
    """Return the result that these draws of the parameters would give."""
    problem = br.Model(NOISE, prior, **settings).bind(make_design(*data))
    shape = values["coef"].shape[:2]
    values = {"intercept": np.zeros(shape)} | values
    return build_tree(problem, Draws(values, {}, "independent", {}), np.random.SeedSequence(5), {"engine": "by hand"})


@pytest.mark.parametrize("word", [None, "sigma", "penalty"])
def test_the_local_scales_of_groups_follow_their_conditional(linear: Any, word: Any) -> None:
    # The third column has a group of its own beside a member without a penalty.
    factor = np.array([2.0, 0.5, 3.0, INF])
    prior = priors.GroupLaplace(["a", "a", "b", "b"], scales.HalfNormal(1.0), factor=factor, relative_to=word)
    rng = np.random.default_rng(66)
    sigma, scale = rng.uniform(0.5, 2.0, (2, CHAINS, DRAWS))
    rate = np.sqrt(2.0) / scale * sigma ** {None: 0, "sigma": -1, "penalty": -2}[word]
    both = np.broadcast_to(rate.reshape(-1, 1), (CHAINS * DRAWS, 2))
    z = draw_grouped(rng, both, np.array([0, 0, 1])).reshape(CHAINS, DRAWS, 3)
    coef = np.concatenate([z * factor[:3], rng.standard_normal((CHAINS, DRAWS, 1))], axis=-1)
    values = {"coef": coef, "sigma": sigma, "prior_scale": scale}
    post = tree_of(prior, linear, values)
    local = post["posterior"]["local_scale"].to_numpy()
    assert np.isnan(local[..., 3]).all()
    np.testing.assert_array_equal(local[..., 0], local[..., 1])
    # Over the prior of a group of k: t ~ Gamma((k + 1)/2, rate 1/2), and given t the members are independent normals.
    for column, k in ((0, 2), (2, 1)):
        law = stats.gamma((k + 1) / 2, scale=2.0)
        assert stats.kstest(local[..., column].ravel() ** 2, law.cdf).pvalue > 1e-3
    standard = coef[..., :3] / factor[:3] * rate[..., None] / local[..., :3]
    for column in range(3):
        assert stats.kstest(standard[..., column].ravel(), "norm").pvalue > 1e-3
    assert abs(np.corrcoef(standard[..., 0].ravel(), standard[..., 1].ravel())[0, 1]) < 0.07
    precision = np.zeros(coef.shape)
    precision[..., :3] = (rate[..., None] / (factor[:3] * local[..., :3])) ** 2
    assert_factors(post, precision, sigma, linear[0])


def assert_factors(post: xr.DataTree, precision: np.ndarray, sigma: np.ndarray, X: np.ndarray) -> None:
    Z = X - X.mean(axis=0)
    found = br.shrinkage(post)
    kappa = precision / (precision + (Z**2).sum(axis=0) / sigma[..., None] ** 2)
    np.testing.assert_allclose(found.frame["kappa"], kappa.mean((0, 1)), rtol=1e-11, atol=1e-15)
    gram = Z.T @ Z
    each = (precision * sigma[..., None] ** 2).reshape(-1, P)
    traces = [np.trace(np.linalg.solve(gram + np.diag(q), gram)) for q in each[:: max(1, len(each) // 4000)]]
    np.testing.assert_allclose(found.effective, np.mean(traces), rtol=1e-9)


MIXTURES: dict[str, tuple[Any, Any]] = {
    # Prior, and the standard deviation given (local, hyper) at unit noise and unit 1.
    "student_t": (priors.StudentT(3.0, 0.7), lambda t, h: 0.7 * t),
    "student_t_vector": (priors.StudentT(3.0, [0.7, 1.0, 2.0, INF]), lambda t, h: np.array([0.7, 1, 2, INF]) * t),
    "horseshoe": (priors.Horseshoe(), lambda t, h: h["prior_scale"] * t),
    "horseshoe_expected": (priors.Horseshoe(expected_nonzero=1), lambda t, h: h["prior_scale"] * t),
    "regularized": (
        priors.RegularizedHorseshoe(),
        lambda t, h: (1 / (h["prior_scale"] * t) ** 2 + 1 / h["slab"] ** 2) ** -0.5,
    ),
    "regularized_known": (
        priors.RegularizedHorseshoe(0.3, 1.5, None, relative_to="sigma"),
        lambda t, h: (1 / (0.3 * t) ** 2 + 1 / 1.5**2) ** -0.5,
    ),
}


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("name", MIXTURES)
def test_a_normal_mixture_has_the_precision_of_its_hierarchy(name: str, standardize: bool, linear: Any) -> None:
    prior, deviation = MIXTURES[name]
    X, _ = linear
    rng = np.random.default_rng(7)
    shape = (CHAINS, 40)
    sigma = rng.uniform(0.5, 2.0, shape)
    hyper = {key: rng.uniform(0.3, 2.0, shape) for key in prior.hyperparameters()}
    local = np.exp(rng.standard_normal((*shape, P)))
    values = {"coef": rng.standard_normal((*shape, P)), "sigma": sigma, "local_scale": local} | hyper
    post = tree_of(prior, linear, values, standardize=standardize)
    free = np.isinf(deviation(np.ones(P), {key: np.ones(1) for key in hyper}) * np.ones(P))
    kept = post["posterior"]["local_scale"].to_numpy()
    np.testing.assert_array_equal(kept, np.where(free, np.nan, local))
    noise = sigma[..., None] if prior.hyperparameters() or prior.relative_to == "sigma" else 1.0
    sd = noise * deviation(local, {key: value[..., None] for key, value in hyper.items()})
    sd = sd / (X.std(axis=0) if standardize else 1.0)
    assert_factors(post, np.broadcast_to(sd**-2.0, (*shape, P)), sigma, X)


def test_a_horseshoe_on_standardised_columns_has_the_textbook_factor(linear: Any) -> None:
    rng = np.random.default_rng(8)
    shape = (CHAINS, 30)
    tau, local = rng.uniform(0.01, 1.0, shape), np.abs(rng.standard_cauchy((*shape, P)))
    values = {
        "coef": rng.standard_normal((*shape, P)),
        "sigma": rng.uniform(0.5, 2.0, shape),
        "prior_scale": tau,
        "local_scale": local,
    }
    found = br.shrinkage(tree_of(priors.Horseshoe(), linear, values, standardize=True))
    kappa = 1 / (1 + len(linear[1]) * (tau[..., None] * local) ** 2)
    np.testing.assert_allclose(found.frame["kappa"], kappa.mean((0, 1)), rtol=1e-11)


def test_which_priors_are_normal_given_a_local_scale() -> None:
    class SparseGroups(priors.GroupLaplace):
        def rates(self, hyper: Any) -> tuple[Any, Any]:
            return 2.0, 0.0

    mixtures = [priors.Flat(), priors.Gaussian(1.0), priors.Laplace(1.0), priors.GroupLaplace([0, 0], 1.0)]
    assert all(is_mixture(prior) for prior in [*mixtures, *(prior for prior, _ in MIXTURES.values())])
    assert not is_mixture(priors.Laplace(1.0, positive=True))
    assert not is_mixture(SparseGroups([0, 0], 1.0))


def test_a_sign_constraint_is_no_mixture_still(linear: Any) -> None:
    values = {"coef": np.ones((CHAINS, 30, P)), "sigma": np.ones((CHAINS, 30))}
    post = tree_of(priors.Laplace(1.0, positive=True), linear, values)
    with pytest.raises(InputError, match=r"with a sign constraint.*its MAP has"):
        br.shrinkage(post)
