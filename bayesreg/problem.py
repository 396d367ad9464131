r"""A model bound to data: every number that an engine needs, and the one definition of the posterior density.

.. math:: \log p(\beta_0, \beta, \sigma, h \mid y) = -\sum_i w_i [F_i(\eta_i) + c(\sigma)] - \Omega(\beta) - \log Z
          + \log p(\beta_0) + \log p(\sigma) + \log p(h) + \mathrm{const}

with :math:`\eta = o + \beta_0 + X\beta`, the penalty :math:`\Omega` and its normaliser in nats at the noise level
sigma, and h the learned parameters of the prior. The constant is minus the log evidence. Under a normal mixture
:math:`\log p(\beta, \sqrt t)` stands in place of the penalty (`bayesreg.priors.mixture`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.data import Design
from bayesreg.data.columns import Columns
from bayesreg.errors import InputError, NoMapError
from bayesreg.interfaces import implements
from bayesreg.likelihoods import Likelihood
from bayesreg.numerics.least_squares import LeastSquares
from bayesreg.penalty import Penalty
from bayesreg.priors import mixture
from bayesreg.priors.base import Exported, NormalMixture, Penalised, Prior, Resolved, at_noise, penalty_of
from bayesreg.scales import Law

Array = NDArray[np.float64]


@dataclass(frozen=True)
class InterceptPrior:
    """Normal prior of the intercept, or a flat one.

    Parameters
    ----------
    rate : float
        1/sd² at unit noise; 0 is flat.
    loc : float
        Mean.
    relative_to : {None, "sigma", "penalty"}
        Whether the standard deviation is multiplied by sigma.
    """

    rate: float
    loc: float
    relative_to: Resolved

    @property
    def flat(self) -> bool:
        """Whether the intercept is unpenalised."""
        return self.rate == 0

    def l2(self, sigma: float) -> float:
        """Penalty rate in nats at the noise level."""
        return float(at_noise(0.0, self.rate, self.relative_to, sigma)[1])

    def log_density(self, intercept: Array | float, sigma: Array | float) -> Array | float:
        """Log density of the intercept; 0 when flat."""
        if self.flat:
            return 0.0
        rate = at_noise(0.0, self.rate, self.relative_to, sigma)[1]
        return np.asarray(0.5 * np.log(rate / (2 * np.pi)) - 0.5 * rate * (np.asarray(intercept) - self.loc) ** 2)


@dataclass(frozen=True, eq=False)
class Problem:
    """A model with its data; made by ``Model.bind``.

    Parameters
    ----------
    design : Design
        The checked data.
    likelihood : Likelihood
        Density of the response.
    sigma : float, Law or None
        Known noise level, the law of a learned one, or None where the likelihood has none.
    prior : Prior
        Prior of the coefficients.
    relative_to : {None, "sigma", "penalty"}
        Resolved: how the prior's scale meets the noise.
    unit : array, shape (p,)
        Multiplier of the prior scale of each coefficient; infinite: unpenalised.
    loc : array, shape (p,)
        Location of the prior in original units.
    fit_intercept : bool
        Whether there is an intercept.
    intercept_prior : InterceptPrior
        Its prior.
    notes : tuple of str
        Choices made while binding, in words.
    write_spec : callable
        Returns the model as JSON.
    strength : float
        Multiplies the penalty; 1 but along a path.
    memo : dict
        What has been worked out about the data and does not depend on the strength; nobody's input.
    """

    design: Design
    likelihood: Likelihood
    sigma: float | Law | None
    prior: Prior
    relative_to: Resolved
    unit: Array
    loc: Array
    fit_intercept: bool
    intercept_prior: InterceptPrior
    notes: tuple[str, ...]
    write_spec: Callable[[], str]
    strength: float = 1.0
    memo: dict[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def spec(self) -> str:
        """The model as JSON."""
        return self.write_spec()

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.design.n

    @property
    def p(self) -> int:
        """Number of columns."""
        return self.design.p

    @property
    def sigma_law(self) -> Law | None:
        """Law of the noise level when it is learned."""
        return self.sigma if implements(self.sigma, Law) else None

    @cached_property
    def known_sigma(self) -> float | None:
        """The noise level when nothing is to be learned about it; 1 for a likelihood without one."""
        return None if implements(self.sigma, Law) else (1.0 if self.sigma is None else self.sigma)

    @cached_property
    def hyper_laws(self) -> Mapping[str, Law]:
        """Laws of the learned parameters of the prior."""
        return self.prior.hyperparameters()

    @property
    def flat_intercept(self) -> bool:
        """Whether there is an intercept without a penalty."""
        return self.fit_intercept and self.intercept_prior.flat

    @cached_property
    def unpenalised(self) -> NDArray[np.bool_]:
        """Columns without any penalty or sign constraint, shape (p,)."""
        if implements(self.prior, NormalMixture):
            return mixture.free_of(self.prior, self.unit)
        if not implements(self.prior, Penalised):
            return np.isinf(self.unit)
        hyper = dict.fromkeys(self.hyper_laws, 1.0)
        bound = penalty_of(self.prior, self.unit, None, 1.0, hyper) if hyper else self.penalty(1.0)
        return ~(bound.penalised | bound.constrained)

    def with_strength(self, strength: float) -> Problem:
        """Return the same problem with its penalty multiplied."""
        return replace(self, strength=strength)

    def penalty(self, sigma: float, hyper: Mapping[str, float] | None = None) -> Penalty:
        """Penalty in nats at a noise level, for given learned values. Raises where the prior is none."""
        if implements(self.prior, NormalMixture):
            raise NoMapError(f"there is no MAP: {mixture.why_no_mode(self.prior)}")
        if not implements(self.prior, Penalised):
            raise NoMapError(f"{type(self.prior).__name__} is not a penalty, so the model has no MAP here.")
        if not hyper and self.memo.get("penalty at") == sigma:
            bound: Penalty = self.memo["penalty"]
        else:
            bound = penalty_of(self.prior, self.unit, self.relative_to, sigma, hyper or {})
            if not hyper:
                self.memo.update({"penalty at": sigma, "penalty": bound})
        return bound if self.strength == 1.0 else bound.scaled(self.strength)

    def linear_predictor(self, coef: Array, intercept: Array | float) -> Array:
        """η = o + β₀ + Xβ for coefficients (..., p) and intercepts (...), shape (..., n)."""
        eta = coef @ self.design.X.T + np.asarray(intercept)[..., None]
        return np.asarray(eta + self.design.offset)

    def row_log_likelihood(self, coef: Array, intercept: Array | float, sigma: Array | float = 1.0) -> Array:
        """Weighted log likelihood of each row, constants included, shape (..., n)."""
        eta = self.linear_predictor(coef, intercept)
        shape = (*eta.shape[:-1], 1)
        level = np.broadcast_to(np.asarray(sigma, dtype=float)[..., None], shape).reshape(-1, 1)
        points, y = eta.reshape(-1, self.n), self.design.y
        # In place, some draws at a time: the passes of a loss over 128 kB stay in the cache.
        step = max(1, 16_000 // self.n)
        for start in range(0, points.shape[0], step):
            some = slice(start, start + step)
            loss = self.likelihood.loss(points[some], y, level[some])
            points[some] = -self.design.weight * (loss + self.likelihood.row_constant(y, level[some]))
        return points.reshape(eta.shape)

    def log_prior(
        self,
        coef: Array,
        intercept: float = 0.0,
        sigma: float | None = None,
        hyper: Mapping[str, float] | None = None,
        local_scale: Array | None = None,
    ) -> float:
        """Log prior density of everything unknown, constants included; improper factors count as stated."""
        level = self._level(sigma)
        values = self._hyper(hyper)
        d = np.asarray(coef, dtype=float) - self.loc
        noise = 1.0 if self.relative_to is None else level
        if implements(self.prior, NormalMixture):
            local = None if local_scale is None else np.asarray(local_scale, dtype=float)
            total = mixture.log_density(self.prior, d, self.unit, noise, values, local)
        elif local_scale is not None:
            raise InputError(
                f"local_scale belongs to a normal mixture; {type(self.prior).__name__} has a density of its own."
            )
        elif implements(self.prior, Penalised):
            total = self.penalty(level, values).log_density(d)
        elif implements(self.prior, Exported):
            total = self.prior.log_density(d, self.unit, noise, values)
        else:
            raise InputError(f"{type(self.prior).__name__} has neither rates(...) nor log_density(...).")
        if self.fit_intercept:
            total += float(self.intercept_prior.log_density(intercept, level))
        if self.sigma_law is not None:
            total += float(self.sigma_law.log_density(level))
        return float(total + sum(float(law.log_density(values[name])) for name, law in self.hyper_laws.items()))

    def log_posterior(
        self,
        coef: Array,
        intercept: float = 0.0,
        sigma: float | None = None,
        hyper: Mapping[str, float] | None = None,
        local_scale: Array | None = None,
    ) -> float:
        """Log likelihood plus log prior: the log posterior density up to the log evidence.

        Parameters
        ----------
        coef : array, shape (p,)
            Coefficients in original units.
        intercept : float
            Ignored (taken as 0) without an intercept in the model.
        sigma : float, optional
            Noise level; needed when it is learned.
        hyper : mapping, optional
            Values of the learned parameters of the prior, by name.
        local_scale : array, shape (p,), optional
            For a normal mixture (``priors.StudentT``, ``Horseshoe``, ``RegularizedHorseshoe``): sqrt(t) of each
            coefficient, any number where unpenalised. Without it, the density of ``coef`` alone where that is known.

        Returns
        -------
        float
            With respect to Lebesgue measure on (intercept, coef, sigma, learned parameters, given local scales).

        Raises
        ------
        InputError
            If a learned value is missing, or ``local_scale`` where the density is not known without it.
        """
        level = self._level(sigma)
        b0 = intercept if self.fit_intercept else 0.0
        rows = self.row_log_likelihood(np.asarray(coef, dtype=float), b0, level)
        return float(rows.sum()) + self.log_prior(coef, b0, sigma, hyper, local_scale)

    @property
    def columns(self) -> Columns:
        """X, centred where a flat intercept makes that the same model: large means then cost no digits."""
        return self.design.centred_columns if self.flat_intercept else self.design.columns

    @property
    def column_norms(self) -> Array:
        """Weighted norms of ``columns``, shape (p,)."""
        return self.design.moments.spread if self.flat_intercept else self.design.moments.size

    def base(self) -> Array:
        """What the linear predictor is at d = 0 and without an intercept: offset plus X loc, shape (n,)."""
        offset = self.design.offset
        return offset + self.design.columns.times(self.loc) if np.any(self.loc) else offset

    def least_squares(self, sigma: float) -> LeastSquares:
        """The Gaussian MAP problem at a noise level in half-RSS units, intercept eliminated, in d = coef - loc."""
        if self.memo.get("least squares at") != (sigma, self.strength):
            self.memo.update({"least squares": self._make_least_squares(sigma)})
            self.memo["least squares at"] = (sigma, self.strength)
        made: LeastSquares = self.memo["least squares"]
        return made

    def _make_least_squares(self, sigma: float) -> LeastSquares:
        design = self.design
        penalty = self.penalty(sigma).scaled(sigma**2)
        shifted, moments = self.shifted_response, design.moments
        if not self.fit_intercept:
            return LeastSquares(
                design.columns, design.row_weight, shifted, penalty, moments.size, lambda: design.uncentred_gram
            )
        mean = self._mean_response
        centred = LeastSquares(
            design.centred_columns,
            design.row_weight,
            shifted - mean,
            penalty,
            moments.spread,
            lambda: design.centred_gram,
        )
        if self.intercept_prior.flat:
            return centred
        # Minimising over a normal intercept leaves ½ k (mean - m0 - x_mean'd)²: one more row.
        k = 1 / (1 / design.total_weight + 1 / (sigma**2 * self.intercept_prior.l2(sigma)))
        return replace(
            centred, row=np.sqrt(k) * design.x_mean, row_response=float(np.sqrt(k) * (mean - self.intercept_prior.loc))
        )

    @cached_property
    def shifted_response(self) -> Array:
        """Response less the offset and the prior's location, shape (n,) (Gaussian likelihood)."""
        return self.design.y - self.base()

    @cached_property
    def _mean_response(self) -> float:
        return float(self.design.weight @ self.shifted_response) / self.design.total_weight

    def best_intercept(self, d: Array, sigma: float) -> float:
        """Intercept that maximises the posterior given d = coef - loc (Gaussian likelihood)."""
        return float(self.best_intercepts(d, sigma))

    def best_intercepts(self, d: Array, sigma: float) -> Array:
        """`best_intercept` for coefficients of shape (..., p), shape (...)."""
        if not self.fit_intercept:
            return np.zeros(d.shape[:-1])
        mean = self._mean_response - d @ self.design.x_mean
        if self.intercept_prior.flat:
            return np.asarray(mean)
        data, rate = self.design.total_weight / sigma**2, self.intercept_prior.l2(sigma)
        return np.asarray((data * mean + rate * self.intercept_prior.loc) / (data + rate))

    def _level(self, sigma: float | None) -> float:
        if self.known_sigma is not None:
            return self.known_sigma
        if sigma is None:
            raise InputError("sigma is learned in this model, so its value must be given.")
        return float(sigma)

    def _hyper(self, hyper: Mapping[str, float] | None) -> Mapping[str, float]:
        values = dict(hyper or {})
        missing = sorted(set(self.hyper_laws) - set(values))
        if missing:
            raise InputError(f"hyper must hold the learned {', '.join(missing)}.")
        return values
