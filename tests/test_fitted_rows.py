"""Whether an X is the one of a fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import bayesreg as br
from bayesreg import likelihoods, priors
from bayesreg.errors import InputError
from bayesreg.fitted_rows import same_rows

Data = tuple[np.ndarray, np.ndarray]


@pytest.mark.parametrize("intercept", [True, False])
def test_the_same_rows_are_known_in_any_form_and_others_are_not(intercept: bool, linear: Data) -> None:
    X, y = linear
    rng = np.random.default_rng(1)
    weight, offset = rng.integers(0, 3, 30).astype(float), rng.standard_normal(30)
    X = X + np.array([0.0, 1e6, 0.0, 0.0])
    model = br.Model(likelihoods.Gaussian(0.7), priors.Gaussian(0.5), fit_intercept=intercept)
    post = br.sample(model, X, y, draws=20, seed=1, sample_weight=weight, offset=offset)
    np.testing.assert_array_equal(same_rows(post, sparse.csr_array(X)), X)
    np.testing.assert_array_equal(same_rows(post, pd.DataFrame(X, columns=list("abcd"))), X)
    with pytest.raises(InputError, match=r"X has shape \(29, 4\), but the posterior was fitted to \(30, 4\)"):
        same_rows(post, X[1:])
    with pytest.raises(InputError, match="column 'x3' has another mean"):
        same_rows(post, X + np.array([0.0, 0.0, 0.0, 1e-3]))


def test_standardised_columns_have_equal_means_and_are_told_apart_all_the_same(linear: Data) -> None:
    X, y = linear
    Z = (X - X.mean(0)) / X.std(0)
    post = br.sample(br.Model(likelihoods.Gaussian(0.7), priors.Gaussian(0.5)), Z, y, draws=20, seed=1)
    for moved in (Z[:, [1, 0, 2, 3]], Z[::-1]):
        with pytest.raises(InputError, match="column 'x0' goes otherwise with the response"):
            same_rows(post, moved)
    frame = pd.DataFrame(Z, columns=list("abcd"))
    post = br.sample(br.Model(likelihoods.Gaussian(0.7), priors.Gaussian(0.5)), frame, y, draws=20, seed=1)
    with pytest.raises(InputError, match="column 0 of X is 'b', but that of the fit 'a'"):
        same_rows(post, frame[list("bacd")])
