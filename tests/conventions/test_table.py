"""Every row of the table says what it is, and a penalty turned into a prior and back is the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import bayesreg as br
from bayesreg import priors
from bayesreg.conventions import CONVENTIONS, convention
from bayesreg.errors import InputError

INF = math.inf
Given = dict[str, Any]
# Of the data: the number of rows, sd(y), the noise level and the sds of four columns.
SETTING = {"n": 60, "y_sd": 3.7, "sigma": 1.3}
X_SD = np.array([0.5, 1.0, 2.0, 30.0])
WEIGHTS = (0.5, 1.0, 2.0, 0.5)  # with mean 1, as they come back

ALPHAS = (0.0, 1e-8, 0.1, 1.0, 5e6)
RATIOS = (0.0, 0.3, 1.0)


def one(name: str) -> list[Given]:
    return [{name: value} for value in ALPHAS]


def mixed(strength: str, ratio: str) -> list[Given]:
    # Without a penalty nothing is left to mix.
    return [{strength: v, ratio: r} for v in ALPHAS[1:] for r in RATIOS] + [{strength: 0.0, ratio: 0.0}]


def each(cases: list[Given], *names: str, equal: Any = None) -> list[Given]:
    """Return the cases with and without weights, which nothing is left of without a penalty."""
    weighted = [case | dict.fromkeys(names, WEIGHTS) for case in cases if case and max(case.values()) > 0]
    return [case | dict.fromkeys(names, equal) for case in cases] + weighted


def scaled(cases: list[Given], name: str) -> list[Given]:
    return [case | {name: value} for case in cases for value in (False, True)]


GLMNET = scaled(each(mixed("lambda_", "alpha"), "penalty_factor"), "standardize")
GLUM = scaled(
    [case | {"P1": "identity", "P2": "identity"} for case in mixed("alpha", "l1_ratio")]
    + [{"alpha": 0.3, "l1_ratio": 0.3, "P1": WEIGHTS, "P2": (1.0, 1.0, 0.0, 2.0)}],
    "scale_predictors",
)
DATAFIT = each(mixed("alpha", "l1_ratio"), "weights")
VECTOR = np.array([0.0, 0.2, 0.1, 3.0])
LOGISTIC = [{"C": c, "l1_ratio": r} for c in (1e-4, 0.1, 10.0) for r in RATIOS] + [{"C": INF, "l1_ratio": 0.0}]
L1_WT = [*mixed("alpha", "L1_wt"), *({"alpha": VECTOR, "L1_wt": r} for r in RATIOS)]
SCALES = [{"scale": value} for value in (1e-3, 0.4, 1e5, INF)] + [{"scale": np.array([0.1, INF, 2.0])}]
GROUPS = [
    {"alpha": 0.3, "groups": [[0, 3], [1, 2]], "weights": None},
    {"alpha": 2.0, "groups": [[0], [1, 2, 3]], "weights": (0.5, 1.5)},
]

# What shapes the loss is no part of a penalty: it stands apart, and does not come back.
SHAPES: dict[str, Given] = {
    "sklearn.HuberRegressor": {"epsilon": 1.2},
    "sklearn.QuantileRegressor": {"quantile": 0.8},
    "skglm.Huber": {"delta": 0.7},
    "skglm.Pinball": {"quantile_level": 0.2},
}
ROUND_TRIPS: dict[str, list[Given]] = {
    "textbook.ridge": one("lambda_"),
    "textbook.lasso": one("lambda_"),
    "textbook.elastic_net": [{"lambda1": a, "lambda2": b} for a in ALPHAS for b in ALPHAS],
    "textbook.elastic_net_mixed": mixed("lambda_", "alpha"),
    "textbook.lad_lasso": one("lambda_"),
    "sklearn.Ridge": one("alpha"),
    "sklearn.Lasso": one("alpha"),
    "sklearn.ElasticNet": mixed("alpha", "l1_ratio"),
    "sklearn.SGDRegressor": mixed("alpha", "l1_ratio"),
    "sklearn.BayesianRidge": one("lambda_"),
    "sklearn.ARDRegression": [*one("lambda_"), {"lambda_": VECTOR}],
    "sklearn.HuberRegressor": one("alpha"),
    "sklearn.QuantileRegressor": one("alpha"),
    "sklearn.LogisticRegression": LOGISTIC,
    "sklearn.SGDClassifier": mixed("alpha", "l1_ratio"),
    "sklearn.PoissonRegressor": one("alpha"),
    "glmnet.gaussian": GLMNET,
    "glmnet.gaussian()": GLMNET,
    "glmnet.binomial": GLMNET,
    "adelie.grpnet": each(mixed("lmda", "alpha"), "penalty"),
    "MASS.lm.ridge": one("lambda_"),
    "celer.Lasso": each(one("alpha"), "weights"),
    "celer.ElasticNet": DATAFIT,
    "celer.LogisticRegression": [{"C": c} for c in (1e-4, 0.1, 10.0, INF)],
    "celer.GroupLasso": GROUPS,
    "skglm.Lasso": one("alpha"),
    "skglm.WeightedLasso": each(one("alpha"), "weights"),
    "skglm.ElasticNet": mixed("alpha", "l1_ratio"),
    "skglm.SparseLogisticRegression": mixed("alpha", "l1_ratio"),
    "skglm.GroupLasso": GROUPS,
    **{f"skglm.{name}": DATAFIT for name in ("Quadratic", "Huber", "Pinball", "Logistic", "Poisson")},
    **{f"glum.{name}": GLUM for name in ("normal", "binomial", "poisson")},
    **{f"statsmodels.{name}": L1_WT for name in ("OLS", "GLM.Binomial", "GLM.Poisson")},
    **{f"statsmodels.{name}": [*one("alpha"), {"alpha": VECTOR}] for name in ("Logit", "Poisson")},
    "R.bayesreg.ridge": [{"tau": value} for value in (1e-3, 0.4, 1e5, INF)],
    "R.bayesreg.lasso": [{"tau": value} for value in (1e-3, 0.4, 1e5, INF)],
    "monomvn.blasso": one("lambda2"),
    **{f"rstanarm.{law}": SCALES for law in ("normal", "laplace")},
    **{f"brms.{law}": SCALES for law in ("normal", "double_exponential")},
    **{f"bambi.{law}": SCALES for law in ("Normal", "Laplace")},
    **{f"pymc.{law}": SCALES for law in ("Normal", "Laplace")},
}
# Their columns are in units of their sd, always or where it is asked for.
UNITS = ("MASS.lm.ridge", "R.bayesreg.ridge", "R.bayesreg.lasso", "monomvn.blasso")


def setting_of(name: str, given: Given) -> Given:
    asked = given.get("standardize") or given.get("scale_predictors") or name in UNITS
    return SETTING | ({"x_sd": X_SD} if asked else {})


def test_every_row_has_round_trips() -> None:
    assert set(ROUND_TRIPS) == set(CONVENTIONS)
    for name, cases in ROUND_TRIPS.items():
        assert cases
        for case in cases:
            assert set(case) | set(SHAPES.get(name, {})) | {"positive"} == set(CONVENTIONS[name].parameters) | {
                "positive"
            }


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_a_penalty_turned_into_a_prior_and_back_is_the_same(name: str) -> None:
    for given in ROUND_TRIPS[name]:
        setting = setting_of(name, given)
        back = br.penalty_for(name, br.prior_from(name, **setting, **given, **SHAPES.get(name, {})), **setting)
        assert set(back) == set(given)
        for key, value in given.items():
            if value is None or isinstance(value, bool | str | list):
                assert back[key] == value, given
            else:
                # A few products and divisions, and a root.
                np.testing.assert_allclose(back[key], value, rtol=1e-13, atol=0.0, err_msg=str(given))


def penalised(given: Given) -> bool:
    words = [given[key] for key in ("C", "tau", "scale") if key in given]
    if words:
        return bool(np.any(np.isfinite(words[0])))
    numbers = [value for key, value in given.items() if key.startswith("lambda") or key in ("alpha", "lmda")]
    return bool(np.any(numbers[0])) or ("lambda2" in given and given["lambda2"] > 0)


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_a_row_gives_a_flat_prior_exactly_where_it_has_no_penalty(name: str) -> None:
    for given in ROUND_TRIPS[name]:
        prior = br.prior_from(name, **setting_of(name, given), **given, **SHAPES.get(name, {}))
        assert isinstance(prior, priors.Flat) is not penalised(given)
        if not isinstance(prior, priors.Flat):
            assert prior.relative_to == CONVENTIONS[name].relative_to


@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_row_says_its_objective_and_its_source(name: str) -> None:
    row = convention(name)
    assert row.name == name
    assert row.source
    # Options of the columns and of the sign are said in words where they are said at all.
    for parameter in set(row.parameters) - {"standardize", "positive", "epsilon", "groups"}:
        assert parameter in row.objective
    assert row.shape is None or row.shape in row.parameters
    assert (row.shape is not None) is (row.loss in ("huber", "quantile"))


def test_only_those_penalties_that_change_with_the_noise_need_a_noise_level() -> None:
    need = {name for name, row in CONVENTIONS.items() if row.needs_sigma and row.loss != "any"}
    precisions = {"sklearn.BayesianRidge", "sklearn.ARDRegression"}
    relative = {"R.bayesreg.ridge", "R.bayesreg.lasso", "monomvn.blasso"}
    assert need == precisions | relative | {"sklearn.HuberRegressor"}


@pytest.mark.parametrize("verb", [lambda name: br.prior_from(name), lambda name: br.penalty_for(name, priors.Flat())])
@pytest.mark.parametrize(
    ("name", "similar"),
    [
        ("sklearn.lasso", "did you mean 'sklearn.Lasso' or"),
        ("sklearn.Laso", "'sklearn.Lasso'"),
        ("lasso", "'sklearn.Lasso' or"),
        ("Ridge", "'textbook.ridge' or 'sklearn.Ridge'"),
        ("glmnet.gausian", "did you mean 'glmnet.gaussian' or 'glmnet.gaussian()'"),
        ("statsmodel.OLS", "'statsmodels.OLS'"),
    ],
)
def test_an_unknown_row_is_refused_with_those_of_a_similar_name(
    verb: Callable[[str], Any], name: str, similar: str
) -> None:
    with pytest.raises(InputError) as raised:
        verb(name)
    assert repr(name) in str(raised.value)
    assert similar in str(raised.value)
    assert len(str(raised.value)) < 250


@pytest.mark.parametrize("name", ["zzz", None, 3, ["sklearn.Lasso"]])
def test_a_name_like_none_is_refused_with_the_list_of_rows(name: Any) -> None:
    with pytest.raises(InputError) as raised:
        convention(name)
    assert all(known in str(raised.value) for known in CONVENTIONS)
