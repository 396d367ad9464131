"""The parameters that a row of the table takes, in the library's own names, and the checks of their values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from bayesreg.errors import InputError
from bayesreg.priors.base import as_number

Kind = Literal["number", "numbers", "positive", "positives", "share", "inside", "switch", "weights", "groups"]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a library's fit.

    Parameters
    ----------
    kind : str
        "number": finite, at least 0; "positive": above 0, may be infinite; "numbers" and "positives": the same, or one
        a column; "share": from 0 to 1; "inside": between them; "switch": True or False; "weights": one number a column
        (at least 0, not all 0) or the default; "groups": sizes of the groups or lists of column numbers.
    default : object
        The library's; ignored where ``required``.
    required : bool
        Whether the library has no default.
    """

    kind: Kind
    default: Any = None
    required: bool = False

    def check(self, owner: str, name: str, value: Any) -> Any:
        """Return a usable value; a message names the parameter as the library does.

        Raises
        ------
        InputError
            If it is not of its kind.
        """
        if self.kind == "switch":
            if not isinstance(value, bool | np.bool_):
                raise InputError(f"{owner}({name}=...) must be True or False, got {value!r}.")
            return bool(value)
        if self.kind == "weights":
            return _weights(owner, name, value, self.default)
        if self.kind == "groups":
            return _groups(owner, name, value)
        above_zero = self.kind.startswith("positive") or self.kind == "inside"
        number = as_number(
            owner, name, value, minimum=0.0, inclusive=not above_zero, infinite=self.kind.startswith("positive")
        )
        if isinstance(number, tuple):
            if self.kind not in ("numbers", "positives"):
                raise InputError(f"{owner}({name}=...) must be one number, got {value!r}.")
            return np.array(number)
        if self.kind in ("share", "inside") and (number > 1 or (self.kind == "inside" and number == 1)):
            raise InputError(f"{owner}({name}=...) must lie between 0 and 1, got {value!r}.")
        return number


def required(kind: Kind) -> Parameter:
    """Return a parameter that has to be given."""
    return Parameter(kind, required=True)


def check_all(owner: str, parameters: Mapping[str, Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in the defaults and check every value.

    Raises
    ------
    InputError
        For an unknown name, a missing one or an unusable value.
    """
    unknown = sorted(set(given) - set(parameters))
    if unknown:
        raise InputError(f"{owner} has no parameter {', '.join(unknown)}; it has {', '.join(parameters)}.")
    values: dict[str, Any] = {}
    for name, parameter in parameters.items():
        if name not in given and parameter.required:
            raise InputError(f"{owner} needs {name}=...")
        values[name] = parameter.check(owner, name, given.get(name, parameter.default))
    return values


def _weights(owner: str, name: str, value: Any, default: Any) -> Any:
    """One weight a column; None where all are equal."""
    if value is None or (isinstance(value, str) and value == default):
        return None
    weights = as_number(owner, name, value, minimum=0.0, inclusive=True, infinite=False)
    if not isinstance(weights, tuple) or not any(weights):
        raise InputError(f"{owner}({name}=...) must hold one number a column, not all 0, got {value!r}.")
    return np.array(weights)


def _groups(owner: str, name: str, value: Any) -> tuple[int, ...]:
    """Number of the group of each column, from sizes of contiguous groups or from lists of columns."""
    wrong = InputError(
        f"{owner}({name}=...) must be the sizes of contiguous groups or one list of column numbers a group that "
        f"together name every column once, got {value!r}. One size for all is a list too: [2, 2, 2]."
    )
    try:
        parts = list(value)
        if all(np.ndim(part) == 0 for part in parts):
            sizes = [int(part) for part in parts]
            if not sizes or min(sizes) < 1 or not all(math.isclose(a, b) for a, b in zip(sizes, parts, strict=True)):
                raise wrong
            return tuple(np.repeat(np.arange(len(sizes)), sizes).tolist())
        columns = [int(column) for part in parts for column in part]
        if sorted(columns) != list(range(len(columns))):
            raise wrong
    except TypeError:
        raise wrong from None
    label = np.empty(len(columns), dtype=int)
    label[columns] = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return tuple(label.tolist())
