"""Numbers of which every group of coefficients has one: single names while computing, one vector in results.

A learned scale of the group ``a`` is the parameter ``prior_scale[a]`` of the prior; results hold ``prior_scale`` with
the dimension ``group``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_MEMBER = re.compile(r"(\w+)\[(.*)\](\w*)", re.DOTALL)


def member_name(stem: str, label: object) -> str:
    """Name of the number of one group."""
    return f"{stem}[{label}]"


def stem_of(name: str) -> str:
    """Name without the group: ``prior_scale`` of ``prior_scale[a]``; a name without one is its own."""
    found = _MEMBER.fullmatch(name)
    return name if found is None else found[1] + found[3]


def gathered(
    values: Mapping[str, Any], stack: Callable[[list[Any]], Any] | None = None
) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
    """Stack the numbers of the groups.

    Parameters
    ----------
    values : mapping of str to array
        By name; ``prior_scale[a]_mean`` belongs to ``prior_scale_mean``.
    stack : callable, optional
        What makes one array of a list, for other arrays than NumPy's.

    Returns
    -------
    values : dict of str to array
        The others as they are, and each stem with the groups along a last axis.
    labels : dict of str to tuple of str
        The groups of each stem, in order.
    """
    plain: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        found = _MEMBER.fullmatch(name)
        if found is None:
            plain[name] = value
        else:
            parts.setdefault(found[1] + found[3], {})[found[2]] = value
    together = stack or (lambda part: np.stack(part, axis=-1))
    stacked = {stem: together(list(part.values())) for stem, part in parts.items()}
    return plain | stacked, {stem: tuple(part) for stem, part in parts.items()}


def drawn(posterior: Any, name: str) -> Array:
    """Values of a learned number in a dataset of results, shape (chain, draw)."""
    found = _MEMBER.fullmatch(name)
    values = posterior[name] if found is None else posterior[found[1]].sel(group=found[2])
    return np.asarray(values.to_numpy(), dtype=float)
