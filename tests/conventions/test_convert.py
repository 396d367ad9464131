"""The conversions in both directions: at a noise level, for each column, and what they refuse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.conventions import CONVENTIONS, likelihood_from
from bayesreg.errors import InputError

INF = math.inf


def real_data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(40)
    X = rng.standard_normal((50, 4)) @ (np.eye(4) + 0.3) * [1.0, 2.0, 0.5, 1.0] + [0.0, 1.0, -3.0, 0.5]
    return X, X @ [1.2, 0.0, -0.8, 0.3] + 0.8 * rng.standard_normal(50)


def binary_data() -> tuple[np.ndarray, np.ndarray]:
    X, y = real_data()
    return X, (y - np.median(y) + np.random.default_rng(41).standard_normal(50) > 0).astype(float)


@pytest.mark.parametrize("relative_to", [None, "auto", "sigma", "penalty"])
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("sklearn.Ridge", lambda r: priors.Gaussian(0.4, relative_to=r)),
        ("sklearn.Lasso", lambda r: priors.Laplace(0.06, relative_to=r)),
        ("sklearn.Lasso", lambda r: priors.Laplace(rate=15.0, factor=1.5, relative_to=r)),
        ("sklearn.ElasticNet", lambda r: priors.ElasticNet(9.0, 4.0, relative_to=r)),
        ("textbook.elastic_net", lambda r: priors.ElasticNet(9.0, 4.0, relative_to=r)),
    ],
)
def test_the_penalty_of_a_prior_at_a_noise_level_has_the_same_map(name: str, make: Any, relative_to: Any) -> None:
    X, y = real_data()
    prior, sigma = make(relative_to), 1.7
    penalty = br.penalty_for(name, prior, n=y.size, sigma=sigma)
    ours = br.find_map(br.Model(likelihoods.Gaussian(sigma), prior), X, y)
    theirs = br.find_map(br.Model(likelihoods.Gaussian(1.0), br.prior_from(name, n=y.size, **penalty)), X, y)
    assert 0 < np.count_nonzero(ours.coef)
    np.testing.assert_allclose(ours.coef, theirs.coef, rtol=1e-11, atol=1e-13)


def test_a_scale_for_each_column_is_a_penalty_factor_of_glmnet() -> None:
    X, y = binary_data()
    prior = priors.Gaussian([0.5, INF, 2.0, 1.0])
    penalty = br.penalty_for("glmnet.binomial", prior, n=50)
    assert penalty["penalty_factor"][1] == 0.0
    assert sum(penalty["penalty_factor"]) == pytest.approx(4.0, rel=1e-14)
    ours, theirs = (
        br.find_map(br.Model(likelihoods.Bernoulli(), each), X, y)
        for each in (prior, br.prior_from("glmnet.binomial", n=50, **penalty))
    )
    np.testing.assert_allclose(ours.coef, theirs.coef, rtol=1e-10)


# Faults.


@pytest.mark.parametrize("value", [-1.0, math.nan, INF, -INF, "0.1", None, True, [0.1, 0.2], "auto"])
@pytest.mark.parametrize("name", ["sklearn.Ridge", "sklearn.Lasso", "sklearn.ElasticNet"])
def test_an_unusable_alpha_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=rf"{name}\(alpha=") as raised:
        br.prior_from(name, alpha=value, n=20)
    assert isinstance(raised.value, ValueError)


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        ("sklearn.LogisticRegression", {"C": 0.0}, "C=...) must be finite or inf and above 0"),
        ("sklearn.LogisticRegression", {"C": -1.0}, "(C="),
        ("sklearn.LogisticRegression", {"C": math.nan}, "(C="),
        ("sklearn.LogisticRegression", {"l1_ratio": 1.1}, "l1_ratio=...) must lie between 0 and 1"),
        ("sklearn.ElasticNet", {"l1_ratio": -0.1}, "(l1_ratio="),
        ("sklearn.Lasso", {"l1_ratio": 0.5}, "has no parameter l1_ratio; it has alpha"),
        ("sklearn.Lasso", {"lam": 0.5}, "has no parameter lam"),
        ("textbook.ridge", {}, "needs lambda_="),
        ("textbook.ridge", {"lambda_": -1.0}, "(lambda_="),
        ("textbook.elastic_net", {"lambda1": 1.0}, "needs lambda2="),
        ("textbook.elastic_net_mixed", {"lambda_": 1.0, "alpha": 1.5}, "alpha=...) must lie between 0 and 1"),
        ("glmnet.binomial", {"lambda_": 0.1, "alpha": 2.0}, "alpha=...) must lie between 0 and 1"),
        ("glmnet.binomial", {"lambda_": 0.1, "standardize": 1}, "standardize=...) must be True or False"),
        ("glmnet.binomial", {"lambda_": 0.1, "standardize": False, "penalty_factor": [1.0, -1.0]}, "penalty_factor"),
        ("glmnet.binomial", {"lambda_": 0.1, "standardize": False, "penalty_factor": [0.0, 0.0]}, "penalty_factor"),
        ("glmnet.binomial", {"lambda_": 0.1, "standardize": False, "penalty_factor": [1.0, INF]}, "penalty_factor"),
        ("sklearn.Lasso", {"positive": 1}, "positive=...) must be True or False"),
        ("sklearn.QuantileRegressor", {"quantile": 1.0}, "quantile=...) must lie between 0 and 1"),
        ("sklearn.QuantileRegressor", {"quantile": 0.0}, "(quantile="),
        ("celer.Lasso", {"weights": [1.0, -1.0]}, "weights=...) must be finite and at least 0"),
        ("celer.Lasso", {"weights": 1.0}, "weights=...) must hold one number a column"),
        ("celer.GroupLasso", {}, "needs groups="),
        ("celer.GroupLasso", {"groups": 2}, "groups=...) must be the sizes"),
        ("celer.GroupLasso", {"groups": [2, 0]}, "groups=...) must be the sizes"),
        ("celer.GroupLasso", {"groups": []}, "groups=...) must be the sizes"),
        ("celer.GroupLasso", {"groups": [1.5, 2]}, "groups=...) must be the sizes"),
        ("skglm.GroupLasso", {"groups": [[0, 1], [1, 2]]}, "together name every column once"),
        ("skglm.GroupLasso", {"groups": [[0, 1], [3]]}, "together name every column once"),
        ("skglm.GroupLasso", {"groups": [[0, 1], 2]}, "groups=...) must be the sizes"),
        ("skglm.GroupLasso", {"groups": [1, 2], "weights": [1.0]}, "weights has 1 entries for 2 groups"),
        ("skglm.Huber", {}, "needs delta="),
        ("glum.normal", {}, "needs alpha="),
        ("glum.normal", {"alpha": 0.1, "P1": "none"}, "(P1="),
        ("statsmodels.OLS", {"alpha": [0.1, -0.1]}, "(alpha="),
        ("statsmodels.OLS", {"alpha": 0.1, "L1_wt": 2.0}, "L1_wt=...) must lie between 0 and 1"),
        ("pymc.Laplace", {"scale": 0.0}, "(scale="),
        ("monomvn.blasso", {"lambda2": -1.0}, "(lambda2="),
    ],
)
def test_an_unusable_parameter_is_refused_by_its_name_in_the_library(
    name: str, parameters: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError) as raised:
        br.prior_from(name, n=20, **parameters)
    assert words in str(raised.value)
    assert name in str(raised.value) or "penalty_factor" in words


@pytest.mark.parametrize(
    ("name", "parameters", "setting", "missing"),
    [
        ("sklearn.Lasso", {"alpha": 0.1}, {}, "n= (or sum_weights=)"),
        ("sklearn.ElasticNet", {"alpha": 0.1}, {}, "n= (or sum_weights=)"),
        ("glmnet.binomial", {"lambda_": 0.1, "standardize": False}, {}, "n= (or sum_weights=)"),
        ("glmnet.binomial", {"lambda_": 0.1}, {"n": 10}, "x_sd="),
        ("glmnet.gaussian", {"lambda_": 0.1, "alpha": 0.5, "standardize": False}, {"n": 10}, "y_sd="),
        ("sklearn.PoissonRegressor", {}, {}, "n= (or sum_weights=)"),
        ("sklearn.SGDRegressor", {}, {"sum_weights": 10}, "n="),
        ("sklearn.HuberRegressor", {}, {"n": 10}, "sigma= (the noise level)"),
        ("celer.GroupLasso", {"groups": [1, 2]}, {}, "n= (or sum_weights=)"),
        ("glum.normal", {"alpha": 0.1, "scale_predictors": True}, {"n": 10}, "x_sd="),
        ("MASS.lm.ridge", {"lambda_": 0.1}, {}, "x_sd="),
        ("monomvn.blasso", {"lambda2": 0.1}, {"x_sd": [1.0]}, "n= (or sum_weights=)"),
    ],
)
def test_what_a_row_needs_of_the_data_is_asked_for_by_name(
    name: str, parameters: dict[str, Any], setting: dict[str, Any], missing: str
) -> None:
    with pytest.raises(InputError) as raised:
        br.prior_from(name, **parameters, **setting)
    assert name in str(raised.value)
    assert f"give {missing}" in str(raised.value)


def test_the_way_back_asks_for_the_number_of_rows_too() -> None:
    with pytest.raises(InputError, match=r"sklearn\.Lasso.* give n="):
        br.penalty_for("sklearn.Lasso", br.prior_from("sklearn.Lasso", alpha=0.1, n=10))


@pytest.mark.parametrize("name", ["n", "sum_weights", "y_sd"])
@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, INF, "10"])
def test_an_unusable_number_about_the_data_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=rf"\({name}="):
        br.prior_from("sklearn.Ridge", **{name: value})


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, INF, "1"])
@pytest.mark.parametrize("prior", [priors.Gaussian(0.5), priors.Laplace(0.5, relative_to="sigma")])
def test_an_unusable_noise_level_is_refused_by_name(prior: Any, value: Any) -> None:
    name = "sklearn.Ridge" if isinstance(prior, priors.Gaussian) else "sklearn.Lasso"
    with pytest.raises(InputError, match="sigma"):
        br.penalty_for(name, prior, n=20, sigma=value)


@pytest.mark.parametrize("value", [-1.0, [1.0, -1.0], [1.0, math.nan], [1.0, INF], ["a", "b"], [[1.0]], "sd"])
def test_unusable_standard_deviations_are_refused_by_name(value: Any) -> None:
    with pytest.raises(InputError, match="x_sd"):
        br.prior_from("glmnet.binomial", lambda_=0.1, n=20, x_sd=value)


@pytest.mark.parametrize("value", [1.0, "a", ["a"], [[1.0, 1.0]]])
def test_unusable_penalty_factors_are_refused_by_name(value: Any) -> None:
    with pytest.raises(InputError, match="penalty_factor"):
        br.prior_from("glmnet.binomial", lambda_=0.1, n=20, standardize=False, penalty_factor=value)


def test_standard_deviations_and_penalty_factors_of_different_columns_are_refused() -> None:
    with pytest.raises(InputError, match="penalty_factor"):
        br.prior_from("glmnet.binomial", lambda_=0.1, n=20, x_sd=[1.0, 1.0, 1.0], penalty_factor=[1.0, 2.0])


class NoPenalty:
    """A prior that is none of the penalties."""

    loc = 0.0
    factor = 1.0
    relative_to = None
    positive = False

    def hyperparameters(self) -> dict[str, Any]:
        """Return none."""
        return {}


@pytest.mark.parametrize(
    ("name", "prior", "words"),
    [
        ("sklearn.Ridge", priors.Gaussian(1.0, loc=0.5, relative_to="penalty"), "loc is not 0"),
        ("sklearn.Ridge", priors.Gaussian([1.0, 2.0], relative_to="penalty"), "one penalty for all coefficients"),
        ("sklearn.Lasso", priors.Laplace(1.0, factor=[1.0, 2.0], relative_to="penalty"), "one penalty for all"),
        ("sklearn.Ridge", priors.Gaussian(scales.HalfCauchy(1.0)), "prior_scale is learned"),
        ("sklearn.Lasso", priors.Laplace(rate=scales.HalfCauchy(1.0)), "prior_rate is learned"),
        ("sklearn.Ridge", priors.Laplace(0.5, relative_to="penalty"), "sklearn.Ridge has no l1 penalty"),
        ("textbook.ridge", priors.ElasticNet(1.0, 1.0, relative_to="penalty"), "textbook.ridge has no l1 penalty"),
        ("sklearn.Lasso", priors.Gaussian(0.5, relative_to="penalty"), "sklearn.Lasso has no l2 penalty"),
        ("textbook.lasso", priors.ElasticNet(1.0, 1.0, relative_to="penalty"), "textbook.lasso has no l2 penalty"),
        ("sklearn.Ridge", priors.Gaussian(0.5), "give sigma="),
        ("sklearn.Lasso", priors.Laplace(0.5, relative_to="sigma"), "give sigma="),
        ("sklearn.LogisticRegression", priors.Gaussian(0.5, relative_to="sigma"), "has no noise level"),
        ("glmnet.binomial", priors.ElasticNet([1.0, 2.0], [1.0, 1.0]), "one alpha for all coefficients"),
        ("sklearn.Ridge", NoPenalty(), "NoPenalty is not a penalty"),
        ("glum.poisson", priors.Laplace(0.5, relative_to="penalty"), "has no noise level"),
        ("sklearn.Lasso", priors.GroupLaplace([0, 0], 0.5, relative_to="penalty"), "but the prior penalises groups"),
        ("pymc.Laplace", priors.GroupLaplace([0, 0], 0.5), "but the prior penalises groups"),
        ("textbook.elastic_net", priors.GroupLaplace([0], 0.5, relative_to="penalty"), "the prior penalises groups"),
        ("textbook.elastic_net", priors.Laplace([1.0, 2.0], relative_to="penalty"), "one penalty for all"),
        ("celer.GroupLasso", priors.Laplace(0.5, relative_to="penalty"), "must be a priors.GroupLaplace"),
        (
            "celer.GroupLasso",
            priors.GroupLaplace([0, 0], 0.5, factor=[1.0, 2.0], relative_to="penalty"),
            "factor varies within a group",
        ),
        ("pymc.Normal", priors.Laplace(0.5), "pymc.Normal has no l1 penalty"),
        ("pymc.Laplace", priors.Gaussian(0.5), "pymc.Laplace has no l2 penalty"),
        ("pymc.Normal", priors.Gaussian(0.5, relative_to="sigma"), "give sigma="),
        ("glmnet.gaussian()", priors.Laplace(0.5, relative_to="penalty", positive=True), "has no sign constraint"),
        ("sklearn.Lasso", priors.Laplace(0.5, relative_to="penalty", positive=[True, False]), "has no sign constraint"),
        ("sklearn.QuantileRegressor", priors.Laplace(0.5), "give sigma="),
    ],
)
def test_a_prior_that_a_library_cannot_express_is_refused_with_the_reason(name: str, prior: Any, words: str) -> None:
    with pytest.raises(InputError) as raised:
        br.penalty_for(name, prior, n=20)
    assert words in str(raised.value)


def test_ridge_relative_to_sigma_needs_no_noise_level() -> None:
    assert br.penalty_for("sklearn.Ridge", priors.Gaussian(0.5, relative_to="sigma")) == {"alpha": 4.0}


def test_a_penalty_factor_of_glmnet_that_is_one_number_says_how_many_columns_there_are() -> None:
    with pytest.raises(InputError, match="penalty_factor"):
        br.prior_from("glmnet.binomial", lambda_=0.1, n=20, standardize=False, penalty_factor=1.0)


@pytest.mark.parametrize("name", ["sklearn.Ridge", "sklearn.Lasso", "sklearn.ElasticNet", "celer.Lasso"])
def test_a_sign_constraint_is_a_prior_cut_at_zero_and_back(name: str) -> None:
    prior = br.prior_from(name, n=50, alpha=0.3, positive=True)
    assert prior.positive is True
    plain = br.prior_from(name, n=50, alpha=0.3)
    assert plain.positive is False
    assert br.penalty_for(name, prior, n=50) == br.penalty_for(name, plain, n=50) | {"positive": True}


def test_a_sign_constraint_without_a_penalty_is_no_flat_prior() -> None:
    prior = br.prior_from("sklearn.Ridge", alpha=0.0, positive=True)
    assert isinstance(prior, priors.ElasticNet)
    assert prior.positive is True
    assert br.penalty_for("sklearn.Ridge", prior, sigma=1.0) == {"alpha": 0.0, "positive": True}


@pytest.mark.parametrize("sigma", [0.5, 2.0])
def test_a_quantile_penalty_at_a_noise_level_is_that_of_the_prior(sigma: float) -> None:
    # Loss and penalty in nats at sigma: check/sigma and |w|/scale, so alpha = sigma/(n scale).
    back = br.penalty_for("sklearn.QuantileRegressor", priors.Laplace(0.25), n=50, sigma=sigma)
    assert back == {"alpha": pytest.approx(sigma / (50 * 0.25))}


def test_the_scale_of_the_huber_regressor_is_part_of_its_penalty() -> None:
    prior = br.prior_from("sklearn.HuberRegressor", alpha=3.0, sigma=1.5)
    assert prior.scale == pytest.approx((1.5 / 3.0) ** 0.5)
    assert prior.relative_to is None
    assert br.penalty_for("sklearn.HuberRegressor", prior, sigma=1.5) == {"alpha": pytest.approx(3.0)}


def test_groups_named_by_their_sizes_and_by_their_columns_are_the_same_prior() -> None:
    named, sized = (
        br.prior_from("celer.GroupLasso", n=10, alpha=0.3, groups=groups, weights=[2.0, 0.5])
        for groups in ([[0, 1], [2, 3, 4]], [2, 3])
    )
    assert named == sized
    mixed = br.prior_from("celer.GroupLasso", n=10, alpha=0.3, groups=[[4, 0], [2, 3, 1]], weights=[2.0, 0.5])
    assert mixed.groups == (0, 1, 1, 1, 0)


def test_a_group_without_weight_is_not_penalised() -> None:
    prior = br.prior_from("celer.GroupLasso", n=10, alpha=0.3, groups=[2, 1], weights=[0.0, 0.5])
    assert prior.factor == (INF, INF, 1.0)
    assert 1 / prior.scale == pytest.approx(10 * 0.3 * 0.5)


@pytest.mark.parametrize("name", [name for name, row in CONVENTIONS.items() if row.loss != "any"])
def test_a_row_of_a_loss_has_its_likelihood(name: str) -> None:
    kind = {
        "squared": likelihoods.Gaussian,
        "logistic": likelihoods.Bernoulli,
        "poisson": likelihoods.Poisson,
        "huber": likelihoods.Huber,
        "quantile": likelihoods.AsymmetricLaplace,
        "absolute": likelihoods.Laplace,
    }[CONVENTIONS[name].loss]
    shape = {"skglm.Huber": {"delta": 2.0}, "skglm.Pinball": {"quantile_level": 0.3}}.get(name, {})
    made = likelihood_from(name, sigma=0.5, **shape)
    assert isinstance(made, kind)
    assert getattr(made, "sigma", 0.5) == 0.5


def test_the_threshold_of_a_huber_loss_is_in_the_unit_that_the_library_means() -> None:
    assert likelihood_from("skglm.Huber", delta=2.0, sigma=0.5) == likelihoods.Huber(4.0, 0.5)
    assert likelihood_from("sklearn.HuberRegressor", epsilon=2.0, sigma=0.5) == likelihoods.Huber(2.0, 0.5)


def test_a_prior_of_any_likelihood_has_none_of_its_own() -> None:
    with pytest.raises(InputError, match=r"pymc.Laplace is a prior of coefficients under any likelihood"):
        likelihood_from("pymc.Laplace", scale=1.0)
