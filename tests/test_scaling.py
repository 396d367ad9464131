"""Columns of extreme size are brought to a common one without rounding, and only those."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.data import make_design
from bayesreg.errors import DesignWarning
from bayesreg.scaling import rescaled

UNITS = np.array([1e-150, 1.0, 1e150, 1e5])
LAYOUTS: dict[str, Any] = {"dense": np.asarray, "sparse": sparse.csc_array}


def rows() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((25, 4))
    return X, X @ [1.0, 0.0, -2.0, 0.5] + 0.3 * rng.standard_normal(25)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_extreme_columns_are_multiplied_by_powers_of_two(layout: str) -> None:
    X, y = rows()
    model = br.Model(likelihoods.Gaussian(0.5), priors.Laplace(0.1 / UNITS, loc=0.2 / UNITS))
    problem = model.bind(make_design(LAYOUTS[layout](X * UNITS), y))
    moved, unit = rescaled(problem)
    exponent = np.log2(unit)
    assert np.array_equal(exponent, np.round(exponent))
    assert unit[[1, 3]].tolist() == [1.0, 1.0]
    assert moved.design.is_sparse == (layout == "sparse")
    size = moved.design.moments.size
    assert np.all((size > 1e-60) & (size < 1e60))
    dense = moved.design.X.toarray() if moved.design.is_sparse else moved.design.X
    np.testing.assert_array_equal(dense, X * UNITS * unit)
    np.testing.assert_array_equal(moved.loc, problem.loc / unit)
    penalty, before = moved.penalty(0.5), problem.penalty(0.5)
    np.testing.assert_allclose(penalty.l1, before.l1 * unit, rtol=1e-15)


def test_a_problem_without_extreme_columns_is_itself() -> None:
    X, y = rows()
    X[:, 1] = 0.0
    with pytest.warns(DesignWarning, match="x1"):
        problem = br.Model(likelihoods.Gaussian(0.5), priors.Laplace(0.1)).bind(make_design(X * [1e50, 1, 1e-50, 1], y))
    moved, unit = rescaled(problem)
    assert moved is problem
    assert np.all(unit == 1.0)


PRIORS = {
    "lasso": lambda u: priors.Laplace(0.1 / u),
    "ridge": lambda u: priors.Gaussian(0.3 / u, loc=0.5 / u),
    "net": lambda u: priors.ElasticNet(l1=2.0, l2=3.0, factor=1 / u),
    "signs": lambda u: priors.Laplace(0.1 / u, positive=[True, False, True, True]),
    "groups": lambda u: priors.GroupLaplace([0, 0, 1, 1], 0.2, factor=1 / u),
}
LIKELIHOODS = {
    "gaussian": (likelihoods.Gaussian(0.5), lambda y: y),
    "huber": (likelihoods.Huber(0.8, 0.5), lambda y: y),
    "logistic": (likelihoods.Bernoulli(), lambda y: (y > 0).astype(float)),
    "laplace": (likelihoods.Laplace(0.5), lambda y: y),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("prior", PRIORS)
def test_the_mode_is_that_of_common_units_in_the_given_ones(prior: str, likelihood: str, layout: str) -> None:
    X, y = rows()
    law, response = LIKELIHOODS[likelihood]
    plain = br.find_map(br.Model(law, PRIORS[prior](np.ones(4))), X, response(y))
    extreme = br.find_map(br.Model(law, PRIORS[prior](UNITS)), LAYOUTS[layout](X * UNITS), response(y))
    assert extreme.certificate.accepted
    np.testing.assert_allclose(extreme.coef * UNITS, plain.coef, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(extreme.intercept, plain.intercept, rtol=1e-7)


@pytest.mark.parametrize("prior", ["lasso", "ridge", "groups"])
def test_a_path_is_that_of_common_units_in_the_given_ones(prior: str) -> None:
    X, y = rows()
    plain = br.map_path(br.Model(likelihoods.Gaussian(0.5), PRIORS[prior](np.ones(4))), X, y, n_points=5)
    extreme = br.map_path(br.Model(likelihoods.Gaussian(0.5), PRIORS[prior](UNITS)), X * UNITS, y, n_points=5)
    np.testing.assert_allclose(extreme.coef * UNITS, plain.coef, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(extreme.df, plain.df, rtol=1e-7, atol=1e-9)
