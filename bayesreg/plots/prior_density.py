r"""The prior of one coefficient as a density, :math:`p(\beta) = e^{-\Omega(\beta - \mathrm{loc})} / Z`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from bayesreg.errors import InputError
from bayesreg.interfaces import implements
from bayesreg.penalty import Penalty, log_normalizer
from bayesreg.plots.canvas import open_axes, plain, quiet, title, tones
from bayesreg.priors.base import Marginal, Penalised, Prior, penalty_of, resolve_relative_to

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

# A curve reaches down to exp(-6) = 1/400 of its peak: 3.5 standard deviations of a normal, 6 scales of a Laplace. Under
# a normal mixture, whose peak may be infinite, of its height at a tenth of the scale.
DEPTH = 6.0


@dataclass(frozen=True)
class _Curve:
    """Log density of d = coef - loc, whether it is one, and how far from 0 it is to be drawn."""

    log_density: Callable[[Array], Array]
    proper: bool
    reach: float


def prior_density_data(
    priors: Mapping[str, Prior] | Prior,
    grid: ArrayLike | None = None,
    n_points: int = 401,
    *,
    sigma: float | None = None,
) -> pd.DataFrame:
    """Evaluate the prior density of one coefficient.

    Parameters
    ----------
    priors : prior, or dict of label to prior
        ``Gaussian``, ``Laplace``, ``ElasticNet``, ``Flat``, ``StudentT`` or ``Horseshoe``, each with numbers (not laws,
        not vectors).
    grid : array, shape (m,), optional
        Values of the coefficient. By default each curve has its own, dense around its peak and as wide as the widest
        prior needs.
    n_points : int, default 401
        Points of each default grid.
    sigma : float, optional
        Noise level, needed by a prior that is relative to it.

    Returns
    -------
    pandas.DataFrame
        One row a prior and point: ``prior`` (label), ``coef``, ``density``, ``log_density`` (nats), ``proper``. A flat
        prior has the density 1 of the package's convention and ``proper`` False. A horseshoe is infinite at its
        location.

    Raises
    ------
    InputError
        If a scale is learned, is a vector, or counts in units of an unknown sigma, or if the density of the coefficient
        has no closed form.

    Examples
    --------
    >>> from bayesreg import plots, priors
    >>> frame = plots.prior_density_data(priors.Laplace(scale=0.5), grid=[0.0, 0.5])
    >>> frame["density"].round(4).tolist()
    [1.0, 0.3679]
    """
    import pandas as pd

    named = dict(priors) if isinstance(priors, Mapping) else {type(priors).__name__: priors}
    if not named:
        raise InputError("priors is empty; give a prior or a dict {label: prior}.")
    curves = {label: _one_coefficient(label, prior, sigma) for label, prior in named.items()}
    locs = {label: float(np.asarray(prior.loc).reshape(-1)[0]) for label, prior in named.items()}
    grids = _default_grids(curves, locs, n_points) if grid is None else dict.fromkeys(named, _checked_grid(grid))
    parts = []
    for label, curve in curves.items():
        log_density = curve.log_density(grids[label] - locs[label])
        parts.append(
            pd.DataFrame(
                {
                    "prior": label,
                    "coef": grids[label],
                    "density": np.exp(log_density),
                    "log_density": log_density,
                    "proper": curve.proper,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def prior_density(
    priors: Mapping[str, Prior] | Prior,
    ax: Axes | None = None,
    *,
    grid: ArrayLike | None = None,
    log: bool = False,
    sigma: float | None = None,
) -> Axes:
    """Draw the prior density of one coefficient, for one or several priors.

    A flat prior is improper, so its height means nothing: it is a dashed line at a third of the highest peak, and at
    the height of the highest peak on the log scale. An infinite peak is cut at the points beside it.

    Parameters
    ----------
    priors : prior, or dict of label to prior
        As in `prior_density_data`.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    grid : array, shape (m,), optional
        Values of the coefficient.
    log : bool, default False
        Draw log densities: up to a constant, penalties upside down. Shows peak and tails.
    sigma : float, optional
        Noise level, needed by a prior that is relative to it.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        As `prior_density_data`.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from bayesreg import plots, priors
    >>> ax = plots.prior_density({"ridge": priors.Gaussian(1.0), "lasso": priors.Laplace(0.7)}, log=True)
    >>> [line.get_label() for line in ax.lines]
    ['ridge', 'lasso']
    >>> plt.close(ax.figure)
    """
    frame = prior_density_data(priors, grid, sigma=sigma)
    frame = frame[np.abs(frame["log_density"]) < np.inf]
    column = "log_density" if log else "density"
    proper = frame[frame["proper"]]
    top = float(proper[column].max()) if len(proper) else (0.0 if log else 1.0)
    ax = open_axes(ax, 6.4, 4.0)
    tone = tones(ax)
    for index, (label, curve) in enumerate(frame.groupby("prior", sort=False)):
        if curve["proper"].iloc[0]:
            ax.plot(curve["coef"], curve[column], color=tone.color(index), linewidth=2.0, label=plain(label))
            if not log:
                ax.fill_between(curve["coef"], curve[column], color=tone.color(index), alpha=0.05, linewidth=0)
        else:
            height = top if log else top / 3
            name = f"{plain(label)} (improper, any height)"
            ax.plot(frame["coef"].agg(["min", "max"]), [height, height], "--", color=tone.color(index), label=name)
    quiet(ax, "y")
    ax.margins(x=0)
    if not log:
        ax.set_ylim(bottom=0)
    ax.set_xlabel("coefficient (per unit of x)")
    ax.set_ylabel("log prior density (nats)" if log else "prior density")
    title(ax, "What the prior says about one coefficient")
    # Under the arches of the log densities, beside the peaks of the densities: where no curve goes.
    ax.legend(frameon=False, labelcolor=tone.ink, loc="lower center" if log else "upper right")
    return ax


def _one_coefficient(label: str, prior: Prior, sigma: float | None) -> _Curve:
    """The density of one coefficient, in nats."""
    if not isinstance(prior, Prior):
        raise InputError(f"priors[{label!r}] must be from bayesreg.priors, got {prior!r}.")
    if not implements(prior, Penalised) and not implements(prior, Marginal):
        raise InputError(f"priors[{label!r}]: the density of {type(prior).__name__} has no closed form to be drawn.")
    if learned := ", ".join(prior.hyperparameters()):
        raise InputError(f"priors[{label!r}] has a learned {learned}; to draw it give a number in place of the law.")
    relative_to = resolve_relative_to(prior)
    if relative_to is not None:
        if sigma is None:
            raise InputError(f"priors[{label!r}] is relative to {relative_to!r}; give the noise level as sigma=number.")
        if not (np.isfinite(sigma) and sigma > 0):
            raise InputError(f"sigma must be positive and finite, got {sigma!r}.")
    level = 1.0 if sigma is None else float(sigma)
    loc, factor = np.atleast_1d(prior.loc), np.atleast_1d(prior.factor).astype(float)
    scales = prior.rates({}) if implements(prior, Penalised) else (prior.deviation(1.0, {}),)
    if max(np.size(part) for part in (loc, factor, *scales)) > 1:
        raise InputError(f"priors[{label!r}] has a vector of scales; the density of one coefficient needs one number.")
    if implements(prior, Penalised):
        return _of_penalty(penalty_of(prior, factor, relative_to, level, {}))
    return _of_mixture(prior, float(factor[0]) * (1.0 if relative_to is None else level))


def _of_penalty(penalty: Penalty) -> _Curve:
    """Density of a penalty; the distance at which it is ``DEPTH`` nats is a root of l1 d + l2 d²/2 = DEPTH."""
    l1, l2, cut = float(penalty.l1[0]), float(penalty.l2[0]), bool(penalty.constrained[0])

    def log_density(d: Array) -> Array:
        whole = -l1 * np.abs(d) - 0.5 * l2 * d * d - log_normalizer(penalty.l1, penalty.l2)
        # Cut to one side the density is doubled there; a constant 1 stays 1.
        doubled = np.log(2.0) * bool(penalty.penalised[0])
        return np.asarray(np.where(d < 0, -np.inf, whole + doubled) if cut else whole)

    slope = l1 + np.sqrt(l1 * l1 + 2 * l2 * DEPTH)
    return _Curve(log_density, bool(penalty.penalised[0]), 2 * DEPTH / float(slope) if slope > 0 else np.inf)


def _of_mixture(prior: Marginal, unit: float) -> _Curve:
    scale = unit * float(prior.deviation(1.0, {}))
    if not np.isfinite(scale):
        return _Curve(np.zeros_like, False, np.inf)

    def log_density(d: Array) -> Array:
        return np.asarray(prior.marginal_log_density(d / unit, {}) - np.log(unit))

    def below(log_ratio: float) -> float:
        far, near = log_density(scale * np.array([np.exp(log_ratio), 0.1]))
        return float(near - far) - DEPTH

    # Densities that fall at least as 1/d² have lost six nats well before e^10 scales.
    return _Curve(log_density, True, scale * float(np.exp(brentq(below, np.log(0.1), 10.0))))


def _checked_grid(grid: ArrayLike) -> Array:
    points = np.asarray(grid, dtype=float)
    if points.ndim != 1 or points.size == 0 or not np.isfinite(points).all():
        raise InputError(f"grid must be a 1-d array of finite numbers, got shape {points.shape}.")
    return points


def _default_grids(curves: dict[str, _Curve], locs: dict[str, float], n_points: int) -> dict[str, Array]:
    """Grids over one common range; each is a sinh around its own location, so that a narrow peak stays sharp."""
    if isinstance(n_points, bool) or not isinstance(n_points, int | np.integer) or n_points < 3:
        raise InputError(f"n_points must be an integer of at least 3, got {n_points!r}.")
    reach = {label: curve.reach for label, curve in curves.items()}
    widest = max((width for width in reach.values() if np.isfinite(width)), default=1.0)
    ends = [(locs[k] - width, locs[k] + width) for k, width in reach.items() if np.isfinite(width)]
    low, high = (min(a for a, _ in ends), max(b for _, b in ends)) if ends else (-widest, widest)
    grids = {}
    for label, width in reach.items():
        loc, unit = (locs[label], width / DEPTH) if np.isfinite(width) else (0.5 * (low + high), widest)
        left = np.sinh(np.linspace(-np.arcsinh((loc - low) / unit), 0.0, n_points // 2 + 1))
        right = np.sinh(np.linspace(0.0, np.arcsinh((high - loc) / unit), n_points - n_points // 2))
        grids[label] = loc + unit * np.append(left, right[1:])
    return grids
