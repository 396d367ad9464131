"""Certificates from quadratic forms are those from the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.data import make_design
from bayesreg.fit import find_map_of
from bayesreg.problem import Problem
from bayesreg.quadratic_certificates import is_quadratic, quadratic_certificates
from bayesreg.row_certificates import Certifier

STRENGTHS = np.array([3.0, 1.0, 0.2])
PRIORS = {
    "lasso": priors.Laplace(0.1),
    "ridge": priors.Gaussian(0.3, loc=0.2),
    "net": priors.ElasticNet(l1=[8.0, 4.0, 0.0, 2.0], l2=[0.0, 3.0, 1.0, 0.0], loc=[1.0, 0.0, -0.5, 0.0]),
    "signs": priors.Laplace(0.1, positive=[True, False, True, True]),
}


def bind(prior: Any, layout: Any = np.asarray, mean: float = 3.0, **model: Any) -> Problem:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 4)) @ (np.eye(4) + 0.4) + [0.0, mean, 0.0, -mean]
    y = 2.0 + X @ [1.5, 0.0, -0.4, 0.0] + 0.7 * rng.standard_normal(30)
    weight, offset = np.arange(30) % 3.0, np.linspace(-1, 1, 30)
    return br.Model(likelihoods.Gaussian(0.6), prior, **model).bind(make_design(layout(X), y, weight, offset))


@pytest.mark.parametrize("gram", [False, True])
@pytest.mark.parametrize("layout", [np.asarray, sparse.csc_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("name", PRIORS)
@pytest.mark.parametrize("size", [0.0, 1e-3, 1.0])
def test_every_number_is_that_from_the_rows(
    name: str, fit_intercept: bool, layout: Any, gram: bool, size: float
) -> None:
    problem = bind(PRIORS[name], layout, fit_intercept=fit_intercept)
    assert is_quadratic(problem, 0.6)
    certifier, rng = Certifier(problem, 0.6), np.random.default_rng(1)
    d, intercepts = [], []
    for strength in STRENGTHS:
        mode = find_map_of(problem.with_strength(strength))
        at = mode.coef - problem.loc + size * rng.standard_normal(4) * (mode.coef != problem.loc)
        d.append(np.where(problem.penalty(0.6).constrained, np.maximum(at, 0), at))
        intercepts.append(mode.intercept + size * rng.standard_normal() * fit_intercept)
    found = quadratic_certificates(certifier, STRENGTHS, np.array(d), np.array(intercepts), gram)
    for certificate, at, intercept, strength in zip(found, d, intercepts, STRENGTHS, strict=True):
        expected = certifier.certify(problem.penalty(0.6).scaled(strength), at, intercept)
        np.testing.assert_allclose(certificate.objective, expected.objective, rtol=1e-11)
        if size == 0.0:
            # Each side carries its own rounding.
            assert certificate.accepted
            assert expected.accepted
        else:
            # An intercept that is off costs the rows a share of their dual value, and far out they try 0.
            assert certificate.gap <= expected.gap * (1 + 1e-9) or expected.gap >= expected.objective * (1 - 1e-12)
            np.testing.assert_allclose(certificate.kkt, expected.kkt, rtol=1e-6 if size < 1 else 1e-9)
        assert (certificate.rank, certificate.equicorrelated) == (expected.rank, expected.equicorrelated)


@pytest.mark.parametrize("name", PRIORS)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_gap_bounds_the_distance_from_the_minimum(name: str, fit_intercept: bool) -> None:
    problem = bind(PRIORS[name], fit_intercept=fit_intercept)
    mode, rng = find_map_of(problem), np.random.default_rng(3)
    certifier, one = Certifier(problem, 0.6), np.ones(1)
    lowest = mode.certificate.objective
    for size in (1e-6, 1e-3, 0.1, 1.0, 30.0):
        at = mode.coef - problem.loc + size * rng.standard_normal(4)
        at = np.where(problem.penalty(0.6).constrained, np.maximum(at, 0), at)
        intercept = np.array([mode.intercept + size * rng.standard_normal() * fit_intercept])
        for gram in (False, True):
            found = quadratic_certificates(certifier, one, at[None], intercept, gram)[0]
            assert found.gap >= (found.objective - lowest) * (1 - 1e-9) - 1e-12 * abs(lowest)


def test_a_sign_that_is_broken_is_not_accepted() -> None:
    problem = bind(PRIORS["signs"])
    mode = find_map_of(problem)
    for gram in (False, True):
        at = mode.coef - problem.loc
        at[3] = -1e-3
        assert problem.penalty(0.6).constrained[3]
        intercept = np.array([problem.best_intercepts(at[None], 0.6)[0]])
        found = quadratic_certificates(Certifier(problem, 0.6), np.ones(1), at[None], intercept, gram)[0]
        assert not found.accepted


def test_what_the_forms_do_not_cover_is_left_to_the_rows() -> None:
    groups, partly = priors.GroupLaplace([0, 0, 1, 1], 0.1), priors.Laplace([np.inf, 1.0, 1.0, 1.0])
    assert not is_quadratic(bind(groups), 0.6)
    assert not is_quadratic(bind(partly), 0.6)
    assert not is_quadratic(bind(PRIORS["lasso"], intercept=priors.Gaussian(1.0)), 0.6)
    assert is_quadratic(bind(PRIORS["lasso"], intercept=priors.Gaussian(1.0), fit_intercept=False), 0.6)
    design = make_design(np.eye(3), np.arange(3.0))
    assert not is_quadratic(br.Model(likelihoods.Huber(1.0, 1.0), priors.Laplace(1.0)).bind(design), 1.0)
