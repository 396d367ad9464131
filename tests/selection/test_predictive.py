"""The predictive measure: against exact leave-one-out, ArviZ and folds done by hand."""

from __future__ import annotations

from typing import ClassVar

import arviz as az
import numpy as np
import pytest
import xarray as xr
from scipy import stats

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.selection import predictive
from tests.selection.conftest import SUPPORT, Data


def test_the_reference_has_the_elpd_of_arviz_and_of_the_exact_formula(known: Data, post: xr.DataTree) -> None:
    found = br.select(post, known[0])
    assert found.reference["elpd"] == pytest.approx(az.loo(post, reff=1.0).elpd, abs=1e-9)
    assert found.reference["elpd"] == pytest.approx(float(post["exact_loo"]["elpd_loo"].sum()), abs=0.3)
    # With all columns in, a submodel is the reference.
    last = found.path.iloc[-1]
    assert last["elpd"] == pytest.approx(found.reference["elpd"], abs=1e-8)
    assert last["elpd_diff_se"] == pytest.approx(0.0, abs=1e-8)


def test_a_submodel_s_elpd_is_that_of_the_posterior_without_each_row_projected(known: Data) -> None:
    # With sigma known and large the projection of the posterior without a row can be done by hand for every row.
    X, y = known[0][:25, :4], known[1][:25]
    model = br.Model(likelihoods.Gaussian(2.0), priors.Gaussian(1.0))
    post = br.sample(model, X, y, draws=4000, chains=2, seed=1)
    found = br.select(post, X, size=1, max_size=1)
    A = np.column_stack([np.ones(25), X[:, int(found.chosen[0][1])]])
    by_row = []
    for i in range(25):
        left = np.arange(25) != i
        group = br.sample(model, X[left], y[left], draws=4000, chains=2, seed=2)["posterior"]
        eta = group["intercept"].to_numpy().reshape(-1, 1) + group["coef"].to_numpy().reshape(-1, 4) @ X.T
        projected = np.linalg.lstsq(A, eta.T)[0].T @ A.T
        sigma = np.sqrt(4.0 + ((eta - projected) ** 2).mean(axis=1))
        by_row.append(np.log(stats.norm.pdf(y[i], projected[:, i], sigma).mean()))
    assert found.path["elpd"][1] == pytest.approx(np.sum(by_row), abs=0.15)
    expected = np.sqrt(25 * np.var(by_row))
    assert found.path["elpd_se"][1] == pytest.approx(expected, rel=0.02)


def test_folds_repeat_the_search_without_their_rows(known: Data) -> None:
    X, y = known
    model = br.Model(likelihoods.Gaussian(), priors.Gaussian(1.0))
    post = br.sample(model, X, y, draws=200, chains=2, seed=1)
    found = br.select(post, X, folds=4, seed=3)
    assert set(found.chosen) == set(SUPPORT)
    assert (found.features["fold_share"][list(SUPPORT)] == 1).all()
    # 4 folds of 30 rows by hand, for the reference and for three columns.
    label = np.random.default_rng(np.random.SeedSequence(3)).permutation(120) % 4
    own, three = 0.0, 0.0
    for fold in range(4):
        out = label == fold
        group = br.sample(model, X[~out], y[~out], draws=1000, chains=4, seed=fold)["posterior"]
        sigma = group["sigma"].to_numpy().reshape(-1, 1)
        eta = group["intercept"].to_numpy().reshape(-1, 1) + group["coef"].to_numpy().reshape(-1, 8) @ X.T
        own += np.log(stats.norm.pdf(y[out], eta[:, out], sigma).mean(axis=0)).sum()
        A = np.column_stack([np.ones(120), X[:, [0, 3, 6]]])
        projected = np.linalg.lstsq(A[~out], eta[:, ~out].T)[0].T @ A.T
        noise = np.sqrt(sigma**2 + ((eta - projected)[:, ~out] ** 2).mean(axis=1, keepdims=True))
        three += np.log(stats.norm.pdf(y[out], projected[:, out], noise).mean(axis=0)).sum()
    assert found.reference["elpd"] == pytest.approx(own, abs=0.6)
    assert found.path["elpd"][3] == pytest.approx(three, abs=0.6)
    again = br.select(post, X, folds=4, seed=3)
    np.testing.assert_array_equal(again.path["elpd"], found.path["elpd"])


def test_ctrl_c_ends_all_folds(known: Data, post: xr.DataTree, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        attrs: ClassVar = {"interrupted": 1}

    monkeypatch.setattr(predictive, "sample", lambda *given, **more: Interrupted())
    with pytest.raises(KeyboardInterrupt):
        br.select(post, known[0], folds=2, seed=1)


def test_the_rule_is_one_standard_error_and_says_its_numbers(known: Data, post: xr.DataTree) -> None:
    found = br.select(post, known[0])
    within = found.path["elpd_diff"] + found.path["elpd_diff_se"] >= 0
    assert found.size == within.idxmax()
    assert f"{found.path['elpd'][found.size]:.2f}" in found.rule
    short = br.select(post, known[0], max_size=1)
    assert short.size == 1
    assert "no size up to 1" in short.rule
    asked = br.select(post, known[0], size=5)
    assert (asked.size, asked.rule) == (5, "size 5, as asked for")
    assert asked.chosen == found.supports[5]


def test_a_weight_of_two_is_the_row_twice(known: Data) -> None:
    X, y = known[0][:40], known[1][:40]
    weight = np.where(np.arange(40) < 10, 2.0, 1.0)
    twice = np.append(np.arange(40), np.arange(10))
    model = br.Model(likelihoods.Gaussian(), priors.Gaussian(1.0))
    a = br.select(br.sample(model, X, y, sample_weight=weight, draws=200, chains=2, seed=1))
    b = br.select(br.sample(model, X[twice], y[twice], draws=200, chains=2, seed=1))
    assert a.supports == b.supports
    np.testing.assert_allclose(a.path["kl"], b.path["kl"], rtol=1e-8, atol=1e-13)
