"""Unpenalised columns must be identified by the data: rank for all, separation for two classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.errors import NotIdentifiedError, PriorWarning
from bayesreg.identified import check_identified, check_noise_law
from bayesreg.numerics.separation import strictly_separated

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


SEPARABLE = np.array([[-2.0, 1.0], [-1.0, -1.0], [1.0, 0.5], [2.5, -0.3]])
CLASSES = np.array([0.0, 0.0, 1.0, 1.0])


@pytest.mark.parametrize(
    ("prior", "heavy"),
    [
        (priors.Laplace(scales.HalfCauchy(1.0)), True),
        (priors.Laplace(scales.HalfStudentT(1.0, 1.0)), True),
        (priors.Laplace(scales.HalfStudentT(2.0, 1.0)), False),
        (priors.Gaussian(scales.HalfCauchy(1.0)), True),
        (priors.Gaussian(scales.InverseGamma(0.5, 1.0)), True),
        (priors.Gaussian(scales.InverseGamma(0.6, 1.0)), False),
        (priors.Laplace(rate=scales.Gamma(1.0, 1.0)), True),
        (priors.Laplace(rate=scales.Gamma(1.5, 1.0)), False),
        (priors.Laplace(rate=scales.HalfNormal(1.0)), True),
        (priors.ElasticNet(scales.HalfNormal(1.0), 0.1), False),
        (priors.ElasticNet(scales.HalfNormal(1.0), 0.0), True),
        (priors.ElasticNet(scales.HalfNormal(1.0), scales.Gamma(0.5, 1.0)), True),
        (priors.ElasticNet(scales.HalfNormal(1.0), scales.HalfNormal(1.0)), False),
        (priors.GroupLaplace([0, 0], scales.HalfCauchy(1.0)), True),
        (priors.GroupGaussian([0, 1], [scales.HalfNormal(1.0), scales.HalfCauchy(1.0)]), True),
        (priors.GroupGaussian([0, 1], scales.HalfNormal(1.0)), False),
        (priors.Horseshoe(0.1), True),
        (priors.StudentT(1.0, 0.1), True),
        (priors.StudentT(3.0, 0.1), False),
        (priors.StudentT(3.0, scales.HalfCauchy(1.0)), True),
        (priors.RegularizedHorseshoe(), False),
        (priors.Laplace(scales.HalfNormal(1.0)), False),
    ],
)
def test_separable_classes_need_a_prior_whose_mean_size_exists(prior: Any, heavy: bool) -> None:
    # The evidence beyond a scale tau is about tau times the prior's density there: infinite without a mean.
    if heavy:
        with pytest.raises(NotIdentifiedError, match=r"separation: .* intercept=priors\.Gaussian"):
            check(BERNOULLI, prior, SEPARABLE, CLASSES)
    else:
        check(BERNOULLI, prior, SEPARABLE, CLASSES)
    check(BERNOULLI, prior, SEPARABLE, CLASSES, intercept=priors.Gaussian(3.0))
    check(BERNOULLI, prior, SEPARABLE, CLASSES, fit_intercept=False)
    # Classes that alternate along a line cannot be separated.
    line = np.arange(4.0)[:, None] * [1.0, -0.5]
    check(BERNOULLI, prior, line, np.array([0.0, 1.0, 0.0, 1.0]))


def test_the_evidence_of_a_separated_row_pair_grows_with_the_scale() -> None:
    """The reason of the refusal: with a flat intercept the evidence at a known scale is in the end linear in it."""
    x = np.array([-1.0, 1.0])

    def evidence(tau: float) -> float:
        def given(b: float) -> float:
            # The integral over the intercept of expit(b + a) expit(b - a), in closed form 2b / (1 - exp(-2b)).
            inside = 2 * b / -np.expm1(-2 * b) if b != 0 else 1.0
            return float(inside * np.exp(-abs(b) / tau) / (2 * tau))

        return float(quad(given, 0, 60 * tau, limit=400)[0] + quad(given, -60, 0)[0])

    np.testing.assert_allclose(evidence(2e4) / evidence(1e4), 2.0, rtol=1e-3)
    assert strictly_separated(np.column_stack([np.ones(2), x]), np.array([0.0, 1.0]))
    assert not strictly_separated(np.column_stack([np.ones(3), [-1.0, 1.0, 1.0]]), np.array([0.0, 1.0, 0.0]))


@pytest.mark.parametrize(
    "make",
    [
        lambda law: priors.StudentT(3.0, law),
        lambda law: priors.Horseshoe(law),
        lambda law: priors.RegularizedHorseshoe(law, slab_df=None),
    ],
    ids=["student_t", "horseshoe", "regularized"],
)
def test_a_normal_mixture_needs_a_law_of_its_scale_that_is_proper_where_the_data_are_silent(
    make: Any, linear: Any
) -> None:
    X, y = linear
    check(GAUSSIAN, make(scales.HalfCauchy(1.0)), X, y)
    with pytest.raises(NotIdentifiedError, match=r"prior_scale ~ scales\.Jeffreys\(\) leaves the posterior improper"):
        check(GAUSSIAN, make(scales.Jeffreys()), X, y)
    with pytest.raises(NotIdentifiedError, match=r"prior_scale ~ scales\.Flat\(\)"):
        check(GAUSSIAN, make(scales.Flat()), X[:, :1], y)
    # Two coefficients lend a flat scale tails that are integrable, but for a slab, beside which it may go anywhere.
    if isinstance(make(1.0), priors.RegularizedHorseshoe):
        with pytest.raises(NotIdentifiedError, match=r"prior_scale ~ scales\.Flat\(\)"):
            check(GAUSSIAN, make(scales.Flat()), X, y)
    else:
        check(GAUSSIAN, make(scales.Flat()), X, y)


def test_collinear_columns_without_a_mixture_prior_are_named(linear: Any) -> None:
    X, y = linear
    X = np.column_stack([X, X[:, 0]])
    check(GAUSSIAN, priors.Horseshoe(factor=[1.0, INF, INF, INF, INF]), X, y)
    with pytest.raises(NotIdentifiedError, match="rank deficiency 1"):
        check(GAUSSIAN, priors.StudentT(3.0, [INF, 1.0, 1.0, 1.0, INF]), X, y)


def test_a_jeffreys_noise_level_needs_rows_that_the_columns_cannot_fit(wide: Any, linear: Any) -> None:
    def sampled(data: Any, relative_to: Any) -> None:
        model = br.Model(likelihoods.Gaussian(scales.Jeffreys()), priors.Laplace(1.0, relative_to=relative_to))
        check_noise_law(model.bind(make_design(*data)))

    with pytest.raises(NotIdentifiedError, match="25 columns can fit all 12 rows"):
        sampled(wide, None)
    sampled(linear, None)
    with pytest.warns(PriorWarning):
        sampled(wide, "sigma")
