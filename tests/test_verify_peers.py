"""Fits of celer, skglm, glum and statsmodels are judged as what they minimised, through stand-ins of their objects."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bayesreg as br
from bayesreg.errors import InputError
from tests.conventions.peers import DATA, STORED, columns, rows, stand_in

FORGETFUL = ("statsmodels.OLS", "statsmodels.GLM.Binomial", "statsmodels.GLM.Poisson")


def verify(stored: dict[str, Any], **changed: Any) -> Any:
    """Judge a stand-in; attributes or, for statsmodels, parameters may be changed."""
    fit = stand_in(stored["object"])
    given = stored["parameters"] | changed if stored["convention"] in FORGETFUL else {}
    if not given:
        for name, value in changed.items():
            setattr(getattr(fit, "penalty", fit), name, value)
        parameters = fit.get_params() | changed
        type(fit).get_params = lambda self: parameters
    return br.verify(fit, columns(stored), DATA[stored["response"]], **rows(stored), **given)


def converged(stored: dict[str, Any]) -> bool:
    """Whether its library goes as far as the contract: statsmodels by SLSQP and by BFGS does not."""
    name, parameters = stored["convention"], stored["parameters"]
    by_slsqp = name in ("statsmodels.Logit", "statsmodels.Poisson", "statsmodels.GLM.Poisson")
    return not (by_slsqp or (name == "statsmodels.GLM.Binomial" and parameters["L1_wt"] == 0.0) or short(stored))


def short(stored: dict[str, Any]) -> bool:
    """Whether it is the lasso whose coordinate descent left a coefficient at 0."""
    return stored["convention"] == "statsmodels.OLS" and stored["parameters"]["L1_wt"] == 1.0 and not stored["rows"]


CONVERGED = [stored for stored in STORED if converged(stored)]
CLOSE = [stored for stored in STORED if not converged(stored) and not short(stored)]


def name_of(stored: dict[str, Any]) -> str:
    return f"{stored['convention']}-{'-'.join(stored['parameters'])}"


@pytest.mark.parametrize("stored", CONVERGED, ids=name_of)
def test_a_converged_fit_is_accepted(stored: dict[str, Any]) -> None:
    found = verify(stored)
    assert found.accepted
    assert found.ours.certificate.accepted
    assert found.max_difference <= 1e-9
    assert found.same_zeros
    assert found.label.startswith(stored["convention"].partition(".")[0])
    assert abs(found.excess) <= 1e-12 * abs(found.best_objective)


@pytest.mark.parametrize("stored", CLOSE, ids=name_of)
def test_a_fit_that_stopped_early_is_exposed_by_how_much(stored: dict[str, Any]) -> None:
    found = verify(stored)
    assert not found.accepted
    assert found.certificate.relative_gap < 1e-6
    assert found.max_difference < 1e-3
    assert any("stopped before the optimum" in note for note in found.notes)


@pytest.mark.parametrize("stored", STORED, ids=name_of)
def test_no_fit_is_accepted_at_another_strength(stored: dict[str, Any]) -> None:
    if stored["convention"] in ("statsmodels.Logit", "statsmodels.Poisson"):
        fit = stand_in(stored["object"])
        fit.mle_settings["alpha"] = 1.1 * np.asarray(fit.mle_settings["alpha"])
        found = br.verify(fit, columns(stored), DATA[stored["response"]])
    else:
        main = "C" if "C" in stored["parameters"] else "alpha"
        found = verify(stored, **{main: 1.1 * np.asarray(stored["parameters"][main])})
    assert not found.accepted
    assert found.certificate.kkt > 1e-4


def test_the_lasso_of_statsmodels_that_never_revisits_a_zero_is_exposed() -> None:
    (stored,) = (stored for stored in STORED if short(stored))
    found = verify(stored)
    assert not found.accepted
    assert found.certificate.relative_gap > 1e-4
    assert not found.same_zeros
    assert found.excess > 0


@pytest.mark.parametrize("stored", STORED, ids=name_of)
def test_the_treatment_of_the_intercept_is_said(stored: dict[str, Any]) -> None:
    expected = "free" if stored["fit_intercept"] else "none"
    if stored["convention"].startswith("statsmodels"):
        expected = "free" if np.ravel(stored["parameters"]["alpha"])[0] == 0 else "penalised"
    assert verify(stored).intercept == expected


def test_the_constant_of_statsmodels_belongs_into_X() -> None:
    (stored, *_) = (stored for stored in STORED if stored["convention"] == "statsmodels.OLS")
    with pytest.raises(InputError, match=r"coefficients of shape \(6,\) but X has 5 columns"):
        br.verify(stand_in(stored["object"]), DATA["X"], DATA["real"], **stored["parameters"])
