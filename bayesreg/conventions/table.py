"""The table of conventions: how other libraries and textbooks scale a penalty, one row a convention."""

from __future__ import annotations

import difflib

from bayesreg.conventions import (
    bayesian,
    celer,
    glmnet,
    glum,
    mass,
    scikit_learn,
    skglm,
    statsmodels,
    textbook,
)
from bayesreg.conventions.row import Convention
from bayesreg.errors import InputError

CONVENTIONS: dict[str, Convention] = {
    row.name: row
    for family in (textbook, scikit_learn, glmnet, mass, celer, skglm, glum, statsmodels, bayesian)
    for row in family.ROWS
}


def convention(name: str) -> Convention:
    """Return a row of the table by its name.

    Parameters
    ----------
    name : str
        For example "sklearn.Lasso".

    Returns
    -------
    Convention

    Raises
    ------
    InputError
        If there is no such row; the message names similar ones, or all.

    Examples
    --------
    >>> from bayesreg.conventions import convention
    >>> convention("sklearn.Ridge").objective
    'sum_i s_i e_i² + alpha ||w||²'
    """
    if isinstance(name, str) and name in CONVENTIONS:
        return CONVENTIONS[name]
    similar = _similar(name) if isinstance(name, str) else []
    if similar:
        raise InputError(
            f"there is no convention {name!r}; did you mean {' or '.join(map(repr, similar))}? "
            "bayesreg.conventions.CONVENTIONS holds all."
        )
    raise InputError(f"there is no convention {name!r}; known are {', '.join(CONVENTIONS)}.")


def _similar(name: str) -> list[str]:
    """Names that differ in few letters, upper and lower case counting alike, or whose part after the point does."""
    whole = {known.lower(): known for known in CONVENTIONS}
    found = [whole[key] for key in difflib.get_close_matches(name.lower(), whole, n=3, cutoff=0.75)]
    ends = [known for known in CONVENTIONS if known.lower().partition(".")[2] == name.lower().rpartition(".")[2]]
    return list(dict.fromkeys(found + ends))[:5]
