"""What a selection returns."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.model import Model

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from bayesreg.selection.estimator import SelectedClassifier, SelectedRegressor

Array = NDArray[np.float64]

_SHOWN = 15


@dataclass(frozen=True, eq=False, repr=False)
class Selection:
    """Columns that predict as the whole posterior does, or nearly, and the submodel that they make.

    Parameters
    ----------
    method : {"projection", "dss", "savs", "interval", "sign"}
    chosen : tuple of str
        Names of the chosen columns, in the order in which they entered.
    rule : str
        Why these, in words with the numbers.
    path : pandas.DataFrame
        One row a size from 0 on, by ``size``: ``columns`` (what changed from the row above), ``explained`` with
        ``explained_lower`` and ``explained_upper`` (posterior mean and interval of the share of the variance that the
        submodel explains), ``kl`` (mean divergence from the reference, nats a row); given X, ``elpd`` and ``elpd_diff``
        to the reference with their standard errors; for "dss" its ``penalty``.
    supports : tuple of tuple of str
        The columns at each row of ``path``.
    reference : dict of str to float
        The same measures of the whole posterior: ``explained``, and ``elpd`` with ``elpd_se``.
    features : pandas.DataFrame
        One row a column of X: ``chosen``, ``coef`` (the submodel's point estimate, exactly 0 where not chosen),
        ``mean`` (of the whole posterior), ``rank`` (at which it entered, NaN for never), and what the method looked at.
    intercept : float
        Of the point estimate.
    posterior : xarray.DataTree
        The projected posterior: ``coef`` (chain, draw, feature) of the chosen columns, ``intercept``, ``sigma``.
    model : Model
        The model that was selected from.
    options : dict
        The arguments of `select`, for a refit.
    """

    method: str
    chosen: tuple[str, ...]
    rule: str
    path: pd.DataFrame
    supports: tuple[tuple[str, ...], ...]
    reference: dict[str, float]
    features: pd.DataFrame
    intercept: float
    posterior: xr.DataTree
    model: Model
    options: dict[str, Any]

    @property
    def size(self) -> int:
        """Number of chosen columns."""
        return len(self.chosen)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns."""
        return tuple(self.features.index)

    @property
    def coef(self) -> Array:
        """Point estimate of all p coefficients, exactly 0 where not chosen."""
        return np.array(self.features["coef"], dtype=float)

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of ``features``: one row a column of X."""
        return self.features.copy()

    def estimator(self) -> SelectedRegressor | SelectedClassifier:
        """Return the chosen submodel as a fitted scikit-learn estimator that takes all columns of X.

        It predicts without another fit. Its ``fit`` repeats everything on new data (sample, search, project), so that
        cross-validating it measures the whole procedure.
        """
        from bayesreg.selection.estimator import fitted

        return fitted(self)

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        lines = [f"{self.size} of {len(self.features)} columns by {self.method}: {self._names()}", self.rule]
        table, more = self._table()
        lines.append(table.to_string(float_format=lambda value: f"{value:.5g}"))
        return "\n".join(lines + more)

    def _repr_html_(self) -> str:
        table, more = self._table()
        head = f"<p><b>{self.size} of {len(self.features)} columns by {self.method}</b>: {escape(self._names())}</p>"
        body = table.to_html(float_format=lambda value: f"{value:.5g}", escape=True)
        return f"{head}<p>{escape(self.rule)}</p>{body}{''.join(f'<p>{escape(line)}</p>' for line in more)}"

    def _names(self) -> str:
        shown = ", ".join(self.chosen[:_SHOWN])
        left = self.size - _SHOWN
        return (shown or "none") + (f" and {left} more" if left > 0 else "")

    def _table(self) -> tuple[pd.DataFrame, list[str]]:
        """The rows up to a little beyond the chosen size, and a line about the others."""
        upto = max(_SHOWN, int(np.argmax(self.path.index.to_numpy() >= self.size)) + 2)
        left = len(self.path) - upto
        more = [f"... and {left} more sizes" if left > 0 else "", self._whole()]
        return self.path.iloc[:upto], [line for line in more if line]

    def _whole(self) -> str:
        said = f"reference: explained {self.reference['explained']:.4g}"
        return said + (f", elpd {self.reference['elpd']:.4g}" if "elpd" in self.reference else "")
