"""Turn what the user gave into float64 arrays, or say exactly what is wrong with it."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bayesreg.errors import InputError
from bayesreg.interfaces import implements

Array = NDArray[np.float64]


@runtime_checkable
class Frame(Protocol):
    """A pandas or polars frame."""

    @property
    def columns(self) -> Any:
        """Column names."""

    def to_numpy(self) -> Any:
        """Values as an array."""

    def __getitem__(self, name: Any) -> Any:
        """One column."""


def _to_float(values: Any, name: str) -> Array:
    if np.ma.is_masked(values):
        raise InputError(f"{name} is a masked array with missing values. Drop or impute them first.")
    array = np.asarray(values)
    if np.iscomplexobj(array):
        raise InputError(f"{name} is complex; only real numbers are supported.")
    cure = "For two classes pass (y == label)." if name == "y" else "Encode text columns as numbers first."
    if array.dtype.kind not in "biufO":
        raise InputError(f"{name} has dtype {array.dtype}, for example a string; it must be numeric (float). {cure}")
    try:
        return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        if "NAType" in str(error):
            cure = "Drop or impute missing values (pandas.NA) first."
        raise InputError(
            f"{name} holds a string or another value that cannot be read as float: {error}. {cure}"
        ) from error


def _check_finite(array: Array, name: str, columns: tuple[str, ...]) -> None:
    finite = np.isfinite(array)
    if finite.all():
        return
    kind = "NaN" if np.isnan(array).any() else "inf"
    rows = ~finite if array.ndim == 1 else ~finite.all(axis=1)
    where = ""
    if array.ndim == 2:
        bad = np.flatnonzero(~finite.all(axis=0))
        shown = ", ".join(columns[j] for j in bad[:5]) + (", ..." if bad.size > 5 else "")
        where = f", in column{'s' if bad.size > 1 else ''} {shown}"
    raise InputError(
        f"{name} contains {kind} in {int(rows.sum())} of {array.shape[0]} rows{where} "
        f"(first bad row: {int(np.argmax(rows))}). Drop or impute them first."
    )


def _readable(column: Any) -> bool:
    """Whether a column of objects holds numbers only."""
    try:
        np.asarray(column, dtype=np.float64)
    except (TypeError, ValueError):
        return False
    return True


def _sparse_columns(X: Any) -> Any:
    """Return a SciPy sparse matrix or array as a canonical float64 ``csc_array``; no copy where it is one already."""
    if X.ndim != 2:
        raise InputError(f"X must be 2D, of shape (n_samples, n_features), got {X.ndim}D of shape {X.shape}.")
    if X.dtype.kind not in "biuf":
        raise InputError(f"X has dtype {X.dtype}; it must be numeric (float).")
    columns = sparse.csc_array(X, dtype=np.float64)
    if not columns.has_canonical_format:
        columns = columns.copy()
        columns.sum_duplicates()
    return columns


def check_columns_finite(X: Any, columns: tuple[str, ...]) -> None:
    """Raise where a dense or sparse X holds NaN or an infinity."""
    if not sparse.issparse(X):
        _check_finite(X, "X", columns)
    elif not np.all(np.isfinite(X.data)):
        kind = "NaN" if np.isnan(X.data).any() else "inf"
        raise InputError(f"X contains {kind} among its stored values. Drop or impute them first.")


def as_matrix(X: Any) -> tuple[Any, tuple[str, ...]]:
    """Return X as a finite float64 matrix, dense or ``csc_array``, and its column names; see `read_matrix`."""
    matrix, names = read_matrix(X)
    check_columns_finite(matrix, names)
    return matrix, names


def read_matrix(X: Any) -> tuple[Any, tuple[str, ...]]:
    """Return X as a float64 matrix and its column names (``x0, x1, ...`` without a frame), its values not looked at."""
    if sparse.issparse(X):
        return _named(_sparse_columns(X), None)
    names = tuple(str(name) for name in X.columns) if implements(X, Frame) else None
    if implements(X, Frame):
        text = [str(name) for name in X.columns if np.asarray(X[name]).dtype.kind in "OUST" and not _readable(X[name])]
        if text:
            shown = ", ".join(text[:5]) + (", ..." if len(text) > 5 else "")
            raise InputError(f"X holds text (string, not float) in {shown}: encode text columns as numbers first.")
    array = _to_float(X.to_numpy() if implements(X, Frame) else X, "X")
    if array.ndim != 2:
        raise InputError(
            f"X must be 2D, of shape (n_samples, n_features), got {array.ndim}D of shape {array.shape}. "
            "One column is X.reshape(-1, 1)."
        )
    if not (array.flags.c_contiguous or array.flags.f_contiguous):
        array = np.ascontiguousarray(array)
    return _named(array, names)


def _named(array: Any, names: tuple[str, ...] | None) -> tuple[Any, tuple[str, ...]]:
    """Check the shape, and name the columns."""
    if array.shape[0] == 0:
        raise InputError(f"X has 0 samples (shape {array.shape}); at least 1 is needed.")
    if array.shape[1] == 0:
        raise InputError(f"X has 0 features (shape {array.shape}); at least 1 is needed.")
    columns = names if names is not None else tuple(f"x{j}" for j in range(array.shape[1]))
    if names is not None and len(set(columns)) != len(columns):
        raise InputError("X has column names that occur more than once; give every column its own name.")
    return array, columns


def misplaced(given: tuple[str, ...], fitted: tuple[str, ...]) -> int | None:
    """Return the first column that is not that of the fit, by its name; None if all are.

    Columns without names (``x0, x1, ...``) go with any, but not with the same names in another order.
    """
    numbered = tuple(f"x{j}" for j in range(len(fitted)))
    nameless = numbered in (given, fitted) and sorted(given) != sorted(fitted)
    if given == fitted or nameless:
        return None
    return next(j for j, pair in enumerate(zip(given, fitted, strict=True)) if pair[0] != pair[1])


def as_vector(values: Any, name: str, n: int) -> Array:
    """Return a finite float64 vector of length n; ``name`` is the argument as the user wrote it."""
    array = _to_float(values.to_numpy() if implements(values, _Series) else values, name)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise InputError(f"{name} must be 1D, of shape (n_samples,), got shape {array.shape}.")
    if array.shape[0] != n:
        raise InputError(f"X has {n} rows but {name} has {array.shape[0]}; they must agree.")
    _check_finite(array, name, ())
    return array


@runtime_checkable
class _Series(Protocol):
    """A pandas or polars series (or a one-column frame)."""

    def to_numpy(self) -> Any: ...


def as_weights(sample_weight: Any, n: int) -> Array:
    """Return row weights: finite, at least 0, not all 0; ones when None."""
    if sample_weight is None:
        return np.ones(n)
    weight = as_vector(sample_weight, "sample_weight", n)
    if np.any(weight < 0):
        raise InputError(
            f"sample_weight has {int(np.sum(weight < 0))} negative entries; weights count rows, so they are at least 0."
        )
    if not np.any(weight > 0):
        raise InputError("sample_weight is 0 for every row; at least one row must count.")
    return weight
