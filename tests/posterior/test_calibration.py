"""The truth is anywhere among the draws of every sampler, as often here as there."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

import bayesreg as br
from bayesreg import likelihoods, priors, scales
from bayesreg.data import make_design
from bayesreg.engines import gibbs_blocks
from bayesreg.engines.base import Options
from bayesreg.engines.exact_gaussian import draw, scale_posterior
from bayesreg.engines.nuts import Nuts
from bayesreg.problem import Problem
from tests.posterior.calibration import DRAWS, assert_calibrated, p_values, ranks, thinned
from tests.posterior.cases import SIGMA, make_prior, make_problem
from tests.posterior.forward import Theta
from tests.posterior.park_casella import ParkCasella
from tests.posterior.test_geweke import ENGINES
from tests.posterior.test_geweke_power import lasso

pytestmark = pytest.mark.filterwarnings("ignore::bayesreg.errors.PriorWarning")

EXACT = {
    "known sigma": br.Model(
        likelihoods.Gaussian(0.7), priors.Gaussian(1.3, loc=0.5), intercept=priors.Gaussian(2.0, loc=-1.0)
    ),
    "conjugate": br.Model(
        likelihoods.Gaussian(scales.InverseGamma(3.0, 2.0)),
        priors.Gaussian(1.0, relative_to="sigma"),
        intercept=priors.Gaussian(2.0, relative_to="sigma"),
    ),
    "quadrature, absolute prior": br.Model(
        likelihoods.Gaussian(scales.HalfStudentT(3.0, 1.0)),
        priors.Gaussian((0.5, 1.0, 2.0)),
        intercept=priors.Gaussian(2.0),
    ),
    "quadrature, standardized": br.Model(
        likelihoods.Gaussian(scales.Gamma(2.0, 2.0)),
        priors.Gaussian(1.0, relative_to="sigma"),
        fit_intercept=False,
        standardize=True,
    ),
    "learned scale, conjugate": br.Model(
        likelihoods.Gaussian(scales.InverseGamma(3.0, 2.0)),
        priors.Gaussian(scales.HalfCauchy(0.7), factor=(1.0, 0.5, 2.0)),
        intercept=priors.Gaussian(2.0, relative_to="sigma"),
    ),
    "learned scale, absolute prior": br.Model(
        likelihoods.Gaussian(scales.HalfStudentT(3.0, 1.0)),
        priors.Gaussian(scales.HalfNormal(1.0), relative_to=None),
        intercept=priors.Gaussian(2.0),
    ),
    "learned scale, known sigma": br.Model(
        likelihoods.Gaussian(0.7),
        priors.Gaussian(scales.Gamma(2.0, 2.0), relative_to=None, loc=0.3),
        intercept=priors.Gaussian(2.0),
        standardize=True,
    ),
    "two learned scales, conjugate": br.Model(
        likelihoods.Gaussian(scales.InverseGamma(3.0, 2.0)),
        priors.GroupGaussian(["a", "b", "a"], [scales.HalfCauchy(0.7), scales.Gamma(2.0, 2.0)], loc=0.3),
        intercept=priors.Gaussian(2.0, relative_to="sigma"),
    ),
    "two learned scales, absolute prior": br.Model(
        likelihoods.Gaussian(scales.HalfStudentT(3.0, 1.0)),
        priors.GroupGaussian(["a", "a", "b"], scales.HalfNormal(1.0), factor=(1.0, 0.5, 2.0), relative_to=None),
        intercept=priors.Gaussian(2.0),
    ),
    "learned rate": br.Model(
        likelihoods.Gaussian(scales.HalfNormal(1.0)),
        priors.ElasticNet(l1=0.0, l2=scales.Gamma(2.0, 1.0), relative_to="sigma"),
        fit_intercept=False,
    ),
}
# Engine, prior, relative_to, shape, options: each engine on a light and a heavy tail, with everything learned.
CHAINS: list[tuple[str, str, Any, str, dict[str, Any]]] = [
    ("gibbs_full", "laplace, learned", "sigma", "n > p", {}),
    ("gibbs_full", "horseshoe, learned", "sigma", "n > p", {"intercept": priors.Flat()}),
    ("gibbs_full", "regularised horseshoe, learned", None, "n > p", {"standardize": True}),
    ("gibbs_full", "elastic net, learned", "penalty", "n > p", {}),
    ("gibbs_collapsed", "laplace, learned", "sigma", "p > n", {}),
    ("gibbs_collapsed", "horseshoe, learned", "sigma", "p > n", {"intercept": priors.Flat()}),
    ("gibbs_blocks", "laplace, learned", "penalty", "larger", {}),
    ("gibbs_blocks", "student t, learned", "sigma", "larger", {}),
    ("gibbs_augmented", "laplace, learned", None, "n > p", {"likelihood": "bernoulli"}),
    ("gibbs_augmented", "horseshoe, learned", "sigma", "n > p", {"likelihood": "student t"}),
    ("gibbs_augmented", "laplace, learned", "sigma", "n > p", {"likelihood": "quantile"}),
]


def rows(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 3)) * [1.0, 2.0, 0.5] + [0.0, 1.0, 3.0]
    X[:, 1] += X[:, 0]  # correlated columns
    return X


def bind(model: br.Model, X: np.ndarray) -> Problem:
    # Any response will do: it is replaced.
    return model.bind(make_design(X, np.arange(X.shape[0]) % 2.0))


def test_ranks_tell_a_wrong_sampler_from_a_right_one() -> None:
    class Engine:
        def __init__(self, mistake: str | None) -> None:
            self.start = partial(ParkCasella, mistake=mistake)

    problem = lasso(9, 3, flat=False)
    found = {mistake: ranks(thinned(Engine(mistake), 10, 1), problem, 150, seed=1) for mistake in (None, "noise shape")}
    assert_calibrated(found[None])
    assert min(p_values(found["noise shape"]["sigma"]).values()) < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("n", [12, 3], ids=["n > p", "n = p"])
@pytest.mark.parametrize("name", EXACT)
def test_exact_draws_are_calibrated(name: str, n: int) -> None:
    def sampler(problem: Problem, rng: np.random.Generator) -> Theta:
        return draw(problem, scale_posterior(problem), rng, DRAWS)

    # Two scales take a second or so each time: fewer, which still tell a wrong law.
    assert_calibrated(ranks(sampler, bind(EXACT[name], rows(n, 1)), 100 if "two" in name else 500, seed=3))


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "prior", "word", "shape", "options"), CHAINS)
def test_chains_are_calibrated(
    engine: str, prior: str, word: Any, shape: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gibbs_blocks, "SIZE", 3)
    problem = make_problem(make_prior(prior, word, 3), SIGMA, shape, **options)
    assert_calibrated(ranks(thinned(ENGINES[engine], 300, 30), problem, 300, seed=4))


NUTS = {
    "laplace": br.Model(
        likelihoods.Gaussian(scales.InverseGamma(3.0, 2.0)),
        priors.Laplace(scales.HalfNormal(1.0)),
        intercept=priors.Gaussian(2.0),
    ),
    "regularised horseshoe": br.Model(
        likelihoods.StudentT(4.0, scales.InverseGamma(3.0, 2.0)),
        priors.RegularizedHorseshoe(scales.HalfNormal(1.0), slab_scale=2.0),
        intercept=priors.Gaussian(2.0),
    ),
    "two classes": br.Model(likelihoods.Bernoulli(), priors.ElasticNet(1.0, 1.0), intercept=priors.Gaussian(2.0)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NUTS)
def test_nuts_draws_are_calibrated(name: str) -> None:
    options: Options = {"tune": 300, "cores": 1, "progressbar": False, "target_accept": 0.95}

    def sampler(problem: Problem, rng: np.random.Generator) -> Theta:
        seed = np.random.SeedSequence(int(rng.integers(2**31)))
        drawn = Nuts().sample(problem, 10 * DRAWS, 1, seed, options)
        return {name: value[0, ::10] for name, value in drawn.values.items()}

    assert_calibrated(ranks(sampler, bind(NUTS[name], rows(15, 4)), 150, seed=5))
