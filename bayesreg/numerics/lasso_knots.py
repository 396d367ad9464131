r"""The whole lasso path of a quadratic, exactly: it is linear in the strength between finitely many knots.

.. math:: d(s) = \arg\min_d \tfrac12 d^T G d - c^T d + s \sum_j L_{1j}|d_j| + \tfrac12 \sum_j L_{2j} d_j^2

The strength s multiplies the L1 part only; L2 is fixed, one more diagonal of G. (Were both parts multiplied, as for an
elastic net at a fixed ratio, the path would not be linear between its knots.)

On a support S with signs t the solution moves by :math:`w = (G+L_2)_{SS}^{-1} (L_1 t)_S` for each unit that s falls,
until a coefficient of S reaches 0 and leaves, or the gradient of another reaches :math:`s L_{1j}` and it enters: the
homotopy of Osborne, Presnell & Turlach (2000), or LARS (Efron, Hastie, Johnstone & Tibshirani, 2004, section 3.1).
Where events meet, steps of length 0, least index first, search the set that goes on: principal pivoting, finite for
independent columns (Murty, 1974).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from bayesreg.errors import InputError, NotIdentifiedError
from bayesreg.numerics.cholesky import solve_factored
from bayesreg.numerics.penalised_quadratic import minimise
from bayesreg.penalty import Penalty

Array = NDArray[np.float64]
Signs = NDArray[np.int8]
End = Literal["reached", "max_knots", "lost"]

# Squared sine of the angle between a column and the span of others below which it counts as one of theirs: a Gram
# matrix holds it to some 1e-16 times the condition number of those others.
_DEPENDENT = 1e-12
# What the KKT distances of a segment may be: this and the rounding of c - H d, which is a share of |d|, up to a limit.
_TOLERANCE, _ROUNDING, _LIMIT = 1e-11, 5e-14, 1e-8
# Knots between two checks; each block starts with a fresh factorisation.
_BLOCK = 256
# How a block ended.
_FINISHED, _FULL, _STUCK = 0, 1, 2
# So many mean that the Gram matrix has no digits left.
_MAX_REPAIRS = 20


@dataclass(frozen=True, eq=False)
class Knots:
    """A piecewise linear path.

    Parameters
    ----------
    strength : array, shape (k,)
        Strictly decreasing. From the first one upwards nothing is in but the unpenalised coefficients.
    coef : array, shape (k, p)
        The solution at each knot, zeros exact; linear in between.
    event_knot, event_feature, event_kind : array, shape (e,)
        The coefficient ``event_feature`` enters (+1) or leaves (-1) at ``strength[event_knot]``. In the order of the
        knots, each of which can have several; the last knot is where the path ends and has none.
    kkt : float
        Largest distance to the optimality conditions anywhere on the path, for columns of unit length and as a share of
        the largest ``|c_j|`` among these.
    repairs : int
        How often the homotopy lost its way and an exact solution from scratch set it right.
    end : {"reached", "max_knots", "lost"}
        Whether the path goes down to the strength asked for. If not, it is right as far as it goes.
    """

    strength: Array
    coef: Array
    event_knot: NDArray[np.intp]
    event_feature: NDArray[np.intp]
    event_kind: Signs
    kkt: float
    repairs: int
    end: End

    def at(self, strength: ArrayLike) -> Array:
        """Return the exact solution at any strengths that the path covers, shape (..., p).

        Raises
        ------
        InputError
            For a strength below the last knot.
        """
        s = np.asarray(strength, dtype=float)
        if not np.all(s >= self.strength[-1]):
            raise InputError(
                f"strength must be at least {self.strength[-1]:g}, where the path ends ({self.end}), got {s.min():g}; "
                "for a longer one give find_knots a smaller s_min or a larger max_knots."
            )
        s = np.minimum(s, self.strength[0])
        above = np.searchsorted(-self.strength, -s, side="right") - 1
        below = np.minimum(above + 1, self.strength.size - 1)
        width = np.where(above < below, self.strength[above] - self.strength[below], 1.0)
        share = ((self.strength[above] - s) / width)[..., None]
        return np.asarray((1 - share) * self.coef[above] + share * self.coef[below])

    def visits(self, feature: int) -> Array:
        """Return the strengths at which a coefficient enters and leaves, one row a visit, shape (visits, 2).

        NaN in the second place: still in at the end. An unpenalised coefficient is always in and has no rows.
        """
        mine = self.event_feature == feature
        at, kind = self.strength[self.event_knot[mine]], self.event_kind[mine]
        entered, left = at[kind > 0], at[kind < 0]
        return np.column_stack([entered, np.append(left, np.full(entered.size - left.size, np.nan))])


def find_knots(G: Array, c: Array, l1: Array, l2: Array, *, s_min: float = 0.0, max_knots: int = 10_000) -> Knots:
    """Follow the path from the strength that empties the model down to ``s_min``. Cost O(p |S|) a knot.

    Every segment is held against the optimality conditions at both ends, which imply those in between. Where that fails
    the path goes on from an exact solution further down, to which a straight line is optimal; where there is none it
    ends and says so.

    Parameters
    ----------
    G : array, shape (p, p)
        A'A, symmetric positive semidefinite.
    c : array, shape (p,)
        A'b: in the range of G.
    l1, l2 : array, shape (p,)
        At least 0. Coefficients with ``l1 = 0`` are always in, but for those whose columns others of them span: 0.
    s_min : float, default 0
        Where to stop. At 0 the path ends in the least-squares (ridge) solution, and for more columns than rows in one
        of those with the least ``sum l1 |d|``.
    max_knots : int, default 10 000
        Data give a small multiple of the rank; the worst case is exponential in p (Mairal & Yu, 2012).

    Returns
    -------
    Knots

    Raises
    ------
    InputError
        If ``s_min`` is negative or ``max_knots`` less than 2.
    NotIdentifiedError
        If rounding leaves no solution for the unpenalised coefficients.

    Examples
    --------
    >>> import numpy as np
    >>> knots = find_knots(np.eye(2), np.array([3.0, -1.0]), np.ones(2), np.zeros(2))
    >>> knots.strength.tolist(), knots.event_feature.tolist()
    ([3.0, 1.0, 0.0], [0, 1])
    >>> knots.at(2.0).tolist()
    [1.0, 0.0]
    """
    if not (0 <= s_min < np.inf and max_knots >= 2):
        raise InputError(f"s_min must be at least 0 and max_knots at least 2, got {s_min!r} and {max_knots!r}.")
    column = np.sqrt(np.diag(G) + l2)
    column[column == 0] = 1.0
    response = float(np.max(np.abs(c) / column, initial=0.0)) or 1.0
    scaled = (G + np.diag(l2)) / np.outer(column, column)
    problem = _Problem(scaled, c / column / response, l1 / column / response)
    here = problem.start(s_min)
    right, kkt = problem.check(here.part([0, 0]))
    if right == 0:
        raise NotIdentifiedError(
            "the coefficients with l1 = 0 have no solution to working accuracy: their columns are nearly collinear, "
            "or c is not A'b; leave some of them out, or give them an l2."
        )
    pieces: list[_Rows] = []
    known, repairs = 0, 0
    end: End | None = None
    while end is None:
        rows, status = problem.follow(here, s_min, min(_BLOCK, max_knots - 1 - known))
        # As it was checked: the block began by taking back its rounding.
        rows.coef[0] = here.coef[0]
        right, worst = problem.check(rows)
        lost = status == _STUCK or right < rows.strength.size - 1
        pieces.append(rows.part(slice(right)))
        here = rows.part([right])
        known, kkt = known + right, max(kkt, worst)
        if status == _FINISHED and not lost:
            end = "reached"
        elif known == max_knots - 1:
            end = "max_knots"
        elif lost:
            rows = problem.bridge(here, s_min) if repairs < _MAX_REPAIRS else here
            right, worst = problem.check(rows)
            end = None if right else "lost"
            pieces.append(rows.part(slice(right)))
            here = rows.part([right])
            known, repairs, kkt = known + right, repairs + right, max(kkt, worst)
    strength, coef, pattern = (np.concatenate(parts) for parts in zip(*pieces, here, strict=True))
    # The last knot is the end and no event.
    below = pattern[:-1]
    above = np.vstack([np.zeros_like(below[:1]), below[:-1]])
    moved = (above != below)[:, None] & (np.stack([above, below], axis=1) != 0)
    knot, enters, feature = np.nonzero(moved)
    kind = (2 * enters - 1).astype(np.int8)
    return Knots(strength, coef * (response / column), knot, feature, kind, kkt, repairs, end)


class _Rows(NamedTuple):
    """Knots in a row, and the signs in force below each but the last."""

    strength: Array
    coef: Array
    pattern: Signs

    def part(self, which: slice | list[int]) -> _Rows:
        """Some of them."""
        return _Rows(self.strength[which], self.coef[which], self.pattern[which])


@dataclass(frozen=True, eq=False)
class _Problem:
    """The problem in units in which the diagonal of H = G + L2 and the largest |c_j| are 1."""

    H: Array
    c: Array
    l1: Array

    def start(self, s_min: float) -> _Rows:
        """Return the largest strength and the solution there."""
        zeros, boxed = np.zeros((1, self.c.size)), self.l1 > 0
        # A path of length 0 sets the unpenalised coefficients.
        here, _ = self.follow(_Rows(np.ones(1), zeros, zeros.astype(np.int8)), 1.0, 0)
        pull = np.abs(self.c - self.H @ here.coef[0])[boxed]
        return here._replace(strength=np.array([np.max(pull / self.l1[boxed], initial=s_min)]))

    def follow(self, here: _Rows, s_min: float, room: int) -> tuple[_Rows, int]:
        """Return at most ``room`` knots and the point after them, and how it ended."""
        shape = (room + 1, self.c.size)
        rows = _Rows(np.empty(room + 1), np.empty(shape), np.empty(shape, dtype=np.int8))
        d, sign = here.coef[0].copy(), (np.sign(here.coef[0]) * (self.l1 > 0)).astype(np.int8)
        count, status = _follow(self.H, self.l1, here.strength[0], s_min, (d, self.c - self.H @ d, sign), tuple(rows))
        return rows.part(slice(count + 1)), status

    def check(self, rows: _Rows) -> tuple[int, float]:
        """Return how many segments are right before the first wrong one, and their largest KKT distance.

        On a segment the gradient is linear in s, so conditions that one pattern meets at both ends it meets in between.
        """
        pattern, used = rows.pattern[:-1], rows.coef.any(axis=0)
        pull = self.c - rows.coef[:, used] @ self.H[used]
        distance, allowed = np.zeros((2, len(pattern)))
        for end in (slice(None, -1), slice(1, None)):
            bound, sign = rows.strength[end, None] * self.l1, np.sign(rows.coef[end])
            off = np.where(pattern == 0, np.abs(pull[end]) - bound, np.abs(pull[end] - bound * pattern))
            off[(sign != 0) & (sign != pattern) & (self.l1 > 0)] = np.inf
            distance = np.maximum(distance, off.max(axis=1, initial=0.0))
            size = np.abs(rows.coef[end]).sum(axis=1)
            allowed = np.maximum(allowed, np.minimum(_TOLERANCE + _ROUNDING * size, _LIMIT))
        right = int(np.argmax(np.append(~(distance <= allowed), True)))
        return right, float(np.max(distance[:right], initial=0.0))

    def bridge(self, here: _Rows, s_min: float) -> _Rows:
        """Return this point and an exact solution below it such that the segment between is right, if there is one."""
        s, d, boxed = float(here.strength[0]), here.coef[0], self.l1 > 0
        for share in (0.9, 0.5, 0.1, 1e-2, 1e-4, 1e-6, 1e-8, 1e-10):
            low = max(s * (1 - share), s_min)
            new, _ = minimise(self.H, self.c, Penalty(low * self.l1, 0 * d), d, np.ones(d.size), 10_000)
            sign = np.sign(new) * boxed
            through = np.where(sign == 0, np.sign(d) * boxed, sign)
            rows = _Rows(np.array([s, low]), np.stack([d, new]), np.stack([through, sign]).astype(np.int8))
            if low < s and self.check(rows)[0] == 1:
                return rows
        return here


@njit(cache=True, nogil=True)
def _follow(H: Any, l1: Any, s: float, s_min: float, state: Any, rows: Any) -> tuple[int, int]:
    """Write the knots below ``s`` until no row but the last is left; return their number and how it ended.

    The state is d, q = c - H d and the signs, all overwritten. The row after the knots receives the point reached.
    """
    d, q, sign = state
    strength, coef, pattern = rows
    p = d.size
    L, w, a, r = np.empty((p, p)), np.empty(p), np.empty(p), np.empty(p)
    member, inside, barred = np.empty(p, dtype=np.int64), np.zeros(p, dtype=np.bool_), np.zeros(p, dtype=np.bool_)
    size, count, pivots, status = 0, 0, 0, -1
    for j in range(p):
        if l1[j] == 0.0 or sign[j] != 0:
            if _enter(H, L, member, size, j):
                inside[j] = True
                size += 1
            elif l1[j] > 0.0:
                status = _STUCK
    settled = size  # All but those that have entered at this s: these come last.
    while status < 0:
        # For each unit that s falls d moves by w and q by -a; solved twice where once leaves more than rounding.
        w[:], a[:] = 0.0, 0.0
        for solves in range(2):
            for k in range(size):
                r[k] = l1[member[k]] * sign[member[k]] - a[member[k]]
            if solves == 0 or np.any(np.abs(r[:size]) * s > 1e-14):
                _correct(H, L, member, size, r, 1.0, w, a)
        # What rounding has left of q - s l1 sign is taken back where that is to be 0.
        for k in range(settled):
            r[k] = q[member[k]] - s * l1[member[k]] * sign[member[k]]
        _correct(H, L, member, settled, r, -1.0, d, q)
        d[d * sign < 0.0] = 0.0
        below, event, side = _next_event(s, s_min, l1, (d, q, sign), w, a, inside, barred)
        while side != 0 and not _enter(H, L, member, size, event):
            barred[event] = True
            below, event, side = _next_event(s, s_min, l1, (d, q, sign), w, a, inside, barred)
        if below < s:
            if count == strength.size - 1:
                status = _FULL
                break
            strength[count], coef[count], pattern[count] = s, d, sign
            count += 1
            pivots, settled = 0, size
            d += (s - below) * w
            q -= (s - below) * a
            s = below
        elif event < 0 or pivots > 10 * p + 100:
            status = _FINISHED if event < 0 else _STUCK
        if event >= 0:
            pivots += 1
            barred[:] = False
            sign[event], inside[event] = side, side != 0
            if side != 0:
                size += 1
            else:
                d[event] = 0.0
                settled -= _leave(L, member, size, event) < settled
                size -= 1
    strength[count], coef[count], pattern[count] = s, d, sign
    return count, status


@njit(cache=True, nogil=True)
def _next_event(
    s: float, s_min: float, l1: Any, state: Any, w: Any, a: Any, inside: Any, barred: Any
) -> tuple[float, int, int]:
    """Where below s which coefficient next enters on the side ±1 or leaves (0); at s_min none does (-1)."""
    d, q, sign = state
    # So near to s it is at s, and likewise at the end.
    rounding = 1e-15 * s
    best, event, side = s_min + rounding, -1, 0
    for j in range(d.size):
        if l1[j] == 0.0 or barred[j]:
            continue
        for way in (-1, 1):
            kind, at = 0, 0.0
            if inside[j]:
                if w[j] * sign[j] < 0.0:
                    at = s - abs(d[j] / w[j])
            else:
                kind, closing = way, l1[j] - way * a[j]
                # A column in the span of the members keeps its share of s, so it need not enter: this is its rounding.
                if closing > 1e-12 * (l1[j] + abs(a[j])):
                    # From q = s l1 there, and not from here: that would leave a small s the rounding of this one.
                    at = s if s * l1[j] - way * q[j] <= 1e-14 else way * (q[j] - s * a[j]) / closing
            if at >= s - rounding:
                at = s
            if at > best:
                best, event, side = at, j, kind
    return (best, event, side) if event >= 0 else (s_min, -1, 0)


@njit(cache=True, nogil=True)
def _correct(H: Any, L: Any, member: Any, size: int, r: Any, factor: float, x: Any, Hx: Any) -> None:
    """Solve for the members that r is left for, add the solution to x and a multiple of its product with H to Hx."""
    solve_factored(L[:size, :size], r[:size])
    for k in range(size):
        x[member[k]] += r[k]
        change, row = factor * r[k], H[member[k]]
        for j in range(Hx.size):
            Hx[j] += change * row[j]


@njit(cache=True, nogil=True)
def _enter(H: Any, L: Any, member: Any, size: int, j: int) -> bool:
    """Add a column to the factor of the members, unless they span it."""
    left = H[j, j]
    for k in range(size):
        L[size, k] = (H[j, member[k]] - np.dot(L[k, :k], L[size, :k])) / L[k, k]
        left -= L[size, k] ** 2
    if left <= _DEPENDENT:
        return False
    L[size, size], member[size] = np.sqrt(left), j
    return True


@njit(cache=True, nogil=True)
def _leave(L: Any, member: Any, size: int, j: int) -> int:
    """Take a member out of the factor and return its place: its row goes, rotations of columns fill the diagonal."""
    out = int(np.argmax(member[:size] == j))
    cosine, sine = np.empty(size), np.empty(size)
    for i in range(out, size - 1):
        member[i] = member[i + 1]
        L[i, : i + 2] = L[i + 1, : i + 2]
        for k in range(out, i):
            x, y = L[i, k], L[i, k + 1]
            L[i, k] = cosine[k] * x + sine[k] * y
            L[i, k + 1] = cosine[k] * y - sine[k] * x
        x, y = L[i, i], L[i, i + 1]
        L[i, i] = np.hypot(x, y)
        cosine[i], sine[i] = x / L[i, i], y / L[i, i]
    return out
