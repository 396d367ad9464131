"""A fitted estimator is read as what it minimised, without scikit-learn's help."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn import linear_model as sk
from sklearn.utils.class_weight import compute_sample_weight

from bayesreg.errors import InputError, UnsupportedInputError
from bayesreg.foreign import ForeignFit, class_weights, is_sklearn, read_sklearn


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
        read = read_sklearn(fit)
        assert (read.convention, read.parameters, read.fit_intercept) == (convention, parameters, intercept)
        np.testing.assert_array_equal(read.coef, fit.coef_)
        assert read.intercept == fit.intercept_
        assert (read.classes, read.class_weight, read.penalised_intercept_scale) == (None, None, None)
        assert all(f"{name}={value:g}" in read.label for name, value in parameters.items())


def test_a_search_is_read_as_the_penalty_that_it_chose(data: Any) -> None:
    ridge = sk.RidgeCV(alphas=(0.1, 1.0, 10.0)).fit(*data)
    assert read_sklearn(ridge).parameters == {"alpha": ridge.alpha_}
    lasso = sk.LassoCV(alphas=5, cv=3).fit(*data)
    assert read_sklearn(lasso).parameters == {"alpha": lasso.alpha_}
    net = sk.ElasticNetCV(l1_ratio=[0.2, 0.8], alphas=5, cv=3).fit(*data)
    assert read_sklearn(net).parameters == {"alpha": net.alpha_, "l1_ratio": net.l1_ratio_}


def test_least_squares_has_no_penalty(data: Any) -> None:
    read = read_sklearn(sk.LinearRegression().fit(*data))
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
    read = read_sklearn(fit)
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
    assert read_sklearn(fit).parameters == parameters


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("class_weight", [None, {"a": 2.0, "b": 0.5}, {"b": 3.0}, "balanced"])
def test_class_weights_multiply_the_row_weights(class_weight: Any, weighted: bool, data: Any) -> None:
    X, y = data
    labels = np.where(y > 0.5, "b", "a")
    fit = read_sklearn(sk.LogisticRegression(class_weight=class_weight).fit(X, labels))
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
    fit = read_sklearn(sk.Ridge().fit(*data))
    weight = np.arange(30.0)
    np.testing.assert_array_equal(class_weights(fit, data[1], weight), weight)


@pytest.mark.parametrize("value", [sk.Ridge(), sk.LogisticRegression()])
def test_an_estimator_is_known_by_where_its_class_lives(value: Any) -> None:
    assert is_sklearn(value)


@pytest.mark.parametrize("value", [np.ones(3), [1.0], None, "sklearn", ForeignFit])
def test_anything_else_is_no_estimator(value: Any) -> None:
    assert not is_sklearn(value)


def test_what_cannot_be_read_is_refused_with_the_reason(data: Any) -> None:
    X, y = data
    with pytest.raises(InputError, match="this Ridge is not fitted yet"):
        read_sklearn(sk.Ridge())
    with pytest.raises(InputError, match=r"ElasticNet\(positive=True\)"):
        read_sklearn(sk.ElasticNet(positive=True).fit(X, y))
    with pytest.raises(UnsupportedInputError, match=r"cannot read Lars; it reads LinearRegression, Ridge"):
        read_sklearn(sk.Lars().fit(X, y))
    with pytest.raises(UnsupportedInputError, match=r"one response; this LinearRegression has coef_ of shape \(2, 3\)"):
        read_sklearn(sk.LinearRegression().fit(X, np.column_stack([y, y])))
