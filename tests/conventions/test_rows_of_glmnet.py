"""glmnet: its stored fits are the MAP of their rows, and of no plausible misreading."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import bayesreg as br
from bayesreg.certificate import Certificate, certify
from bayesreg.conventions import likelihood_from
from bayesreg.data import make_design
from tests.conventions.kkt import Fit, violation

FITS = Path(__file__).resolve().parents[1] / "reference" / "glmnet_fits"


def model_of(fit: Fit) -> br.Model:
    return br.Model(likelihood_from(fit.name), fit.prior())


def judge(fit: Fit) -> Certificate:
    problem = model_of(fit).bind(make_design(fit.X, fit.y, fit.weight))
    return certify(problem, fit.coef, fit.intercept)


def glmnet_fits() -> list[Fit]:
    data = {
        family: [np.loadtxt(FITS / f"{part}_{family}.csv", delimiter=",") for part in "Xyw"]
        for family in ("gaussian", "binomial")
    }
    fits = []
    for stored in json.loads((FITS / "fits.json").read_text(encoding="utf-8"))["fits"]:
        X, y, weight = data[stored["family"].removesuffix("()")]
        parameters = {"lambda_": stored["lambda"], "alpha": stored["alpha"], "standardize": stored["standardize"]}
        if stored["penalty_factor"] is not None:
            parameters["penalty_factor"] = stored["penalty_factor"]
        used = weight if stored["weighted"] else None
        name = f"glmnet.{stored['family']}"
        fits.append(Fit(name, parameters, X, y, np.array(stored["coef"]), stored["intercept"], weight=used))
    return fits


GLMNET_FITS = glmnet_fits()


@pytest.mark.parametrize("fit", GLMNET_FITS, ids=lambda fit: f"{fit.name}-{fit.parameters['alpha']}")
def test_every_stored_glmnet_fit_is_the_map_of_its_row(fit: Fit) -> None:
    assert violation(fit) <= 1e-10
    found = judge(fit)
    assert found.kkt <= 1e-10
    assert found.accepted
    mode = br.find_map(model_of(fit), fit.X, fit.y, sample_weight=fit.weight)
    assert np.abs(mode.coef - fit.coef).max() <= 1e-8 * np.abs(fit.coef).max()
    assert mode.intercept == pytest.approx(fit.intercept, rel=1e-8)
    assert np.array_equal(mode.coef == 0, fit.coef == 0)


def test_the_stored_glmnet_fits_cover_what_the_rows_have() -> None:
    assert len(GLMNET_FITS) == 45
    for name in ("glmnet.gaussian", "glmnet.gaussian()", "glmnet.binomial"):
        of_row = [fit for fit in GLMNET_FITS if fit.name == name]
        assert {fit.parameters["alpha"] for fit in of_row} == {0, 0.5, 1}
        assert {fit.parameters["standardize"] for fit in of_row} == {True, False}
        assert {"penalty_factor" in fit.parameters for fit in of_row} == {True, False}
        assert {fit.weight is None for fit in of_row} == {True, False}
    factors = next(fit.parameters["penalty_factor"] for fit in GLMNET_FITS if "penalty_factor" in fit.parameters)
    assert 0 in factors
    assert sum(factors) != len(factors)


# What a plausible reading would take: other weights of the parts, other units, other families.
MISREADINGS: dict[str, Callable[[Fit], Fit | None]] = {
    "half the strength": lambda fit: fit.with_changes(lambda_=fit.parameters["lambda_"] / 2),
    "not divided by sd(y)": lambda fit: (
        fit.with_changes(name="glmnet.gaussian()")
        if fit.name == "glmnet.gaussian" and fit.parameters["alpha"] < 1
        else None
    ),
    "divided by sd(y)": lambda fit: (
        fit.with_changes(name="glmnet.gaussian")
        if fit.name == "glmnet.gaussian()" and fit.parameters["alpha"] < 1
        else None
    ),
    "standardize ignored": lambda fit: fit.with_changes(standardize=False) if fit.parameters["standardize"] else None,
    "standard deviations with n - 1": lambda fit: (
        fit.with_changes(x_sd=fit.setting()["x_sd"] * math.sqrt(fit.y.size / (fit.y.size - 1)))
        if fit.parameters["standardize"]
        else None
    ),
    "penalty factors ignored": lambda fit: (
        fit.with_changes(penalty_factor=None) if "penalty_factor" in fit.parameters else None
    ),
    "rows counted instead of weights": lambda fit: (
        fit.with_changes(sum_weights=fit.y.size) if fit.weight is not None else None
    ),
}


@pytest.mark.parametrize("reading", MISREADINGS)
def test_no_stored_glmnet_fit_is_the_map_of_a_misreading(reading: str) -> None:
    judged = [changed for fit in GLMNET_FITS if (changed := MISREADINGS[reading](fit)) is not None]
    assert len(judged) >= 9
    for fit in judged:
        assert violation(fit) > 1e-4


def test_penalty_factors_count_by_their_shares_alone() -> None:
    small, large = (
        br.prior_from("glmnet.binomial", lambda_=0.1, n=10, standardize=False, penalty_factor=np.array([1, 2, 0]) * k)
        for k in (1.0, 7.0)
    )
    np.testing.assert_allclose(small.scale, large.scale, rtol=1e-14)
    np.testing.assert_allclose(1 / np.asarray(small.scale), [1.0, 2.0, 0.0], rtol=1e-14)
