"""Which rows are held out: K blocks, stratified for classes, or any splitter of scikit-learn."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayesreg.errors import InputError
from bayesreg.interfaces import implements

Index = NDArray[np.intp]
Array = NDArray[np.float64]


@runtime_checkable
class Splitter(Protocol):
    """What scikit-learn's splitters are."""

    @abstractmethod
    def split(self, X: Any, y: Any, groups: Any) -> Iterable[tuple[Any, Any]]:
        """Yield row numbers to train on and to test."""


class Split(NamedTuple):
    """Rows to fit and rows to predict."""

    train: Index
    test: Index


def make_splits(
    cv: Any, X: Any, y: Array, weight: Array, groups: ArrayLike | None, rng: np.random.Generator | None, classes: bool
) -> list[Split]:
    """Return the splits.

    Parameters
    ----------
    cv : int, splitter or iterable of (train, test)
        An integer gives that many blocks of successive rows with weight (stratified ones where ``classes``), as in
        scikit-learn; with ``rng`` the rows are shuffled before.
    X, y, groups
        For a splitter's ``split``.
    weight : array, shape (n,)
        Both parts of a split must have some.
    rng : numpy.random.Generator or None
    classes : bool
        Whether y holds classes.

    Raises
    ------
    InputError
        If ``cv`` is something else, or a split is unusable.
    """
    n, used = y.size, np.flatnonzero(weight > 0)
    unusable = InputError(
        "cv must be an integer, a scikit-learn splitter, or a list of (train, test) row numbers (which take no "
        f"groups=), got {cv!r}."
    )
    if isinstance(cv, int | np.integer) and not isinstance(cv, bool):
        if not 2 <= cv <= used.size:
            said = "" if used.size == n else " with weight"
            raise InputError(f"cv must be at least 2 and at most the number of rows{said} ({used.size}), got {cv!r}.")
        if groups is not None:
            raise InputError(
                "groups= is for a splitter that uses it, such as sklearn.model_selection.GroupKFold(5), not for cv as "
                f"an integer ({cv!r})."
            )
        # A row without weight is no row: wherever it is held out it changes nothing.
        label = np.zeros(n, dtype=np.intp)
        label[used] = _labels(int(cv), y[used], classes, rng)
        splits = [Split(np.flatnonzero(label != k), np.flatnonzero(label == k)) for k in range(int(cv))]
    elif isinstance(cv, str):
        raise unusable
    elif implements(cv, Splitter):
        try:
            splits = [Split(np.asarray(a), np.asarray(b)) for a, b in cv.split(X, y, groups)]
        except ValueError as error:
            raise InputError(f"cv={cv!r} cannot split these rows: {error}") from error
    else:
        try:
            splits = [Split(np.asarray(a), np.asarray(b)) for a, b in cv]
        except (TypeError, ValueError):
            splits = []
        if not splits or groups is not None:
            raise unusable
    return [_checked(split, k, n, weight) for k, split in enumerate(splits)]


def _labels(k: int, y: Array, classes: bool, rng: np.random.Generator | None) -> Index:
    """Fold of each row."""
    n = y.size
    order = np.arange(n) if rng is None else rng.permutation(n)
    if not classes:
        label = np.empty(n, dtype=np.intp)
        label[order] = np.repeat(np.arange(k), [n // k + (fold < n % k) for fold in range(k)])
        return label
    counts = np.unique(y, return_counts=True)[1]
    if counts.min() < 2:
        raise InputError("a class has one row only, so no fold can hold it out and keep it; give cv as a splitter.")
    # Dealing the rows sorted by class out to the folds decides how many of each class a fold gets. Classes are numbered
    # in the order in which they appear, so that the folds are scikit-learn's.
    first = np.unique(y[order], return_index=True)[1]
    place = np.argsort(np.argsort(first))
    code = place[np.unique(y[order], return_inverse=True)[1]]
    dealt = np.sort(code)
    shuffled = np.empty(n, dtype=np.intp)
    for one in range(first.size):
        share = [np.count_nonzero(dealt[fold::k] == one) for fold in range(k)]
        shuffled[code == one] = np.repeat(np.arange(k), share)
    label = np.empty(n, dtype=np.intp)
    label[order] = shuffled
    return label


def _checked(split: Split, k: int, n: int, weight: Array) -> Split:
    parts = []
    for name, rows in (("training", split.train), ("test", split.test)):
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        usable = rows.ndim == 1 and rows.dtype.kind in "iu" and rows.size and rows.min() >= 0 and rows.max() < n
        if not usable:
            raise InputError(f"the {name} rows of split {k} of cv are not row numbers from 0 to {n - 1}.")
        if not np.any(weight[rows] > 0):
            raise InputError(f"the {name} rows of split {k} of cv have no weight.")
        parts.append(rows.astype(np.intp))
    trained = np.zeros(n, dtype=bool)
    trained[parts[0]] = True
    if trained[parts[1]].any():
        raise InputError(f"split {k} of cv holds rows that are both trained on and predicted.")
    return Split(*parts)


def partition(splits: Sequence[Split], n: int) -> bool:
    """Whether every row is held out once, and trained on in all other splits."""
    held = np.concatenate([split.test for split in splits])
    if held.size != n or np.any(np.bincount(held, minlength=n) != 1):
        return False
    for split in splits:
        # No training set meets its test set: it is the rest if it holds as many different rows.
        times = np.bincount(split.train, minlength=n)
        if split.train.size != n - split.test.size or times.max() > 1:
            return False
    return True
