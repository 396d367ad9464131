"""Priors of the coefficients.

Penalties: ``Flat``, ``Gaussian`` (ridge), ``Laplace`` (lasso), ``ElasticNet``, ``GroupLaplace`` (group lasso).
Sampled only: ``GroupGaussian``, normal with a learned scale a group, and the normal mixtures ``StudentT``,
``Horseshoe``, ``RegularizedHorseshoe``. ``Penalised``, ``Grouped``, ``NormalMixture`` and ``Exported`` are the
interfaces for a prior of your own.
"""

from bayesreg.priors.base import Exported as Exported
from bayesreg.priors.base import Grouped as Grouped
from bayesreg.priors.base import NormalMixture as NormalMixture
from bayesreg.priors.base import Penalised as Penalised
from bayesreg.priors.base import Prior as Prior
from bayesreg.priors.elastic_net import ElasticNet as ElasticNet
from bayesreg.priors.flat import Flat as Flat
from bayesreg.priors.gaussian import Gaussian as Gaussian
from bayesreg.priors.group_gaussian import GroupGaussian as GroupGaussian
from bayesreg.priors.group_laplace import GroupLaplace as GroupLaplace
from bayesreg.priors.horseshoe import Horseshoe as Horseshoe
from bayesreg.priors.laplace import Laplace as Laplace
from bayesreg.priors.regularized_horseshoe import RegularizedHorseshoe as RegularizedHorseshoe
from bayesreg.priors.student_t import StudentT as StudentT
