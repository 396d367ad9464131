"""The likelihoods that the contract is tested on, each with a response and the same density from SciPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import integrate, special, stats

from bayesreg import likelihoods

RNG = np.random.default_rng(0)
ETA = np.concatenate([RNG.standard_normal(8), [-6.0, 6.0]])
WEIGHT = RNG.uniform(0.2, 3.0, 10)
REAL = 2 * RNG.standard_normal(10)
CLASSES = (np.arange(10) % 2).astype(float)
COUNTS = np.array([0.0, 1.0, 2.0, 0.0, 7.0, 3.0, 1.0, 0.0, 0.0, 411.0])
SIGMA = 1.3


class HuberErrors(stats.rv_continuous):
    """The density exp(-rho(x)) with its normaliser by quadrature, from SciPy's own loss."""

    def _argcheck(self, delta: Any) -> Any:
        return delta > 0

    def _pdf(self, x: Any, delta: Any) -> Any:
        d = float(np.ravel(delta)[0])
        total = 2 * sum(integrate.quad(lambda z: np.exp(-special.huber(d, z)), *ends)[0] for ends in ((0, d), (d, 60)))
        return np.exp(-special.huber(delta, x)) / total


def asymmetric(eta: Any, sigma: Any, q: float) -> Any:
    """SciPy's rates are kappa / scale above and 1 / (kappa scale) below."""
    return stats.laplace_asymmetric(np.sqrt(q / (1 - q)), eta, sigma / np.sqrt(q * (1 - q)))


@dataclass(frozen=True)
class Case:
    """A likelihood, a response of 10 rows, its noise level, and SciPy's distribution at (eta, sigma)."""

    likelihood: Any
    y: np.ndarray
    law: Callable[[Any, Any], Any]
    sigma: float = SIGMA

    @property
    def discrete(self) -> bool:
        """Whether the response is a whole number."""
        return not self.likelihood.has_sigma

    def log_density(self, eta: Any) -> Any:
        """SciPy's log density or log probability of ``y``."""
        law = self.law(eta, self.sigma)
        return law.logpmf(self.y) if self.discrete else law.logpdf(self.y)


HUBER_ERRORS = HuberErrors()
CASES = {
    "gaussian": Case(likelihoods.Gaussian(SIGMA), REAL, lambda eta, s: stats.norm(eta, s)),
    "huber": Case(likelihoods.Huber(0.8, SIGMA), REAL, lambda eta, s: HUBER_ERRORS(0.8, eta, s)),
    "laplace": Case(likelihoods.Laplace(SIGMA), REAL, lambda eta, s: stats.laplace(eta, s)),
    "asymmetric_laplace": Case(likelihoods.AsymmetricLaplace(0.2, SIGMA), REAL, lambda eta, s: asymmetric(eta, s, 0.2)),
    "student_t": Case(likelihoods.StudentT(2.5, SIGMA), REAL, lambda eta, s: stats.t(2.5, eta, s)),
    "bernoulli": Case(likelihoods.Bernoulli(), CLASSES, lambda eta, s: stats.bernoulli(special.expit(eta)), 1.0),
    "poisson": Case(likelihoods.Poisson(), COUNTS, lambda eta, s: stats.poisson(np.exp(eta)), 1.0),
}
CONVEX = [name for name in CASES if name != "student_t"]
SMOOTH = [name for name in CASES if not name.endswith("laplace")]
SCALED = [name for name, case in CASES.items() if case.likelihood.has_sigma]
