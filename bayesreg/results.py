"""What a MAP search returns."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.certificate import Certificate
from bayesreg.errors import InputError
from bayesreg.likelihoods import Likelihood
from bayesreg.numerics.lasso_knots import Knots

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

# Terms that are printed, the intercept first; a frame has all.
_SHOWN = 31


@dataclass(frozen=True, eq=False, repr=False)
class MapResult:
    """The posterior mode of a model, in the original units of X and y.

    Parameters
    ----------
    coef : array, shape (p,)
        Coefficients; those that an l1 penalty removes are exactly 0.
    intercept : float
        0.0 without an intercept in the model.
    sigma : float or None
        Noise level: the known one, or the joint mode of a learned one. None where the likelihood has none.
    certificate : Certificate
        Relative gap, KKT cosine and uniqueness of the coefficients at that noise level.
    engine : str
        Which engine found it.
    n_iter : int
        Cycles or Newton steps, 0 for a closed form.
    names : tuple of str
        Column names.
    measure : str
        What the density is with respect to.
    notes : tuple of str
        Choices made on the way, in words.
    likelihood : Likelihood
        For predictions.
    write_spec : callable
        Returns the model as JSON.
    density : callable or None
        Returns the log posterior density at the mode; None in a copy that has its value.
    dual : array, shape (n,), or None
        Multiplier theta of the rows, where the loss has kinks: what certifies the mode.
    """

    coef: Array
    intercept: float
    sigma: float | None
    certificate: Certificate
    engine: str
    n_iter: int
    names: tuple[str, ...]
    measure: str
    notes: tuple[str, ...]
    likelihood: Likelihood
    write_spec: Callable[[], str]
    density: Callable[[], float] | None
    dual: Array | None = None

    @property
    def spec(self) -> str:
        """The model as JSON."""
        return self.write_spec()

    @cached_property
    def log_posterior(self) -> float:
        """Log posterior density (up to the log evidence) at the mode; worked out when asked for."""
        assert self.density is not None
        return self.density()

    def __getstate__(self) -> dict[str, Any]:
        # The density holds the data, which do not travel; its value does.
        return {**vars(self), "log_posterior": self.log_posterior, "density": None}

    @property
    def n_nonzero(self) -> int:
        """Number of coefficients that are not exactly 0."""
        return int(np.count_nonzero(self.coef))

    @property
    def converged(self) -> bool:
        """Whether the certificate is accepted."""
        return self.certificate.accepted

    def to_frame(self) -> pd.DataFrame:
        """Return coefficients by name, with the intercept first, as a frame with one column ``map``."""
        import pandas as pd

        index = pd.Index(["intercept", *self.names], name="term")
        return pd.DataFrame({"map": [self.intercept, *self.coef]}, index=index)

    def __repr__(self) -> str:
        return str(self)

    def _head(self) -> list[str]:
        lines = [
            f"MAP by {self.engine}: {self.n_nonzero} of {self.coef.size} coefficients non-zero",
            str(self.certificate),
        ]
        return lines if self.sigma is None else [*lines, f"sigma {self.sigma:.6g}; {self.measure}"]

    def _repr_html_(self) -> str:
        head = "<br>".join(html.escape(line) for line in self._head())
        # pandas escapes the names.
        table = self.to_frame().head(_SHOWN).to_html(float_format=lambda value: f"{value:.6g}")
        more = self.coef.size + 1 - _SHOWN
        return f"<div><p>{head}</p>{table}{f'<p>... and {more} more</p>' if more > 0 else ''}</div>"

    def __str__(self) -> str:
        lines = self._head()
        width = max(len("intercept"), *(len(name) for name in self.names))
        rows: list[tuple[str, Any]] = [
            ("intercept", self.intercept),
            *zip(self.names, self.coef, strict=True),
        ]
        lines += [f"  {name:<{width}}  {value: .6g}" for name, value in rows[:_SHOWN]]
        if len(rows) > _SHOWN:
            lines.append(f"  ... and {len(rows) - _SHOWN} more")
        return "\n".join(lines)


@dataclass(frozen=True, eq=False, repr=False)
class PathResult:
    """MAP estimates along a grid of penalties, strongest first.

    Parameters
    ----------
    strength : array, shape (k,)
        Multiplier of the model's own penalty at each point; 1 is the model itself.
    coef : array, shape (k, p)
        Coefficients, with exact zeros.
    intercept : array, shape (k,)
    certificates : tuple of Certificate
        One a point.
    names : tuple of str
        Column names.
    engine : str
        Which engine found them.
    df : array, shape (k,)
        Degrees of freedom of each fit, the intercept not counted: the number of non-zero coefficients of a lasso,
        tr[(G + L)^-1 G] on the support with a ridge part; NaN where the loss has no curvature to say it.
    knots : Knots or None
        Exact knots of a lasso path, when asked for.
    """

    strength: Array
    coef: Array
    intercept: Array
    certificates: tuple[Certificate, ...]
    names: tuple[str, ...]
    engine: str
    df: Array
    knots: Knots | None = None

    def events(self) -> pd.DataFrame:
        """Return one row for each entry and exit of a coefficient, in the order of falling strength.

        Raises
        ------
        InputError
            If the path was made without ``knots=True``.
        """
        import pandas as pd

        if self.knots is None:
            raise InputError("this path has no knots: map_path(..., knots=True) finds them.")
        knots = self.knots
        return pd.DataFrame(
            {
                "strength": knots.strength[knots.event_knot],
                "feature": [self.names[j] for j in knots.event_feature],
                "event": np.where(knots.event_kind > 0, "enters", "leaves"),
            }
        )

    @property
    def n_nonzero(self) -> NDArray[np.intp]:
        """Number of non-zero coefficients at each point, shape (k,)."""
        return np.asarray(np.count_nonzero(self.coef, axis=1))

    def to_frame(self) -> pd.DataFrame:
        """Return one row a point: strength, degrees of freedom, intercept, coefficients by name.

        A column of X that has one of these names keeps it, to the right of them.
        """
        import pandas as pd

        first = np.column_stack([self.strength, self.df, self.intercept])
        return pd.DataFrame(np.hstack([first, self.coef]), columns=["strength", "df", "intercept", *self.names])

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        accepted = sum(certificate.accepted for certificate in self.certificates)
        count, strength = self.n_nonzero, self.strength
        non_zero = f"{count[0]} to {count[-1]} of {self.coef.shape[1]} coefficients non-zero"
        return (
            f"path of {strength.size} points, strength {strength[0]:.4g} to {strength[-1]:.4g}: "
            f"{non_zero}, {accepted} points certified optimal"
        )
