"""The curve over the strength of the shrinkage, with its error and what was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError
from bayesreg.plots.canvas import open_axes, quiet, span_x, title, upper_axis
from bayesreg.tuning import TuneResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TuningCurve:
    """A tuned strength, ready to draw.

    Parameters
    ----------
    strength : array, shape (k,)
        Strongest first; points without a value are left out.
    value, lower, upper : array, shape (k,)
        The curve, and it less and plus one standard error.
    best : tuple of float
        (strength, value) of the choice.
    one_se : tuple of float, or None
        The same of the one-standard-error rule.
    interval : tuple of float, or None
        Credible interval of the strength.
    ci_prob : float
        Probability inside it; NaN without one.
    df_at : array of int, shape (q,)
        Points about evenly spaced along the axis: where to tell the degrees of freedom.
    df : array, shape (k,), or None
        Degrees of freedom.
    measure : str
        What the value is.
    method : str
        How it was tuned.
    """

    strength: Array
    value: Array
    lower: Array
    upper: Array
    best: tuple[float, float]
    one_se: tuple[float, float] | None
    interval: tuple[float, float] | None
    ci_prob: float
    df_at: NDArray[np.intp]
    df: Array | None
    measure: str
    method: str


def tuning_data(result: TuneResult) -> TuningCurve:
    """Arrange a tuned strength for drawing.

    Parameters
    ----------
    result : TuneResult
        From `bayesreg.tune`.

    Returns
    -------
    TuningCurve

    Raises
    ------
    InputError
        If ``result`` is something else, or has no value at all.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> X = np.array([[0.0], [1.0], [2.0], [4.0], [5.0]])
    >>> y = np.array([0.1, 0.9, 2.1, 3.9, 5.2])
    >>> ridge = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0))
    >>> curve = plots.tuning_data(br.tune(ridge, X, y, method="alo", strengths=[10.0, 1.0, 0.1]))
    >>> curve.strength.tolist(), curve.best[0]
    ([10.0, 1.0, 0.1], 0.1)
    """
    if not isinstance(result, TuneResult):
        raise InputError(f"result must be a result of tune, got {type(result).__name__}.")
    on = np.isfinite(result.value)
    if not on.any():
        raise InputError("result has no value at any strength, so there is no curve to draw.")
    strength, value = result.strength[on], result.value[on]
    se = np.where(np.isfinite(result.se[on]), result.se[on], 0.0)
    place = np.log(strength)
    even = np.linspace(place[0], place[-1], min(7, place.size))

    def point(at: float) -> tuple[float, float]:
        # The median of a posterior need not be a point of its grid.
        return at, float(np.interp(np.log(at), place[::-1], value[::-1]))

    interval = result.details.get("interval")
    df = result.df[on] if result.df is not None and np.all(np.isfinite(result.df[on])) else None
    return TuningCurve(
        strength=strength,
        value=value,
        lower=value - se,
        upper=value + se,
        best=point(result.best),
        one_se=None if result.one_se is None else point(result.one_se),
        interval=None if interval is None else (float(interval[0]), float(interval[1])),
        ci_prob=float(result.details.get("ci_prob", np.nan)),
        df_at=np.unique(np.abs(place[:, None] - even).argmin(axis=0)),
        df=df,
        measure=result.measure,
        method=result.method,
    )


def tuning(result: TuneResult, ax: Axes | None = None) -> Axes:
    """Draw the curve over the strength, strongest at the left, with a band of one standard error.

    A line marks the chosen strength and a dashed one that of the one-standard-error rule; the credible interval of a
    strength with a posterior is shaded. The upper axis tells the degrees of freedom.

    Parameters
    ----------
    result : TuneResult
        From `bayesreg.tune`.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        As `tuning_data`.

    Examples
    --------
    >>> import matplotlib.pyplot as plt, numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, plots, priors
    >>> X = np.array([[0.0], [1.0], [2.0], [4.0], [5.0]])
    >>> y = np.array([0.1, 0.9, 2.1, 3.9, 5.2])
    >>> ridge = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0))
    >>> ax = plots.tuning(br.tune(ridge, X, y, method="alo"))
    >>> bool(ax.xaxis_inverted())
    True
    >>> plt.close(ax.figure)
    """
    curve = tuning_data(result)
    ax = open_axes(ax, 7.0, 4.4)
    ax.set_xscale("log")
    tone = quiet(ax, "y")
    if curve.interval is not None:
        ax.axvspan(
            *curve.interval, color=tone.color(4), alpha=0.15, linewidth=0, label=f"{100 * curve.ci_prob:g} % interval"
        )
    if np.any(curve.upper > curve.lower):
        within: dict[str, Any] = {"alpha": 0.2, "linewidth": 0, "label": "± 1 standard error"}
        ax.fill_between(curve.strength, curve.lower, curve.upper, color=tone.color(0), **within)
    marker = "o" if curve.strength.size <= 20 else None
    ax.plot(curve.strength, curve.value, color=tone.color(0), linewidth=1.8, marker=marker, markersize=4)
    chosen = [("posterior median" if curve.interval else "best", curve.best, "-")]
    if curve.one_se is not None and curve.one_se != curve.best:
        chosen.append(("1-SE rule", curve.one_se, "--"))
    for word, (strength, value), style in chosen:
        label = f"{word}: {strength:.3g}"
        ax.axvline(strength, color=tone.color(1), linewidth=1.2, linestyle=style, label=label, zorder=1)
        ax.plot([strength], [value], color=tone.color(1), marker="o", markersize=6, linestyle="none", zorder=4)
    span_x(ax, curve.strength[0], curve.strength[-1])
    if curve.df is not None and np.ptp(curve.df):
        words = "effective number of parameters" if curve.method == "loo" else "degrees of freedom of the MAP"
        upper_axis(ax, curve.strength[curve.df_at], [f"{df:.3g}" for df in curve.df[curve.df_at]], words)
    ax.set_xlabel("strength of the penalty, in multiples of the model's own (strongest at the left)")
    ax.set_ylabel(fill(curve.measure, 48))
    # The lines of the choice may run behind it.
    ax.legend(fontsize="small", labelcolor=tone.ink, facecolor=tone.paper, edgecolor="none", framealpha=0.85)
    title(ax, f"Strength of the shrinkage, by {curve.method}")
    return ax
