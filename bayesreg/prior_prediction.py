"""What a model expects before it sees the response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayesreg.by_group import gathered
from bayesreg.errors import InputError
from bayesreg.fit import seed_sequence
from bayesreg.interfaces import implements
from bayesreg.likelihoods import Bernoulli, Scaled
from bayesreg.local_scales import rates_at
from bayesreg.model import Model, bind
from bayesreg.numerics.variates import draw_grouped, draw_penalised
from bayesreg.priors.base import Grouped, NormalMixture, Penalised, positive_of
from bayesreg.priors.mixture import law_of_local
from bayesreg.problem import Problem
from bayesreg.scales import Law

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]


def prior_predictive(
    model: Model,
    X: Any,
    y: Any = None,
    *,
    draws: int = 1000,
    seed: int | np.random.Generator | None = None,
    offset: ArrayLike | None = None,
) -> xr.DataTree:
    """Draw parameters from the prior and responses from them.

    Parameters
    ----------
    model : Model
        With a proper prior for everything: also ``intercept=priors.Gaussian(scale)``.
    X : array or frame, shape (n, p)
        Rows to predict for.
    y : array, shape (n,), optional
        Needed only where the model takes its default noise law from sd(y).
    draws : int, default 1000
    seed : int, numpy.random.Generator or None
    offset : array, shape (n,), optional

    Returns
    -------
    xarray.DataTree
        Groups ``prior`` and ``prior_predictive``, with one chain.

    Raises
    ------
    InputError
        Naming the part of the model that is improper.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, priors
    >>> model = br.Model(likelihoods.Gaussian(1.0), priors.Laplace(0.5), intercept=priors.Gaussian(1.0))
    >>> tree = br.prior_predictive(model, np.eye(3), draws=10, seed=1)
    >>> tree["prior_predictive"]["y"].shape
    (1, 10, 3)
    """
    import xarray as xr

    if not isinstance(draws, int | np.integer) or isinstance(draws, bool) or draws < 1:
        raise InputError(f"draws must be an integer of at least 1, got {draws!r}.")
    if not isinstance(model, Model):
        raise InputError(f"the first argument must be a bayesreg.Model, got {type(model).__name__}; X follows it.")
    if not implements(model.prior, Penalised) and not implements(model.prior, NormalMixture):
        raise InputError(
            f"{type(model.prior).__name__} cannot be drawn from here; use to_pymc and pm.sample_prior_predictive."
        )
    if y is None:
        if implements(model.likelihood, Scaled) and model.likelihood.sigma is None:
            kind = type(model.likelihood).__name__
            raise InputError(f"the default law of sigma is scaled by sd(y): give y, or a law in {kind}(sigma=...).")
        # Any response of the right kind: nothing but the default noise law reads it.
        n = np.shape(X)[0] if np.ndim(X) else 0
        y = (np.arange(n) + 1) % 2
        if isinstance(model.likelihood, Bernoulli) and n < 2:
            raise InputError("prior_predictive without y needs at least 2 rows for Bernoulli().")
    problem = bind(model, X, y, None, offset)
    if problem.unpenalised.any():
        raise InputError("the prior of coef is flat (improper) for some columns, so nothing can be drawn from it.")
    if problem.flat_intercept:
        raise InputError(
            "the intercept has a flat (improper) prior; give one, Model(..., intercept=priors.Gaussian(scale)), "
            "or fit_intercept=False."
        )
    rng = np.random.default_rng(seed_sequence(seed))
    values, sigma, coef, local = draw_prior(problem, draws, rng)
    intercept = np.zeros(draws)
    if problem.fit_intercept:
        rate = np.array([problem.intercept_prior.l2(level) for level in sigma])
        intercept = problem.intercept_prior.loc + rng.standard_normal(draws) / np.sqrt(rate)
        values["intercept"] = intercept
    response = problem.likelihood.draw(rng, problem.linear_predictor(coef, intercept), sigma[:, None])
    lead: dict[str, Any] = {"chain": [0], "draw": np.arange(draws)}
    values, labels = gathered(values)
    group = {"group": np.array(next(iter(labels.values())), dtype=str)} if labels else {}
    prior: dict[str, Any] = {
        name: (("chain", "draw", *(["group"] if name in labels else [])), value[None]) for name, value in values.items()
    }
    prior["coef"] = (("chain", "draw", "feature"), coef[None])
    if local is not None:
        prior["local_scale"] = (("chain", "draw", "feature"), local[None])
    groups = {
        "prior": xr.Dataset(prior, lead | group | {"feature": np.array(problem.design.names, dtype=str)}),
        "prior_predictive": xr.Dataset(
            {"y": (("chain", "draw", "obs"), response[None])}, lead | {"obs": np.arange(problem.n)}
        ),
    }
    return xr.DataTree.from_dict(groups)


def draw_prior(
    problem: Problem, draws: int, rng: np.random.Generator
) -> tuple[dict[str, Array], Array, Array, Array | None]:
    """Draw the learned numbers by name, sigma (draws,), the coefficients (draws, p) and their local scales.

    Raises
    ------
    InputError
        Naming a law that is improper.
    """
    sigma = np.full(draws, problem.known_sigma or 1.0)
    values: dict[str, Array] = {}
    if problem.sigma_law is not None:
        sigma = values["sigma"] = _draw("sigma", problem.sigma_law, rng, draws)
    hyper = {name: _draw(name, law, rng, draws) for name, law in problem.hyper_laws.items()}
    values |= hyper
    if implements(problem.prior, NormalMixture):
        return values, sigma, *_mixed(problem, problem.prior, hyper, sigma, rng)
    return values, sigma, problem.loc + _offsets(problem, hyper, sigma, rng), None


def _mixed(
    problem: Problem, prior: NormalMixture, hyper: dict[str, Array], sigma: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Coefficients and their local scales drawn from a normal mixture, shapes (draws, p)."""
    shape = (sigma.size, problem.p)
    local = law_of_local(prior).draw(rng, sigma.size * problem.p).reshape(shape)
    noise = sigma[:, None] if problem.relative_to == "sigma" else 1.0
    columns = {name: value[:, None] for name, value in hyper.items()}
    sd = noise * problem.unit * prior.deviation(local, columns)
    return problem.loc + sd * rng.standard_normal(shape), local


def _offsets(problem: Problem, hyper: dict[str, Array], sigma: Array, rng: np.random.Generator) -> Array:
    """Coefficients less their location, drawn from the prior, shape (draws, p)."""
    assert implements(problem.prior, Penalised)
    shape = (sigma.size, problem.p)
    if implements(problem.prior, Grouped):
        rows = ({name: float(value[k]) for name, value in hyper.items()} for k in range(sigma.size))
        penalties = [problem.penalty(float(level), row) for level, row in zip(sigma, rows, strict=True)]
        rates = np.stack([penalty.groups.rate for penalty in penalties if penalty.groups is not None])
        assert penalties[0].groups is not None
        return draw_grouped(rng, rates, penalties[0].groups.label) * problem.unit
    d = draw_penalised(rng, *rates_at(problem.prior, hyper, problem.unit, problem.relative_to, sigma), shape)
    return np.where(np.asarray(positive_of(problem.prior)), np.abs(d), d)


def _draw(name: str, law: Law, rng: np.random.Generator, draws: int) -> Array:
    """Draw a learned number; an improper law is refused by the name of what it is the law of."""
    try:
        return law.draw(rng, draws)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
