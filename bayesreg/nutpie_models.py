"""Models as nutpie samples them: our compiled density, or the PyMC form where that does not know a part.

The compiled density is one for all models and lies in numba's disk cache. A PyMC form is compiled by its structure:
fits that differ in X, y, weights or offset only share one compilation in a process.
"""

from __future__ import annotations

import math
import warnings
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayesreg.interfaces import implements
from bayesreg.numerics.nuts.callbacks import callbacks
from bayesreg.priors.base import NormalMixture
from bayesreg.problem import Problem
from bayesreg.pymc_export import build_pymc
from bayesreg.sampling_form import Coordinates

Array = NDArray[np.float64]

# Compiled PyMC forms of one process, the newest last; each holds some MB of machine code and its first data.
_KEPT = 32
_COMPILED: dict[tuple[Any, ...], Any] = {}
_LOCK = Lock()


def compiled_density(at: Coordinates) -> Any:
    """Return a nutpie model of the coordinates; its only variable is ``u``."""
    from nutpie.compile_pymc import CompiledPyMCModel

    density, copy = callbacks()
    dim = at.dim

    # nutpie keeps this function as long as it samples, and with it the arrays behind the table of addresses.
    def start(seed: int) -> Array:
        return at.draw_start(np.random.default_rng(seed))

    return CompiledPyMCModel(
        dims={"u": ("coordinate",)},
        compiled_logp_func=density,
        compiled_expand_func=copy,
        initial_point_func=start,
        shared_data={},
        shared_var_keys={},
        user_data=at.table,
        n_expanded=dim,
        shape_info=(["u"], [slice(0, dim)], [(dim,)]),
        logp_func=None,
        expand_func=None,
        _n_dim=dim,
        _shapes={"u": (dim,)},
        # The second name is one that nutpie itself asks for.
        _coords={"coordinate": np.arange(dim), "unconstrained_parameter": np.arange(dim)},
    )


def compiled_pymc(problem: Problem) -> Any:
    """Return a nutpie model of the PyMC form, from the cache where only the data are new."""
    import nutpie

    key, data = _key(problem), _data(problem)
    with _LOCK:
        found = _COMPILED.get(key)
        if found is None:
            with warnings.catch_warnings():
                # Compiling the elastic net's random method falls back to Python; sampling never calls it.
                warnings.filterwarnings("ignore", message="Numba will use object mode", category=UserWarning)
                found = nutpie.compile_pymc_model(_plain(problem))
            while len(_COMPILED) >= _KEPT:
                del _COMPILED[next(iter(_COMPILED))]
            _COMPILED[key] = found
    return found.with_data(**data)


def _plain(problem: Problem) -> Any:
    # Small local scales beside their coefficients would be a funnel.
    return build_pymc(problem, centred=problem.fit_intercept, standardised=implements(problem.prior, NormalMixture))


def _data(problem: Problem) -> dict[str, Array]:
    """The shared data of the PyMC form."""
    design = problem.design
    data = {"X": design.X, "y_observed": design.y}
    if np.any(design.offset):
        data["offset"] = design.offset
    if design.weighted:
        data["sample_weight"] = design.weight
    return data


def _key(problem: Problem) -> tuple[Any, ...]:
    """Everything else that the PyMC form depends on.

    Parts of a user's own are told apart by identity where they cannot be compared; being in the key they stay alive.
    """
    design = problem.design
    level = float(design.weight @ (design.y - design.offset)) / design.total_weight
    # Chains start at the first data's level and spread; others that are alike may share them.
    size = round(math.log10(design.y_sd)) if design.y_sd > 0 else 0
    near = round(level / 10.0 ** (size + 1)) if problem.likelihood.has_sigma else 0
    arrays = (problem.unit, problem.loc, design.x_mean if problem.fit_intercept else np.zeros(0))
    return (
        *(_part(part) for part in (problem.likelihood, problem.prior, problem.sigma, problem.intercept_prior)),
        problem.relative_to,
        problem.fit_intercept,
        design.names,
        design.weighted,
        bool(np.any(design.offset)),
        size,
        near,
        *(np.ascontiguousarray(array).tobytes() for array in arrays),
    )


def _part(part: Any) -> Any:
    try:
        hash(part)
    except TypeError:
        return _Identity(part)
    return (type(part), part)


class _Identity:
    """Equal to itself only."""

    def __init__(self, part: Any) -> None:
        self._part = part
