"""Priors of the coefficients.

``Flat``, ``Gaussian`` (ridge), ``Laplace`` (lasso), ``ElasticNet``, ``GroupLaplace`` (group lasso). ``Penalised``,
``Grouped`` and ``Exported`` are the interfaces for a prior of your own.
"""

from bayesreg.priors.base import Exported as Exported
from bayesreg.priors.base import Grouped as Grouped
from bayesreg.priors.base import Penalised as Penalised
from bayesreg.priors.base import Prior as Prior
from bayesreg.priors.elastic_net import ElasticNet as ElasticNet
from bayesreg.priors.flat import Flat as Flat
from bayesreg.priors.gaussian import Gaussian as Gaussian
from bayesreg.priors.group_laplace import GroupLaplace as GroupLaplace
from bayesreg.priors.laplace import Laplace as Laplace
