"""Linear combinations of coefficients, with their uncertainty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayesreg.errors import InputError
from bayesreg.intervals import interval
from bayesreg.results import MapResult

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Array = NDArray[np.float64]

INTERCEPT = "intercept"


def contrast(
    fit: xr.DataTree | MapResult,
    weights: Mapping[str, Any] | ArrayLike,
    *,
    rope: float | None = None,
    ci_prob: float | None = None,
) -> pd.DataFrame:
    """Estimate contrasts a'β: differences, sums and other linear combinations of coefficients.

    Parameters
    ----------
    fit : xarray.DataTree or MapResult
        What `sample` or `find_map` returned, or the ``posterior`` of a `select`.
    weights : mapping or array
        One contrast as ``{column: weight}``, several as ``{label: {column: weight}}`` (``"intercept"`` counts as a
        column, where none has that name), or an array of shape (p,) or (k, p). A pandas Series with names is the
        first; a DataFrame is the second, with the columns of X as its index (one contrast a column) or, above plain row
        numbers, as its columns (one a row).
    rope : float, optional
        Adds the probability that the contrast lies within ±rope.
    ci_prob : float, optional
        Probability inside the interval; ArviZ's ``stats.ci_prob`` by default.

    Returns
    -------
    pandas.DataFrame
        One row a contrast: posterior ``mean``, ``sd``, ``lower``, ``upper`` (interval as ArviZ is set),
        ``sign_probability`` (of the likelier sign) and, with rope, ``equivalence``. A MAP has one column, ``map``.

    Raises
    ------
    InputError
        For another fit, an unknown column or weights of the wrong shape.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, priors
    >>> X = np.random.default_rng(0).standard_normal((50, 2))
    >>> y = X @ [2.0, 1.0]
    >>> post = br.sample(br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(10.0)), X, y, draws=50, seed=1)
    >>> table = br.contrast(post, {"x0 - x1": {"x0": 1, "x1": -1}, "mean": {"x0": 0.5, "x1": 0.5}})
    >>> table["mean"].round(0).to_dict()
    {'x0 - x1': 1.0, 'mean': 2.0}
    """
    import pandas as pd

    if not isinstance(fit, MapResult) and not _has_coefficients(fit):
        raise InputError(f"contrast needs what br.sample or br.find_map returns, got {type(fit).__name__}.")
    names = fit.names if isinstance(fit, MapResult) else tuple(map(str, fit["posterior"]["feature"].to_numpy()))
    labels, A = _read(weights, names)
    index = pd.Index(labels, name="contrast")
    if isinstance(fit, MapResult):
        if rope is not None or ci_prob is not None:
            raise InputError("a MAP is one point: rope= and ci_prob= are for posteriors, from br.sample.")
        return pd.DataFrame({"map": A @ np.append(fit.intercept, fit.coef)}, index=index)
    group = fit["posterior"]
    values = group["coef"].to_numpy() @ A[:, 1:].T
    if INTERCEPT in group:
        values = values + group[INTERCEPT].to_numpy()[..., None] * A[:, 0]
    lower, upper = interval(values, ci_prob)
    sign = np.maximum((values > 0).mean((0, 1)), (values < 0).mean((0, 1)))
    columns = {"mean": values.mean((0, 1)), "sd": values.std((0, 1), ddof=1), "lower": lower, "upper": upper}
    columns["sign_probability"] = sign
    if rope is not None:
        if not isinstance(rope, int | float | np.number) or not rope >= 0:
            raise InputError(f"rope must be a number of at least 0, in the unit of the contrast, got {rope!r}.")
        columns["equivalence"] = (np.abs(values) <= rope).mean((0, 1))
    return pd.DataFrame(columns, index=index)


def _has_coefficients(fit: Any) -> bool:
    """Whether this is a tree of named coefficients: a posterior, or its projection."""
    import xarray as xr

    if not isinstance(fit, xr.DataTree) or "posterior" not in fit.children:
        return False
    return "coef" in fit["posterior"].data_vars and "feature" in fit["posterior"].coords


def _read(weights: Mapping[str, Any] | ArrayLike, names: tuple[str, ...]) -> tuple[list[str], Array]:
    """Return labels, and the weights of the intercept and of every column, shape (k, 1 + p)."""
    import pandas as pd

    # Numbers with names of their own belong to the columns of those names, in whatever order.
    if isinstance(weights, pd.DataFrame) and isinstance(weights.index, pd.RangeIndex):
        weights = weights.T
    if isinstance(weights, pd.Series | pd.DataFrame) and not isinstance(weights.index, pd.RangeIndex):
        weights = weights.to_dict()
    if isinstance(weights, Mapping):
        if not weights:
            raise InputError("weights is empty; give for example {'x0': 1, 'x1': -1}.")
        several = all(isinstance(value, Mapping) for value in weights.values())
        A = np.stack([_row(row, names) for row in (weights.values() if several else [weights])])
        return list(map(str, weights)) if several else [_label(weights)], A
    A = np.atleast_2d(_numbers(weights))
    if A.ndim != 2 or A.shape[1] != len(names) or not len(A):
        raise InputError(f"weights has shape {np.shape(weights)}; it must be ({len(names)},) or (k, {len(names)}).")
    labels = [_label(dict(zip(names, row, strict=True))) for row in A]
    return labels, np.column_stack([np.zeros(len(A)), A])


def _row(weights: Mapping[str, Any], names: tuple[str, ...]) -> Array:
    row = np.zeros(1 + len(names))
    for name, value in weights.items():
        # The names of a frame's columns may be numbers, which a fit keeps as text.
        text, number = str(name), _numbers(value)
        if number.ndim:
            raise InputError(f"the weight of {name!r} must be one number, got {value!r}.")
        if text in names:
            row[1 + names.index(text)] = number
        elif text == INTERCEPT:
            row[0] = number
        else:
            shown = ", ".join(map(repr, names[:8])) + (", ..." if len(names) > 8 else "")
            raise InputError(f"weights names {name!r}, which is no column of the fit: {shown}.")
    return row


def _numbers(value: Any) -> Array:
    try:
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(f"weights must be numbers, got {value!r}.") from error
    if not np.all(np.isfinite(numbers)):
        raise InputError(f"weights must be finite numbers, got {value!r}.")
    return numbers


def _label(weights: Mapping[str, Any]) -> str:
    """The combination as a person would write it, cut where it is long."""
    terms = [(name, float(_numbers(value))) for name, value in weights.items() if np.any(_numbers(value))]
    words = ""
    for name, value in terms[:6]:
        size = "" if abs(value) == 1 else f"{abs(value):g} "
        sign = ("-" if value < 0 else "") if not words else (" - " if value < 0 else " + ")
        words += f"{sign}{size}{name}"
    return (words or "0") + (" + ..." if len(terms) > 6 else "")
