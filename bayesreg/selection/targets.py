"""What a submodel's draws are brought near to, where that is no least squares on the Gram matrix.

Two kinds of target: the fitted means of an exponential family, and the laws that a draw of a model with a centre and a
scale gives the rows. Either way the divergence is that between the predictive laws of draw and submodel, of the same
family (Goutis & Robert, 1998).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bayesreg.interfaces import implements
from bayesreg.likelihoods import Huber, Kinked, Likelihood, StudentT
from bayesreg.numerics.curved_projection import Family, divergence, project_means
from bayesreg.numerics.expected_check import ExpectedCheck
from bayesreg.numerics.expected_huber import ExpectedHuber
from bayesreg.numerics.expected_loss import ExpectedLoss
from bayesreg.numerics.expected_student import ExpectedStudent
from bayesreg.numerics.location_projection import Projected, project_locations

Array = NDArray[np.float64]


class Target(Protocol):
    """Laws of the rows under D draws."""

    def project(self, A: Array, start: Array) -> Projected:
        """Find the nearest member in the columns A, (n, k), for every draw; from ``start``, (D, k)."""


@dataclass(frozen=True, eq=False)
class Means:
    """Fitted means (D, n) of an exponential family at the linear predictors ``eta``.

    Without ``eta``, as for an average of means, divergences are told but for a constant.
    """

    family: Family
    offset: Array
    weight: Array
    mean: Array
    eta: Array | None = None

    def project(self, A: Array, start: Array) -> Projected:
        """Fit by maximum likelihood to the means."""
        coef = project_means(self.family, A, self.offset, self.weight, self.mean, start)
        eta = self.offset + coef @ A.T
        if self.eta is None:
            far = (self.family.cumulant(eta) - self.mean * eta) @ self.weight
        else:
            far = divergence(self.family, eta, self.eta, self.weight)
        pull = self.weight * (self.mean - self.family.mean(eta))
        curvature = self.weight * self.family.variance(eta)
        return Projected(coef, np.ones(len(coef)), far / self.weight.sum(), pull, curvature)


@dataclass(frozen=True, eq=False)
class Laws:
    """Laws with centres ``eta`` (D, n) and scales (D,)."""

    loss: ExpectedLoss
    offset: Array
    weight: Array
    eta: Array
    scale: Array

    def project(self, A: Array, start: Array) -> Projected:
        """Minimise the divergence over centres and scale."""
        return project_locations(self.loss, A, self.offset, self.weight, self.eta, self.scale, start)


def expected_loss(likelihood: Likelihood) -> ExpectedLoss | None:
    """Return the expected loss of errors around a centre with a scale; None where it is not known."""
    if implements(likelihood, Kinked):
        return ExpectedCheck(*likelihood.slopes(1.0))
    if isinstance(likelihood, StudentT):
        return ExpectedStudent(likelihood.df)
    return ExpectedHuber(likelihood.delta) if isinstance(likelihood, Huber) else None


def information(loss: ExpectedLoss) -> float:
    """Return what a response with an error of unit scale tells about its centre (Fisher's information)."""
    return float(loss.at(np.zeros((1, 1)), np.ones((1, 1))).curvature[0, 0])
