"""What engines hand back, before it is dressed for users."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Mode:
    """A posterior mode at one noise level.

    Parameters
    ----------
    coef : array, shape (p,)
    intercept : float
    n_iter : int
        Cycles or Newton steps.
    dual : array, shape (n,), optional
        Multiplier theta of the rows, where the loss has kinks and its gradient does not give it.
    optima : int, optional
        Number of distinct local optima found, for a likelihood that is not convex.
    """

    coef: Array
    intercept: float
    n_iter: int
    dual: Array | None = None
    optima: int | None = None


@dataclass(frozen=True, eq=False)
class Draws:
    """Posterior draws in original units, before they become a DataTree.

    Parameters
    ----------
    values : mapping of str to array, shape (chains, draws, ...)
        ``coef`` and, where they are in the model, ``intercept``, ``sigma`` and the learned prior parameters.
    stats : mapping of str to array, shape (chains, draws)
        Per-draw diagnostics of the sampler.
    exactness : str
        "independent" or "mcmc".
    moments : mapping of str to array
        Exact posterior means and standard deviations, where the engine has them.
    numerical_error : float
        Computed error of quadrature, relative; 0 for closed forms.
    attrs : dict
        What else the tree's attributes shall say, such as ``khat``, ``interrupted`` or ``log_evidence``.
    pointwise : mapping of str to array, shape (n,)
        Exact numbers of each row: ``elpd_loo``.
    """

    values: dict[str, Array]
    stats: dict[str, Array]
    exactness: str
    moments: dict[str, Array]
    numerical_error: float = 0.0
    attrs: dict[str, Any] = field(default_factory=dict)
    pointwise: dict[str, Array] = field(default_factory=dict)
