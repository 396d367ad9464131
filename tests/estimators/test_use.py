"""What users of scikit-learn do with an estimator: frames, pipelines, searches, pickles, mistakes."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn import linear_model
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import bayesreg as br
from bayesreg.errors import InputError, NotIdentifiedError

Data = tuple[np.ndarray, np.ndarray]
NAMES = ["age", "dose", "size", "site"]
EVERY = (
    "Ridge",
    "Lasso",
    "ElasticNet",
    "LogisticRegression",
    "PoissonRegressor",
    "HuberRegressor",
    "QuantileRegressor",
)


def labels(y: np.ndarray) -> np.ndarray:
    return np.where(y > np.median(y), "well", "ill")


def response(name: str, y: np.ndarray) -> np.ndarray:
    """A response of the kind that the estimator takes."""
    if name == "LogisticRegression":
        return labels(y)
    return np.floor(np.abs(y)) if name == "PoissonRegressor" else y


@pytest.mark.parametrize("name", EVERY)
def test_every_parameter_of_scikit_learn_is_known_with_its_default(name: str) -> None:
    ours, theirs = getattr(br, name)().get_params(), getattr(linear_model, name)().get_params()
    assert set(ours) - set(theirs) <= {"random_state", "max_iter"}
    assert {key: ours[key] for key in theirs if key != "max_iter"} == {
        key: value for key, value in theirs.items() if key != "max_iter"
    }


@pytest.mark.parametrize("name", EVERY)
def test_parameters_that_choose_a_way_do_not_move_the_fit(name: str, linear: Data) -> None:
    X, y = linear[0], response(name, linear[1])
    known = getattr(br, name)().get_params()
    ways: dict[str, Any] = {"tol": 10.0, "warm_start": True, "selection": "random", "precompute": True, "n_jobs": 2}
    ways |= {"solver": "saga", "copy_X": False, "random_state": 5, "verbose": 1, "dual": True, "max_iter": 500}
    chosen = {key: value for key, value in ways.items() if key in known}
    before = X.copy()
    assert np.array_equal(
        getattr(br, name)(**chosen).fit(X, y).coef_,
        getattr(br, name)().fit(X, y).coef_,
    )
    assert np.array_equal(X, before)


@pytest.mark.parametrize("name", EVERY)
def test_frames_and_arrays_of_every_kind_give_the_same_fit(name: str, linear: Data) -> None:
    X, y = linear[0], response(name, linear[1])
    fit = getattr(br, name)().fit(X, y)
    frames: list[Any] = [pd.DataFrame(X, columns=NAMES), pl.DataFrame(X, schema=NAMES)]
    for given in [*frames, X.tolist(), np.asfortranarray(X), sparse.csr_matrix(X), sparse.csc_array(X)]:
        other = getattr(br, name)().fit(given, list(y))
        np.testing.assert_allclose(other.coef_, fit.coef_, rtol=1e-9, atol=1e-12)
        assert np.asarray(other.predict(given)).shape == (30,)
    for frame in frames:
        named = getattr(br, name)().fit(frame, y)
        assert named.feature_names_in_.tolist() == NAMES
        assert named.summary().index.tolist() == ["intercept", *NAMES]
        with pytest.raises(ValueError, match="feature names"):
            named.predict(frame[NAMES[::-1]])
    single = getattr(br, name)().fit(X.astype(np.float32), y)
    np.testing.assert_allclose(single.coef_, fit.coef_, atol=1e-4)
    assert single.coef_.dtype == np.float64


def test_labels_of_any_type_are_classes(binary: Data) -> None:
    X, y = binary
    fit = br.LogisticRegression().fit(X, y)
    assert fit.coef_.shape == (1, 3)
    assert fit.intercept_.shape == fit.n_iter_.shape == (1,)
    for zero, one in ((False, True), (-1, 1), (3, 7), ("no", "yes")):
        other = br.LogisticRegression().fit(X, np.where(y == 1, one, zero))
        np.testing.assert_array_equal(other.coef_, fit.coef_)
        assert other.classes_.tolist() == [zero, one]
        assert set(other.predict(X).tolist()) == {zero, one}
    text = br.LogisticRegression().fit(X, pd.Series(np.where(y == 1, "yes", "no")))
    assert text.predict(X[:1])[0] in ("yes", "no")


def test_a_search_over_penalties_in_a_pipeline_finds_what_scikit_learn_finds(binary: Data) -> None:
    X, y = binary
    # Where every coefficient is 0 scikit-learn's solver stops before its intercept has settled.
    grid = {"logisticregression__C": [0.3, 1.0, 3.0], "logisticregression__l1_ratio": [0.0, 0.5, 1.0]}
    found = {}
    for library, options in ((br, {}), (linear_model, {"solver": "saga", "tol": 1e-12, "max_iter": 100_000})):
        steps = make_pipeline(StandardScaler(), library.LogisticRegression(**options))
        found[library] = GridSearchCV(steps, grid, cv=3, scoring="neg_log_loss").fit(X, y)
    assert found[br].best_params_ == found[linear_model].best_params_
    np.testing.assert_allclose(
        found[br].cv_results_["mean_test_score"], found[linear_model].cv_results_["mean_test_score"], rtol=1e-7
    )


def test_cross_validation_gives_the_scores_of_scikit_learn(linear: Data) -> None:
    ours = cross_val_score(make_pipeline(StandardScaler(), br.Ridge(3.0)), *linear, cv=4)
    theirs = cross_val_score(make_pipeline(StandardScaler(), linear_model.Ridge(3.0)), *linear, cv=4)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


@pytest.mark.parametrize("name", EVERY)
def test_a_clone_is_unfitted_and_a_pickle_predicts_without_the_data(name: str, linear: Data) -> None:
    X, y = linear[0].repeat(40, axis=0), response(name, linear[1]).repeat(40)
    fit = getattr(br, name)(random_state=1).fit(X, y)
    with pytest.raises(NotFittedError):
        clone(fit).predict(X)
    stored = pickle.dumps(fit)
    # Not the 38 kB of X; a multiplier of the rows may be there.
    assert len(stored) < X.nbytes / 2
    loaded = pickle.loads(stored)
    np.testing.assert_array_equal(loaded.predict(X), fit.predict(X))
    assert str(loaded.certificate_) == str(fit.certificate_)
    with pytest.raises(InputError, match="do not travel with a pickled or copied estimator: fit it again"):
        loaded.sample()


@pytest.mark.parametrize("name", EVERY)
def test_verify_reads_every_estimator(name: str, linear: Data) -> None:
    X, y = linear[0], response(name, linear[1])
    assert br.verify(getattr(br, name)().fit(X, y), X, y).accepted


@pytest.mark.parametrize(
    ("estimator", "words"),
    [
        (br.Ridge(alpha=-1.0), r"Ridge\(alpha=\.\.\.\) must be finite and at least 0, got -1"),
        (br.Lasso(alpha=[0.1, 0.2]), r"Lasso\(alpha=\.\.\.\) must be one number"),
        (br.Lasso(positive="yes"), r"positive=\.\.\.\) must be True or False"),
        (br.ElasticNet(l1_ratio=1.5), r"l1_ratio=\.\.\.\) must lie between 0 and 1, got 1\.5"),
        (br.Ridge(fit_intercept="no"), r"fit_intercept=\.\.\.\) must be True or False"),
        (br.Lasso(max_iter=0), r"max_iter must be None or an integer of at least 1, got 0"),
        (br.QuantileRegressor(quantile=1.0), r"quantile=\.\.\.\) must lie between 0 and 1, got 1\.0"),
    ],
    ids=str,
)
def test_an_unusable_parameter_is_named(estimator: Any, words: str, linear: Data) -> None:
    with pytest.raises(InputError, match=words):
        estimator.fit(*linear)


@pytest.mark.parametrize(
    ("estimator", "words"),
    [
        (br.LogisticRegression(C=0.0), r"LogisticRegression\(C=\.\.\.\) must be finite or inf and above 0, got 0\.0"),
        (br.LogisticRegression("l1"), r"penalty='l1'\) is scikit-learn's old way.*l1_ratio=1 for 'l1'"),
        (br.LogisticRegression(solver="liblinear"), "penalises the intercept.*fit_intercept=False"),
        (br.LogisticRegression(class_weight={5: 1.0}), "class"),
    ],
    ids=str,
)
def test_an_unusable_parameter_of_a_classifier_is_named(estimator: Any, words: str, binary: Data) -> None:
    with pytest.raises(ValueError, match=words):
        estimator.fit(*binary)


def test_classes_that_are_not_two_are_refused(binary: Data) -> None:
    X, _ = binary
    with pytest.raises(InputError, match=r"Only binary classification is supported\..*multiclass.*OneVsRestClassifier"):
        br.LogisticRegression().fit(X, np.arange(60) % 3)
    with pytest.raises(InputError, match="only one class"):
        br.LogisticRegression().fit(X, np.ones(60))
    with pytest.raises(ValueError, match="continuous"):
        br.LogisticRegression().fit(X, X[:, 0])


def test_separable_classes_without_a_penalty_are_refused(binary: Data) -> None:
    X, _ = binary
    with pytest.raises(NotIdentifiedError, match="separation"):
        br.LogisticRegression(C=np.inf).fit(X, X[:, 0] > 0)


def test_more_than_one_response_is_refused(linear: Data) -> None:
    X, y = linear
    with pytest.raises(ValueError, match="1d array"):
        br.Ridge().fit(X, np.column_stack([y, y]))


def test_a_constant_column_is_told_by_its_name(linear: Data) -> None:
    X, y = linear
    frame = pd.DataFrame(X, columns=NAMES).assign(site=1.0)
    with pytest.warns(br.errors.DesignWarning, match=r"constant beside the intercept \(site\)"):
        fit = br.Lasso(0.01).fit(frame, y)
    assert fit.coef_[3] == 0.0


def test_too_few_iterations_are_said(wide: Data) -> None:
    with pytest.warns(br.errors.ConvergenceWarning, match="raise max_iter"):
        fit = br.PoissonRegressor(alpha=1e-3, max_iter=1).fit(wide[0], np.floor(np.abs(wide[1])))
    assert not fit.certificate_.accepted
    assert fit.n_iter_ == 1
