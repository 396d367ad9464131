"""A fitted estimator of scikit-learn is read as what it minimised, without its help."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn import linear_model as sk
from sklearn.utils.class_weight import compute_sample_weight

from bayesreg.errors import InputError, UnsupportedInputError
from bayesreg.foreign import ForeignFit, class_weights, is_foreign, read_fit


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(160)
    X = rng.standard_normal((30, 3))
    return X, X[:, 0] + rng.standard_normal(30)


@pytest.mark.parametrize(
    ("estimator", "convention", "parameters"),
    [
        (sk.Ridge(0.7), "sklearn.Ridge", {"alpha": 0.7}),
        (sk.Lasso(0.2), "sklearn.Lasso", {"alpha": 0.2}),
        (sk.ElasticNet(alpha=0.2, l1_ratio=0.4), "sklearn.ElasticNet", {"alpha": 0.2, "l1_ratio": 0.4}),
    ],
)
def test_a_penalty_is_read_in_the_names_of_its_row(
    estimator: Any, convention: str, parameters: dict[str, float], data: Any
) -> None:
    for intercept in (True, False):
        fit = estimator.set_params(fit_intercept=intercept).fit(*data)
        read = read_fit(fit)
        assert (read.convention, read.parameters, read.fit_intercept) == (convention, parameters, intercept)
        np.testing.assert_array_equal(read.coef, fit.coef_)
        assert read.intercept == fit.intercept_
        assert (read.classes, read.class_weight, read.penalised_intercept_scale) == (None, None, None)
        assert all(f"{name}={value:g}" in read.label for name, value in parameters.items())
        assert read.sigma is None
        assert read.notes == ()


def test_a_search_is_read_as_the_penalty_that_it_chose(data: Any) -> None:
    ridge = sk.RidgeCV(alphas=(0.1, 1.0, 10.0)).fit(*data)
    assert read_fit(ridge).parameters == {"alpha": ridge.alpha_}
    lasso = sk.LassoCV(alphas=5, cv=3).fit(*data)
    assert read_fit(lasso).parameters == {"alpha": lasso.alpha_}
    net = sk.ElasticNetCV(l1_ratio=[0.2, 0.8], alphas=5, cv=3).fit(*data)
    assert read_fit(net).parameters == {"alpha": net.alpha_, "l1_ratio": net.l1_ratio_}


@pytest.mark.parametrize("legacy", [True, False])
@pytest.mark.parametrize(("ratios", "solver"), [((0.0,), "newton-cholesky"), ((0.4,), "saga"), ((1.0,), "saga")])
def test_a_logistic_search_is_read_as_the_penalty_that_it_chose(
    ratios: tuple[float, ...], solver: str, legacy: bool, data: Any
) -> None:
    X, y = data
    search = sk.LogisticRegressionCV(
        Cs=[0.1, 1.0], l1_ratios=ratios, cv=3, solver=solver, scoring="accuracy", tol=0.1, use_legacy_attributes=legacy
    )
    fit = search.fit(X, y > 0)
    read = read_fit(fit)
    assert read.convention == "sklearn.LogisticRegression"
    assert read.parameters == {"C": float(np.ravel(fit.C_)[0]), "l1_ratio": ratios[0]}
    assert read.classes is not None
    assert read.label.startswith("sklearn LogisticRegressionCV(C=")


def test_the_old_names_of_the_penalty_of_a_logistic_search_are_read_too(data: Any) -> None:
    X, y = data
    with warnings.catch_warnings():
        # Deprecated by scikit-learn, which says so in more than one way.
        warnings.simplefilter("ignore")
        fits = [
            sk.LogisticRegressionCV(Cs=[0.5], cv=3, penalty=penalty, solver="liblinear").fit(X, y > 0)
            for penalty in ("l1", "l2")
        ]
    assert [read_fit(fit).parameters for fit in fits] == [{"C": 0.5, "l1_ratio": 1.0}, {"C": 0.5, "l1_ratio": 0.0}]
    assert [read_fit(fit).penalised_intercept_scale for fit in fits] == [1.0, 1.0]


def test_an_average_over_folds_is_no_minimiser(data: Any) -> None:
    X, y = data
    search = sk.LogisticRegressionCV(
        Cs=[0.5], l1_ratios=(0.0,), cv=3, scoring="accuracy", use_legacy_attributes=False, refit=False
    )
    with pytest.raises(InputError, match=r"refit=False\) averages"):
        read_fit(search.fit(X, y > 0))


@pytest.mark.parametrize(
    ("estimator", "convention", "parameters"),
    [
        (sk.HuberRegressor(alpha=0.3, epsilon=1.2), "sklearn.HuberRegressor", {"alpha": 0.3, "epsilon": 1.2}),
        (sk.QuantileRegressor(alpha=0.1, quantile=0.7), "sklearn.QuantileRegressor", {"alpha": 0.1, "quantile": 0.7}),
        (sk.SGDRegressor(alpha=0.1, random_state=0), "sklearn.SGDRegressor", {"alpha": 0.1, "l1_ratio": 0.0}),
        (
            sk.SGDRegressor(alpha=0.1, penalty="elasticnet", l1_ratio=0.3, random_state=0),
            "sklearn.SGDRegressor",
            {"alpha": 0.1, "l1_ratio": 0.3},
        ),
        (sk.SGDRegressor(penalty=None, random_state=0), "sklearn.SGDRegressor", {"alpha": 0.0, "l1_ratio": 0.0}),
        (sk.Lasso(0.2, positive=True), "sklearn.Lasso", {"alpha": 0.2, "positive": True}),
        (sk.LinearRegression(positive=True), "sklearn.Ridge", {"alpha": 0.0, "positive": True}),
    ],
)
def test_what_shapes_the_loss_and_the_penalty_is_read(
    estimator: Any, convention: str, parameters: dict[str, Any], data: Any
) -> None:
    fit = estimator.fit(*data)
    read = read_fit(fit)
    assert (read.convention, read.parameters) == (convention, parameters)
    assert read.label.startswith(f"sklearn {type(fit).__name__}(")
    assert read.intercept == pytest.approx(float(np.ravel(fit.intercept_)[0]))


def test_a_fitted_noise_level_is_read_and_said_not_to_be_judged(data: Any) -> None:
    huber, ridge = sk.HuberRegressor().fit(*data), sk.BayesianRidge().fit(*data)
    assert read_fit(huber).sigma == huber.scale_
    assert read_fit(ridge).sigma == pytest.approx(ridge.alpha_**-0.5)
    assert read_fit(ridge).parameters == {"lambda_": ridge.lambda_}
    for fit in (huber, ridge):
        (note,) = read_fit(fit).notes
        assert "taken as given" in note


def test_counts_and_classes_are_read(data: Any) -> None:
    X, y = data
    counts = sk.PoissonRegressor(alpha=0.4).fit(X, np.round(np.exp(y / 2)))
    assert read_fit(counts).parameters == {"alpha": 0.4}
    assert read_fit(counts).classes is None
    steps = sk.SGDClassifier(loss="log_loss", alpha=0.1, random_state=0, class_weight="balanced")
    read = read_fit(steps.fit(X, np.where(y > 0, "b", "a")))
    assert (read.convention, read.parameters) == ("sklearn.SGDClassifier", {"alpha": 0.1, "l1_ratio": 0.0})
    assert read.class_weight == "balanced"
    assert read.classes is not None
    assert list(read.classes) == ["a", "b"]


@pytest.mark.parametrize(
    ("estimator", "loss"), [(sk.SGDRegressor(loss="huber"), "squared_error"), (sk.SGDClassifier(), "log_loss")]
)
def test_stochastic_descent_on_another_loss_is_refused(estimator: Any, loss: str, data: Any) -> None:
    y = data[1] > 0 if isinstance(estimator, sk.SGDClassifier) else data[1]
    with pytest.raises(UnsupportedInputError, match=f"with loss='{loss}', not '{estimator.loss}'"):
        read_fit(estimator.fit(data[0], y))


def test_columns_that_relevance_determination_left_out_are_named(data: Any) -> None:
    X, y = data
    kept = sk.ARDRegression(threshold_lambda=1e30).fit(X, y)
    np.testing.assert_array_equal(read_fit(kept).parameters["lambda_"], kept.lambda_)
    pruned = sk.ARDRegression(threshold_lambda=2.0).fit(X, y)
    left_out = np.flatnonzero(pruned.lambda_ >= 2.0).tolist()
    assert left_out
    with pytest.raises(InputError) as raised:
        read_fit(pruned)
    assert f"left out the columns {left_out}" in str(raised.value)


def test_least_squares_has_no_penalty(data: Any) -> None:
    read = read_fit(sk.LinearRegression().fit(*data))
    assert all(value == 0.0 for value in read.parameters.values())
    assert read.label == "sklearn LinearRegression()"


@pytest.mark.parametrize(
    ("options", "parameters", "scale"),
    [
        ({}, {"C": 1.0, "l1_ratio": 0.0}, None),
        ({"C": math.inf}, {"C": math.inf, "l1_ratio": 0.0}, None),
        ({"C": 0.5, "l1_ratio": 0.3, "solver": "saga", "tol": 0.1}, {"C": 0.5, "l1_ratio": 0.3}, None),
        ({"solver": "liblinear"}, {"C": 1.0, "l1_ratio": 0.0}, 1.0),
        ({"solver": "liblinear", "l1_ratio": 1.0}, {"C": 1.0, "l1_ratio": 1.0}, 1.0),
        ({"solver": "liblinear", "intercept_scaling": 9.0}, {"C": 1.0, "l1_ratio": 0.0}, 9.0),
        ({"solver": "liblinear", "fit_intercept": False}, {"C": 1.0, "l1_ratio": 0.0}, None),
    ],
)
def test_a_logistic_fit_is_read_with_its_intercept(
    options: dict[str, Any], parameters: dict[str, float], scale: float | None, data: Any
) -> None:
    X, y = data
    fit = sk.LogisticRegression(**options).fit(X, np.where(y > 0, "b", "a"))
    read = read_fit(fit)
    assert read.parameters == parameters
    assert read.penalised_intercept_scale == scale
    assert read.classes is not None
    assert list(read.classes) == ["a", "b"]
    assert read.coef.shape == (3,)
    assert f"solver={fit.solver!r}" in read.label


@pytest.mark.parametrize(
    ("options", "parameters"),
    [
        ({"penalty": "l2"}, {"C": 1.0, "l1_ratio": 0.0}),
        ({"penalty": "l1", "solver": "liblinear"}, {"C": 1.0, "l1_ratio": 1.0}),
        ({"penalty": "elasticnet", "l1_ratio": 0.4, "solver": "saga", "tol": 0.1}, {"C": 1.0, "l1_ratio": 0.4}),
        ({"penalty": None}, {"C": math.inf, "l1_ratio": 0.0}),
    ],
)
def test_the_old_names_of_the_logistic_penalty_are_read_too(
    options: dict[str, Any], parameters: dict[str, float], data: Any
) -> None:
    estimator = sk.LogisticRegression(**options)
    with warnings.catch_warnings():
        # Deprecated by scikit-learn, which says so in more than one way.
        warnings.simplefilter("ignore")
        fit = estimator.fit(data[0], data[1] > 0)
    assert read_fit(fit).parameters == parameters


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("class_weight", [None, {"a": 2.0, "b": 0.5}, {"b": 3.0}, "balanced"])
def test_class_weights_multiply_the_row_weights(class_weight: Any, weighted: bool, data: Any) -> None:
    X, y = data
    labels = np.where(y > 0.5, "b", "a")
    fit = read_fit(sk.LogisticRegression(class_weight=class_weight).fit(X, labels))
    weight = np.random.default_rng(161).integers(1, 4, 30).astype(float) if weighted else np.ones(30)
    found = class_weights(fit, labels, weight)
    if class_weight == "balanced":
        # Each class gets half of the total.
        for label in "ab":
            assert found[labels == label].sum() == pytest.approx(weight.sum() / 2, rel=1e-12)
        if not weighted:
            np.testing.assert_allclose(found, compute_sample_weight("balanced", labels), rtol=1e-12)
    else:
        np.testing.assert_allclose(found, weight * compute_sample_weight(class_weight, labels), rtol=1e-12)


def test_class_weights_leave_other_fits_alone(data: Any) -> None:
    fit = read_fit(sk.Ridge().fit(*data))
    weight = np.arange(30.0)
    np.testing.assert_array_equal(class_weights(fit, data[1], weight), weight)


@pytest.mark.parametrize("value", [sk.Ridge(), sk.LogisticRegression()])
def test_an_estimator_is_known_by_where_its_class_lives(value: Any) -> None:
    assert is_foreign(value)


@pytest.mark.parametrize("value", [np.ones(3), [1.0], None, "sklearn", ForeignFit])
def test_anything_else_is_no_estimator(value: Any) -> None:
    assert not is_foreign(value)


def test_what_cannot_be_read_is_refused_with_the_reason(data: Any) -> None:
    X, y = data
    with pytest.raises(InputError, match="this Ridge is not fitted yet"):
        read_fit(sk.Ridge())
    with pytest.raises(UnsupportedInputError, match=r"cannot read Lars; it reads LinearRegression, Ridge"):
        read_fit(sk.Lars().fit(X, y))
    with pytest.raises(UnsupportedInputError, match=r"one response; this LinearRegression has coef_ of shape \(2, 3\)"):
        read_fit(sk.LinearRegression().fit(X, np.column_stack([y, y])))
