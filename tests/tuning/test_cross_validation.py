"""Cross-validation against plain refits, scikit-learn's own, and by hand."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LassoCV
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, KFold, LeaveOneOut, RepeatedKFold, StratifiedKFold

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.errors import DesignWarning, InputError, PriorWarning
from bayesreg.tuning import gram_folds
from bayesreg.tuning.splits import make_splits
from tests.tuning.cases import GAUSSIAN, classes, counts, gaussian, regression

STRENGTHS = [30.0, 3.0, 0.3]


def refit(model: br.Model, X: Any, y: Any, splits: Any, weight: Any, offset: Any, score: str = "mse") -> np.ndarray:
    """Scores of the folds by `find_map` on the training rows, shape (k, K)."""
    out = np.empty((len(STRENGTHS), len(splits)))
    tuned = br.tune(model, X, y, strengths=STRENGTHS, sample_weight=weight, offset=offset)
    for k, strength in enumerate(STRENGTHS):
        for f, (train, test) in enumerate(splits):
            with warnings.catch_warnings(action="ignore", category=DesignWarning):
                single = br.find_map(
                    tuned.model_at(strength), X[train], y[train], sample_weight=weight[train], offset=offset[train]
                )
            eta = single.intercept + X[test] @ single.coef + offset[test]
            w, held = weight[test], y[test]
            if score == "auc":
                out[k, f] = roc_auc_score(held, eta, sample_weight=w)
            elif score == "mse":
                out[k, f] = w @ (held - model.likelihood.mean(eta)) ** 2 / w.sum()
            else:
                rows = model.likelihood.loss(eta, held, 0.9) + model.likelihood.row_constant(held, 0.9)
                out[k, f] = -w @ rows / w.sum()
    return out


@pytest.mark.parametrize("name", GAUSSIAN)
def test_folds_of_statistics_are_plain_refits_to_ten_digits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = regression()
    rng = np.random.default_rng(3)
    weight, offset = rng.integers(0, 3, y.size) + 0.5, rng.standard_normal(y.size)
    splits = list(KFold(4).split(X))
    expected = refit(GAUSSIAN[name], X, y, splits, weight, offset)
    # From here on a fit on rows would fail.
    monkeypatch.setattr("bayesreg.tuning.cross_validation._on_rows", None)
    found = br.tune(GAUSSIAN[name], X, y, cv=4, strengths=STRENGTHS, sample_weight=weight, offset=offset)
    np.testing.assert_allclose(found.details["folds"], expected, rtol=1e-10)
    share = np.array([weight[test].sum() for _, test in splits]) / weight.sum()
    mean = expected @ share
    np.testing.assert_allclose(found.value, mean, rtol=1e-10)
    np.testing.assert_allclose(found.se, np.sqrt((expected - mean[:, None]) ** 2 @ share / 3), rtol=1e-9)


@pytest.mark.parametrize(
    ("model", "data", "score"),
    [
        (br.Model(likelihoods.Bernoulli(), priors.Laplace(0.5)), classes, "auc"),
        (br.Model(likelihoods.Bernoulli(), priors.Gaussian(0.5)), classes, "elpd"),
        (br.Model(likelihoods.Poisson(), priors.ElasticNet(1.0, 1.0)), counts, "mse"),
        (br.Model(likelihoods.Huber(1.345, 0.9), priors.Laplace(0.5)), regression, "elpd"),
        (br.Model(likelihoods.Laplace(0.9), priors.Laplace(0.5)), regression, "elpd"),
        (gaussian(priors.GroupLaplace([0, 0, 1, 1, 1], 0.5)), regression, "elpd"),
    ],
    ids=["auc", "logistic ridge", "poisson", "huber", "absolute", "groups"],
)
def test_folds_of_other_models_are_plain_refits(model: br.Model, data: Any, score: Any) -> None:
    X, y = data()
    weight, offset = np.random.default_rng(3).integers(0, 3, y.size) + 0.5, np.zeros(y.size)
    cv = StratifiedKFold(3) if data is classes else KFold(3)
    expected = refit(model, X, y, list(cv.split(X, y)), weight, offset, score)
    found = br.tune(model, X, y, cv=3, score=score, strengths=STRENGTHS, sample_weight=weight)
    np.testing.assert_allclose(found.details["folds"], expected, rtol=1e-7)
    total = weight.sum() if score == "elpd" else 1.0
    share = found.details["folds"] @ np.array([weight[t].sum() for _, t in cv.split(X, y)]) / weight.sum()
    np.testing.assert_allclose(found.value, total * share, rtol=1e-12)
    chosen = np.argmax(found.value) if score != "mse" else np.argmin(found.value)
    assert found.best == found.strength[chosen]


def test_per_row_gives_the_curve_and_the_choice_of_scikit_learn() -> None:
    X, y = regression(200, 8)
    model = gaussian(br.prior_from("sklearn.Lasso", alpha=1.0, n=200), None)
    ours = br.tune(model, X, y, cv=6, per_row=True)
    theirs = LassoCV(alphas=ours.strength, cv=6, tol=1e-12, max_iter=1_000_000).fit(X, y)
    np.testing.assert_allclose(ours.details["folds"], theirs.mse_path_, rtol=1e-9)
    assert ours.best == theirs.alpha_
    assert ours.penalties["sklearn.Lasso"]["alpha"] == pytest.approx(theirs.alpha_, rel=1e-12)
    np.testing.assert_allclose(br.find_map(ours.model, X, y).coef, theirs.coef_, rtol=1e-6, atol=1e-9)


def test_the_one_standard_error_rule_takes_the_strongest_penalty_within_reach() -> None:
    X, y = regression()
    found = br.tune(GAUSSIAN["lasso"], X, y)
    best = np.argmin(found.value)
    inside = found.value <= found.value[best] + found.se[best]
    assert found.best == found.strength[best]
    assert found.one_se == found.strength[inside].max() > found.best
    assert not inside[0]


def test_a_column_that_lives_in_one_fold_and_outliers_cost_no_digits() -> None:
    X, y = regression()
    X[:15, 1] = 1e4 * np.arange(15.0)
    X[15:, 1] = 2.0 + X[15:, 1]
    X[:, 2] = 0.0
    X[5, 2] = 1.0
    model = GAUSSIAN["lasso"]
    expected = refit(model, X, y, list(KFold(4).split(X)), np.ones(60), np.zeros(60))
    found = br.tune(model, X, y, cv=4, strengths=STRENGTHS)
    np.testing.assert_allclose(found.details["folds"], expected, rtol=1e-10)


def test_gram_matrices_without_enough_digits_give_way_to_the_rows() -> None:
    X, y = regression()
    X[:, 1] = X[:, 0] + 1e-7 * X[:, 1]
    expected = refit(GAUSSIAN["lasso"], X, y, list(KFold(4).split(X)), np.ones(60), np.zeros(60))
    found = br.tune(GAUSSIAN["lasso"], X, y, cv=4, strengths=STRENGTHS)
    np.testing.assert_allclose(found.details["folds"], expected, rtol=1e-8)


@pytest.mark.parametrize("kind", ["sparse", "wide", "frame"])
def test_sparse_wide_and_framed_columns_give_the_same_folds(kind: str) -> None:
    pd = pytest.importorskip("pandas")
    X, y = regression(60, 80 if kind == "wide" else 5)
    X = np.where(np.abs(X) < np.median(np.abs(X), axis=0), 0.0, X)
    expected = refit(GAUSSIAN["lasso"], X, y, list(KFold(3).split(X)), np.ones(60), np.zeros(60))
    given = {
        "sparse": sparse.csr_array(X),
        "wide": X,
        "frame": pd.DataFrame(X, columns=[*"abcde", *map(str, range(80))][: X.shape[1]]),
    }
    found = br.tune(GAUSSIAN["lasso"], given[kind], y, cv=3, strengths=STRENGTHS)
    np.testing.assert_allclose(found.details["folds"], expected, rtol=1e-8)


@pytest.mark.parametrize("shuffle", [False, True])
def test_stratified_folds_are_those_of_scikit_learn(shuffle: bool) -> None:
    y = np.random.default_rng(0).permutation(np.repeat([0.0, 1.0], [17, 40]))
    rng = np.random.default_rng(5) if shuffle else None
    ours = make_splits(5, np.zeros((57, 1)), y, np.ones(57), None, rng, True)
    assert np.array_equal(np.sort(np.concatenate([split.test for split in ours])), np.arange(57))
    for split in ours:
        assert abs(y[split.test].sum() - 8) < 1
    if not shuffle:
        for split, (train, test) in zip(ours, StratifiedKFold(5).split(y[:, None], y), strict=True):
            np.testing.assert_array_equal(split.test, test)
            np.testing.assert_array_equal(split.train, train)


def test_a_seed_shuffles_the_rows_and_none_keeps_their_order() -> None:
    X, y = regression()
    runs = [br.tune(GAUSSIAN["lasso"], X, y, strengths=[1.0], seed=seed).value[0] for seed in (None, 1, 1, 2)]
    by_hand = br.tune(GAUSSIAN["lasso"], X, y, strengths=[1.0], cv=list(KFold(5).split(X))).value[0]
    assert runs[0] == by_hand
    assert runs[1] == runs[2]
    assert len(set(runs)) == 3


def test_splitters_with_groups_repeats_and_single_rows() -> None:
    X, y = regression()
    groups = np.arange(60) // 4
    grouped = br.tune(GAUSSIAN["lasso"], X, y, strengths=[1.0], cv=GroupKFold(5), groups=groups)
    by_hand = br.tune(GAUSSIAN["lasso"], X, y, strengths=[1.0], cv=list(GroupKFold(5).split(X, y, groups)))
    assert grouped.value[0] == by_hand.value[0]
    repeated = br.tune(
        GAUSSIAN["lasso"], X, y, strengths=[1.0], cv=RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)
    )
    assert repeated.details["folds"].shape == (1, 6)
    single = br.tune(GAUSSIAN["ridge"], X, y, strengths=STRENGTHS, cv=LeaveOneOut())
    exact = br.tune(GAUSSIAN["ridge"], X, y, strengths=STRENGTHS, method="alo")
    np.testing.assert_allclose(single.value, exact.value, rtol=1e-10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cv": 1}, r"cv must be at least 2 and at most the number of rows \(60\), got 1"),
        ({"cv": "five"}, "cv must be an integer, a scikit-learn splitter, or a list"),
        ({"cv": [([0, 1], [99])]}, "the test rows of split 0 of cv are not row numbers from 0 to 59"),
        ({"cv": [([0, 1, 2], [2])]}, "split 0 of cv holds rows that are both"),
        ({"groups": np.zeros(60)}, r"groups= is for a splitter that uses it.*GroupKFold"),
        ({"score": "auc"}, r"score='auc' needs two classes.*score='deviance'"),
        ({"score": "r2"}, "score must be one of 'mse', 'deviance', 'elpd', 'auc', got 'r2'"),
        ({"method": "aic"}, r"method must be one of 'cv' \(K-fold.*got 'aic'"),
        (
            {"method": "evidence", "score": "mse"},
            "score= is for method='cv' and 'alo'; method='evidence' has a measure",
        ),
        ({"method": "alo", "per_row": True}, "groups= and per_row= are for method='cv'.*got method='alo'"),
        ({"method": "loo", "cv": 5}, "cv=, groups= and per_row= are for method='cv'.*got method='loo'"),
        ({"strengths": [1.0, -1.0]}, "strengths must be positive finite numbers"),
        ({"n_points": 1}, "n_points must be an integer of at least 2, got 1"),
        ({"strengths": [[1.0], [2.0]]}, "strengths must be positive finite numbers, shape"),
        ({"ratio": 2.0}, r"ratio must be a number between 0 and 1 .*, got 2.0"),
        ({"ratio": "small"}, r"ratio must be a number between 0 and 1 .*, got 'small'"),
        ({"per_row": "yes"}, "per_row must be True or False, got 'yes'"),
        ({"method": "bayes", "n_points": 5}, "n_points= and ratio= are for methods with a grid"),
    ],
)
def test_unusable_arguments_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        br.tune(GAUSSIAN["lasso"], *regression(), **options)


def test_pairs_that_have_no_strength_or_no_score_say_what_to_do() -> None:
    X, y = regression()
    with pytest.raises(InputError, match=r"prior_scale is learned.*method='bayes'"):
        br.tune(gaussian(priors.Laplace(br.scales.HalfCauchy(1.0))), X, y)
    with pytest.raises(InputError, match=r"Flat\(\) penalises nothing"):
        br.tune(gaussian(priors.Flat()), X, y)
    with pytest.raises(InputError, match=r"score='elpd' of MAP fits needs the noise level.*method='loo'"):
        br.tune(GAUSSIAN["learned sigma"], X, y, score="elpd")
    Xb, yb = classes(20)
    rare = np.zeros(20)
    rare[:3] = 1.0
    logistic = br.Model(likelihoods.Bernoulli(), priors.Gaussian(1.0))
    with pytest.raises(InputError, match="the training rows of fold 0 cannot be fitted: y has only one class"):
        br.tune(logistic, Xb, rare, cv=list(KFold(4).split(Xb)))
    with pytest.raises(InputError, match="needs both classes among the held-out rows of every fold"):
        br.tune(logistic, Xb, yb, cv=LeaveOneOut(), score="auc", strengths=[1.0])


def test_many_columns_take_the_way_of_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = regression()
    by_gram = br.tune(GAUSSIAN["lasso"], X, y)
    monkeypatch.setattr(gram_folds, "_MANY", 3)
    by_rows = br.tune(GAUSSIAN["lasso"], X, y)
    np.testing.assert_allclose(by_gram.value, by_rows.value, rtol=1e-9)
    assert by_gram.best == by_rows.best
    assert replace(by_gram, value=by_rows.value).one_se == by_rows.one_se


def test_what_a_prior_does_to_few_rows_is_said_once() -> None:
    rng = np.random.default_rng(3)
    X, y = rng.standard_normal((10, 15)), rng.standard_normal(10)
    with pytest.warns(PriorWarning) as said:
        br.tune(gaussian(priors.Laplace(1.0, relative_to="penalty"), None), X, y, n_points=4)
    assert ["with only 10 rows" in str(one.message) for one in said] == [True]


@pytest.mark.parametrize("seed", [None, 3])
@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_rows_without_weight_are_no_rows(kind: str, seed: int | None) -> None:
    X, y = regression() if kind == "numbers" else classes()
    model = GAUSSIAN["lasso"] if kind == "numbers" else br.Model(likelihoods.Bernoulli(), priors.Laplace(0.5))
    # All of what would be the first block, and some others.
    weight = np.ones(y.size)
    weight[:13] = weight[20:40:3] = 0
    used = weight > 0
    found = br.tune(model, X, y, sample_weight=weight, n_points=5, seed=seed)
    expected = br.tune(model, X[used], y[used], n_points=5, seed=seed)
    np.testing.assert_allclose(found.details["folds"], expected.details["folds"], rtol=1e-8)
    np.testing.assert_allclose(found.se, expected.se, rtol=1e-7)
    with pytest.raises(InputError, match=r"at most the number of rows with weight \(2\), got 5"):
        br.tune(GAUSSIAN["lasso"], X, y, sample_weight=np.where(np.arange(y.size) < 2, 1, 0))


def test_a_single_split_has_a_curve_without_errors() -> None:
    X, y = regression()
    found = br.tune(GAUSSIAN["lasso"], X, y, cv=[(np.arange(40), np.arange(40, 60))], n_points=5)
    assert np.isfinite(found.value).all()
    assert np.isnan(found.se).all()
    assert found.one_se is None
    assert "a single split has no spread" in str(found)


def test_what_a_splitter_cannot_do_is_said_by_it() -> None:
    with pytest.raises(InputError, match=r"cv=GroupKFold.*cannot split these rows: The 'groups' parameter"):
        br.tune(GAUSSIAN["lasso"], *regression(), cv=GroupKFold(3))
