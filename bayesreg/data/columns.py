"""The columns of X less a shift each, as an operator: dense or sparse, centred without a copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Columns:
    """The matrix ``X - 1 shift'``, never formed.

    Parameters
    ----------
    X : array or scipy.sparse.csc_array, shape (n, p)
    shift : array, shape (p,), or None
        What every row is less by; None: nothing.
    """

    X: Any
    shift: Array | None

    @property
    def shape(self) -> tuple[int, int]:
        """(n, p)."""
        return int(self.X.shape[0]), int(self.X.shape[1])

    @property
    def is_sparse(self) -> bool:
        """Whether X is stored sparsely."""
        return bool(sparse.issparse(self.X))

    def times(self, d: Array) -> Array:
        """(X - 1 shift') d, shape (n,); cost O(n |support|) where d is sparse."""
        on = np.flatnonzero(d)
        if 4 * on.size < d.size:
            out = self.X[:, on] @ d[on] if on.size else np.zeros(self.X.shape[0])
            return np.asarray(out if self.shift is None else out - self.shift[on] @ d[on])
        out = self.X @ d
        return np.asarray(out if self.shift is None else out - self.shift @ d)

    def transposed_times(self, v: Array) -> Array:
        """(X - 1 shift')' v for v of shape (n,) or (n, k)."""
        out = self.X.T @ v
        if self.shift is None:
            return np.asarray(out)
        total = v.sum(axis=0)
        return np.asarray(out - (np.multiply.outer(self.shift, total) if v.ndim == 2 else self.shift * total))

    def take(self, index: NDArray[np.intp]) -> Columns:
        """Some of the columns; dense ones become contiguous by column."""
        chosen = self.X[:, index]
        if not self.is_sparse:
            chosen = np.asfortranarray(chosen)
        return Columns(chosen, None if self.shift is None else self.shift[index])

    def dense(self) -> Array:
        """The matrix itself, shape (n, p); for few columns."""
        X = self.X.toarray() if self.is_sparse else self.X
        return np.asarray(X if self.shift is None else X - self.shift)

    def squares(self, weight: Array) -> Array:
        """Weighted sum of squares of each column, shape (p,); weights may be negative. One dense column at a time."""
        columns = (self.take(np.array([j], dtype=np.intp)).dense()[:, 0] for j in range(self.shape[1]))
        return np.array([float(weight @ column**2) for column in columns])

    def cross(self, other: Columns, weight: Array | None) -> Array:
        """Self' diag(weight) other, shape (p, q). Weighted means must be the shifts of both, or there is no shift."""
        left = self.X
        if weight is not None:
            left = left.multiply(weight[:, None]) if self.is_sparse else left * weight[:, None]
        out = left.T @ other.X
        out = out.toarray() if sparse.issparse(out) else out
        if self.shift is None or other.shift is None:
            return np.asarray(out)
        total = float(self.shape[0]) if weight is None else float(weight.sum())
        return np.asarray(out - total * np.outer(self.shift, other.shift))

    def gram(self, weight: Array | None) -> Array:
        """Self' diag(weight) self, shape (p, p); as `cross`. Cost O(n p²)."""
        if weight is None or self.is_sparse:
            return self.cross(self, weight)
        # A product of a matrix with its own transpose costs half of one with another matrix.
        root = Columns(np.sqrt(weight)[:, None] * self.X, None)
        out = root.cross(root, None)
        return out if self.shift is None else out - float(weight.sum()) * np.outer(self.shift, self.shift)
