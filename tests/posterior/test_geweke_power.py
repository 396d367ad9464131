"""The joint-distribution test passes a right sampler and fails each of several wrong ones."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.problem import Problem
from tests.posterior.geweke import LEVEL, geweke
from tests.posterior.park_casella import MISTAKES, ParkCasella

SWEEPS = 9000


def lasso(n: int, p: int, *, flat: bool) -> Problem:
    rng = np.random.default_rng(1)
    X = rng.standard_normal((n, p)) * np.linspace(0.2, 0.6, p) + 0.3
    X[:, 1] += 0.7 * X[:, 0]
    model = br.Model(
        likelihoods.Gaussian(scales.InverseGamma(4.0, 12.0)),
        priors.Laplace(rate=scales.Gamma(3.0, 2.0), relative_to="sigma"),
        intercept=priors.Flat() if flat else priors.Gaussian(1.5, loc=0.5),
    )
    return model.bind(make_design(X, rng.standard_normal(n)))


@pytest.mark.filterwarnings("ignore::bayesreg.errors.PriorWarning")
@pytest.mark.parametrize("shape", [(9, 3), (4, 7)], ids=["n > p", "p > n"])
@pytest.mark.parametrize("flat", [False, True], ids=["normal intercept", "flat intercept"])
def test_a_right_sampler_passes(shape: tuple[int, int], flat: bool) -> None:
    verdict = geweke(ParkCasella, lasso(*shape, flat=flat), sweeps=SWEEPS, seed=2)
    assert verdict.p_value > LEVEL, verdict


@pytest.mark.filterwarnings("ignore::bayesreg.errors.PriorWarning")
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_sampler_fails(mistake: str) -> None:
    problem = lasso(9, 3, flat=mistake == "rows of a flat intercept")
    verdict = geweke(partial(ParkCasella, mistake=mistake), problem, sweeps=SWEEPS, seed=3)
    assert verdict.p_value < 0.01 * LEVEL, f"{MISTAKES[mistake]}: {verdict}"
