"""What `tune` returns: the curve over strengths, the choice, and the model that it gives."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.errors import InputError
from bayesreg.model import Model
from bayesreg.tuning.strengths import at_strength

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Array = NDArray[np.float64]

# Rows of the curve that are printed.
_SHOWN = 12


@dataclass(frozen=True, eq=False, repr=False)
class TuneResult:
    """A curve over the strength of the shrinkage and what was chosen from it.

    Parameters
    ----------
    method : str
        "cv", "alo", "loo", "evidence" or "bayes".
    measure : str
        What ``value`` is, in words.
    larger_is_better : bool
        Whether the best strength has the largest value, or the smallest.
    strength : array, shape (k,)
        Multiplier of the penalty of the model given, strongest first.
    value, se : array, shape (k,)
        The curve and its standard error; NaN where it could not be computed. The error is 0 or that of quadrature
        where the curve is exact.
    best : float
        The chosen strength.
    one_se : float or None
        The strongest penalty whose value lies within one standard error of the best; None where that rule makes no
        sense (evidence, full Bayes).
    df : array, shape (k,), or None
        Degrees of freedom of the MAP, or the effective number of parameters p_loo of a posterior.
    base : Model
        The model that strength 1 stands for.
    penalties : mapping of str to dict
        The penalty of ``model`` in other libraries' parameters, by the row of `penalty_for`, with the quantile or the
        threshold of the loss. With ``standardize`` they
        belong to standardised columns.
    notes : tuple of str
        What to know about the curve.
    details : mapping of str to array
        What else the method knows: ``folds`` (k, K), the score of each fold; ``pareto_k`` (k,), the largest of each
        posterior; ``interval`` (2,), the credible interval of the strength, and its ``ci_prob`` ().
    posterior : xarray.DataTree or None
        Of ``method="bayes"``: the draws, strength and coefficients together.
    """

    method: str
    measure: str
    larger_is_better: bool
    strength: Array
    value: Array
    se: Array
    best: float
    one_se: float | None
    df: Array | None
    base: Model
    penalties: Mapping[str, dict[str, Any]]
    notes: tuple[str, ...] = ()
    details: Mapping[str, Array] = field(default_factory=dict)
    posterior: xr.DataTree | None = None

    @property
    def model(self) -> Model:
        """The model at the best strength, ready for `find_map` and `sample`."""
        return self.model_at(self.best)

    @property
    def one_se_model(self) -> Model | None:
        """The model of the one-standard-error rule."""
        return None if self.one_se is None else self.model_at(self.one_se)

    def model_at(self, strength: float) -> Model:
        """Return the model with its penalty multiplied by a strength.

        Parameters
        ----------
        strength : float
            Positive.

        Raises
        ------
        InputError
            If it is no positive finite number.
        """
        number = isinstance(strength, int | float | np.number) and not isinstance(strength, bool)
        if not number or not 0 < strength < np.inf:
            raise InputError(f"strength must be a positive finite number, got {strength!r}.")
        return at_strength(self.base, float(strength))

    def with_penalties(self, penalties: Mapping[str, dict[str, Any]]) -> TuneResult:
        """Return the same result with these penalties of other libraries."""
        return replace(self, penalties=penalties)

    def to_frame(self) -> pd.DataFrame:
        """Return the curve: one row a strength, ``value``, ``se``, ``df`` where known, and what was ``chosen``."""
        import pandas as pd

        columns: dict[str, Any] = {"value": self.value, "se": self.se}
        if self.df is not None:
            columns["df"] = self.df
        if "pareto_k" in self.details:
            columns["pareto_k"] = self.details["pareto_k"]
        columns["chosen"] = [self._word(s) for s in self.strength]
        return pd.DataFrame(columns, index=pd.Index(self.strength, name="strength"))

    def _word(self, strength: float) -> str:
        words = ["best"] if strength == self.best else []
        words += ["1-SE"] if strength == self.one_se else []
        return ", ".join(words)

    def _head(self) -> list[str]:
        at = int(np.argmin(np.abs(np.log(self.strength / self.best))))
        lines = [
            f"tuned by {self.method}: {self.measure}, {'largest' if self.larger_is_better else 'smallest'} is best"
        ]
        said = f"best strength {self.best:.4g}: {self.value[at]:.6g} (se {self.se[at]:.2g})"
        if "interval" in self.details:
            low, high = self.details["interval"]
            inside = 100 * float(self.details["ci_prob"])
            said = f"strength {self.best:.4g} (posterior median), {inside:g} % interval {low:.4g} to {high:.4g}"
        lines.append(said + ("" if self.one_se is None else f"; within one se up to {self.one_se:.4g}"))
        lines.append(f"model.prior: {self.model.prior!r}")
        for name, values in self.penalties.items():
            given = ", ".join(f"{key}={_number(value)}" for key, value in values.items())
            said = " on standardised columns" if self.base.standardize else ""
            lines.append(f"as {name}({given}){said}" + ("" if self.base.fit_intercept else ", without an intercept"))
        return lines

    def _shown(self) -> pd.DataFrame:
        """The rows of the curve that are printed: about evenly spaced ones and the chosen."""
        keep = {int(i) for i in np.linspace(0, self.strength.size - 1, min(_SHOWN, self.strength.size))}
        keep |= {int(i) for i in np.flatnonzero((self.strength == self.best) | (self.strength == (self.one_se or 0.0)))}
        return self.to_frame().iloc[sorted(keep)]

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        shown = self._shown()
        lines = [*self._head(), shown.to_string(float_format=lambda number: f"{number:.5g}")]
        if len(shown) < self.strength.size:
            lines.append(f"({len(shown)} of {self.strength.size} strengths; to_frame() has all)")
        return "\n".join(lines + [f"note: {note}" for note in self.notes])

    def _repr_html_(self) -> str:
        head = "<br>".join(html.escape(line) for line in self._head())
        notes = "".join(f"<p>note: {html.escape(note)}</p>" for note in self.notes)
        # pandas escapes what stands in the cells.
        return f"<div><p>{head}</p>{self._shown().to_html()}{notes}</div>"


def _number(value: Any) -> str:
    if isinstance(value, bool | str) or value is None:
        return repr(value)
    return f"{value:.6g}" if np.ndim(value) == 0 else f"[{np.size(value)} numbers]"


def strongest_within_one_se(strength: Array, loss: Array, se: Array) -> float | None:
    """The strongest penalty whose loss is at most that of the best and its standard error; None without one."""
    usable = np.isfinite(loss)
    best = int(np.nanargmin(loss))
    if not np.isfinite(se[best]):
        return None
    return float(strength[usable & (loss <= loss[best] + se[best])].max())


def edge_note(strength: Array, best: float) -> tuple[str, ...]:
    """What to say where the best strength is the first or the last of the grid."""
    if strength.size > 1 and best in (strength[0], strength[-1]):
        end, word = ("strongest", "larger") if best == strength[0] else ("weakest", "smaller")
        return (f"the best strength is the {end} of the grid: give strengths= that reach {word} values.",)
    return ()
