r"""The Gram matrix of a working set of columns under the curvature of the rows, which may lag behind.

A Newton step whose Hessian belongs to an earlier point still goes downhill, and the steps contract by about

.. math:: \frac{\sum_i |h_i - h_i^{\mathrm{old}}|}{\sum_i h_i}

each. Where the set is large a product X'HX costs as much as many steps: the matrix then only gets the rows and columns
of what joins the set, until the curvature has moved too far, and single precision is enough for it. Steps that do not
contract turn both savings off.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayesreg.data.columns import Columns

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# Multiplications for a Gram matrix below which it is always taken afresh: a step then costs more than the matrix.
CHEAP = 5e7
# The diagonal is raised by what single precision may have taken from an eigenvalue.
RAISED = 1e-6
# What that may leave of the norm of a column which others span.
LEFT_OF_SINGLE = 3e-3


class LaggingGram:
    """A growing set of columns with X'HX and X'h for a curvature h near the one asked for.

    Parameters
    ----------
    X : Columns, shape (n, p)
        Without a shift.
    unit : array, shape (p,)
        About the norm of each column: single precision holds numbers of like size only.
    """

    def __init__(self, X: Columns, unit: Array) -> None:
        self._whole = X
        self._unit = unit
        self._buffer = np.empty((X.shape[0], 0), order="F")
        self.index: Index = np.empty(0, dtype=np.intp)
        self.columns = X.take(self.index)
        self._exact = X.is_sparse
        self._fresh = False
        self._curvature: Array = np.empty(0)
        self._gram: Array = np.empty((0, 0))
        self._along: Array = np.empty(0)

    @property
    def lags(self) -> bool:
        """Whether the matrix may be that of another curvature."""
        n, k = self.columns.shape
        return not self._exact and float(n) * k * k > CHEAP

    def hold(self, index: Index) -> None:
        """Hold these columns; those held already are not copied again where they come first."""
        old = self.index.size
        if not np.array_equal(index[:old], self.index):
            self._gram, old = np.empty((0, 0)), 0
        if index.size == old:
            return
        self.index = index
        if index.size == self._whole.shape[1] and np.array_equal(index, np.arange(index.size)):
            self.columns = self._whole
        elif self._whole.is_sparse:
            self.columns = self._whole.take(index)
        else:
            old = min(old, self._buffer.shape[1])
            if index.size > self._buffer.shape[1]:
                # Memory that is never written is never taken.
                wider = np.empty((self._buffer.shape[0], min(4 * index.size, self._whole.shape[1])), order="F")
                wider[:, :old] = self._buffer[:, :old]
                self._buffer = wider
            self._buffer[:, old : index.size] = self._whole.X[:, index[old:]]
            self.columns = Columns(self._buffer[:, : index.size], None)

    def doubt(self) -> None:
        """Say that a step with the present matrix gained little: the next is of the curvature asked for, or exact."""
        if self._fresh:
            self._exact = True
        self._gram = np.empty((0, 0))

    def at(self, h: Array, lag: float) -> tuple[Array, Array, float, Array]:
        """Return X'HX (k, k), X'h (k,), the sum of h and h itself, for a curvature within ``lag`` of ``h`` (n,).

        What is returned must not be modified.
        """
        k, done = self.columns.shape[1], self._gram.shape[0]
        if not self.lags:
            self._curvature, self._gram, self._along = h, self.columns.gram(h), self.columns.transposed_times(h)
        elif done == 0 or float(np.abs(h - self._curvature).sum()) > lag * float(h.sum()):
            self._curvature, self._along = h, self.columns.transposed_times(h)
            rows = self._single(0, np.sqrt(h))
            self._gram = (rows.T @ rows).astype(float)
            self._finish(0)
        elif done < k:
            self._extend(done)
        self._fresh = h is self._curvature
        h = self._curvature
        return self._gram, self._along, float(h.sum()), h

    def _extend(self, done: int) -> None:
        """Add rows and columns for what joined, at the old curvature."""
        X, h, k = self.columns.X, self._curvature, self.columns.shape[1]
        gram = np.empty((k, k))
        gram[:done, :done] = self._gram
        gram[:, done:] = self._single(0, np.ones_like(h)).T @ self._single(done, h)
        self._gram, self._along = gram, np.concatenate([self._along, X[:, done:].T @ h])
        self._finish(done)
        gram[done:, :done] = gram[:done, done:].T
        corner = gram[done:, done:]
        corner[:] = 0.5 * (corner + corner.T)

    def _single(self, start: int, factor: Array) -> NDArray[np.float32]:
        """Columns from ``start`` on over their units, rows times ``factor``, in single precision."""
        X = self.columns.X[:, start:]
        out = np.empty(X.shape, dtype=np.float32, order="F")
        np.multiply(X, 1.0 / self._unit[self.index[start:]], out=out, casting="same_kind")
        out *= factor.astype(np.float32)[:, None]
        return out

    def _finish(self, start: int) -> None:
        """Bring columns from ``start`` on back to their units, and raise the diagonal there."""
        k = self._gram.shape[0]
        unit = self._unit[self.index]
        self._gram[:, start:] *= unit[:, None] * unit[start:]
        self._gram.flat[start * (k + 1) :: k + 1] *= 1.0 + RAISED
