"""celer, skglm, glum, statsmodels and MASS: stored fits are optimal for what their rows state and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import optimize

import bayesreg as br
from bayesreg.conventions import CONVENTIONS, likelihood_from
from tests.conventions.kkt import Fit, violation
from tests.conventions.peers import DATA, MASS, STORED, as_fit

LIBRARIES = ("celer", "skglm", "glum", "statsmodels")


def name_of(stored: dict[str, Any]) -> str:
    return f"{stored['convention']}-{'-'.join(stored['parameters'])}"


def stopped_short(stored: dict[str, Any]) -> bool:
    """Whether it is the lasso of statsmodels that left a coefficient at 0 that is not 0 at the minimum."""
    return stored["convention"] == "statsmodels.OLS" and stored["parameters"]["L1_wt"] == 1.0 and not stored["rows"]


def tolerance(name: str) -> float:
    """How far a library's own solver goes: to rounding, or to the criterion of SciPy's SLSQP or BFGS."""
    return 1e-4 if name.startswith("statsmodels.GLM") else 1e-6 if name in SLSQP else 1e-11


SLSQP = ("statsmodels.Logit", "statsmodels.Poisson")
SMOOTH = [stored for stored in STORED if stored["convention"] != "skglm.Pinball" and not stopped_short(stored)]
FITS = [as_fit(stored) for stored in SMOOTH]


@pytest.mark.parametrize("stored", SMOOTH, ids=name_of)
def test_a_stored_fit_meets_the_optimality_conditions_of_its_row(stored: dict[str, Any]) -> None:
    assert violation(as_fit(stored)) <= tolerance(stored["convention"])


@pytest.mark.parametrize("stored", SMOOTH, ids=name_of)
def test_no_stored_fit_meets_them_at_another_strength(stored: dict[str, Any]) -> None:
    fit = as_fit(stored)
    main = "C" if "C" in fit.parameters else "alpha"
    for factor in (0.9, 1.1):
        changed = np.multiply(fit.parameters[main], factor)
        assert violation(fit.with_changes(**{main: changed})) > 1e-3


# What a plausible reading would take instead.
MISREADINGS: dict[str, Callable[[Fit], Fit | None]] = {
    "another mixture": lambda fit: fit.with_changes(l1_ratio=0.45) if fit.parameters.get("l1_ratio") == 0.5 else None,
    "a sum for a mean": lambda fit: fit.with_changes(n=1, sum_weights=1.0) if averaged(fit) else None,
    "a mean for a sum": lambda fit: (
        fit.with_changes(alpha=60 * np.asarray(fit.parameters["alpha"])) if fit.name in SLSQP else None
    ),
    "rows counted in place of weights": lambda fit: (
        fit.with_changes(sum_weights=60.0) if fit.weight is not None else None
    ),
    "weights rescaled to sum to p": lambda fit: (
        fit.with_changes(weights=np.divide(fit.parameters["weights"], np.mean(fit.parameters["weights"])))
        if fit.parameters.get("weights") is not None
        else None
    ),
    "weights ignored": lambda fit: fit.with_changes(weights=None) if "weights" in fit.parameters else None,
    "P1 ignored": lambda fit: fit.with_changes(P1="identity") if "P1" in fit.parameters else None,
    "P2 ignored": lambda fit: fit.with_changes(P2="identity") if "P2" in fit.parameters else None,
    "the scale of the columns ignored": lambda fit: (
        fit.with_changes(scale_predictors=False) if "scale_predictors" in fit.parameters else None
    ),
    "standard deviations with n - 1": lambda fit: (
        fit.with_changes(x_sd=fit.setting()["x_sd"] * np.sqrt(60 / 59))
        if "scale_predictors" in fit.parameters
        else None
    ),
    "a free constant": lambda fit: (
        fit.with_changes(alpha=np.array([0.0, *[fit.parameters["alpha"]] * 5]))
        if fit.name == "statsmodels.OLS" and np.ndim(fit.parameters["alpha"]) == 0
        else None
    ),
    "another threshold": lambda fit: fit.with_changes(delta=1.0) if fit.name == "skglm.Huber" else None,
}


def averaged(fit: Fit) -> bool:
    return fit.name not in ("celer.LogisticRegression", *SLSQP)


@pytest.mark.parametrize("reading", MISREADINGS)
def test_no_stored_fit_meets_the_conditions_of_a_misreading(reading: str) -> None:
    judged = [changed for fit in FITS if (changed := MISREADINGS[reading](fit)) is not None]
    assert judged
    for fit in judged:
        # sd with n - 1 in place of n changes the penalty by 1 % only.
        assert violation(fit) > 1e-4


def test_every_row_of_the_four_libraries_has_a_stored_fit() -> None:
    rows = {name for name in CONVENTIONS if name.partition(".")[0] in LIBRARIES}
    assert {stored["convention"] for stored in STORED} == rows


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_stored_fits_of_a_library_have_zeros_and_effects(library: str) -> None:
    of_library = [fit for fit in FITS if fit.name.startswith(library)]
    assert any(np.any(fit.coef == 0) for fit in of_library)
    assert all(np.any(fit.coef != 0) for fit in of_library)


def test_the_pinball_fit_of_skglm_is_the_solution_of_its_linear_program() -> None:
    (stored,) = (stored for stored in STORED if stored["convention"] == "skglm.Pinball")
    fit, level, alpha = as_fit(stored), stored["parameters"]["quantile_level"], stored["parameters"]["alpha"]

    def lowest(strength: float) -> float:
        """Minimum of the objective as an independent linear program: w = u - v, e = up - down."""
        n, p = fit.X.shape
        cost = np.concatenate([np.full(2 * p, strength), np.full(n, level), np.full(n, 1 - level)])
        parts = np.hstack([fit.X, -fit.X, np.eye(n), -np.eye(n)])
        return float(optimize.linprog(cost, A_eq=parts, b_eq=fit.y, method="highs").fun)

    def value(strength: float) -> float:
        error = fit.y - fit.X @ fit.coef
        return float(np.sum(error * (level - (error < 0))) + strength * np.abs(fit.coef).sum())

    # Its primal-dual solver stops at about the square of its criterion.
    assert value(alpha) == pytest.approx(lowest(alpha), rel=1e-7)
    assert value(60 * alpha) > 1.01 * lowest(60 * alpha)
    prior = br.prior_from("skglm.Pinball", n=60, **stored["parameters"])
    assert (prior.scale, prior.relative_to) == (1 / alpha, "sigma")
    assert likelihood_from("skglm.Pinball", **stored["parameters"]).quantile == level


def test_the_coordinate_descent_of_statsmodels_is_no_reference() -> None:
    (stored,) = (stored for stored in STORED if stopped_short(stored))
    fit = as_fit(stored)
    assert violation(fit) > 0.01
    prior = br.prior_from("statsmodels.OLS", n=60, **fit.parameters)
    model = br.Model(likelihood_from("statsmodels.OLS"), prior, fit_intercept=False)
    assert violation(replace(fit, coef=br.find_map(model, fit.X, fit.y).coef)) <= 1e-13


@pytest.mark.parametrize("stored", MASS, ids=lambda stored: f"lambda={stored['lambda']}")
def test_the_stored_ridge_fits_of_mass_are_those_of_its_row(stored: dict[str, Any]) -> None:
    coef = np.array(stored["coef"])
    fit = Fit("MASS.lm.ridge", {"lambda_": stored["lambda"]}, DATA["X"], DATA["real"], coef[1:], coef[0])
    assert violation(fit) <= 1e-12
    assert violation(fit.with_changes(lambda_=1.1 * stored["lambda"])) > 1e-5
    assert violation(fit.with_changes(x_sd=fit.setting()["x_sd"] * np.sqrt(60 / 59))) > 1e-6
    assert violation(fit.with_changes(x_sd=np.ones(5))) > 1e-3
