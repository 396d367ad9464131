"""Unpenalised columns must be identified by the data: rank for all, separation for two classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.data import make_design
from bayesreg.errors import NotIdentifiedError
from bayesreg.identified import check_identified

INF = float("inf")
GAUSSIAN, BERNOULLI = likelihoods.Gaussian(1.0), likelihoods.Bernoulli()


def check(likelihood: Any, prior: Any, X: Any, y: Any, weight: Any = None, **settings: Any) -> None:
    check_identified(br.Model(likelihood, prior, **settings).bind(make_design(X, y, weight)))


def test_proper_priors_identify_everything(linear: Any, wide: Any) -> None:
    check(GAUSSIAN, priors.Gaussian(1.0), *wide)
    check(GAUSSIAN, priors.Laplace(1.0), *wide)
    X, y = linear
    check(GAUSSIAN, priors.Gaussian(1.0), np.column_stack([X, X]), y)
    check(BERNOULLI, priors.Laplace(5.0), X, (y > 1) * 1.0)


def test_independent_columns_identify_flat_coefficients(linear: Any, binary: Any) -> None:
    check(GAUSSIAN, priors.Flat(), *linear)
    check(BERNOULLI, priors.Flat(), *binary)


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_a_combination_of_columns_and_the_intercept_is_named(linear: Any, unit: float) -> None:
    X, y = linear
    X = np.column_stack([X, unit * (3.0 + X[:, 0] - 2 * X[:, 1])])
    with pytest.raises(NotIdentifiedError, match=r"rank deficiency 1 \(x[014]: spanned.*and the intercept"):
        check(GAUSSIAN, priors.Flat(), X, y)
    check(GAUSSIAN, priors.Flat(), X, y, fit_intercept=False)
    check(GAUSSIAN, priors.Gaussian([INF, INF, INF, INF, 1.0]), X, y)


def test_more_flat_columns_than_rows_are_counted(wide: Any) -> None:
    with pytest.raises(NotIdentifiedError, match="rank deficiency 14"):
        check(GAUSSIAN, priors.Flat(), *wide)


def test_rows_without_weight_identify_nothing(linear: Any) -> None:
    X, y = linear
    with pytest.raises(NotIdentifiedError, match="rank deficiency 1"):
        check(GAUSSIAN, priors.Flat(), X, y, (np.arange(30) < 4) * 1.0)


@pytest.fixture
def separable() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = np.arange(20.0)
    return np.column_stack([x, rng.standard_normal(20)]), (x > 7) * 1.0


def test_separation_by_flat_columns_is_named(separable: Any) -> None:
    X, y = separable
    with pytest.raises(NotIdentifiedError, match=r"separation.*no maximum.*priors\.Gaussian"):
        check(BERNOULLI, priors.Flat(), X, y)
    with pytest.raises(NotIdentifiedError, match="separation"):
        check(BERNOULLI, priors.Gaussian([INF, 1.0]), X, y)
    check(BERNOULLI, priors.Gaussian([1.0, INF]), X, y)
    check(BERNOULLI, priors.Flat(), X, y, fit_intercept=False)


def test_one_row_on_the_other_side_ends_separation_only_if_it_counts(separable: Any) -> None:
    X, y = separable
    y = y.copy()
    y[0] = 1.0
    check(BERNOULLI, priors.Flat(), X, y)
    with pytest.raises(NotIdentifiedError, match="separation"):
        check(BERNOULLI, priors.Flat(), X, y, (np.arange(20) > 0) * 1.0)


def test_a_proper_prior_of_the_intercept_identifies_what_only_the_intercept_would_not(separable: Any) -> None:
    X, y = separable
    # Through the origin these classes overlap, and a proper prior keeps the intercept from helping.
    check(BERNOULLI, priors.Flat(), X, y, intercept=priors.Gaussian(1.0))
    mode = br.find_map(br.Model(BERNOULLI, priors.Flat(), intercept=priors.Gaussian(1.0)), X, y)
    assert mode.certificate.accepted


@pytest.mark.filterwarnings("ignore::bayesreg.errors.DesignWarning")
def test_a_proper_prior_of_the_intercept_identifies_a_constant_column(linear: Any) -> None:
    X = linear[0].copy()
    X[:, 1] = 3.0
    prior = priors.Gaussian([1.0, INF, 1.0, 1.0])
    with pytest.raises(NotIdentifiedError, match="x1"):
        check(GAUSSIAN, prior, X, linear[1])
    check(GAUSSIAN, prior, X, linear[1], intercept=priors.Gaussian(1.0))
    check(GAUSSIAN, prior, X, linear[1], fit_intercept=False)
