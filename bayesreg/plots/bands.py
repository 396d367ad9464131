"""The path with its posterior: the MAP of the largest coefficients, a ribbon around each, and the learned strength."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError
from bayesreg.plots.canvas import N_COLORS, column_name, legend_outside, open_axes, quiet, span_x, title
from bayesreg.plots.rows import check_limit
from bayesreg.tuning import PathPosterior, TuneResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

# Height of the learned strength's density, as a share of the axes.
_HEIGHT = 0.16
# Where it is lower than this share of its peak nobody can see it.
_VISIBLE = 0.01


@dataclass(frozen=True, eq=False)
class PathBands:
    """Ribbons, ready to draw.

    Parameters
    ----------
    strength : array, shape (k,)
        Strongest first.
    names : tuple of str
        Coefficients, the one largest at the weakest penalty first.
    mode, mean, lower, upper : array, shape (k, m)
        Of those coefficients.
    ci_prob : float
        Probability inside the ribbons.
    learned, density : array, shape (g,), or None
        Strengths and the posterior density of their logarithm, largest 1.
    """

    strength: Array
    names: tuple[str, ...]
    mode: Array
    mean: Array
    lower: Array
    upper: Array
    ci_prob: float
    learned: Array | None
    density: Array | None


def path_bands_data(
    result: PathPosterior, *, learned: TuneResult | None = None, max_features: int | None = N_COLORS
) -> PathBands:
    """Arrange a path and its posterior for drawing.

    Parameters
    ----------
    result : PathPosterior
        From `bayesreg.path_posterior`.
    learned : TuneResult, optional
        From ``tune(model, X, y, method="bayes")`` with the same model: the posterior of the strength.
    max_features : int or None, default 7
        How many coefficients to keep, the largest at the weakest penalty; None keeps all.

    Returns
    -------
    PathBands

    Raises
    ------
    InputError
        If one of them is something else.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [4.0, 0.0]])
    >>> y = np.array([0.1, 0.9, 2.1, 3.9])
    >>> model = br.Model(likelihoods.Gaussian(0.5), priors.Gaussian(1.0))
    >>> plots.path_bands_data(br.path_posterior(model, X, y, n_points=3), max_features=1).names
    ('x0',)
    """
    if not isinstance(result, PathPosterior):
        raise InputError(f"result must be that of path_posterior, got {type(result).__name__}.")
    check_limit(max_features)
    at, density = None, None
    if learned is not None:
        if not isinstance(learned, TuneResult) or learned.method != "bayes":
            raise InputError("learned must be a result of tune(..., method='bayes').")
        at, density = learned.strength, learned.value / learned.value.max()
    largest = np.argsort(-np.abs(result.mean[-1]), kind="stable")[:max_features]
    # In the order of the columns, so that a column keeps its colour in the paths of other models.
    kept = np.sort(largest)
    return PathBands(
        strength=result.strength,
        names=tuple(result.path.names[j] for j in kept),
        mode=result.path.coef[:, kept],
        mean=result.mean[:, kept],
        lower=result.lower[:, kept],
        upper=result.upper[:, kept],
        ci_prob=result.ci_prob,
        learned=at,
        density=density,
    )


def path_bands(
    result: PathPosterior,
    ax: Axes | None = None,
    *,
    learned: TuneResult | None = None,
    max_features: int | None = N_COLORS,
) -> Axes:
    """Draw the MAP (line), the posterior mean (dots) and its interval (ribbon) of coefficients along the penalty.

    Parameters
    ----------
    result : PathPosterior
        From `bayesreg.path_posterior`.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    learned : TuneResult, optional
        From ``tune(model, X, y, method="bayes")`` with the same model: its strength's posterior stands at the foot.
    max_features : int or None, default 7
        As for `path_bands_data`.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        As `path_bands_data`.

    Examples
    --------
    >>> import matplotlib.pyplot as plt, numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [4.0, 0.0]])
    >>> y = np.array([0.1, 0.9, 2.1, 3.9])
    >>> model = br.Model(likelihoods.Gaussian(0.5), priors.Gaussian(1.0))
    >>> ax = plots.path_bands(br.path_posterior(model, X, y, n_points=20))
    >>> len(ax.collections)  # a ribbon each
    2
    >>> plt.close(ax.figure)
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    data = path_bands_data(result, learned=learned, max_features=max_features)
    ax = open_axes(ax, 7.8, 4.8)
    ax.set_xscale("log")
    tone = quiet(ax, "y")
    ax.axhline(0, color=tone.faint, linewidth=1.0, zorder=1)
    handles: list[Any] = []
    for j, name in enumerate(data.names):
        shade = tone.color(j)
        ax.fill_between(data.strength, data.lower[:, j], data.upper[:, j], color=shade, alpha=0.16, linewidth=0)
        ax.plot(data.strength, data.mode[:, j], color=shade, linewidth=1.8)
        ax.plot(data.strength, data.mean[:, j], color=shade, linewidth=1.4, linestyle=(0, (1, 1.6)))
        handles.append(Line2D([], [], color=shade, linewidth=1.8, label=column_name(name)))
    ends = [data.strength[0], data.strength[-1]]
    if data.learned is not None and data.density is not None:
        # A strength learned beyond the path must be seen too.
        likely = data.learned[data.density > _VISIBLE]
        ends = [max(ends[0], likely.max()), min(ends[1], likely.min())]
        foot = ax.get_xaxis_transform()
        ax.fill_between(data.learned, _HEIGHT * data.density, color=tone.ink, alpha=0.25, linewidth=0, transform=foot)
        handles.append(Patch(color=tone.ink, alpha=0.25, label="learned strength"))
    span_x(ax, *ends)
    handles += [
        Line2D([], [], color=tone.ink, linewidth=1.8, label="MAP"),
        Line2D([], [], color=tone.ink, linewidth=1.4, linestyle=(0, (1, 1.6)), label="posterior mean"),
        Patch(color=tone.ink, alpha=0.16, label=f"{100 * data.ci_prob:g} % interval"),
    ]
    legend_outside(ax, handles)
    ax.set_xlabel("strength of the penalty, in multiples of the model's own (strongest at the left)")
    ax.set_ylabel("coefficient (per unit of the feature)")
    title(ax, "Coefficients along the penalty: mode and posterior")
    return ax
