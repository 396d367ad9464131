"""What a recommendation is: a model, its strength and the reasons."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from bayesreg.guide.rule_of_thumb import RuleOfThumb
from bayesreg.guide.strength import Strength
from bayesreg.model import Model

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


@dataclass(frozen=True, eq=False, repr=False)
class Recommendation:
    """A model to fit, and why.

    Parameters
    ----------
    model : Model
        Likelihood and prior, on standardised columns, its scale learned (or chosen, where nothing was sampled).
    strength : Strength
        The scale that was learned or chosen, and what it is in scikit-learn.
    penalty : RuleOfThumb
        Which penalty to take where a point estimate is wanted, given what was found.
    reasons : tuple of str
        In words, with the numbers.
    comparison : pandas.DataFrame
        The models that were tried, best first: ``elpd`` with ``se``, ``difference`` to the best with its own.
    measures : pandas.DataFrame
        What was measured, by name.
    posterior : xarray.DataTree or None
        The recommended model's short run; sample ``model`` for a longer one. None where X is sparse and too large to be
        sampled: ``model`` is then one for `find_map`, its numbers known.
    """

    model: Model
    strength: Strength
    penalty: RuleOfThumb
    reasons: tuple[str, ...]
    comparison: pd.DataFrame
    measures: pd.DataFrame
    posterior: xr.DataTree | None

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of ``measures``."""
        return self.measures.copy()

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        lines = [f"prior: {self.model.prior!r}, on standardised columns"]
        lines += [
            f"likelihood: {self.model.likelihood!r}",
            f"strength: {self.strength}",
            f"as a penalty: {self.penalty}",
            "because",
        ]
        lines += [f"  * {reason}" for reason in self.reasons]
        return "\n".join([*lines, self.comparison.to_string(float_format=lambda value: f"{value:.2f}")])

    def _repr_html_(self) -> str:
        head = f"<p><b>{escape(repr(self.model.prior))}</b>, on standardised columns; "
        head += escape(repr(self.model.likelihood))
        rest = f"<br>strength: {escape(str(self.strength))}<br>as a penalty: {escape(str(self.penalty))}</p>"
        items = "".join(f"<li>{escape(reason)}</li>" for reason in self.reasons)
        return f"{head}{rest}<ul>{items}</ul>{self.comparison.to_html(float_format=lambda value: f'{value:.2f}')}"
