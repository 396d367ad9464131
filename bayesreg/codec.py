"""Models as plain JSON and back, by class name from a closed list: nothing in a file is ever executed."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any

from bayesreg import likelihoods, priors, scales
from bayesreg.errors import InputError

_CLASSES = {
    f"{module.__name__.rsplit('.', 1)[1]}.{name}": getattr(module, name)
    for module, names in (
        (scales, ("Flat", "Jeffreys", "HalfNormal", "HalfStudentT", "HalfCauchy", "Gamma", "InverseGamma", "RSquared")),
        (likelihoods, ("Gaussian", "Huber", "Laplace", "AsymmetricLaplace", "StudentT", "Bernoulli", "Poisson")),
        (
            priors,
            (
                *("Flat", "Gaussian", "Laplace", "ElasticNet", "GroupLaplace", "GroupGaussian"),
                *("StudentT", "Horseshoe", "RegularizedHorseshoe"),
            ),
        ),
    )
    for name in names
}
_NAMES = {cls: name for name, cls in _CLASSES.items()}


def encode(value: Any) -> Any:
    """Turn a prior, likelihood, law, number or tuple into JSON-ready objects; a user's own class becomes its repr."""
    if is_dataclass(value) and type(value) in _NAMES:
        return {"type": _NAMES[type(value)]} | {f.name: encode(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return {"number": repr(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return {"custom": repr(value)}


def decode(value: Any) -> Any:
    """Inverse of `encode`; raises ``InputError`` for a class that is not one of this package's."""
    if isinstance(value, list):
        return tuple(decode(item) for item in value)
    if isinstance(value, dict):
        if "number" in value:
            return float(value["number"])
        if value.get("type") not in _CLASSES:
            raise InputError(f"the stored model holds {value!r}, which is not part of bayesreg; rebuild it by hand.")
        arguments = {name: decode(item) for name, item in value.items() if name != "type"}
        return _CLASSES[value["type"]](**arguments)
    return value


def dumps(parts: dict[str, Any]) -> str:
    """Encode a mapping of model parts as one JSON text."""
    return json.dumps({name: encode(part) for name, part in parts.items()})


def loads(text: str) -> dict[str, Any]:
    """Decode what `dumps` wrote."""
    return {name: decode(part) for name, part in json.loads(text).items()}
