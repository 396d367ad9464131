"""One thread for linear algebra, where many small products would only wait for each other."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

import numpy as np  # noqa: F401  # the libraries have to be loaded before they are looked for
import scipy.linalg  # noqa: F401  # this one has its own
from threadpoolctl import ThreadpoolController


def one_blas_thread() -> AbstractContextManager[object]:
    """Limit BLAS to one thread inside a ``with`` block; what it had before is restored.

    How BLAS splits a sum among threads changes its last digits: with one thread results do not depend on the machine's
    load or number of cores.
    """
    limit: AbstractContextManager[object] = _libraries().limit(limits=1, user_api="blas")
    return limit


@cache
def _libraries() -> ThreadpoolController:
    """Handles of the libraries, once: finding them takes milliseconds."""
    return ThreadpoolController()
