"""The density as C functions, which a sampler calls from its own threads without the interpreter.

They find the arrays of a `Form` by a table of addresses, so that one compilation serves every model.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import carray, cfunc, njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from bayesreg.numerics.nuts.density import log_density
from bayesreg.numerics.nuts.form import Form

WORDS = 2 * len(Form._fields)


def address_table(form: Form) -> NDArray[np.uint64]:
    """Address and length of each array; the arrays must outlive the table and never move."""
    return np.array([[array.ctypes.data, array.size] for array in form], dtype=np.uint64).ravel()


@intrinsic
def _pointer(typing: Any, address: Any) -> Any:
    """An address as a pointer."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(types.uint64), generate


@njit(cache=True, nogil=True)
def _integers(table: Any, at: int) -> Any:
    return carray(_pointer(table[2 * at]), (np.int64(table[2 * at + 1]),), np.int64)


@njit(cache=True, nogil=True)
def _reals(table: Any, at: int) -> Any:
    return carray(_pointer(table[2 * at]), (np.int64(table[2 * at + 1]),), np.float64)


@njit(cache=True, nogil=True)
def _form(table: Any) -> Form:
    return Form(
        _integers(table, 0),
        _integers(table, 1),
        _integers(table, 2),
        _integers(table, 3),
        _integers(table, 4),
        _integers(table, 5),
        _integers(table, 6),
        _integers(table, 7),
        _integers(table, 8),
        _integers(table, 9),
        _reals(table, 10),
        _reals(table, 11),
        _reals(table, 12),
        _reals(table, 13),
        _reals(table, 14),
        _reals(table, 15),
        _reals(table, 16),
        _reals(table, 17),
        _reals(table, 18),
        _reals(table, 19),
        _reals(table, 20),
        _reals(table, 21),
        _reals(table, 22),
        _reals(table, 23),
        _reals(table, 24),
        _reals(table, 25),
        _reals(table, 26),
        _reals(table, 27),
        _reals(table, 28),
    )


@cache
def callbacks() -> tuple[Any, Any]:
    """Compile, or load from numba's disk cache, the two functions that nutpie calls.

    Returns
    -------
    density, copy : numba CFunc
        ``density(dim, u, gradient, value, table)`` and ``copy(dim, dim, u, out, table)``, both 0 where all is well.
    """
    number = types.CPointer(types.double)

    @cfunc(types.int64(types.uint64, number, number, number, types.CPointer(types.uint64)), cache=True)
    def density(dim: Any, u: Any, gradient: Any, value: Any, table: Any) -> Any:
        point, out = carray(u, (np.int64(dim),)), carray(gradient, (np.int64(dim),))
        found = log_density(point, out, _form(carray(table, (WORDS,))))
        carray(value, (1,))[0] = found
        if not np.all(np.isfinite(out)):
            return 3
        return 0 if np.isfinite(found) else 4

    @cfunc(types.int64(types.uint64, types.uint64, number, number, types.CPointer(types.uint64)), cache=True)
    def copy(dim: Any, size: Any, u: Any, out: Any, table: Any) -> Any:
        carray(out, (np.int64(dim),))[:] = carray(u, (np.int64(dim),))
        return 0

    return density, copy
