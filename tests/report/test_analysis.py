"""One data set through the whole package: every number of the analysis against its own definition."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Lasso, LogisticRegression, Ridge

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.intervals import interval
from bayesreg.report.analysis import Analysis, analyse, build_models, choose_penalties, equivalence_row

from .conftest import around_the_map


def frame_of(n: int, p: int, seed: int) -> pd.DataFrame:
    X = np.random.default_rng(seed).standard_normal((n, p))
    return pd.DataFrame(X - X.mean(0), columns=[f"c{j}" for j in range(p)])


@pytest.fixture(scope="module")
def linear_data() -> tuple[pd.DataFrame, np.ndarray]:
    X = frame_of(50, 4, 130)
    return X, X.to_numpy() @ [2.0, 0.0, -1.0, 0.0] + np.random.default_rng(131).standard_normal(50)


@pytest.fixture(scope="module")
def binary_data() -> tuple[pd.DataFrame, np.ndarray]:
    X = frame_of(80, 3, 132)
    chance = 1 / (1 + np.exp(-(X.to_numpy() @ [1.5, 0.0, -1.0])))
    return X, (np.random.default_rng(133).random(80) < chance).astype(float)


@pytest.mark.parametrize("family", ["gaussian", "bernoulli"])
def test_penalties_are_chosen_in_the_parameters_of_scikit_learn(
    family: Any, linear_data: Any, binary_data: Any
) -> None:
    X, y = linear_data if family == "gaussian" else binary_data
    chosen = choose_penalties(X.to_numpy(), y, family, seed=3)
    assert list(chosen) == ["gaussian", "laplace"]
    assert chosen == choose_penalties(X.to_numpy(), y, family, seed=3)
    for label, parameters in chosen.items():
        assert parameters["alpha" if family == "gaussian" else "C"] > 0
        if family == "bernoulli":
            assert parameters["l1_ratio"] == (label == "laplace")


def test_a_penalty_that_cross_validation_chose_predicts_better_than_a_far_one(linear_data: Any) -> None:
    X, y = linear_data
    chosen = choose_penalties(X.to_numpy(), y, "gaussian", seed=3)
    rng = np.random.default_rng(134)
    new = rng.standard_normal((4000, 4))
    truth = new @ [2.0, 0.0, -1.0, 0.0]

    def error(estimator: Any) -> float:
        return float(np.mean((estimator.fit(X.to_numpy(), y).predict(new) - truth) ** 2))

    for make, name in ((Ridge, "gaussian"), (Lasso, "laplace")):
        assert error(make(chosen[name]["alpha"])) < error(make(chosen[name]["alpha"] * 100))


def test_the_models_are_the_priors_of_the_chosen_penalties(linear_data: Any, binary_data: Any) -> None:
    X, y = linear_data
    models = build_models({"gaussian": {"alpha": 3.0}, "laplace": {"alpha": 0.2}}, "gaussian", 50)
    assert models["gaussian"].likelihood == models["laplace"].likelihood == likelihoods.Gaussian()
    for label, fit in (("gaussian", Ridge(3.0)), ("laplace", Lasso(0.2, tol=1e-14))):
        mode = br.find_map(models[label], X, y)
        np.testing.assert_allclose(mode.coef, fit.fit(X.to_numpy(), y).coef_, rtol=1e-9, atol=1e-12)
    known = build_models({"gaussian": {"alpha": 3.0}, "laplace": {"alpha": 0.2}}, "gaussian", 50, sigma=1.5)
    assert known["laplace"].likelihood == likelihoods.Gaussian(1.5)
    X, y = binary_data
    chosen = {"gaussian": {"C": 0.5, "l1_ratio": 0.0}, "laplace": {"C": 0.2, "l1_ratio": 1.0}}
    logistic = build_models(chosen, "bernoulli", 80)
    assert isinstance(logistic["gaussian"].prior, priors.Gaussian)
    assert isinstance(logistic["laplace"].prior, priors.Laplace)
    assert logistic["gaussian"].prior.scale == pytest.approx(np.sqrt(0.5), rel=1e-14)
    assert logistic["laplace"].prior.scale == pytest.approx(0.2, rel=1e-14)
    assert logistic["laplace"].likelihood == likelihoods.Bernoulli()


def check_analysis(found: Analysis, X: pd.DataFrame, y: np.ndarray) -> None:
    assert list(found.models) == list(found.maps) == list(found.posteriors) == ["gaussian", "laplace"]
    table = found.coefficients
    assert list(table.index) == list(X.columns)
    for label, model in found.models.items():
        mode = br.find_map(model, X, y)
        draws = found.posteriors[label]["posterior"]["coef"].to_numpy()
        np.testing.assert_array_equal(table[label, "MAP"], mode.coef)
        np.testing.assert_allclose(table[label, "mean"], draws.mean((0, 1)), rtol=1e-12)
        np.testing.assert_allclose([table[label, "lower"], table[label, "upper"]], interval(draws), rtol=1e-12)
        above = (draws > 0).mean((0, 1))
        np.testing.assert_allclose(table[label, "P(sign)"], np.maximum(above, 1 - above), rtol=1e-12)
        assert found.maps[label].certificate.accepted
    pd.testing.assert_frame_equal(found.comparison, br.compare(found.posteriors))


@pytest.mark.usefixtures("quick")
def test_a_linear_analysis_holds_what_it_says(linear_data: Any) -> None:
    X, y = linear_data
    said: list[str] = []
    found = analyse(X, y, "gaussian", draws=60, chains=2, seed=5, say=said.append)
    check_analysis(found, X, y)
    flat = np.linalg.lstsq(np.column_stack([X, np.ones(50)]), y)[0]
    np.testing.assert_allclose(found.coefficients["flat", "estimate"], flat[:4], rtol=1e-10)
    assert found.warnings == ()
    assert any("cross-validation" in message for message in said)
    for word in ("gaussian prior: MAP", "laplace prior: MAP", "exact_gaussian", "gibbs_full", "comparing"):
        assert any(word in message for message in said)
    for label in ("gaussian", "laplace"):
        assert json.loads(found.posteriors[label].attrs["diagnostics"])["verdict"] == "passed"
        assert found.posteriors[label]["posterior"]["coef"].shape == (2, 60, 4)


@pytest.mark.usefixtures("quick")
def test_a_logistic_analysis_holds_what_it_says(binary_data: Any) -> None:
    X, y = binary_data
    found = analyse(X, y, "bernoulli", draws=60, chains=2, seed=5)
    check_analysis(found, X, y)
    fit = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12).fit(X, y)
    np.testing.assert_allclose(found.coefficients["flat", "estimate"], fit.coef_[0], rtol=1e-8)


@pytest.mark.filterwarnings("ignore::bayesreg.errors.SamplingWarning")  # 120 draws are few for leave-one-out
@pytest.mark.usefixtures("quick")
def test_where_no_unpenalised_fit_exists_its_column_is_left_out() -> None:
    X = frame_of(20, 30, 135)
    y = X["c0"].to_numpy() + 0.1 * np.random.default_rng(136).standard_normal(20)
    found = analyse(X, y, "gaussian", sigma=0.5, draws=60, chains=2, seed=5)
    assert "flat" not in found.coefficients
    check_analysis(found, X, y)
    assert found.models["gaussian"].likelihood == likelihoods.Gaussian(0.5)
    separated = frame_of(40, 2, 137)
    classes = (separated["c0"] > 0).to_numpy(dtype=float)
    assert "flat" not in analyse(separated, classes, "bernoulli", draws=60, chains=2, seed=5).coefficients


@pytest.mark.usefixtures("quick")
def test_warnings_are_kept_without_repeats_and_do_not_leave_the_analysis() -> None:
    X = frame_of(20, 15, 138)
    y = X["c0"].to_numpy() + 0.5 * np.random.default_rng(139).standard_normal(20)
    found = analyse(X, y, "gaussian", draws=60, chains=2, seed=5)
    assert any("pulls sigma down" in message for message in found.warnings)
    assert len(set(found.warnings)) == len(found.warnings)


def test_the_stand_in_for_a_sampler_is_what_it_says(linear_data: Any) -> None:
    X, y = linear_data
    model = br.Model(likelihoods.Gaussian(), priors.Laplace(0.1))
    tree = around_the_map(model, X, y, draws=200, chains=2, seed=1)
    mode = br.find_map(model, X, y)
    np.testing.assert_allclose(tree["posterior"]["coef"].mean(("chain", "draw")), mode.coef, atol=0.1)


def test_a_row_of_the_equivalence_is_what_verify_says(linear_data: Any) -> None:
    X, y = linear_data[0].to_numpy(), linear_data[1]
    for fit in (Lasso(0.3).fit(X, y), Lasso(0.3, tol=1e-14).fit(X, y)):
        row, checked = equivalence_row(fit, "lasso", X, y), br.verify(fit, X, y)
        assert row["model"] == "lasso"
        assert row["prior"] == checked.prior
        assert row["max |Δcoef|"] == checked.max_difference
        assert (row["gap ours"], row["KKT ours"]) == (
            checked.ours.certificate.relative_gap,
            checked.ours.certificate.kkt,
        )
        assert (row["gap theirs"], row["KKT theirs"]) == (checked.certificate.relative_gap, checked.certificate.kkt)
        assert (row["zeros ours"], row["zeros theirs"], row["same"]) == (2, 2, True)
