"""Leave-one-out densities given the scales are ratios of normalisers with and without the row."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.data import make_design
from bayesreg.engines.exact_gaussian import data_of
from bayesreg.numerics import conditional_loo
from bayesreg.numerics.conditional_loo import ConditionalLoo, draws_within_reach
from bayesreg.problem import Problem


@dataclass(frozen=True)
class Case:
    """A model and random data for it."""

    n: int = 14
    p: int = 3
    weighted: bool = False
    intercept: str = "flat"
    relative: bool = False
    free: tuple[int, ...] = ()
    mean: float = 0.0

    def problem(self, seed: int) -> Problem:
        """Draw the data and bind the model."""
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((self.n, self.p)) + self.mean
        y = X @ rng.standard_normal(self.p) + rng.standard_normal(self.n) + 2.0
        weight = rng.choice([0.3, 1.0, 2.0, 3.5], self.n) if self.weighted else None
        factor = np.ones(self.p)
        factor[list(self.free)] = np.inf
        prior = priors.Gaussian(1.0, factor=factor, loc=0.4, relative_to="sigma" if self.relative else None)
        level = priors.Gaussian(0.7, loc=1.5, relative_to="sigma" if self.relative else None)
        model = br.Model(
            likelihoods.Gaussian(0.8),
            prior,
            fit_intercept=self.intercept != "none",
            intercept=level if self.intercept == "normal" else priors.Flat(),
        )
        return model.bind(make_design(X, y, weight, rng.standard_normal(self.n)))


CASES = {
    "plain": Case(),
    "weights": Case(weighted=True),
    "no intercept": Case(intercept="none", weighted=True),
    "normal intercept": Case(intercept="normal", weighted=True),
    "relative intercept": Case(intercept="normal", relative=True, mean=3.0),
    "free column": Case(free=(1,), weighted=True),
    "free column, normal intercept": Case(free=(1,), intercept="normal"),
}


def by_normalisers(problem: Problem, sigma: float, precision: np.ndarray, i: int) -> float:
    """Return log p(y_i | y_-i) as the difference of two log marginal likelihoods, each of all its constants.

    Flat coordinates leave a constant that the two have in common.
    """
    design = problem.design
    Z, q = np.asarray(design.X), precision
    r = design.y - design.offset - Z @ problem.loc
    if problem.fit_intercept:
        prior = problem.intercept_prior
        r = r - prior.loc
        Z, q = np.column_stack([Z, np.ones(problem.n)]), np.append(q, prior.l2(sigma))

    def log_marginal(w: np.ndarray) -> float:
        A = (Z.T * w) @ Z / sigma**2 + np.diag(q)
        b = (Z.T * w) @ r / sigma**2
        constant = -0.5 * w.sum() * np.log(2 * np.pi * sigma**2) - 0.5 * w @ r**2 / sigma**2
        return constant - 0.5 * np.linalg.slogdet(A)[1] + 0.5 * b @ np.linalg.solve(A, b)

    without = design.weight.copy()
    without[i] = 0.0
    return log_marginal(design.weight) - log_marginal(without)


@pytest.mark.parametrize(("n", "p"), [(14, 3), (8, 7), (8, 8), (7, 15)], ids=str)
@pytest.mark.parametrize("name", CASES)
def test_densities_are_those_of_refits_at_the_same_scales(name: str, n: int, p: int) -> None:
    problem = replace(CASES[name], n=n, p=p).problem(seed=n + p)
    rng = np.random.default_rng(1)
    sigma = rng.uniform(0.4, 2.0, 3)
    precision = np.where(problem.unpenalised, 0.0, np.exp(1.5 * rng.standard_normal((3, p))))
    rows, response, level = data_of(problem)
    found = ConditionalLoo(rows, response, problem.design.weight, level).log_densities(sigma, precision)
    for s in range(3):
        truth = [by_normalisers(problem, sigma[s], precision[s], i) for i in range(n)]
        np.testing.assert_allclose(found[s], truth, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("n", "p"), [(10, 4), (6, 12)], ids=str)
def test_extreme_local_scales_do_no_harm(n: int, p: int) -> None:
    problem = Case(n=n, p=p).problem(seed=3)
    rows, response, level = data_of(problem)
    data = ConditionalLoo(rows, response, problem.design.weight, level)
    precision = np.ones((4, p))
    # A column as good as gone, gone altogether, as good as flat, and all of that beside each other.
    precision[0, 0], precision[1, 0], precision[2, 0] = 1e30, np.inf, 1e-14
    precision[3, :3] = [1e300, np.inf, 1e-200]
    found = data.log_densities(np.ones(4), precision)
    assert np.all(np.isfinite(found))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-9)
    for s in (0, 2):
        truth = [by_normalisers(problem, 1.0, precision[s], i) for i in range(n)]
        np.testing.assert_allclose(found[s], truth, rtol=1e-5, atol=1e-6)


def test_a_row_that_alone_tells_of_a_flat_column_has_no_density() -> None:
    problem = Case(free=(0,)).problem(seed=4)
    design = problem.design
    X = np.array(design.X)
    X[:, 0] = np.arange(14) == 5
    problem = replace(problem, design=make_design(X, design.y))
    rows, response, level = data_of(problem)
    found = ConditionalLoo(rows, response, problem.design.weight, level).log_densities(
        np.ones(1), np.array([[0.0, 1.0, 1.0]])
    )
    assert np.flatnonzero(np.isnan(found[0])).tolist() == [5]


def test_a_row_without_weight_has_density_one() -> None:
    problem = Case().problem(seed=5)
    weight = np.ones(14)
    weight[2] = 0.0
    rows, response, level = data_of(replace(problem, design=make_design(problem.design.X, problem.design.y, weight)))
    found = ConditionalLoo(rows, response, weight, level).log_densities(np.array([0.5]), np.ones((1, 3)))
    assert found[0, 2] == 0.0


def test_draws_are_thinned_to_the_work_and_given_up_where_few_are_too_dear(monkeypatch: pytest.MonkeyPatch) -> None:
    assert draws_within_reach(442, 10, 4000) == draws_within_reach(60, 120, 4000) == (4000, False)
    # 100 * 10 * (10 + 50) a draw, and a third of 10³.
    each = 6e4 + 1e3 / 3
    for work, expected in ((1000.5 * each, (1000, False)), (199 * each, (200, True))):
        monkeypatch.setattr(conditional_loo, "LARGEST_WORK", work)
        assert draws_within_reach(100, 9, 4000) == expected
        assert draws_within_reach(100, 9, 150) == (150, False)
    monkeypatch.setattr(conditional_loo, "DEAREST_WORK", 190 * each)
    assert draws_within_reach(100, 9, 4000) == (0, True)
    assert draws_within_reach(100, 9, 150)[0] == 150
    # Rows count where columns are more.
    monkeypatch.setattr(conditional_loo, "LARGEST_WORK", 300.5 * (81 * 101 + 729))
    assert draws_within_reach(9, 100, 4000) == (300, False)
