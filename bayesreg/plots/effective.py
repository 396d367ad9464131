"""How many coefficients a posterior really uses: the distribution of the effective number, one histogram a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.plots.canvas import legend_outside, open_axes, plain, quiet, title
from bayesreg.plots.rows import named_trees
from bayesreg.shrinkage_factors import shrinkage as factors_of

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

_BINS = 40


def effective_data(posteriors: Mapping[str, xr.DataTree] | xr.DataTree) -> dict[str, Array]:
    """Collect the effective number of coefficients of each draw.

    Parameters
    ----------
    posteriors : dict of label to DataTree, or DataTree
        Results of `bayesreg.sample`.

    Returns
    -------
    dict of label to array, shape (m,)
        tr[(G + Q)⁻¹ G] of evenly spaced draws (Piironen & Vehtari, 2017); one number where all have the same.

    Raises
    ------
    InputError
        As `bayesreg.shrinkage`.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> X = np.array([[-1.0], [-1.0], [0.0], [1.0], [1.0]])
    >>> post = br.sample(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0)), X, X[:, 0], seed=0)
    >>> plots.effective_data(post)["posterior"].round(3).tolist()  # 4 / (4 + 1)
    [0.8]
    """
    return {label: factors_of(tree).effective_draws for label, tree in named_trees(posteriors).items()}


def effective(posteriors: Mapping[str, xr.DataTree] | xr.DataTree, ax: Axes | None = None) -> Axes:
    """Draw the distribution of the effective number of coefficients under each model, its mean as a line.

    Parameters
    ----------
    posteriors : dict of label to DataTree, or DataTree
        Results of `bayesreg.sample`.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        As `bayesreg.shrinkage`.

    Examples
    --------
    >>> import matplotlib.pyplot as plt, numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> X = np.array([[-1.0], [-1.0], [0.0], [1.0], [1.0]])
    >>> post = br.sample(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0)), X, X[:, 0], seed=0)
    >>> ax = plots.effective({"ridge": post})
    >>> ax.get_xlabel()
    'effective number of coefficients'
    >>> plt.close(ax.figure)
    """
    numbers = effective_data(posteriors)
    ax = open_axes(ax, 7.0, 3.8)
    tone = quiet(ax, "y")
    spread = [values for values in numbers.values() if np.ptp(values) > 0]
    edges = np.histogram_bin_edges(np.concatenate(spread), _BINS) if spread else None
    handles: list[Any] = []
    for k, (label, values) in enumerate(numbers.items()):
        shade = tone.color(k)
        if edges is not None and np.ptp(values) > 0:
            ax.hist(values, bins=edges.tolist(), density=True, color=shade, alpha=0.35)
        mean = float(values.mean())
        handles.append(ax.axvline(mean, color=shade, linewidth=1.8, label=f"{plain(label)}: {mean:.2f}"))
    ax.set_xlabel("effective number of coefficients")
    ax.set_ylabel("posterior density")
    ax.yaxis.label.set_color(tone.ink)
    legend_outside(ax, handles)
    title(ax, "How many coefficients the posterior uses")
    return ax
