"""Recommendations on data whose right answer is known."""

from __future__ import annotations

import re
from typing import ClassVar

import numpy as np
import pytest
from sklearn.linear_model import Lasso, LogisticRegression, Ridge

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.errors import InputError
from bayesreg.guide import comparisons
from bayesreg.guide.comparisons import compare_quickly
from bayesreg.guide.strength import strength_of


def gaussian_model(scale: float) -> br.Model:
    return br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(scale))


def test_many_small_effects_take_a_gaussian_prior_with_the_true_scale() -> None:
    rng = np.random.default_rng(10)
    X = rng.standard_normal((200, 20)) * np.logspace(-2, 2, 20)
    effect = rng.standard_normal(20)
    effect *= 0.5 / np.sqrt(np.mean(effect**2))
    y = X / X.std(0) @ effect + rng.standard_normal(200)
    found = br.recommend(X, y, seed=1)
    assert isinstance(found.model.prior, priors.Gaussian)
    assert isinstance(found.model.likelihood, likelihoods.Gaussian)
    assert found.penalty.penalty == "l2"
    assert found.strength.lower < 0.5 < found.strength.upper
    assert re.search(r"Ridge\(alpha=\d", str(found))
    assert any("no heavier than normal errors" in reason for reason in found.reasons)
    assert found.measures.loc["rows a column", "value"] == 10.0
    assert set(found.comparison.index) == {"gaussian", "laplace", "horseshoe"}


@pytest.fixture(scope="module")
def sparse() -> br.Recommendation:
    """Return the advice on 80 rows of 60 columns of which three matter, two of them one of a pair."""
    rng = np.random.default_rng(11)
    X = rng.standard_normal((80, 60))
    X[:, 1] = X[:, 0] + 0.2 * X[:, 1]
    return br.recommend(X, X[:, [0, 5, 9]] @ [2.0, -2.0, 1.5] + rng.standard_normal(80), seed=1)


def test_few_large_effects_take_a_sparse_prior_and_say_how_few(sparse: br.Recommendation) -> None:
    assert isinstance(sparse.model.prior, priors.Horseshoe)
    assert sparse.penalty.penalty == "elastic_net"
    # Of 60 columns and 80 rows importance weights of the coefficients make nothing, those of the scales do.
    assert "in elpd (leave-one-out)" in str(sparse)
    difference, se = sparse.comparison.loc["gaussian", ["difference", "difference_se"]]
    assert difference < -2 * se
    assert sparse.measures.loc["correlated groups", "value"] == 1.0
    text = str(sparse)
    assert "1 group of columns (x0, x1) correlated above 0.8" in text
    assert re.search(r"[34] of 60 columns predict as well as all", text)
    # The model can be fitted as it is.
    assert sparse.posterior.attrs["model"] == sparse.model.to_json()


def test_the_text_in_a_notebook_is_escaped(sparse: br.Recommendation) -> None:
    html = sparse._repr_html_()
    assert "<li>80 rows and 60 columns" in html
    assert "±" in html
    frame = sparse.to_frame()
    frame["value"] = 0.0
    assert sparse.measures.loc["columns", "value"] == 60.0


def test_heavy_tails_take_student_errors() -> None:
    rng = np.random.default_rng(12)
    X = rng.standard_normal((200, 3))
    found = br.recommend(X, X @ [1.0, 1.0, -1.0] + rng.standard_t(2, 200), seed=1)
    assert isinstance(found.model.likelihood, likelihoods.StudentT)
    assert any("heavy; Student-t errors" in reason for reason in found.reasons)
    assert found.strength.equivalent == ""


def test_a_need_to_select_takes_the_sparsest_of_equals() -> None:
    rng = np.random.default_rng(13)
    X = rng.standard_normal((150, 4))
    y = X @ [1.0, 0.5, -1.0, 0.7] + rng.standard_normal(150)
    assert isinstance(br.recommend(X, y, seed=1).model.prior, priors.Gaussian)
    found = br.recommend(X, y, need_feature_selection=True, seed=1)
    alike = found.comparison["difference"] + found.comparison["difference_se"] >= 0
    sparsest = next(name for name in ("horseshoe", "laplace", "gaussian") if alike[name])
    assert type(found.model.prior).__name__.lower() == sparsest
    assert found.penalty.penalty == "l1"


def test_classes_are_seen_and_may_be_separated() -> None:
    rng = np.random.default_rng(14)
    X = rng.standard_normal((60, 2))
    found = br.recommend(X, (X[:, 0] > 0).astype(float), seed=1)
    assert isinstance(found.model.likelihood, likelihoods.Bernoulli)
    assert found.measures.loc["log loss", "value"] < 0.5 * found.measures.loc["log loss of the class shares", "value"]


def test_quick_comparison_by_leave_one_out_is_that_of_compare() -> None:
    rng = np.random.default_rng(15)
    X = rng.standard_normal((60, 3))
    y = X @ [1.0, 0.0, 0.5] + rng.standard_normal(60)
    models = {
        "tight": br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(0.1)),
        "wide": br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0)),
    }
    found = compare_quickly(models, make_design(X, y), 200, np.random.default_rng(1))
    assert found.how == "leave-one-out"
    table = br.compare(found.posteriors)
    np.testing.assert_allclose(found.table()["elpd"], table["elpd"][found.table().index], rtol=1e-10)
    np.testing.assert_allclose(found.table()["difference_se"].max(), table["dse"].max(), rtol=1e-6)


def test_folds_say_what_leaving_one_out_says_where_both_can(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(17)
    X = rng.standard_normal((100, 3))
    y = 2.0 + X @ [1.0, 0.0, 0.5] + rng.standard_normal(100)
    models = {"tight": gaussian_model(0.1), "wide": gaussian_model(1.0)}
    design = make_design(X, y, rng.integers(1, 3, 100))
    one = compare_quickly(models, design, 200, np.random.default_rng(1)).table()
    monkeypatch.setattr(comparisons, "_UNRELIABLE", -1.0)
    found = compare_quickly(models, design, 200, np.random.default_rng(1))
    assert found.how == "5 folds"
    np.testing.assert_allclose(found.table()["elpd"][one.index], one["elpd"], rtol=0.03)
    assert found.table().index[0] == "wide"


@pytest.mark.parametrize("prior", ["gaussian", "laplace"])
@pytest.mark.parametrize("classes", [False, True])
def test_the_equivalent_in_scikit_learn_is_the_same_penalised_fit(prior: str, classes: bool) -> None:
    rng = np.random.default_rng(16)
    X = rng.standard_normal((100, 4)) * [1.0, 3.0, 0.2, 1.0]
    eta = X @ [0.5, 0.1, -1.0, 0.0]
    y = (rng.random(100) < 1 / (1 + np.exp(-eta))).astype(float) if classes else eta + 1.3 * rng.standard_normal(100)
    kind = {"gaussian": priors.Gaussian, "laplace": priors.Laplace}[prior]
    likelihood = likelihoods.Bernoulli() if classes else likelihoods.Gaussian()
    intercept = priors.Gaussian(10.0) if classes else priors.Flat()
    model = br.Model(likelihood, kind(scales.HalfCauchy(1.0)), standardize=True, intercept=intercept)
    post = br.sample(model, X, y, draws=1000, seed=1)
    strength = strength_of(post, make_design(X, y))
    Z = (X - X.mean(0)) / X.std(0)
    name, numbers = re.fullmatch(r"(\w+)\((.*)\)", strength.equivalent).groups()  # type: ignore[union-attr]
    given = {key: float(value) for key, value in (part.split("=") for part in numbers.split(", "))}
    group = post["posterior"]
    sigma = 1.0 if classes else float(np.median(group["sigma"].to_numpy()))
    own = br.find_map(
        br.Model(likelihoods.Bernoulli() if classes else likelihoods.Gaussian(sigma), kind(strength.scale * sigma)),
        Z,
        y,
    )
    if classes:
        theirs = LogisticRegression(**given, solver="saga", tol=1e-8, max_iter=100_000).fit(Z, y).coef_[0]
    else:
        theirs = {"Ridge": Ridge, "Lasso": Lasso}[name](**given).fit(Z, y).coef_
    # The number is told to three digits.
    np.testing.assert_allclose(theirs, own.coef, rtol=0.01, atol=0.002)


def test_ctrl_c_ends_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        attrs: ClassVar = {"interrupted": 1}

    monkeypatch.setattr(comparisons, "sample", lambda *given, **more: Interrupted())
    with pytest.raises(KeyboardInterrupt):
        br.recommend(np.eye(9)[:, :2], np.arange(9.0), seed=1)


def test_what_cannot_be_advised_on_is_refused() -> None:
    X = np.eye(5)
    with pytest.raises(InputError, match="need_feature_selection must be True or False"):
        br.recommend(X, X[:, 0], need_feature_selection=1)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="draws must be an integer of at least 50"):
        br.recommend(X, X[:, 0], draws=10)
    with pytest.raises(InputError, match="y contains NaN"):
        br.recommend(X, [1.0, np.nan, 0, 0, 0])
