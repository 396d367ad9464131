"""Priors in PyMC: the penalised densities that it has not, as distributions of its own, and normal mixtures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError
from bayesreg.numerics.variates import draw_grouped, draw_penalised
from bayesreg.priors.base import Grouped, NormalMixture
from bayesreg.priors.mixture import law_of_local
from bayesreg.problem import Problem

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def penalised(l1: Any, l2: Any, loc: Array, free: Mask, positive: Mask) -> Any:
    """Add ``coef`` with density exp(-l1 |d| - l2 d²/2)/Z, cut to d >= 0 where ``positive``; ``free`` columns have 1."""
    import pymc as pm
    import pytensor.tensor as pt

    zero = np.zeros(loc.size)
    # Where both rates are 0 under a sign constraint the density is 1 too.
    on = np.flatnonzero(~free)

    def logp(value: Any, l1: Any, l2: Any, loc: Any) -> Any:
        distance = pt.abs(value - loc)[on]
        a, b = l1[on], l2[on]
        curved, edged = pt.gt(b, 0), pt.gt(a, 0)
        # Each branch gets arguments that are harmless where the other one is taken.
        root = pt.sqrt(pt.switch(curved, b, 1.0))
        ridge = 0.5 * np.log(2 * np.pi) - pt.log(root) + pt.log(pt.erfcx(a / root / np.sqrt(2.0)))
        laplace = np.log(2.0) - pt.log(pt.switch(edged, a, 1.0))
        proper = pt.switch(curved, ridge, laplace) - np.log(2.0) * positive[on]
        density = -a * distance - 0.5 * b * distance**2 - pt.switch(curved | edged, proper, 0.0)
        if positive.any():
            density = pt.switch(positive[on] & pt.lt((value - loc)[on], 0), -np.inf, density)
        return pt.set_subtensor(pt.zeros_like(value)[on], density)

    def random(l1: Any, l2: Any, loc: Any, rng: Any = None, size: Any = None) -> Any:
        if free.any() or np.any((np.asarray(l1) == 0) & (np.asarray(l2) == 0)):
            raise InputError("coef has columns without a prior (flat), so it cannot be drawn from.")
        shape = np.broadcast_shapes(tuple(size or ()), np.shape(l1), np.shape(l2), np.shape(loc))
        d = draw_penalised(rng, np.asarray(l1), np.asarray(l2), shape)
        return loc + np.where(positive, np.abs(d), d)

    options: dict[str, Any] = {}
    if positive.any():
        # At the location itself the transformed value is minus infinity.
        options = {"default_transform": _beyond(loc, positive), "initval": loc + 0.1 * positive}
    return pm.CustomDist("coef", l1 + zero, l2 + zero, loc, logp=logp, random=random, dims="feature", **options)


def _beyond(loc: Array, positive: Mask) -> Any:
    """Log distance from the location for constrained coefficients, the identity for the others."""
    import pytensor.tensor as pt
    from pymc.logprob.transforms import Transform

    class Beyond(Transform):  # type: ignore[misc] # PyMC is untyped
        """Elementwise."""

        name = "beyond"

        def forward(self, value: Any, *inputs: Any) -> Any:
            return pt.switch(positive, pt.log(pt.switch(positive, value - loc, 1.0)), value)

        def backward(self, value: Any, *inputs: Any) -> Any:
            return pt.switch(positive, loc + pt.exp(value), value)

        def log_jac_det(self, value: Any, *inputs: Any) -> Any:
            return pt.switch(positive, value, 0.0)

    return Beyond()


def grouped(problem: Problem, prior: Grouped, rate: Any) -> Any:
    """Add ``coef`` with density exp(-rate_g ||d_g / u_g||)/Z of each group; see `bayesreg.groups`."""
    import pymc as pm
    import pytensor.tensor as pt
    from scipy.special import gammaln

    finite = np.isfinite(problem.unit)
    label = np.asarray(prior.labels, dtype=np.intp)
    unit = np.where(finite, problem.unit, 1.0)
    members = (label[:, None] == np.arange(label.max() + 1)) & finite[:, None]
    k = members.sum(axis=0).astype(float)
    used = k > 0
    sphere = np.log(2.0) + 0.5 * k * np.log(np.pi) - gammaln(np.where(used, 0.5 * k, 1.0)) + gammaln(np.maximum(k, 1.0))
    constant = np.where(used, sphere + members.T @ np.log(unit), 0.0)
    share = members / np.where(used, k, 1.0)

    def logp(value: Any, loc: Any, rate: Any) -> Any:
        square = pt.dot(((value - loc) / unit) ** 2, members.astype(float))
        norm = pt.sqrt(pt.switch(pt.gt(square, 0), square, 0.0))
        density = pt.switch(used, -rate * norm - constant + k * pt.log(rate), 0.0)
        # Every member carries an equal part, so that the parts sum to the density of the group.
        return pt.dot(share, density)

    def random(loc: Any, rate: Any, rng: Any = None, size: Any = None) -> Any:
        if not finite.all():
            raise InputError("coef has columns without a prior (flat), so it cannot be drawn from.")
        draws = int(np.prod(size)) // label.size if size else 1
        d = draw_grouped(rng, np.broadcast_to(rate, (draws, int(label.max()) + 1)), label) * unit
        return loc + (d.reshape(tuple(size)) if size else d[0])

    ones = np.ones(label.max() + 1)
    return pm.CustomDist(
        "coef", problem.loc, rate * ones, logp=logp, random=random, dims="feature", signature="(p),(g)->(p)"
    )


def mixed(problem: Problem, prior: NormalMixture, noise: Any, hyper: dict[str, Any], standardised: bool) -> Any:
    """Add ``local_scale`` and ``coef``, normal given it; see `bayesreg.priors.mixture`.

    Columns without a prior have no local scale: beside them the variable is ``local_scale_penalised`` and
    ``local_scale`` holds NaN for them.

    Parameters
    ----------
    problem : Problem
    prior : NormalMixture
    noise : variable or float
        What multiplies the scale.
    hyper : dict
        The learned parameters as variables.
    standardised : bool
        Whether ``coef`` is derived from ``coef_standardised``, standard normal, and ``coef_free``, flat.
    """
    import pymc as pm
    import pytensor.tensor as pt

    free, unit, loc, law = problem.unpenalised, problem.unit, problem.loc, law_of_local(prior)
    if free.all():
        pm.Deterministic("local_scale", pt.as_tensor_variable(np.full(free.size, np.nan)), dims="feature")
        return pm.Flat("coef", dims="feature")
    on, dims, name = np.flatnonzero(~free), "feature", "local_scale"
    model = pm.modelcontext(None)
    if free.any():
        dims, name = "penalised", "local_scale_penalised"
        model.add_coord(dims, [problem.design.names[j] for j in on])
    local = law.to_pymc(name, dims=dims)
    model.set_initval(local, np.ones(on.size))
    if free.any():
        pm.Deterministic("local_scale", pt.set_subtensor(pt.full(free.size, np.nan)[on], local), dims="feature")
        local = pt.set_subtensor(pt.ones(free.size)[on], local)
    deviation = noise * unit[on] * prior.deviation(local, hyper)[on]
    if standardised:
        z = pm.Normal("coef_standardised", mu=0.0, sigma=1.0, dims=dims)
        coef = loc[on] + deviation * z
        if free.any():
            model.add_coord("free", [problem.design.names[j] for j in np.flatnonzero(free)])
            whole = pt.set_subtensor(pt.zeros(free.size)[on], coef)
            coef = pt.set_subtensor(whole[np.flatnonzero(free)], pm.Flat("coef_free", dims="free"))
        return pm.Deterministic("coef", coef, dims="feature")
    if not free.any():
        return pm.Normal("coef", mu=loc, sigma=deviation, dims=dims)
    l2 = pt.set_subtensor(pt.zeros(free.size)[on], deviation**-2)
    return penalised(0.0, l2, loc, free, np.zeros(free.size, dtype=bool))
