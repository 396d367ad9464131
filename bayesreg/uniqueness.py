"""Whether a mode is the only one: rank of the columns that some minimiser may use."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from bayesreg.data.columns import Columns
from bayesreg.numerics.rank import dependent_columns

Array = NDArray[np.float64]


class Uniqueness:
    """Rank of the columns in play over the rows that are curved there, found when first asked for.

    Parameters
    ----------
    columns : Columns, shape (n, p)
        Centred where an intercept is free.
    rows : array of float, shape (n,)
        Weight of each row; 0 where the loss has no curvature (and no kink) at the mode.
    in_play : array of bool, shape (p,)
        Columns that may be non-zero in some minimiser and have no ridge part.
    constant : bool
        Whether a free intercept is in play beside them.
    """

    def __init__(self, columns: Columns, rows: Array, in_play: NDArray[np.bool_], constant: bool) -> None:
        self._columns, self._rows, self._in_play, self._constant = columns, rows, in_play, constant

    @property
    def size(self) -> int:
        """Number of columns in play."""
        return int(np.count_nonzero(self._in_play))

    @cached_property
    def rank(self) -> int:
        """Their rank. Cost O(n k²)."""
        k = self.size
        if k == 0:
            return 0
        used = np.flatnonzero(self._rows > 0)
        partial = used.size < self._rows.size
        if used.size - int(self._constant) < k:
            return max(used.size - int(self._constant), 0)
        taken = self._columns.take(np.flatnonzero(self._in_play))
        if partial:
            taken = Columns(taken.X[used], taken.shift)
        if self._constant:
            # Centred on the rows that count, a constant spans nothing more.
            weight = self._rows[used]
            shift = taken.transposed_times(weight) / weight.sum() + (0.0 if taken.shift is None else taken.shift)
            taken = Columns(taken.X, shift)
        gram = taken.gram(self._rows[used])
        scale = np.sqrt(np.maximum(np.diag(gram), 0.0))
        squares = taken.X.multiply(taken.X) if taken.is_sparse else taken.X**2
        raw = np.sqrt(np.asarray(squares.sum(axis=0)))
        if np.all(scale > 1e-7 * raw * np.sqrt(self._rows.max())):
            try:
                factor = linalg.cholesky(gram / np.outer(scale, scale), lower=True, check_finite=False)
                # The smallest pivot of unit columns: their distance from what the others span.
                if np.diag(factor).min() > 1e-5:
                    return k
            except linalg.LinAlgError:
                pass
        dense = np.sqrt(self._rows[used])[:, None] * taken.dense()
        # What centring leaves of a column that is constant over the rows that count is rounding.
        dense[:, np.linalg.norm(dense, axis=0) <= 1e-10 * raw * np.sqrt(self._rows.max())] = 0.0
        return k - int(dependent_columns(dense).size)

    def __getstate__(self) -> dict[str, Any]:
        # The answer travels, the data do not.
        return {"rank": self.rank, "_in_play": self._in_play}
