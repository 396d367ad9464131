"""MAP estimates along a grid of penalties."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bayesreg.certificate import certify
from bayesreg.choice import map_engine
from bayesreg.engines.base import MapEngine
from bayesreg.errors import ConvergenceWarning, InputError
from bayesreg.model import Model, bind
from bayesreg.outcomes import Mode
from bayesreg.problem import Problem
from bayesreg.results import PathResult


def map_path(
    model: Model,
    X: Any,
    y: Any,
    *,
    n_points: int = 100,
    ratio: float | None = None,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
) -> PathResult:
    """Find the MAP along a log grid of penalties, from the one that empties the model downwards, warm-started.

    Parameters
    ----------
    model : Model
        Its prior gives the shape of the penalty, which every point multiplies by ``strength``; sigma must be known, or
        the prior relative to it so that the path does not depend on sigma (``relative_to="penalty"``).
    X : array or frame, shape (n, p)
    y : array, shape (n,)
    n_points : int, default 100
    ratio : float, optional
        Smallest over largest strength; 1e-3 for n > p, else 1e-2.
    sample_weight, offset : array, shape (n,), optional

    Returns
    -------
    PathResult
        One certificate a point.

    Raises
    ------
    InputError, NoMapError, NoEngineError
        As `find_map`; also when the prior penalises nothing.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, priors
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [4.0, 0.0]])
    >>> y = np.array([0.1, 0.9, 2.1, 3.9])
    >>> path = br.map_path(br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0)), X, y, n_points=5)
    >>> path.n_nonzero[0], path.coef.shape
    (np.int64(0), (5, 2))
    """
    if not isinstance(n_points, int | np.integer) or n_points < 2:
        raise InputError(f"n_points must be an integer of at least 2, got {n_points!r}.")
    problem = bind(model, X, y, sample_weight, offset)
    if ratio is None:
        ratio = 1e-3 if problem.design.total_weight > problem.p else 1e-2
    if not 0 < ratio < 1:
        raise InputError(f"ratio must lie between 0 and 1, got {ratio!r}.")
    chosen = map_engine("map_path", problem)
    sigma = problem.known_sigma
    if sigma is None:
        if problem.relative_to != "penalty" or not (problem.intercept_prior.flat or not problem.fit_intercept):
            raise InputError(
                "map_path needs the noise level: give Gaussian(sigma=number), or a prior with relative_to='penalty', "
                "whose MAP is the same for every sigma."
            )
        sigma = problem.design.y_sd
    largest = _largest_strength(problem, sigma, chosen)
    strengths = np.geomspace(largest, largest * ratio, int(n_points))
    modes: list[Mode] = []
    for strength in strengths:
        start = modes[-1].coef if modes else None
        modes.append(chosen.find_map(problem.with_strength(float(strength)), sigma, start, 10_000))
    certificates = tuple(
        certify(problem.with_strength(float(s)), mode.coef, mode.intercept, sigma)
        for s, mode in zip(strengths, modes, strict=True)
    )
    failed = sum(not certificate.accepted for certificate in certificates)
    if failed:
        worst = max(certificates, key=lambda certificate: certificate.relative_gap)
        warnings.warn(
            f"{failed} of {n_points} points of the path miss the contract; the worst has {worst}.",
            ConvergenceWarning,
            stacklevel=2,
        )
    return PathResult(
        strengths,
        np.stack([mode.coef for mode in modes]),
        np.array([mode.intercept for mode in modes]),
        certificates,
        problem.design.names,
    )


def _largest_strength(problem: Problem, sigma: float, engine: MapEngine) -> float:
    """Strength from which on every l1-penalised coefficient is 0; for a pure ridge one that leaves 1 % of the fit."""
    penalty = problem.penalty(sigma)
    if not penalty.penalised.any():
        raise InputError("the prior penalises nothing, so there is no path; use find_map.")
    # With an overwhelming penalty only the unpenalised part is fitted; its gradient decides.
    null = engine.find_map(problem.with_strength(1e12), sigma, None, 10_000)
    d0 = np.where(penalty.penalised, 0.0, null.coef - problem.loc)
    eta = problem.linear_predictor(problem.loc + d0, null.intercept)
    weight, y = problem.design.weight, problem.design.y
    slope = weight * problem.likelihood.gradient(eta, y, sigma)
    gradient = np.abs(problem.design.X.T @ slope)
    boxed = penalty.l1 > 0
    if boxed.any():
        largest = float(np.max(gradient[boxed] / penalty.l1[boxed]))
    else:
        h = weight * problem.likelihood.curvature(eta, y, sigma)
        on = penalty.l2 > 0
        columns = problem.design.X - (problem.design.x_mean if problem.fit_intercept else 0.0)
        largest = float(np.max((h @ columns**2)[on] / penalty.l2[on])) * 100
    # Rounding must not leave the largest coefficient just alive.
    return max(largest, 1e-300) * (1 + 1e-12)
