"""MAP estimates along a grid of penalties."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayesreg.certificate import certify_path
from bayesreg.choice import map_engine
from bayesreg.effective_df import effective_df
from bayesreg.errors import ConvergenceWarning, InputError, warn
from bayesreg.interfaces import implements
from bayesreg.likelihoods import Gaussian, Kinked
from bayesreg.model import Model, bind
from bayesreg.noise import same_at_every_level
from bayesreg.numerics.lasso_knots import Knots, find_knots
from bayesreg.problem import Problem
from bayesreg.results import PathResult
from bayesreg.row_certificates import Certifier
from bayesreg.scaling import rescaled

Array = NDArray[np.float64]

# The path ends where the fit explains this share of what can be explained, as glmnet's does.
SATURATED = 0.999
# A gradient of this share of what noise alone would make is rounding.
_NO_PULL = 1e-12
# Knots are followed on the Gram matrix of all columns.
MOST_KNOTTED = 2000


def map_path(
    model: Model,
    X: Any,
    y: Any,
    *,
    n_points: int = 100,
    ratio: float | None = None,
    strengths: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    engine: str | None = None,
    early_stop: bool = False,
    knots: bool = False,
    max_iter: int = 10_000,
) -> PathResult:
    """Find the MAP along a log grid of penalties, from the one that empties the model downwards, warm-started.

    Parameters
    ----------
    model : Model
        Its prior gives the shape of the penalty, which every point multiplies by ``strength``; sigma must be known, or
        the prior relative to it so that the path does not depend on sigma (``relative_to="penalty"``).
    X : array, SciPy sparse array or frame, shape (n, p)
    y : array, shape (n,)
    n_points : int, default 100
    ratio : float, optional
        Smallest over largest strength; 1e-3 for n > p, else 1e-2; 1e-6 without an l1 part or groups, for such a
        penalty shrinks over more decades.
    strengths : array, shape (k,), optional
        The grid itself, in place of ``n_points`` and ``ratio``; sorted to fall.
    sample_weight, offset : array, shape (n,), optional
    engine : str, optional
        One of the names that `explain` lists.
    early_stop : bool, default False
        Leave out the points after the first that brings the loss 99.9 % of the way from the null model to a perfect
        fit.
    knots : bool, default False
        For a Gaussian likelihood and an l1 penalty alone: add the exact strengths at which coefficients enter and
        leave, down to the last point of the grid, between which the path is linear (``PathResult.knots``).
    max_iter : int, default 10000
        Bound on the iterations of each point.

    Returns
    -------
    PathResult
        One certificate a point; degrees of freedom.

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
    problem = bind(model, X, y, sample_weight, offset)
    return map_path_of(
        problem,
        n_points=n_points,
        ratio=ratio,
        strengths=strengths,
        engine=engine,
        early_stop=early_stop,
        knots=knots,
        max_iter=max_iter,
    )


def map_path_of(
    problem: Problem,
    *,
    n_points: int = 100,
    ratio: float | None = None,
    strengths: ArrayLike | None = None,
    engine: str | None = None,
    early_stop: bool = False,
    knots: bool = False,
    max_iter: int = 10_000,
) -> PathResult:
    """Find the path of a model that is bound already; see `map_path`."""
    if not isinstance(n_points, int | np.integer) or isinstance(n_points, bool) or n_points < 2:
        raise InputError(f"n_points must be an integer of at least 2, got {n_points!r}.")
    problem, unit = rescaled(problem)
    chosen = map_engine("map_path", problem, engine)
    sigma = _level(problem)
    certifier = Certifier(problem, sigma)
    if strengths is None:
        grid = _grid(certifier, int(n_points), ratio)
    else:
        grid = check_strengths(strengths)
    reason = _no_knots(problem, sigma) if knots else None
    if reason is not None:
        raise InputError(f"knots=True needs a piecewise linear path: {reason}.")
    modes = chosen.find_path(problem, sigma, grid, max_iter)
    if early_stop:
        modes = modes[: _saturated(certifier, [mode.coef for mode in modes], [mode.intercept for mode in modes])]
        grid = grid[: len(modes)]
    summed = chosen.name == "coordinate_descent" or (chosen.name == "closed_form" and problem.p <= problem.n)
    gram = summed and not problem.design.is_sparse
    certificates = certify_path(certifier, grid, modes, gram)
    failed = sum(not certificate.accepted for certificate in certificates)
    if failed:
        worst = max(certificates, key=lambda certificate: (not certificate.accepted, certificate.relative_gap))
        warn(
            f"{failed} of {grid.size} points of the path miss the contract; the worst has {worst}.",
            ConvergenceWarning,
        )
    coef = np.stack([mode.coef for mode in modes])
    return PathResult(
        grid,
        coef * unit,
        np.array([mode.intercept for mode in modes]),
        certificates,
        problem.design.names,
        chosen.name,
        effective_df(problem, sigma, grid, coef, np.array([mode.intercept for mode in modes])),
        _find_knots(problem, sigma, float(grid[-1]), unit) if knots else None,
    )


def check_strengths(strengths: ArrayLike) -> Array:
    """Return given strengths, falling.

    Raises
    ------
    InputError
        If they are not positive finite numbers in a row.
    """
    try:
        grid = np.sort(np.atleast_1d(np.asarray(strengths, dtype=float)))[::-1]
    except (TypeError, ValueError):
        grid = np.zeros(0)
    if grid.ndim != 1 or grid.size == 0 or not np.all(np.isfinite(grid) & (grid > 0)):
        raise InputError(f"strengths must be positive finite numbers, shape (k,), got {strengths!r}.")
    return np.ascontiguousarray(grid)


def check_ratio(ratio: Any) -> None:
    """Raise unless ``ratio`` is None or a number between 0 and 1."""
    if ratio is None:
        return
    if not isinstance(ratio, int | float | np.number) or not 0 < ratio < 1:
        raise InputError(f"ratio must be a number between 0 and 1 (smallest over largest strength), got {ratio!r}.")


def _no_knots(problem: Problem, sigma: float) -> str | None:
    """Why the path is not piecewise linear, or would need too large a Gram matrix; None if it is."""
    penalty = problem.penalty(sigma)
    if not isinstance(problem.likelihood, Gaussian):
        return "the likelihood is not Gaussian"
    if np.any(penalty.l2) or penalty.groups is not None or penalty.positive is not None:
        return "the penalty is not an l1 penalty alone"
    if problem.fit_intercept and not problem.flat_intercept:
        return "the intercept has a proper prior"
    return f"more than {MOST_KNOTTED} columns" if problem.p > MOST_KNOTTED else None


def _find_knots(problem: Problem, sigma: float, smallest: float, unit: Array) -> Knots:
    ls = problem.least_squares(sigma)
    found = find_knots(ls.gram, ls.cross, ls.penalty.l1, ls.penalty.l2, s_min=smallest)
    return replace(found, coef=(found.coef + problem.loc) * unit)


def _level(problem: Problem) -> float:
    """The noise level of the path: the known one, or any where the mode is the same at every level."""
    if problem.known_sigma is not None:
        return problem.known_sigma
    if not same_at_every_level(problem):
        raise InputError(
            "a path needs the noise level: give it as a number "
            f"({type(problem.likelihood).__name__}(sigma=...)), or, with a Gaussian likelihood, a prior with "
            "relative_to='penalty', whose MAP is the same for every sigma."
        )
    return problem.design.y_sd


def _grid(certifier: Certifier, n_points: int, ratio: float | None) -> Array:
    problem = certifier.problem
    if ratio is None:
        to_saturation = 1e-3 if problem.design.total_weight > problem.p else 1e-2
        ratio = to_saturation if problem.penalty(certifier.sigma).kinked else 1e-6
    check_ratio(ratio)
    largest = largest_strength(certifier)
    return np.geomspace(largest, largest * ratio, n_points)


def largest_strength(certifier: Certifier) -> float:
    """Strength from which on every coefficient with a kink is 0; for a pure ridge one that leaves 1 % of the fit.

    The gradient of the loss at the null model decides: max |x_j' theta| / l1_j, or ||X_g' theta|| / r_g of a group.
    """
    problem, sigma = certifier.problem, certifier.sigma
    penalty = problem.penalty(sigma)
    if not penalty.penalised.any():
        raise InputError("the prior penalises nothing, so there is no path; use find_map.")
    theta = certifier.null.theta
    if not penalty.kinked:
        bound = problem.likelihood.majorant(certifier.null.eta, problem.design.y, sigma)
        usual = bound[np.isfinite(bound)]
        h = float(np.median(usual)) if usual.size else float(np.median(np.abs(theta[problem.design.weight > 0])))
        on = penalty.l2 > 0
        return max(100 * h * float(np.max((certifier.norm**2)[on] / penalty.l2[on])), 1e-300) * (1 + 1e-12)
    v = -certifier.columns.transposed_times(theta)
    boxed = penalty.l1 > 0
    reach = np.where(penalty.constrained, v, np.abs(v))[boxed]
    noise = _noise_gradient(certifier)
    pulls, bounds, usual = reach, penalty.l1[boxed], noise[boxed]
    if penalty.groups is not None:
        pulls = np.append(pulls, penalty.groups.dual_norms(v))
        bounds = np.append(bounds, penalty.groups.rate)
        usual = np.append(usual, penalty.groups.dual_norms(noise))
    if not np.any(pulls > _NO_PULL * usual):
        # The response pulls at no column (it is constant, or every sign is forbidden), so that the MAP is empty at any
        # strength; its posterior changes where noise alone would bring coefficients in.
        pulls = np.where(usual > 0, usual, 1.0)
    # Rounding must not leave the largest coefficient just alive. With kinks the null multiplier is one of many, so this
    # is a bound, at which whole faces are optimal; a little above it only the empty model is.
    margin = 1e-3 if implements(problem.likelihood, Kinked) else 1e-12
    return float(np.max(pulls / bounds)) * (1 + margin)


def _noise_gradient(certifier: Certifier) -> Array:
    """Standard deviation that the gradient at the null model has by noise alone, about, shape (p,)."""
    likelihood, sigma = certifier.problem.likelihood, certifier.sigma
    if implements(likelihood, Kinked):
        return np.asarray(certifier.norm * max(likelihood.slopes(sigma)))
    curvature = likelihood.curvature(certifier.null.eta, certifier.problem.design.y, sigma)
    return np.asarray(certifier.norm * np.sqrt(max(float(np.median(curvature)), 0.0)))


def _saturated(certifier: Certifier, coefs: list[Array], intercepts: list[float]) -> int:
    """Number of points up to the first that is nearly as good as a perfect fit."""
    problem, sigma = certifier.problem, certifier.sigma
    design = problem.design
    # A perfect fit has the loss that the conjugate has at 0, with its sign turned.
    best = -problem.likelihood.conjugate(np.zeros(problem.n), design.y, design.weight, sigma)
    fall = certifier.null.value - best
    for k, (coef, intercept) in enumerate(zip(coefs, intercepts, strict=True)):
        eta = certifier.eta(coef - problem.loc, intercept)
        loss = float(design.weight @ problem.likelihood.loss(eta, design.y, sigma))
        if certifier.null.value - loss >= SATURATED * fall:
            return k + 1
    return len(coefs)
