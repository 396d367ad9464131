"""What a certificate says: how close a point is to the mode of its model, free of the units of the data."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayesreg.uniqueness import Uniqueness

Array = NDArray[np.float64]
EPS = float(np.finfo(float).eps)
GAP_TOLERANCE = 1e-10
KKT_TOLERANCE = 1e-8


@dataclass(frozen=True)
class Certificate:
    """How close a point is to the MAP, in units that no rescaling of the data changes.

    Parameters
    ----------
    objective : float
        P in nats, without the terms that are free of the coefficients.
    gap : float
        P minus the best dual value: an upper bound of P minus its minimum, in nats. NaN for a likelihood that is not
        convex.
    relative_gap : float
        ``gap`` over the fall from the null model (all penalised coefficients at the prior's location) to the dual
        value; 0 when the gap is below rounding, 64 eps (|P| + |D|).
    kkt : float
        Largest violation of the optimality conditions as a cosine: distance to the subdifferential over the column's
        norm (after projecting out unpenalised columns) times the norm of the null gradient.
    uniqueness : Uniqueness
        Rank of the columns in play.
    optima : int or None
        For a likelihood that is not convex: number of distinct local optima that were found; the mode is the best.
    stable : bool
        Whether the curvature at a local optimum is positive on its support.
    """

    objective: float
    gap: float
    relative_gap: float
    kkt: float
    uniqueness: Uniqueness = field(compare=False)
    optima: int | None = None
    stable: bool = True

    @property
    def local(self) -> bool:
        """Whether optimality is claimed in a neighbourhood only."""
        return self.optima is not None

    @property
    def accepted(self) -> bool:
        """Whether the numbers meet the contract: relative gap <= 1e-10 (unless local) and KKT cosine <= 1e-8."""
        return self.kkt <= KKT_TOLERANCE and (self.stable if self.local else self.relative_gap <= GAP_TOLERANCE)

    @property
    def unique(self) -> bool:
        """Whether the minimiser is certified to be the only one."""
        return not self.local and self.rank == self.equicorrelated

    @property
    def rank(self) -> int:
        """Rank of the columns that may be non-zero in some minimiser and have no ridge part."""
        return self.uniqueness.rank

    @property
    def equicorrelated(self) -> int:
        """Number of those columns."""
        return self.uniqueness.size

    def __str__(self) -> str:
        verdict = "optimal" if self.accepted else "NOT optimal"
        if self.local:
            found = f"{self.optima} local optim{'um' if self.optima == 1 else 'a'} found"
            return f"locally {verdict}: KKT {self.kkt:.1e}, {found}, this is the best; no gap (not convex)"
        uniqueness = (
            "unique"
            if self.unique
            else f"a minimiser, not certified unique (rank {self.rank} of {self.equicorrelated})"
        )
        return f"{verdict}: relative gap {self.relative_gap:.1e}, KKT {self.kkt:.1e}, {uniqueness}"


def rounding[T: (float, Array)](primal: T, dual: T) -> T:
    """Gap that the rounding of the two sums can make."""
    return 64 * EPS * (abs(primal) + abs(dual))
