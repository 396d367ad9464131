"""The strength of the shrinkage as a number that multiplies a model's own penalty, and the model it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError, NoMapError
from bayesreg.interfaces import implements
from bayesreg.model import Model
from bayesreg.noise import same_at_every_level
from bayesreg.priors import ElasticNet, Flat, Gaussian, GroupGaussian, GroupLaplace, Laplace
from bayesreg.priors.base import NormalMixture, Penalised, Prior, Resolved
from bayesreg.priors.mixture import why_no_mode
from bayesreg.problem import Problem

Array = NDArray[np.float64]


def why_no_strength(prior: Prior, method: str) -> str | None:
    """Return why a prior has no strength that ``method`` could choose; None if it has."""
    learned = [name for name in prior.hyperparameters() if name != "slab"]
    if learned and implements(prior, NormalMixture) and method != "loo":
        return (
            f"method={method!r} tunes a penalty, and {type(prior).__name__} is none; use method='bayes', which keeps "
            f"the law of its {', '.join(learned)}"
        )
    if learned and isinstance(prior, GroupGaussian):
        return (
            "every group has a learned scale of its own; use method='bayes', which keeps their laws, or "
            "priors.Gaussian with a number for each column"
        )
    if learned:
        return (
            f"the prior's {', '.join(learned)} is learned, so that there is no penalty to multiply; give a number "
            f"(any positive one: the strength multiplies it) for method={method!r}, or use method='bayes', which keeps "
            "the law"
        )
    if isinstance(prior, Flat):
        return "priors.Flat() penalises nothing, so it has no strength"
    return None


def why_no_path(problem: Problem) -> Exception | None:
    """Return what to raise where the MAP has no path to choose from; None where it has."""
    if implements(problem.prior, NormalMixture):
        return NoMapError(
            f"method='cv' and 'alo' tune the MAP, and there is none: {why_no_mode(problem.prior)} Use method='loo' or "
            "'bayes'."
        )
    if problem.known_sigma is None and not same_at_every_level(problem):
        return InputError(
            "method='cv' and 'alo' tune the MAP along its path, which needs the noise level: give it as a number "
            f"({type(problem.likelihood).__name__}(sigma=...)), or, with a Gaussian likelihood, a prior with "
            "relative_to='penalty', whose MAP is the same for every sigma; or use method='loo', 'bayes' or, with a "
            "Gaussian likelihood, 'evidence', which integrate over it."
        )
    return None


def power_of(prior: Prior) -> int:
    """How the strength goes with a common scale: scale^-1 where l1 or norms are penalised, scale^-2 else."""
    return 2 if isinstance(prior, Gaussian | GroupGaussian) or implements(prior, NormalMixture) else 1


def tightened(prior: Prior, strength: float) -> Any:
    """Return the prior with its penalty multiplied; of a normal mixture, that of the normal given its local scale.

    Raises
    ------
    InputError
        For a prior of the user's own with both an l1 and an l2 part, whose fields are not known here.
    """
    if isinstance(prior, ElasticNet):
        return replace(prior, l1=_times(prior.l1, strength), l2=_times(prior.l2, strength))
    if isinstance(prior, Laplace) and prior.rate is not None:
        return replace(prior, rate=_times(prior.rate, strength))
    if isinstance(prior, Gaussian | Laplace | GroupLaplace) or implements(prior, NormalMixture):
        owner: Any = prior
        return replace(owner, scale=_times(owner.scale, strength ** (-1 / power_of(prior))))
    own: Any = prior
    known = is_dataclass(own) and any(field.name == "factor" for field in fields(own))
    l1, l2 = own.rates({}) if known and implements(prior, Penalised) else (1.0, 1.0)
    if np.any(np.asarray(l1) != 0) and np.any(np.asarray(l2) != 0):
        raise InputError(
            f"the penalty of {type(prior).__name__} cannot be multiplied from outside; tune a prior of "
            "bayesreg.priors, or a dataclass with a field factor and rates that are l1 alone or l2 alone."
        )
    return replace(own, factor=_times(own.factor, 1 / strength if np.any(np.asarray(l1) != 0) else strength**-0.5))


def fixed(prior: Prior, values: Mapping[str, float], relative_to: Resolved) -> Any:
    """Return the prior with its learned parameters at given values."""
    if isinstance(prior, GroupGaussian):
        # A Gaussian prior with the scale of its group for each column.
        each = 1 / np.sqrt(np.asarray(prior.rates(values)[1], dtype=float))
        return Gaussian(each, loc=prior.loc, factor=prior.factor, relative_to=relative_to)
    place = {"prior_scale": "scale", "prior_rate": "rate", "prior_l1": "l1", "prior_l2": "l2"}
    own: Any = prior
    known = {field.name for field in fields(own)}
    changed: dict[str, Any] = {"relative_to": relative_to}
    for name, value in values.items():
        if name == "slab":
            changed |= {"slab_scale": value, "slab_df": None}
        elif place.get(name) in known:
            changed[place[name]] = value
        else:
            raise InputError(f"{type(prior).__name__} has no field for its learned {name}, so it cannot be fixed.")
    # A guess of sparsity states the scale in place of a number.
    if "expected_nonzero" in known and "prior_scale" in values:
        changed["expected_nonzero"] = None
    return replace(own, **changed)


def at_strength(model: Model, strength: float) -> Model:
    """Return the model with its penalty multiplied."""
    return replace(model, prior=tightened(model.prior, strength))


def _times(value: Any, factor: float) -> Any:
    return np.asarray(value, dtype=float) * factor if isinstance(value, tuple) else value * factor
