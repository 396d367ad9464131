"""A model is a value: a likelihood, a prior and how the intercept and the units are treated. It knows no data."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayesreg import codec
from bayesreg.data import Design, make_design
from bayesreg.errors import DesignWarning, InputError, PriorWarning, warn
from bayesreg.expected_nonzero import stated_scale
from bayesreg.explained_share import sized_scale
from bayesreg.interfaces import implements
from bayesreg.likelihoods import Likelihood, Scaled
from bayesreg.priors import ElasticNet, Flat, Horseshoe, RegularizedHorseshoe
from bayesreg.priors import Gaussian as GaussianPrior
from bayesreg.priors.base import NormalMixture, Penalised, Prior, Resolved, resolve_relative_to
from bayesreg.problem import InterceptPrior, Problem
from bayesreg.scales import HalfStudentT, InverseGamma, Law

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Model:
    """Likelihood and prior of a regression: one value for its MAP, its posterior and their comparison.

    Parameters
    ----------
    likelihood : Likelihood
        From ``likelihoods``: ``Gaussian(sigma=...)``, ``Huber``, ``Laplace``, ``AsymmetricLaplace``, ``StudentT``,
        ``Bernoulli()``, ``Poisson()``, or one of your own.
    prior : Prior
        ``priors.Flat()``, ``Gaussian``, ``Laplace``, ``ElasticNet``, ``GroupLaplace``, ``GroupGaussian``, ``StudentT``,
        ``Horseshoe``, ``RegularizedHorseshoe``, or one of your own.
    fit_intercept : bool, default True
        Whether there is an intercept beside the coefficients.
    intercept : priors.Flat or priors.Gaussian, default Flat()
        Prior of the intercept (the linear predictor at X = 0).
    standardize : bool, default False
        While the prior applies, count each predictor in units of its weighted standard deviation (ddof 0): the scale
        and the location of its coefficient are divided by it. Results are those of the original units either way.

    Raises
    ------
    InputError
        If a part is not of the kind named above.

    Examples
    --------
    >>> import bayesreg as br
    >>> from bayesreg import likelihoods, priors
    >>> model = br.Model(likelihoods.Gaussian(sigma=1.0), priors.Laplace(scale=0.2))
    >>> model.fit_intercept
    True
    """

    likelihood: Likelihood
    prior: Prior
    _: KW_ONLY
    fit_intercept: bool = True
    intercept: Flat | GaussianPrior = field(default_factory=Flat)
    standardize: bool = False

    def __post_init__(self) -> None:
        for name, kind in (("likelihood", Likelihood), ("prior", Prior)):
            value = getattr(self, name)
            if isinstance(value, type):
                raise InputError(f"Model({name}=...) is the class {value.__name__}: write {value.__name__}(...).")
            if not isinstance(value, kind):
                raise InputError(f"Model({name}=...) must be from bayesreg.{name}s, got {value!r}.")
        if not isinstance(self.intercept, Flat | GaussianPrior):
            raise InputError(
                f"Model(intercept=...) must be priors.Flat() or priors.Gaussian(scale), got {self.intercept!r}."
            )
        single = not any(np.ndim(getattr(self.intercept, name, 0.0)) for name in ("scale", "loc"))
        if self.intercept.hyperparameters() or not single or self.intercept.factor != 1.0:
            raise InputError("Model(intercept=priors.Gaussian(scale, loc=...)) takes two numbers and no factor.")
        for name in ("fit_intercept", "standardize"):
            if not isinstance(getattr(self, name), bool | np.bool_):
                raise InputError(f"Model({name}=...) must be True or False, got {getattr(self, name)!r}.")
            object.__setattr__(self, name, bool(getattr(self, name)))
        if not self.likelihood.has_sigma:
            for part in (self.prior, self.intercept):
                if part.relative_to in ("sigma", "penalty"):
                    raise InputError(
                        f"{type(part).__name__}(relative_to={part.relative_to!r}) needs a noise level, which "
                        f"{type(self.likelihood).__name__} does not have; use relative_to=None."
                    )

    def to_json(self) -> str:
        """Return the model as JSON text."""
        return codec.dumps({f.name: getattr(self, f.name) for f in fields(self)})

    @classmethod
    def from_json(cls, text: str) -> Model:
        """Return the model that `to_json` wrote; only this package's own classes are accepted."""
        return cls(**codec.loads(text))

    def bind(self, design: Design) -> Problem:
        """Resolve everything that depends on the data: sd(y), standardisation, ``relative_to``, default laws.

        Parameters
        ----------
        design : Design
            The checked data, from ``bayesreg.data.make_design``.

        Returns
        -------
        Problem
            What engines, certificates and `to_pymc` read.

        Raises
        ------
        InputError
            If y is outside the likelihood's support, a vector of the prior has the wrong length, or its
            ``expected_nonzero`` or ``scales.RSquared`` does not go with the model.
        """
        self.likelihood.check_response(design.y[design.weight > 0])
        notes: list[str] = []
        _warn_constant(design, self.fit_intercept)
        for name in ("groups", "scale", "rate", "l1", "l2", "loc", "factor"):
            value = getattr(self.prior, name, None)
            if isinstance(value, tuple) and len(value) != design.p and not implements(value[0], Law):
                raise InputError(
                    f"{type(self.prior).__name__}({name}=...) has {len(value)} entries but X has {design.p} columns."
                )
        per_sd = np.ones(design.p)
        if self.standardize:
            # A constant column has no unit of its own; it keeps the prior as it stands.
            per_sd = np.where(design.x_sd > 0, design.x_sd, 1.0)
            notes.append("prior on standardised predictors (each scale and location divided by the column's sd)")
        sigma = self._noise(design, notes)
        relative_to = resolve_relative_to(self.prior)
        if relative_to == "sigma" and not self.likelihood.has_sigma:
            relative_to = None
        if self.prior.relative_to == "auto" and (
            implements(self.prior, Penalised) or implements(self.prior, NormalMixture)
        ):
            notes.append(f"relative_to resolved to {relative_to!r}")
        prior = self.prior
        if isinstance(prior, Horseshoe | RegularizedHorseshoe) and prior.expected_nonzero is not None:
            prior, note = stated_scale(prior, relative_to, self.likelihood, sigma, design, self.fit_intercept)
            notes.append(note)
        unit = np.broadcast_to(np.asarray(self.prior.factor, dtype=float), design.p) / per_sd
        prior, said = sized_scale(prior, unit, relative_to, self.likelihood, sigma, design)
        notes += [said] if said else []
        problem = Problem(
            design=design,
            likelihood=self.likelihood,
            sigma=sigma,
            prior=prior,
            relative_to=relative_to,
            unit=unit,
            loc=np.broadcast_to(np.asarray(self.prior.loc, dtype=float), design.p) / per_sd,
            fit_intercept=self.fit_intercept,
            intercept_prior=_bind_intercept(self.intercept),
            notes=tuple(notes),
            write_spec=self.to_json,
        )
        _warn_noise_pull(problem)
        return problem

    def _noise(self, design: Design, notes: list[str]) -> float | Law | None:
        """Known noise level, given law, or the default law stated for these data."""
        if not self.likelihood.has_sigma:
            return None
        given = self.likelihood.sigma if implements(self.likelihood, Scaled) else None
        if given is not None and not implements(given, Law):
            return given
        if np.ptp((design.y - design.offset)[design.weight > 0]) == 0:
            raise InputError(
                "y is constant, so nothing can be learned about the noise level; "
                f"give it as a number: {type(self.likelihood).__name__}(sigma=...)."
            )
        if given is not None:
            return given
        # Half-t lets sigma run to 0 where the columns can interpolate y; an inverse gamma vanishes there.
        if design.p >= design.total_weight - 1:
            scale = 0.375 * design.y_sd**2
            notes.append(f"p >= n - 1, so sigma² ~ InverseGamma(1.5, 0.375 var(y) = {scale:.6g})")
            return InverseGamma(1.5, scale)
        notes.append(f"sigma ~ HalfStudentT(3, sd(y) = {design.y_sd:.6g})")
        return HalfStudentT(3.0, design.y_sd)


def bind(model: Model, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> Problem:
    """Check the data and bind the model to them; every verb begins here."""
    if not isinstance(model, Model):
        raise InputError(f"the first argument must be a bayesreg.Model, got {type(model).__name__}; X and y follow it.")
    return model.bind(make_design(X, y, sample_weight, offset))


def _bind_intercept(prior: Flat | GaussianPrior) -> InterceptPrior:
    rate = float(prior.rates({})[1])
    relative_to: Resolved = resolve_relative_to(prior)
    return InterceptPrior(rate, _scalar(prior.loc), relative_to)


def _scalar(value: ArrayLike) -> float:
    return float(np.asarray(value, dtype=float).reshape(-1)[0])


def _warn_constant(design: Design, fit_intercept: bool) -> None:
    useless = design.constant if fit_intercept else design.constant & (design.moments.size == 0)
    if useless.any():
        shown = ", ".join(design.names[j] for j in np.flatnonzero(useless)[:5])
        what = "constant beside the intercept" if fit_intercept else "all zero"
        warn(
            f"X has columns that are {what} ({shown}): the data say nothing about their coefficients, "
            "which the prior alone decides (MAP: its location, 0 by default).",
            DesignWarning,
        )


def _warn_noise_pull(problem: Problem) -> None:
    """Warn where a prior scaled by a learned sigma has a say about sigma itself.

    Given the scale, each penalised coefficient counts for sigma as a row does. A learned scale takes that back: what is
    relative to sigma and what is absolute are then the same density but for the law of one number.
    """
    if problem.relative_to is None or problem.sigma_law is None or _learns_its_scale(problem.prior):
        return
    penalised, rows = problem.p - int(problem.unpenalised.sum()), problem.design.total_weight
    if penalised > rows / 4:
        warn(
            f"sigma is learned and the prior of {penalised} coefficients is relative to it (relative_to="
            f"{problem.relative_to!r}) with only {rows:g} rows: the prior itself pulls sigma down. "
            "Consider a learned scale (scales.HalfCauchy(1.0)), an absolute prior (relative_to=None) or a known sigma.",
            PriorWarning,
        )


def _learns_its_scale(prior: Prior) -> bool:
    """Whether all that shrinks the coefficients has a learned size; the slab of a horseshoe is none."""
    learned = [name for name in prior.hyperparameters() if name != "slab"]
    if isinstance(prior, ElasticNet) and len(learned) == 1:
        fixed = prior.l2 if learned == ["prior_l1"] else prior.l1
        return not np.any(np.asarray(fixed, dtype=float) > 0)
    return bool(learned)
