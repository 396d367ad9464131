"""Likelihoods of the response: the loss of the regression as a density.

``Gaussian`` (squared loss), ``Huber``, ``Laplace`` (absolute loss), ``AsymmetricLaplace`` (quantile loss) and
``StudentT`` for a real response, ``Bernoulli`` for two classes, ``Poisson`` for counts.

``Likelihood`` and ``Scaled`` are the interfaces for a likelihood of your own.
"""

from bayesreg.likelihoods.asymmetric_laplace import AsymmetricLaplace as AsymmetricLaplace
from bayesreg.likelihoods.base import Kinked as Kinked
from bayesreg.likelihoods.base import Likelihood as Likelihood
from bayesreg.likelihoods.base import Scaled as Scaled
from bayesreg.likelihoods.bernoulli import Bernoulli as Bernoulli
from bayesreg.likelihoods.gaussian import Gaussian as Gaussian
from bayesreg.likelihoods.huber import Huber as Huber
from bayesreg.likelihoods.laplace import Laplace as Laplace
from bayesreg.likelihoods.poisson import Poisson as Poisson
from bayesreg.likelihoods.student_t import StudentT as StudentT
