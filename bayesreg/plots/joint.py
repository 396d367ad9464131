"""Two coefficients together: draws of the posterior, the mode, and the prior's contour through it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError
from bayesreg.interfaces import implements
from bayesreg.model import Model
from bayesreg.plots.canvas import column_name, legend_outside, open_axes, quiet, title
from bayesreg.plots.contours import directions, penalty_contour
from bayesreg.plots.rows import named_trees
from bayesreg.priors.base import Penalised, penalty_of, resolve_relative_to
from bayesreg.results import MapResult

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

# More dots than this hide each other.
_DOTS = 2000


@dataclass(frozen=True, eq=False)
class Joint:
    """Two coefficients, ready to draw.

    Parameters
    ----------
    names : tuple of two str
    draws : array, shape (S, 2)
    mean : array, shape (2,)
        Posterior mean.
    mode : array, shape (2,), or None
        The MAP.
    correlation : float
        Of the draws.
    contour : array, shape (m, 2), or None
        Points that the prior's penalty of these two coefficients holds as dear as the mode.
    """

    names: tuple[str, str]
    draws: Array
    mean: Array
    mode: Array | None
    correlation: float
    contour: Array | None


def joint_data(
    posterior: xr.DataTree, features: tuple[str, str] | None = None, *, mode: MapResult | None = None
) -> Joint:
    """Collect the draws of two coefficients.

    Parameters
    ----------
    posterior : DataTree
        Result of `bayesreg.sample`.
    features : (str, str), optional
        Names of two columns; by default the two whose draws are most correlated.
    mode : MapResult, optional
        The MAP of a model of the same columns. The contour of its prior's penalty goes through it, where the prior is a
        penalty with known parameters that treats every coefficient by itself.

    Returns
    -------
    Joint

    Raises
    ------
    InputError
        For names that the posterior does not have, or a single column.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> X = np.array([[0.0, 0.1], [1.0, 1.2], [2.0, 1.9], [4.0, 4.1]])
    >>> y = np.array([0.1, 1.9, 4.1, 7.9])
    >>> model = br.Model(likelihoods.Gaussian(0.5), priors.Gaussian(1.0))
    >>> joint = plots.joint_data(br.sample(model, X, y, seed=0), mode=br.find_map(model, X, y))
    >>> joint.names, joint.correlation < -0.9, joint.contour.shape
    (('x0', 'x1'), True, (361, 2))
    """
    trees = named_trees(posterior)
    if len(trees) != 1:
        raise InputError(f"a joint picture shows one posterior, got {len(trees)}: {', '.join(trees)}.")
    (tree,) = trees.values()
    coef = tree["posterior"]["coef"]
    names = [str(name) for name in coef["feature"].to_numpy()]
    values = coef.transpose("chain", "draw", "feature").to_numpy().reshape(-1, len(names))
    if len(names) < 2:
        raise InputError(f"a joint picture needs two coefficients; this posterior has {names} only.")
    if features is None:
        size = np.abs(np.corrcoef(values.T))
        np.fill_diagonal(size, -1.0)
        i, j = sorted(divmod(int(np.nanargmax(size)), len(names)))
    else:
        # The names of a frame's columns may be numbers, which a fit keeps as text.
        wanted = [features] if isinstance(features, str) else [str(name) for name in features]
        if len(wanted) != 2 or wanted[0] == wanted[1] or any(name not in names for name in wanted):
            raise InputError(f"features must be two different names of {names}, got {features!r}.")
        i, j = (names.index(name) for name in wanted)
    both = values[:, [i, j]]
    point, contour = None, None
    if mode is not None:
        if not isinstance(mode, MapResult) or list(mode.names) != names:
            raise InputError("mode must be a MapResult of the same columns.")
        point = mode.coef[[i, j]]
        contour = _contour(mode, np.array([i, j]))
    correlation = float(np.corrcoef(both.T)[0, 1])
    return Joint((names[i], names[j]), both, both.mean(axis=0), point, correlation, contour)


def joint(
    posterior: xr.DataTree,
    features: tuple[str, str] | None = None,
    ax: Axes | None = None,
    *,
    mode: MapResult | None = None,
) -> Axes:
    """Draw the joint posterior of two coefficients, with the MAP and the prior's contour through it.

    Where two columns carry the same information the draws lie along a line of constant sum: neither coefficient is
    known, their sum is. A lasso's MAP sits on the axis at one end of that line.

    Parameters
    ----------
    posterior : DataTree
        Result of `bayesreg.sample`.
    features : (str, str), optional
        Names of two columns; by default the two whose draws are most correlated.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    mode : MapResult, optional
        As for `joint_data`.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        As `joint_data`.

    Examples
    --------
    >>> import matplotlib.pyplot as plt, numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> X = np.array([[0.0, 0.1], [1.0, 1.2], [2.0, 1.9], [4.0, 4.1]])
    >>> y = np.array([0.1, 1.9, 4.1, 7.9])
    >>> post = br.sample(br.Model(likelihoods.Gaussian(0.5), priors.Gaussian(1.0)), X, y, seed=0)
    >>> ax = plots.joint(post)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('x0', 'x1')
    >>> plt.close(ax.figure)
    """
    data = joint_data(posterior, features, mode=mode)
    ax = open_axes(ax, 7.0, 4.6)
    tone = quiet(ax, "both")
    ax.axhline(0, color=tone.faint, linewidth=1.0, zorder=1)
    ax.axvline(0, color=tone.faint, linewidth=1.0, zorder=1)
    step = max(1, -(-data.draws.shape[0] // _DOTS))
    some = data.draws[::step]
    dots = ax.scatter(
        some[:, 0], some[:, 1], s=7, color=tone.color(0), alpha=0.25, linewidth=0, label="posterior draws"
    )
    handles: list[Any] = [dots]
    if data.contour is not None:
        handles += ax.plot(
            data.contour[:, 0],
            data.contour[:, 1],
            color=tone.ink,
            linewidth=1.3,
            label="prior density of the MAP",
        )
    handles.append(
        ax.scatter(
            [data.mean[0]],
            [data.mean[1]],
            s=60,
            marker="P",
            color=tone.paper,
            edgecolor=tone.ink,
            zorder=5,
            label="mean",
        )
    )
    if data.mode is not None:
        handles.append(
            ax.scatter(
                data.mode[0], data.mode[1], s=55, color=tone.color(1), edgecolor=tone.paper, zorder=6, label="MAP"
            )
        )
    ax.set_xlabel(column_name(data.names[0]))
    ax.set_ylabel(column_name(data.names[1]))
    ax.set_aspect("equal", adjustable="datalim")
    legend_outside(ax, handles)
    title(ax, f"Two coefficients together: correlation {data.correlation:.2f}")
    return ax


def _contour(mode: MapResult, pair: NDArray[np.intp]) -> Array | None:
    """Where the penalty of the two has its value at the mode; None where the prior has no such curve."""
    model = Model.from_json(mode.spec)
    prior = model.prior
    if not implements(prior, Penalised) or prior.hyperparameters() or model.standardize:
        return None
    unit = np.array(np.broadcast_to(np.asarray(prior.factor, dtype=float), mode.coef.size))
    penalty = penalty_of(prior, unit, resolve_relative_to(prior), 1.0 if mode.sigma is None else mode.sigma, {})
    if penalty.groups is not None or not np.all(penalty.penalised[pair]):
        return None
    loc = np.broadcast_to(np.asarray(prior.loc, dtype=float), mode.coef.size)[pair]
    l1, l2, d = penalty.l1[pair], penalty.l2[pair], mode.coef[pair] - loc
    value = float(l1 @ np.abs(d) + 0.5 * l2 @ d**2)
    return np.asarray(loc + penalty_contour(l1, l2, value, directions(360))) if value > 0 else None
