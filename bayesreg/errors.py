"""Every error and warning of the package, in one tree.

Input errors are also ``ValueError``, so that code written for scikit-learn catches them.
"""

import os
import warnings

# What the names of the package's own files begin with.
_HERE = os.path.dirname(__file__) + os.sep


class BayesregError(Exception):
    """Root of the errors raised on purpose by this package."""


class InputError(BayesregError, ValueError):
    """An argument is unusable: the message names it, what was got and what is allowed."""


class UnsupportedInputError(BayesregError, TypeError):
    """The kind of object given is not supported; the message says what to pass instead."""


class NoMapError(BayesregError, ValueError):
    """The model has no (useful) posterior mode, so there is no MAP to find; the message says why."""


class NotIdentifiedError(BayesregError, ValueError):
    """Coefficients under a flat prior that the data do not determine: collinear columns, or separated classes."""


class NoEngineError(BayesregError, ValueError):
    """No engine can do what was asked; the message lists every engine's reason."""


class SamplingError(BayesregError, RuntimeError):
    """A sampler could not start or stopped; the message says what to try."""


class UnsuitableError(BayesregError):
    """An engine found out while running that it cannot do the problem: `sample` goes on to the next one."""


class BayesregWarning(UserWarning):
    """Root of the warnings of this package."""


class ConvergenceWarning(BayesregWarning):
    """A MAP was returned whose certificate does not meet the contract; the message holds both numbers."""


class SamplingWarning(BayesregWarning):
    """A posterior sample failed a diagnostic (R-hat, effective sample size, divergences)."""


class DesignWarning(BayesregWarning):
    """The data are usable but hold something to know about, such as a constant column."""


class PriorWarning(BayesregWarning):
    """The prior does something its user may not expect, such as pulling the noise level down."""


def warn(message: str, category: type[BayesregWarning]) -> None:
    """Warn at the line of the user that called into the package, however deep inside it the reason was found."""
    warnings.warn(message, category, skip_file_prefixes=(_HERE,))
