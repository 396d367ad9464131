"""The joint-distribution test passes a right sampler and fails each of several wrong ones."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.problem import Problem
from tests.posterior.geweke import LEVEL, replicated, successive
from tests.posterior.park_casella import MISTAKES, ParkCasella, place

REPLICATES = 3000
SWEEPS = 4

pytestmark = pytest.mark.filterwarnings("ignore::bayesreg.errors.PriorWarning")


def lasso(n: int, p: int, *, flat: bool) -> Problem:
    rng = np.random.default_rng(1)
    # Columns about as informative as the prior, so that neither side hides an error of the other.
    X = rng.standard_normal((n, p)) * np.linspace(0.2, 0.6, p) + 0.3
    X[:, 1] += 0.7 * X[:, 0]
    model = br.Model(
        likelihoods.Gaussian(scales.InverseGamma(4.0, 12.0)),
        priors.Laplace(rate=scales.Gamma(3.0, 2.0), relative_to="sigma"),
        intercept=priors.Flat() if flat else priors.Gaussian(1.5, loc=0.5),
    )
    return model.bind(make_design(X, rng.standard_normal(n)))


@pytest.mark.parametrize(
    ("shape", "flat"), [((9, 3), False), ((4, 7), True)], ids=["n > p", "p > n with a flat intercept"]
)
def test_a_right_sampler_passes(shape: tuple[int, int], flat: bool) -> None:
    verdict = replicated(ParkCasella, place, lasso(*shape, flat=flat), replicates=REPLICATES, sweeps=SWEEPS, seed=2)
    assert verdict.p_value > LEVEL, verdict


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_sampler_fails(mistake: str) -> None:
    problem = lasso(9, 3, flat=mistake == "rows of a flat intercept")
    wrong = partial(ParkCasella, mistake=mistake)
    if mistake == "order":
        verdict = successive(wrong, problem, sweeps=2000, seed=3)
    else:
        verdict = replicated(wrong, place, problem, replicates=REPLICATES, sweeps=SWEEPS, seed=3)
    assert verdict.p_value < 0.1 * LEVEL, f"{MISTAKES[mistake]}: {verdict}"


def test_a_right_sampler_passes_between_changing_data() -> None:
    verdict = successive(ParkCasella, lasso(9, 3, flat=False), sweeps=4000, seed=4)
    assert verdict.p_value > LEVEL, verdict
