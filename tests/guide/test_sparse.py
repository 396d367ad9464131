"""Advice on a sparse X: measures against the dense ones, exact leave-one-out, and signals that are known."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import Lasso, Ridge

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.data import make_design
from bayesreg.errors import DesignWarning, InputError
from bayesreg.guide import measures, recommending
from bayesreg.guide.measures import collinearity


def rows(n: int, p: int, seed: int) -> tuple[Any, np.random.Generator]:
    rng = np.random.default_rng(seed)
    X = sparse.random_array((n, p), density=0.1, rng=rng, data_sampler=lambda size: rng.standard_normal(size))
    return sparse.csc_array(X), rng


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every sparse X as too large to be made dense."""
    monkeypatch.setattr(recommending, "_DENSE_CELLS", 0)


@pytest.mark.parametrize("block", [1, 50, 10_000])
@pytest.mark.parametrize("weighted", [False, True])
def test_measures_of_sparse_columns_are_those_of_dense_ones(
    block: int, weighted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measures, "_BLOCK", block)
    rng = np.random.default_rng(90)
    X = rng.standard_normal((60, 9)) * (rng.random((60, 9)) < 0.3)
    # A pair of dummies, of which one is the other's complement; a column far from 0, a twin of another; a constant.
    X[:, 1] = 1.0 - (X[:, 0] != 0)
    X[:, 0] = X[:, 0] != 0
    X[:, 5] = 1000.0 + X[:, 4] + 0.1 * rng.standard_normal(60)
    X[:, 8] = 2.0
    weight = rng.integers(0, 3, 60).astype(float) if weighted else None
    full = np.repeat(X, weight.astype(int), axis=0) if weight is not None else X
    expected = np.abs(np.corrcoef(full[:, :8].T) - np.eye(8))
    found = collinearity(make_design(sparse.csc_array(X), X[:, 2], weight))
    assert found.largest == pytest.approx(expected.max(), rel=1e-7)
    assert found.pair == ("x0", "x1")
    assert found.groups == (("x0", "x1"), ("x4", "x5"))
    assert found.condition == np.inf
    left = np.delete(X, 1, axis=1)
    found = collinearity(make_design(sparse.csc_array(left), X[:, 2], weight))
    Z = np.delete(full, [1, 8], axis=1)
    singular = np.linalg.svd((Z - Z.mean(0)) / Z.std(0), compute_uv=False)
    assert found.condition == pytest.approx(singular[0] / singular[-1], rel=1e-6)


def test_what_costs_too_much_is_not_measured_and_the_words_say_so(monkeypatch: pytest.MonkeyPatch, large: None) -> None:
    X, rng = rows(100, 30, 91)
    y = X @ np.ones(30) + rng.standard_normal(100)
    monkeypatch.setattr(measures, "_MOST_SPECTRUM", 20)
    assert "condition number not computed for so many columns" in str(br.recommend(X, y))
    monkeypatch.setattr(measures, "_MOST", 20)
    assert "too many columns to compare each with each" in str(br.recommend(X, y))


def test_a_small_sparse_design_is_sampled_as_the_dense_one() -> None:
    X, rng = rows(80, 5, 92)
    y = X @ [3.0, -3.0, 2.0, 0.0, 2.0] + rng.standard_normal(80)
    found, dense = br.recommend(X, y, draws=100, seed=1), br.recommend(X.toarray(), y, draws=100, seed=1)
    assert found.model == dense.model
    assert found.strength == dense.strength
    assert found.reasons[:-1] == dense.reasons
    assert "X is sparse and small enough (80 by 5) to be made dense" in found.reasons[-1]
    assert found.posterior is not None


@pytest.mark.usefixtures("large")
def test_few_columns_take_a_sparse_prior_and_name_them() -> None:
    X, rng = rows(250, 200, 93)
    y = 1.0 + X[:, :5] @ np.full(5, 6.0) + rng.standard_normal(250)
    found = br.recommend(X, y)
    assert isinstance(found.model.prior, priors.Laplace)
    assert found.posterior is None
    assert found.penalty.penalty in ("l1", "elastic_net")
    difference, se = found.comparison.loc["gaussian", ["difference", "difference_se"]]
    assert difference < -5 * se
    assert 5 <= found.measures.loc["columns needed", "value"] <= 30
    assert found.measures.loc["explained variation", "value"] > 0.8
    assert found.strength.lower <= found.strength.scale <= found.strength.upper
    text = str(found)
    assert "approximate leave-one-out of the modes" in text
    assert "X is sparse and was left so (250 by 200)" in text
    # It goes on as the reasons say, and the penalty is that of scikit-learn's lasso.
    mode = br.find_map(found.model, X, y)
    assert f"keeps {mode.n_nonzero} columns" in text
    assert np.all(mode.coef[:5] > 0)
    Z = X.toarray()
    sd = Z.std(0)
    alpha = float(re.search(r"Lasso\(alpha=([\d.e-]+)\)", text)[1])  # type: ignore[index]
    theirs = Lasso(alpha=alpha, tol=1e-10, max_iter=100_000).fit((Z - Z.mean(0)) / sd, y).coef_ / sd
    # The number is told to three digits.
    np.testing.assert_allclose(mode.coef, theirs, atol=0.02)


@pytest.mark.usefixtures("large")
def test_a_dense_signal_takes_a_gaussian_prior_whose_elpd_is_that_of_exact_leave_one_out() -> None:
    X, rng = rows(200, 60, 94)
    y = X @ rng.standard_normal(60) + rng.standard_normal(200)
    found = br.recommend(X, y)
    assert isinstance(found.model.prior, priors.Gaussian)
    assert found.penalty.penalty == "l2"
    alpha = float(re.search(r"Ridge\(alpha=([\d.e-]+)\)", str(found))[1])  # type: ignore[index]
    Z = X.toarray() / X.toarray().std(0)
    residual = []
    for i in range(200):
        left = np.arange(200) != i
        residual.append(y[i] - Ridge(alpha=alpha).fit(Z[left], y[left]).predict(Z[[i]])[0])
    square = float(np.mean(np.square(residual)))
    assert found.comparison.loc["gaussian", "elpd"] == pytest.approx(-100 * (np.log(2 * np.pi * square) + 1), abs=0.05)
    noise: Any = found.model.likelihood
    assert noise.sigma == pytest.approx(np.sqrt(square), rel=1e-3)
    assert "br.find_map(advice.model, X, y)" in str(found)
    # A lasso wants nearly all columns here, so its grid had to go on beyond the first one.
    assert found.measures.loc["columns needed", "value"] > 30


@pytest.mark.usefixtures("large")
def test_classes_and_a_known_noise_level_are_taken_as_they_are() -> None:
    X, rng = rows(300, 40, 95)
    eta = X[:, :3] @ np.full(3, 8.0)
    found = br.recommend(X, (rng.random(300) < 1 / (1 + np.exp(-eta))).astype(float), need_feature_selection=True)
    assert isinstance(found.model.likelihood, likelihoods.Bernoulli)
    assert found.measures.loc["log loss", "value"] < found.measures.loc["log loss of the class shares", "value"]
    assert re.search(r"LogisticRegression\(C=[\d.]+, l1_ratio=[\d.]+\)", str(found))
    known = br.recommend(X, eta + rng.standard_normal(300), likelihood=likelihoods.Gaussian(1.0))
    assert known.model.likelihood == likelihoods.Gaussian(1.0)
    counts = br.recommend(X, rng.poisson(np.exp(0.2 * eta)).astype(float), likelihood=likelihoods.Poisson())
    assert isinstance(counts.model.likelihood, likelihoods.Poisson)


@pytest.mark.usefixtures("large")
def test_what_is_wrong_with_the_data_is_said_once() -> None:
    X, rng = rows(60, 10, 97)
    with pytest.raises(InputError, match="y is constant"):
        br.recommend(X, np.ones(60))
    idle = sparse.hstack([X, sparse.csc_array((60, 1))], format="csc")
    with pytest.warns(DesignWarning, match="x10") as told:
        br.recommend(idle, X @ np.ones(10) + rng.standard_normal(60))
    assert len(told) == 1


@pytest.mark.usefixtures("large")
def test_a_likelihood_without_approximate_leave_one_out_is_refused() -> None:
    X, rng = rows(60, 10, 96)
    for likelihood in (likelihoods.Laplace(1.0), likelihoods.StudentT()):
        with pytest.raises(InputError, match="X is sparse and too large to be made dense"):
            br.recommend(X, rng.standard_normal(60), likelihood=likelihood)
