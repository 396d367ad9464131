"""Bayesian packages: the prior of a row is the density that the package states, and the one of its stored draws."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pymc as pm
import pytest
from scipy import stats

import bayesreg as br
from bayesreg import likelihoods
from bayesreg.conventions import CONVENTIONS
from bayesreg.model import bind

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
RNG = np.random.default_rng(60)
X = RNG.standard_normal((20, 3)) * [1.0, 4.0, 0.3] + [0.0, 2.0, 1.0]
Y = X @ [1.0, -0.3, 2.0] + RNG.standard_normal(20)
SIGMA = 1.7
NORM = np.linalg.norm(X - X.mean(axis=0), axis=0)

# Row, parameters, and the law of the coefficients in the package's own words.
ROWS: list[tuple[str, dict[str, float], Any]] = [
    ("R.bayesreg.ridge", {"tau": 0.6}, stats.norm(scale=SIGMA * 0.6 / NORM)),
    ("R.bayesreg.lasso", {"tau": 0.6}, stats.laplace(scale=SIGMA * 0.6 / math.sqrt(2) / NORM)),
    ("monomvn.blasso", {"lambda2": 0.09}, stats.laplace(scale=SIGMA / 0.3 / NORM)),
    *[(f"{name}", {"scale": 0.4}, stats.norm(scale=0.4)) for name in ("rstanarm.normal", "brms.normal")],
    *[(f"{name}", {"scale": 0.4}, stats.norm(scale=0.4)) for name in ("bambi.Normal", "pymc.Normal")],
    *[(f"{name}", {"scale": 0.4}, stats.laplace(scale=0.4)) for name in ("rstanarm.laplace", "bambi.Laplace")],
    *[(f"{name}", {"scale": 0.4}, stats.laplace(scale=0.4)) for name in ("brms.double_exponential", "pymc.Laplace")],
]


@pytest.mark.parametrize(("name", "parameters", "law"), ROWS)
def test_the_prior_of_a_row_has_the_density_that_the_package_states(
    name: str, parameters: dict[str, float], law: Any
) -> None:
    prior = br.prior_from(name, n=20, x_sd=X.std(axis=0), **parameters)
    problem = bind(br.Model(likelihoods.Gaussian(SIGMA), prior), X, Y)
    for coef in np.random.default_rng(61).standard_normal((5, 3)):
        expected = float(np.sum(law.logpdf(coef)))
        assert problem.log_prior(coef, 0.0, SIGMA) == pytest.approx(expected, rel=1e-12)
        # A wrong factor, for example the length of the columns left out, is another density.
        other = br.prior_from(name, n=21, x_sd=1.1 * X.std(axis=0), **{key: 1.1 * v for key, v in parameters.items()})
        changed = bind(br.Model(likelihoods.Gaussian(SIGMA), other), X, Y).log_prior(coef, 0.0, SIGMA)
        assert abs(changed - expected) > 1e-3


def test_the_rows_of_bayesian_packages_are_all_stated() -> None:
    libraries = ("R", "monomvn", "rstanarm", "brms", "bambi", "pymc")
    assert {name for name, *_ in ROWS} == {name for name in CONVENTIONS if name.partition(".")[0] in libraries}


@pytest.mark.parametrize(("name", "law"), [("pymc.Normal", pm.Normal), ("pymc.Laplace", pm.Laplace)])
def test_the_rows_of_pymc_have_its_log_density(name: str, law: Any) -> None:
    prior = br.prior_from(name, scale=0.4)
    problem = bind(br.Model(likelihoods.Gaussian(SIGMA), prior), X, Y)
    coef = np.array([0.3, -1.2, 0.01])
    theirs = pm.logp(law.dist(0.0, 0.4), coef).eval(mode="FAST_COMPILE")
    assert problem.log_prior(coef) == pytest.approx(float(theirs.sum()), rel=1e-12)


@pytest.mark.parametrize(
    ("case", "name", "parameters", "statement"),
    [
        ("monomvn_diabetes_pc_fixed0p237", "monomvn.blasso", {"lambda2": 0.237**2}, "scale = sigma/lambda"),
        ("bayesreg_diabetes_lasso", "R.bayesreg.lasso", {"tau": 2.0}, "Laplace(scale sigma*tau/sqrt(2))"),
        ("rstanarm_diabetes_laplace", "rstanarm.laplace", {"scale": 150.0}, "Laplace(0, scale 150)"),
        ("rstanarm_wells_normal", "rstanarm.normal", {"scale": 2.5}, "Normal(0, sd 2.5)"),
    ],
)
def test_the_prior_of_a_row_is_that_of_the_packages_stored_draws(
    case: str, name: str, parameters: dict[str, float], statement: str
) -> None:
    folder = REFERENCE / case
    assert statement in json.loads((folder / "case.json").read_text(encoding="utf-8"))["model"]["prior"]
    columns = np.loadtxt(folder / "X.csv", delimiter=",", skiprows=1, ndmin=2)
    norm = np.linalg.norm(columns - columns.mean(axis=0), axis=0)
    prior = br.prior_from(name, n=columns.shape[0], x_sd=columns.std(axis=0), **parameters)
    scale = {
        "monomvn.blasso": lambda: 1 / 0.237 / norm,
        "R.bayesreg.lasso": lambda: 2.0 / math.sqrt(2) / norm,
        "rstanarm.laplace": lambda: 150.0,
        "rstanarm.normal": lambda: 2.5,
    }[name]()
    np.testing.assert_allclose(prior.scale, scale, rtol=1e-12)
    assert prior.relative_to == (None if name.startswith("rstanarm") else "sigma")


def test_a_prior_relative_to_the_noise_has_its_penalty_at_a_noise_level() -> None:
    # Park & Casella: lambda of the half-RSS lasso is sigma times the rate of the prior.
    prior = br.prior_from("monomvn.blasso", lambda2=0.09, n=20, x_sd=np.full(3, 1 / math.sqrt(20)))
    assert br.penalty_for("sklearn.Lasso", prior, n=20, sigma=SIGMA)["alpha"] == pytest.approx(SIGMA * 0.3 / 20)
