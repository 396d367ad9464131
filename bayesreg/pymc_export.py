"""The same density as a PyMC model, to sample, to check or to extend."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesreg.by_group import gathered
from bayesreg.errors import InputError, UnsupportedInputError
from bayesreg.interfaces import implements
from bayesreg.priors.base import Exported, Grouped, NormalMixture, Penalised, at_noise, positive_of
from bayesreg.problem import Problem
from bayesreg.pymc_priors import grouped, mixed, penalised


def build_pymc(problem: Problem, *, centred: bool = False, standardised: bool = False) -> Any:
    """Return a ``pymc.Model`` whose log density is ``problem.log_posterior``, constants included.

    Its variables are named as in our results: ``coef`` (dims ``feature``), ``intercept``, ``sigma``, ``prior_scale``,
    ``local_scale`` (dims ``feature``) and ``slab`` of a normal mixture. Scales of groups are ``prior_scale[label]``,
    which ``prior_scale`` (dims ``group``) holds together.
    The data are ``X``, ``y`` (dims ``obs``) and, where present, ``offset`` and ``sample_weight``.

    Parameters
    ----------
    problem : Problem
        The bound model.
    centred : bool, default False
        Sample the intercept at the column means (``intercept_centred``), which is nearly uncorrelated with the
        coefficients, and derive ``intercept``; the density is the same.
    standardised : bool, default False
        Under a normal mixture, sample the coefficients in units of their standard deviation given the local scales
        (``coef_standardised``, a priori standard normal) and derive ``coef``: the non-centred form, for weak data. The
        posterior of ``coef`` is the same.
    """
    import pymc as pm

    design = problem.design
    if design.is_sparse:
        raise UnsupportedInputError("X is sparse, which the PyMC form is not made for; pass X.toarray().")
    coords = {"feature": list(design.names), "obs": np.arange(design.n)}
    with pm.Model(coords=coords) as model:
        X = pm.Data("X", design.X, dims=("obs", "feature"))
        y = pm.Data("y_observed", design.y, dims="obs")
        # PyTensor would hold a plain float in single precision where it can.
        sigma: Any = np.float64(problem.known_sigma or 1.0)
        if problem.sigma_law is not None:
            sigma = problem.sigma_law.to_pymc("sigma")
            model.set_initval(sigma, design.y_sd)
        hyper = {name: law.to_pymc(name) for name, law in problem.hyper_laws.items()}
        stacks, labels = gathered(hyper, stack=pm.math.stack)
        for stem, groups in labels.items():
            model.add_coord("group", groups)
            pm.Deterministic(stem, stacks[stem], dims="group")
        coef = _coefficients(problem, sigma, hyper, standardised)
        eta = pm.math.dot(X, coef)
        if np.any(design.offset):
            eta = eta + pm.Data("offset", design.offset, dims="obs")
        if problem.fit_intercept:
            eta = eta + _intercept(problem, sigma, coef, centred)
        weight = pm.Data("sample_weight", design.weight, dims="obs") if design.weighted else None
        problem.likelihood.to_pymc("y", eta, sigma, y, weight)
    return model


def _coefficients(problem: Problem, sigma: Any, hyper: dict[str, Any], standardised: bool) -> Any:
    import pymc as pm

    prior = problem.prior
    if implements(prior, NormalMixture):
        return mixed(problem, prior, 1.0 if problem.relative_to is None else sigma, hyper, standardised)
    if not implements(prior, Penalised):
        if not implements(prior, Exported):
            raise InputError(
                f"{type(prior).__name__} has neither rates(...) nor to_pymc(...); see bayesreg.priors.base."
            )
        noise = 1.0 if problem.relative_to is None else sigma
        return prior.to_pymc("coef", problem.loc, problem.unit, noise, hyper)
    if implements(prior, Grouped):
        return grouped(problem, prior, at_noise(prior.group_rates(hyper), 0.0, problem.relative_to, sigma)[0])
    l1, l2 = at_noise(*prior.rates(hyper), problem.relative_to, sigma)
    positive = np.broadcast_to(np.asarray(positive_of(prior)), problem.p)
    if positive.any():
        return penalised(l1 / problem.unit, l2 / problem.unit**2, problem.loc, problem.unpenalised, positive)
    free = problem.unpenalised
    if free.all():
        return pm.Flat("coef", dims="feature")
    # A rate that is the number 0, not a variable, decides the family.
    no_l1, no_l2 = isinstance(l1, float) and l1 == 0, isinstance(l2, float) and l2 == 0
    unit = problem.unit
    if no_l1 and not free.any():
        return pm.Normal("coef", mu=problem.loc, sigma=unit / pm.math.sqrt(l2 * np.ones_like(unit)), dims="feature")
    if no_l2 and not free.any():
        return pm.Laplace("coef", mu=problem.loc, b=unit / l1, dims="feature")
    return penalised(l1 / unit, l2 / unit**2, problem.loc, free, np.zeros(free.size, dtype=bool))


def _intercept(problem: Problem, sigma: Any, coef: Any, centred: bool) -> Any:
    import pymc as pm

    prior = problem.intercept_prior
    shift = pm.math.dot(problem.design.x_mean, coef) if centred else 0.0
    if prior.flat:
        if not centred:
            return pm.Flat("intercept")
        level = problem.design.weight @ (problem.design.y - problem.design.offset) / problem.design.total_weight
        start = level if problem.likelihood.has_sigma else 0.0
        return pm.Deterministic("intercept", pm.Flat("intercept_centred", initval=start) - shift)
    loc = np.float64(prior.loc)
    sd = np.float64(prior.rate**-0.5) * (1.0 if prior.relative_to is None else sigma)
    if not centred:
        return pm.Normal("intercept", mu=loc, sigma=sd)
    return pm.Deterministic("intercept", pm.Normal("intercept_centred", mu=loc + shift, sigma=sd) - shift)
