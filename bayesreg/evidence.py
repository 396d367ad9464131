"""The marginal likelihood of a model: what the data say about it before any parameter is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike

from bayesreg.engines.exact_gaussian import ExactGaussian, scale_posterior
from bayesreg.errors import NoEngineError
from bayesreg.identified import check_identified
from bayesreg.model import Model, bind


@dataclass(frozen=True)
class Evidence:
    """Log marginal likelihood of a model.

    Parameters
    ----------
    log_evidence : float
        Log density of the response with everything unknown integrated out, in nats.
    error : float
        Computed relative error of the evidence, that is the absolute error of its logarithm; 0 for closed forms.
    proper : bool
        Whether every prior is a probability density. A flat part counts as the density 1 per unit of its parameter:
        the evidence then compares only models that share it.
    """

    log_evidence: float
    error: float
    proper: bool

    def __float__(self) -> float:
        """Return the log evidence."""
        return self.log_evidence


def log_evidence(
    model: Model, X: Any, y: Any, *, sample_weight: ArrayLike | None = None, offset: ArrayLike | None = None
) -> Evidence:
    """Compute the log evidence of a Gaussian model with a Gaussian or flat prior, exactly.

    The difference between two models of the same response is their log Bayes factor. Their default laws of sigma are
    taken from the data, so state one law for both.

    Parameters
    ----------
    model : Model
        Gaussian likelihood; Gaussian or flat prior, its scale and sigma known or learned under any law;
        ``priors.GroupGaussian`` with two groups.
    X : array or frame, shape (n, p)
    y : array, shape (n,)
    sample_weight, offset : array, shape (n,), optional

    Returns
    -------
    Evidence
        Cost O(n p min(n, p)); some hundred times that for two groups.

    Raises
    ------
    InputError
        For unusable data or an improper posterior.
    NoEngineError
        For any other model, with the reason.

    Examples
    --------
    >>> import numpy as np, bayesreg as br
    >>> from bayesreg import likelihoods, priors
    >>> X, y = np.array([[1.0], [-1.0]]), np.array([1.0, -1.0])
    >>> model = br.Model(likelihoods.Gaussian(1.0), priors.Gaussian(1.0), fit_intercept=False)
    >>> round(br.log_evidence(model, X, y).log_evidence, 6)  # log N(y; 0, I + XX')
    -2.720517
    """
    problem = bind(model, X, y, sample_weight, offset)
    sparse = "X is sparse; pass X.toarray()" if problem.design.is_sparse else None
    reason = sparse or ExactGaussian().why_not(problem)
    if reason is not None:
        raise NoEngineError(
            f"the evidence is known exactly only for a Gaussian likelihood with a Gaussian or flat prior: {reason}. "
            "Compare other models by leave-one-out prediction: br.compare on the results of br.sample."
        )
    check_identified(problem)
    scales = scale_posterior(problem)
    return Evidence(scales.log_evidence, scales.error, scales.proper)
