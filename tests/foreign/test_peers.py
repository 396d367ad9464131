"""Fitted objects of celer, skglm, glum and statsmodels are read by their attributes, here those of stand-ins."""

from __future__ import annotations

import copy
import sys
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from bayesreg.errors import InputError, UnsupportedInputError
from bayesreg.foreign import is_foreign, read_fit
from tests.conventions.peers import STORED, stand_in

LIBRARIES = ("celer", "skglm", "glum", "statsmodels")
# What results of these do not keep has to be said again.
FORGETFUL = ("statsmodels.OLS", "statsmodels.GLM.Binomial", "statsmodels.GLM.Poisson")


def first(convention: str) -> dict[str, Any]:
    return copy.deepcopy(next(stored for stored in STORED if stored["convention"] == convention))


def given_for(stored: dict[str, Any]) -> dict[str, Any]:
    return stored["parameters"] if stored["convention"] in FORGETFUL else {}


@pytest.mark.parametrize("stored", STORED, ids=lambda stored: stored["convention"])
def test_a_fit_is_read_as_its_row_with_the_parameters_that_it_was_given(stored: dict[str, Any]) -> None:
    fit = stand_in(stored["object"])
    assert is_foreign(fit)
    read = read_fit(fit, given_for(stored))
    assert read.convention == stored["convention"]
    for name, value in stored["parameters"].items():
        if name == "groups":
            assert [list(np.atleast_1d(g)) for g in read.parameters[name]] == [list(np.atleast_1d(g)) for g in value]
        else:
            np.testing.assert_array_equal(read.parameters[name], value)
    # What was left at its default penalises nothing and constrains nothing.
    rest = {name: value for name, value in read.parameters.items() if name not in stored["parameters"]}
    assert all(value in (None, False, "identity", 1.0, 0.0) for value in rest.values())
    at = stored["object"]["attributes"]
    np.testing.assert_array_equal(read.coef, np.ravel(at.get("coef_", at.get("params"))))
    assert read.intercept == np.ravel(at.get("intercept_", 0.0))[0]
    assert read.fit_intercept is stored["fit_intercept"]
    assert (read.classes is None) is ("classes_" not in at)
    assert read.label.startswith(stored["convention"].partition(".")[0])


def test_no_library_is_imported_to_read_its_fits() -> None:
    for stored in STORED:
        read_fit(stand_in(stored["object"]), given_for(stored))
    assert not set(LIBRARIES) & set(sys.modules)


@pytest.mark.parametrize(
    ("convention", "words"),
    [
        ("celer.Lasso", "verify cannot read MultiTaskLasso; it reads Lasso, LassoCV, ElasticNet.* GroupLassoCV"),
        ("skglm.Lasso", "verify cannot read MultiTaskLasso; it reads .*GeneralizedLinearEstimator"),
        ("glum.normal", "verify cannot read MultiTaskLasso; it reads GeneralizedLinearRegressor"),
        ("statsmodels.OLS", "verify cannot read MultiTaskLasso of statsmodels; it reads .*fit_regularized"),
    ],
)
def test_another_class_of_a_library_is_refused_with_those_that_can_be_read(convention: str, words: str) -> None:
    described = first(convention)["object"] | {"class": "MultiTaskLasso"}
    with pytest.raises(UnsupportedInputError, match=words):
        read_fit(stand_in(described), {"alpha": 0.1} if convention == "statsmodels.OLS" else {})


@pytest.mark.parametrize("convention", ["celer.Lasso", "skglm.Lasso", "skglm.Huber", "glum.normal"])
def test_an_estimator_that_is_not_fitted_is_refused(convention: str) -> None:
    described = first(convention)["object"]
    for name in ("coef_", "intercept_"):
        del described["attributes"][name]
    with pytest.raises(InputError, match=f"this {described['class']} is not fitted yet"):
        read_fit(stand_in(described))


@pytest.mark.parametrize("convention", ["celer.Lasso", "skglm.Lasso", "glum.normal"])
def test_an_estimator_knows_its_penalty(convention: str) -> None:
    with pytest.raises(InputError, match="knows its penalty"):
        read_fit(stand_in(first(convention)["object"]), {"alpha": 0.1})


def changed(convention: str, **attributes: Any) -> Any:
    """Return a stand-in with other attributes."""
    made = stand_in(first(convention)["object"])
    vars(made).update(attributes)
    kind = type(made)
    kind.get_params = lambda self: {key: value for key, value in vars(self).items() if not key.endswith("_")}
    return made


def test_a_search_is_read_as_the_penalty_that_it_chose() -> None:
    for convention in ("celer.Lasso", "celer.ElasticNet", "celer.GroupLasso", "glum.normal"):
        fit = changed(convention, alpha_=0.7, l1_ratio_=0.2)
        type(fit).__name__ += "CV"
        read = read_fit(fit)
        assert read.convention == convention
        assert read.parameters["alpha"] == 0.7
        if convention in ("celer.ElasticNet", "glum.normal"):
            assert read.parameters["l1_ratio"] == 0.2


@pytest.mark.parametrize("convention", ["celer.GroupLasso", "skglm.GroupLasso"])
def test_groups_of_one_size_are_spelt_out(convention: str) -> None:
    fit = changed(convention, groups=2, coef_=np.zeros(6), weights=None)
    assert read_fit(fit).parameters["groups"] == [2, 2, 2]


class _Part:
    """A part of a fitted object, of a class by the name of its subclass."""

    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)


def part(name: str, **attributes: Any) -> Any:
    return type(name, (_Part,), {})(**attributes)


def test_a_datafit_or_penalty_without_a_row_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedInputError, match="with Gamma; it reads Quadratic, Huber, Pinball, Logistic"):
        read_fit(changed("skglm.Huber", datafit=part("Gamma")))
    with pytest.raises(UnsupportedInputError, match="with MCPenalty; it reads L1, L2, L1_plus_L2, WeightedL1"):
        read_fit(changed("skglm.Huber", penalty=part("MCPenalty")))
    read = read_fit(changed("skglm.Huber", penalty=part("L2", alpha=0.3)))
    assert read.parameters == {"delta": 0.8, "alpha": 0.3, "l1_ratio": 0.0}
    assert "GeneralizedLinearEstimator(Huber, L2: " in read.label
    with pytest.raises(InputError, match=r"GroupLasso\(positive=True\)"):
        read_fit(changed("skglm.GroupLasso", positive=True))


@pytest.mark.parametrize(
    ("attributes", "family"),
    [
        ({"family": "gaussian"}, "normal"),
        ({"family": part("NormalDistribution"), "link": part("IdentityLink")}, "normal"),
        ({"family": part("PoissonDistribution"), "link": "log"}, "poisson"),
        ({"family": "binomial", "link": part("LogitLink")}, "binomial"),
    ],
)
def test_a_family_of_glum_is_known_by_its_name_or_its_class(attributes: dict[str, Any], family: str) -> None:
    assert read_fit(changed("glum.normal", **attributes)).convention == f"glum.{family}"


@pytest.mark.parametrize(
    "attributes",
    [{"family": "gamma"}, {"family": "poisson", "link": "identity"}, {"family": part("TweedieDistribution")}],
)
def test_another_family_or_link_of_glum_is_refused(attributes: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedInputError, match="with the family normal, binomial or poisson and its canonical"):
        read_fit(changed("glum.normal", **attributes))


def test_a_ridge_matrix_of_glum_is_read_where_it_is_diagonal() -> None:
    diagonal = np.array([1.0, 2.0, 0.0, 1.0, 3.0])
    for P2 in (diagonal, np.diag(diagonal), sparse.diags_array(diagonal)):
        np.testing.assert_array_equal(read_fit(changed("glum.normal", P2=P2)).parameters["P2"], diagonal)
    assert read_fit(changed("glum.normal", P1=None, P2=None)).parameters["P1"] == "identity"
    with pytest.raises(UnsupportedInputError, match="this one mixes coefficients"):
        read_fit(changed("glum.normal", P2=np.ones((5, 5))))


@pytest.mark.parametrize("name", ["lower_bounds", "upper_bounds", "A_ineq", "monotonic_constraints"])
def test_constraints_of_glum_are_refused_by_name(name: str) -> None:
    with pytest.raises(InputError, match=rf"\({name}=...\) minimises under constraints"):
        read_fit(changed("glum.normal", **{name: np.zeros(5)}))
    with pytest.raises(UnsupportedInputError, match="alpha_search=True"):
        read_fit(changed("glum.normal", alpha_search=True))


def test_no_penalty_of_glum_is_one_of_strength_0() -> None:
    assert read_fit(changed("glum.normal", alpha=None)).parameters["alpha"] == 0.0


def test_a_result_of_statsmodels_that_keeps_no_alpha_asks_for_it() -> None:
    for convention in FORGETFUL:
        with pytest.raises(InputError, match=r"does not keep its penalty: give alpha=... \(and L1_wt=...\)"):
            read_fit(stand_in(first(convention)["object"]))
    with pytest.raises(InputError, match="this result knows its alpha"):
        read_fit(stand_in(first("statsmodels.Logit")["object"]), {"alpha": 0.1})


def test_models_of_statsmodels_without_a_row_are_refused() -> None:
    glm = first("statsmodels.GLM.Binomial")["object"]
    model = glm["attributes"]["model"]
    for change, words in (
        ({"freq_weights": [2.0, 1.0]}, "without freq_weights and var_weights"),
        ({"family": model["attributes"]["family"] | {"class": "Gamma"}}, "Binomial and the Poisson family.*not Gamma"),
    ):
        other = {**glm["attributes"], "model": {**model, "attributes": {**model["attributes"], **change}}}
        with pytest.raises(UnsupportedInputError, match=words):
            read_fit(stand_in({**glm, "attributes": other}), {"alpha": 0.1})
    quantile = {**glm["attributes"], "model": {**model, "class": "PHReg"}}
    with pytest.raises(UnsupportedInputError, match="verify cannot read a PHReg of statsmodels"):
        read_fit(stand_in({**glm, "attributes": quantile}), {"alpha": 0.1})
    logit = first("statsmodels.Logit")["object"]
    probit = {**logit["attributes"], "model": {**logit["attributes"]["model"], "class": "Probit"}}
    with pytest.raises(UnsupportedInputError, match="verify cannot read a Probit of statsmodels"):
        read_fit(stand_in({**logit, "attributes": probit}))


def test_one_alpha_of_statsmodels_is_a_number() -> None:
    logit = first("statsmodels.Logit")["object"]
    logit["attributes"]["mle_settings"]["alpha"] = 2.0
    assert read_fit(stand_in(logit)).parameters == {"alpha": 2.0}
