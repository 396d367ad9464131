r"""Two coefficients: the region that the penalty allows, and the loss ellipse that touches it at the MAP.

.. math:: \hat\beta = \arg\min_\beta \mathrm{RSS}(\beta) \ \text{subject to} \
          \Omega(\beta - \mathrm{loc}) \le \Omega(\hat\beta - \mathrm{loc})

where RSS has the intercept minimised out and is
:math:`\mathrm{RSS}_\min + (\beta - b)^T G (\beta - b)` around the least-squares estimate b.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError
from bayesreg.fit import find_map_of
from bayesreg.interfaces import implements
from bayesreg.likelihoods import Gaussian
from bayesreg.model import Model, bind
from bayesreg.plots.canvas import column_name, open_axes, quiet, title, tones
from bayesreg.plots.contours import directions, penalty_contour
from bayesreg.priors.base import Penalised

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Geometry:
    """The picture of a penalised least-squares problem with two coefficients, in original units.

    Parameters
    ----------
    names : tuple of str
        The two columns.
    map : array, shape (2,)
        Minimiser of RSS plus penalty.
    least_squares : array, shape (2,)
        Minimiser of RSS.
    loc : array, shape (2,)
        Location of the prior, the centre of the region.
    l1, l2 : array, shape (2,)
        Rates of the penalty, in nats at the model's noise level.
    budget : float
        Penalty of the MAP in nats, hence on all of the boundary.
    boundary : array, shape (m + 1, 2)
        The points whose penalty equals the budget, as a closed curve; the corners on the axes are among them.
    level : array, shape (q,)
        How much RSS exceeds its minimum on each ellipse, in squared units of y.
    ellipses : array, shape (q, m + 1, 2)
        Closed curves of those levels.
    touching : int
        The ellipse through the MAP.
    """

    names: tuple[str, ...]
    map: Array
    least_squares: Array
    loc: Array
    l1: Array
    l2: Array
    budget: float
    boundary: Array
    level: Array
    ellipses: Array
    touching: int


def geometry_data(model: Model, X: Any, y: Any, *, n_points: int = 360) -> Geometry:
    """Compute the region of the penalty through the MAP and the ellipses of the residual sum of squares.

    Parameters
    ----------
    model : Model
        Gaussian likelihood, and a prior that penalises both coefficients.
    X : array or frame, shape (n, 2)
    y : array, shape (n,)
    n_points : int, default 360
        Points of each curve, rounded up to a multiple of 4 so that the corners are among them.

    Returns
    -------
    Geometry

    Raises
    ------
    InputError
        If there are not two columns, they are collinear, the likelihood is not Gaussian, or a coefficient carries no
        penalty.
    NoMapError
        As `bayesreg.find_map`.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [4.0, 0.0]])
    >>> y = np.array([0.1, 0.9, 2.1, 3.9])
    >>> picture = plots.geometry_data(br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0)), X, y)
    >>> (picture.map != 0).tolist()
    [True, False]
    >>> bool(np.allclose(np.abs(picture.boundary).sum(axis=1), picture.budget))
    True
    """
    if isinstance(n_points, bool) or not isinstance(n_points, int | np.integer) or n_points < 4:
        raise InputError(f"n_points must be an integer of at least 4, got {n_points!r}.")
    problem = bind(model, X, y)
    if not isinstance(problem.likelihood, Gaussian):
        raise InputError(f"geometry needs a Gaussian likelihood, got {type(problem.likelihood).__name__}.")
    if problem.p != 2:
        raise InputError(f"geometry draws two coefficients, so X must have 2 columns; it has {problem.p}.")
    if not implements(problem.prior, Penalised) or problem.unpenalised.any():
        raise InputError("geometry needs a prior that penalises both coefficients; a free one has no bounded region.")
    found = find_map_of(problem)
    assert found.sigma is not None
    squares, penalty = problem.least_squares(found.sigma), problem.penalty(found.sigma)
    if penalty.groups is not None or penalty.positive is not None:
        raise InputError("geometry draws penalties of single coefficients without a sign constraint.")
    size = np.sqrt(np.diag(squares.gram))
    if size.min() == 0 or np.abs(squares.gram[0, 1]) / size.prod() > 1 - 1e-10:
        raise InputError("the two columns of X are collinear (or one is constant), so there are no loss ellipses.")
    A, b = squares.rows()
    center = problem.loc + np.linalg.lstsq(A, b)[0]
    d = found.coef - problem.loc
    budget = penalty.value(d)
    circle = directions(int(n_points))
    gap = float(np.sum((A @ (found.coef - center)) ** 2))
    level = gap * np.array([1 / 3, 2 / 3, 1.0, 4 / 3, 5 / 3]) ** 2
    # With G = LL', the points b + sqrt(level) L^-T u of a circle u have RSS at the level.
    unit_ellipse = np.linalg.solve(np.linalg.cholesky(squares.gram).T, circle.T).T
    return Geometry(
        names=problem.design.names,
        map=found.coef,
        least_squares=center,
        loc=problem.loc,
        l1=penalty.l1,
        l2=penalty.l2,
        budget=budget,
        boundary=problem.loc + penalty_contour(penalty.l1, penalty.l2, budget, circle),
        level=level,
        ellipses=center + np.sqrt(level)[:, None, None] * unit_ellipse,
        touching=2,
    )


def geometry(model: Model, X: Any, y: Any, ax: Axes | None = None) -> Axes:
    """Draw the penalty's region (l1: diamond, l2: disc, both: in between) and the loss ellipse that touches it.

    Parameters
    ----------
    model : Model
        Gaussian likelihood, and a prior that penalises both coefficients.
    X : array or frame, shape (n, 2)
    y : array, shape (n,)
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError, NoMapError
        As `geometry_data`.

    Examples
    --------
    >>> import matplotlib.pyplot as plt, numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [4.0, 0.0]])
    >>> y = np.array([0.1, 0.9, 2.1, 3.9])
    >>> ax = plots.geometry(br.Model(likelihoods.Gaussian(1.0), priors.Laplace(1.0)), X, y)
    >>> ax.get_xlabel(), ax.get_title(loc="left")
    ('coefficient of x0', 'l1 penalty (Laplace prior)')
    >>> plt.close(ax.figure)
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    picture = geometry_data(model, X, y)
    ax = open_axes(ax, 5.2, 5.0)
    tone = quiet(ax, "both")
    region, loss = tone.color(0), tone.color(1)
    ax.axhline(0, color=tone.faint, linewidth=1.0, zorder=1)
    ax.axvline(0, color=tone.faint, linewidth=1.0, zorder=1)
    ax.fill(*picture.boundary.T, facecolor=region, alpha=0.18, linewidth=0, zorder=2)
    ax.plot(*picture.boundary.T, color=region, linewidth=1.8, zorder=3)
    for index, ellipse in enumerate(picture.ellipses):
        strong = index == picture.touching
        ax.plot(*ellipse.T, color=loss, linewidth=1.8 if strong else 0.9, alpha=1.0 if strong else 0.45, zorder=3)
    ax.plot(*picture.least_squares, "+", color=loss, markersize=10, markeredgewidth=2, zorder=4)
    ax.plot(*picture.map, "o", color=tone.ink, markersize=7, zorder=5)
    _frame_picture(ax, picture)
    _name_points(ax, picture)
    handles = [
        Patch(facecolor=region, alpha=0.3, label="penalty at most the MAP's"),
        Line2D([], [], color=loss, label="equal residual sum of squares"),
    ]
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.13), "ncols": 2, "columnspacing": 1.2}
    ax.legend(handles=handles, frameon=False, fontsize="small", labelcolor=tone.ink, **below)
    ax.set_xlabel(f"coefficient of {column_name(picture.names[0])}")
    ax.set_ylabel(f"coefficient of {column_name(picture.names[1])}")
    kind = "elastic-net" if picture.l1.any() and picture.l2.any() else ("l1" if picture.l1.any() else "l2")
    title(ax, f"{kind} penalty ({type(model.prior).__name__} prior)")
    return ax


def _frame_picture(ax: Axes, picture: Geometry) -> None:
    """Limits that hold the region, both estimates and 0; equal units unless that would squash the picture."""
    # The least-squares point gets some of its inner ellipses to its outer side.
    beyond = picture.least_squares + 0.8 * (picture.least_squares - picture.map)
    corners = np.vstack([picture.boundary, picture.map, beyond, np.zeros(2)])
    low, high = corners.min(axis=0), corners.max(axis=0)
    if np.all(high == low):
        # Everything lies at 0, as with a response that the columns do not explain at all.
        low, high = low - 1.0, high + 1.0
    span = high - low
    if span.max() < 4 * span.min():
        low, high = (low + high - span.max()) / 2, (low + high + span.max()) / 2
        ax.set_aspect("equal")
    room = 0.12 * (high - low)
    ax.set_xlim(low[0] - room[0], high[0] + room[0])
    ax.set_ylim(low[1] - room[1], high[1] + room[1])


def _name_points(ax: Axes, picture: Geometry) -> None:
    """Name the two estimates, the higher one above and the lower one below, and say which coefficients are 0."""
    from matplotlib.patheffects import withStroke

    tone = tones(ax)
    zeros = [column_name(name) for name, value in zip(picture.names, picture.map, strict=True) if value == 0]
    said = "MAP" if not zeros else f"MAP: {' = '.join(zeros)} = 0"
    up = 1 if picture.map[1] > picture.least_squares[1] else -1
    # "least squares" also moves sideways, off the ellipse that runs between the two.
    aside = 12 if picture.least_squares[0] > picture.map[0] else -12
    for text, point, right, above in (
        ("least squares", picture.least_squares, aside, -up),
        (said, picture.map, 0, up),
    ):
        ax.annotate(
            text,
            (point[0], point[1]),
            xytext=(right, 9 * above),
            textcoords="offset points",
            ha="center",
            va="bottom" if above > 0 else "top",
            color=tone.ink,
            zorder=6,
            path_effects=[withStroke(linewidth=3, foreground=tone.paper)],
        )
