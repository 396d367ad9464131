"""The stored fits of other Python libraries, as numbers and as stand-ins for the fitted objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from tests.conventions.kkt import Fit

FOLDER = Path(__file__).resolve().parents[1] / "reference" / "peer_fits"
DATA = {key: np.array(value) for key, value in json.loads((FOLDER / "data.json").read_text(encoding="utf-8")).items()}
STORED: list[dict[str, Any]] = json.loads((FOLDER / "fits.json").read_text(encoding="utf-8"))["fits"]
MASS: list[dict[str, Any]] = json.loads((FOLDER / "mass.json").read_text(encoding="utf-8"))["fits"]


def columns(stored: dict[str, Any]) -> np.ndarray:
    """Return X as the library saw it: with its constant for statsmodels."""
    X = DATA["X"]
    return np.column_stack([np.ones(X.shape[0]), X]) if "params" in stored["object"]["attributes"] else X


def rows(stored: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return what else the library saw of the rows."""
    named = {"sample_weight": "weight", "offset": "offset"}
    return {name: DATA[named[name]] for name in stored["rows"]}


def as_fit(stored: dict[str, Any]) -> Fit:
    """Return the numbers of a stored fit."""
    at, given = stored["object"]["attributes"], rows(stored)
    return Fit(
        stored["convention"],
        stored["parameters"],
        columns(stored),
        DATA[stored["response"]],
        np.ravel(at["params"] if "params" in at else at["coef_"]),
        0.0 if "params" in at else float(np.ravel(at["intercept_"])[0]),
        stored["fit_intercept"],
        given.get("sample_weight"),
        given.get("offset"),
    )


def stand_in(described: dict[str, Any]) -> Any:
    """Return an object whose class has the module and name of the described one, with the same attributes."""
    attributes = {name: _value(value) for name, value in described["attributes"].items()}
    # What is not fitted is a parameter, as scikit-learn and its followers have it.
    parameters = {name: value for name, value in attributes.items() if not name.endswith("_")}
    kind = type(described["class"], (), {"get_params": lambda self: dict(parameters)})
    kind.__module__ = described["module"]
    made = kind()
    vars(made).update(attributes)
    return made


def _value(value: Any) -> Any:
    if isinstance(value, dict) and "class" in value:
        return stand_in(value)
    if isinstance(value, dict):
        return {key: _value(item) for key, item in value.items()}
    if isinstance(value, list) and value and all(isinstance(item, int | float) for item in value):
        return np.array(value)
    return value
