"""Each likelihood in PyMC: the same density, row by row and weighted, and the same draws."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from scipy import stats

from bayesreg import likelihoods
from tests.likelihoods.cases import CASES, ETA, SIGMA, WEIGHT


def test_pymc_has_the_same_density_row_by_row_and_weighted() -> None:
    eta, sigma = pt.dvector("eta"), pt.dscalar("sigma")
    # One model and one compilation for all of them.
    with pm.Model(coords={"obs": np.arange(10)}) as model:
        for name, case in CASES.items():
            y = pm.Data(f"{name}_data", case.y, dims="obs")
            case.likelihood.to_pymc(name, eta, sigma, y, None)
            case.likelihood.to_pymc(f"{name}_weighted", eta, sigma, y, pt.as_tensor(WEIGHT))
    rows = model.logp(vars=model.observed_RVs, sum=False, jacobian=False)
    compiled = pytensor.function([eta, sigma], [*rows, *model.potentials], mode="FAST_COMPILE")
    for level in (SIGMA, 0.1):
        values = compiled(ETA, level)
        for name, found, weighted in zip(CASES, values[: len(CASES)], values[len(CASES) :], strict=True):
            likelihood, y = CASES[name].likelihood, CASES[name].y
            ours = -(likelihood.loss(ETA, y, level) + likelihood.row_constant(y, level))
            np.testing.assert_allclose(found, ours, rtol=1e-12, err_msg=name)
            np.testing.assert_allclose(weighted, WEIGHT @ ours, rtol=1e-12, err_msg=name)


def test_counts_that_are_not_whole_keep_their_density_in_pymc() -> None:
    y = np.array([0.5, 2.25, 7.0])
    with pm.Model(coords={"obs": range(3)}) as model:
        likelihoods.Poisson().to_pymc("y", pt.zeros(3), None, y, None)
    found = model.logp(sum=False)[0].eval(mode="FAST_COMPILE")
    ours = -(likelihoods.Poisson().loss(np.zeros(3), y, 1.0) + likelihoods.Poisson().row_constant(y, 1.0))
    np.testing.assert_allclose(found, ours, rtol=1e-12)


@pytest.mark.filterwarnings("ignore:Numba will use object mode:UserWarning")
def test_the_distributions_of_our_own_are_drawn_from_in_pymc() -> None:
    with pm.Model(coords={"obs": range(3)}):
        shift = np.array([-1.0, 0.5, 1.0])
        huber = CASES["huber"].likelihood.to_pymc("huber", pt.as_tensor(shift), np.float64(SIGMA), np.ones(3), None)
        poisson = likelihoods.Poisson().to_pymc("poisson", pt.as_tensor(shift), None, np.ones(3), None)
    real, counts = pm.draw([huber, poisson], draws=500, random_seed=7)
    assert real.shape == counts.shape == (500, 3)
    reference = CASES["huber"].likelihood.draw(np.random.default_rng(8), np.zeros(5000), SIGMA)
    assert stats.ks_2samp((real - shift).ravel(), reference).pvalue > 1e-3
    np.testing.assert_allclose(counts.mean(axis=0), np.exp(shift), atol=5 * np.sqrt(np.e / 500))
