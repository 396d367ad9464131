r"""What a compiled density reads of a model: arrays and codes, never functions.

The point u that a sampler moves has the parts

.. math:: u = (z, \log\sigma, \log h_1, \ldots, \log h_H, \log\lambda_1, \ldots),
          \qquad x = m + A z

of which sigma is there when it is learned, the h are the learned parameters of the prior, and lambda, the local scales,
belong to the coefficients under a normal mixture. x holds one number a coefficient and, last, the intercept
:math:`\alpha` at the column means; A whitens (see ``whitening``). A coefficient is, by its kind,

* ``PLAIN``: :math:`\beta_j = x_j`;
* ``BEYOND``: :math:`\beta_j = \mathrm{loc}_j + e^{x_j}`, for a coefficient kept above its location;
* ``SCALED``: :math:`\beta_j = \mathrm{loc}_j + s_j x_j` with s the standard deviation that its mixture gives it (the
  non-centred form), for a coefficient that the data say little about.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

PLAIN, BEYOND, SCALED = range(3)
# How the rows enter: as moments (Gaussian likelihood), dense by rows or by columns, in compressed sparse columns.
MOMENTS, BY_ROWS, BY_COLUMNS, SPARSE = range(4)


class Form(NamedTuple):
    """A model bound to data, for ``density``; flat arrays throughout, so that they can be found by their addresses.

    Exponents say how a rate depends on what is learned: a rate is its base times the ``index``-th learned parameter to
    the ``power``, over sigma to the ``noise``; index -1: no learned parameter.
    """

    sizes: Integers  # n, p, learned sigma (0 or 1), H, groups, mixture (0 or 1), intercept (0 or 1)
    rows: Integers  # storage, code of the likelihood
    powers: Integers  # (index, power, noise) of l1, of l2, of the groups; then fixed (0 or 1), noise of the intercept
    mixture: Integers  # index of tau or -1, index of the slab, -1 (a known one) or -2 (none), noise
    law_codes: Integers  # of sigma, the learned parameters and the local scales: H + 2
    kind: Integers  # (p,)
    label: Integers  # (p,): group or -1
    local: Integers  # (p,): which local scale, -1 where there is none; empty without a mixture
    row_index: Integers  # of compressed columns
    column_start: Integers  # (p + 1,)
    numbers: Array  # log of the known sigma, total weight, parameter of the likelihood, its log density's constant
    intercept: Array  # rate and location of its normal prior
    law_numbers: Array  # (3 (H + 2),): a, b and c of each law
    centre: Array  # m, (k,)
    basis: Array  # A, (k k,)
    loc: Array  # (p,)
    l1: Array  # (p,): bases of the rates
    l2: Array  # (p,)
    group_rate: Array  # (G,)
    group_unit: Array  # (p,)
    log_unit: Array  # (p,): of a mixture
    log_tau: Array  # (p,): of a known tau, else 0
    log_slab: Array  # (1,)
    mean: Array  # (p,): intercept = alpha - mean'beta
    shift: Array  # (p,): what is still to be taken off the stored columns
    entries: Array  # X as it is stored, or the Gram matrix (k k,)
    y: Array  # (n,), or the gradient of the moments (k,)
    weight: Array  # (n,), or the residual sum of squares (1,)
    offset: Array  # (n,), or where the moments are taken (k,)
