"""The rule of thumb."""

from __future__ import annotations

from typing import Any

import pytest

import bayesreg as br
from bayesreg.errors import InputError


@pytest.mark.parametrize(
    ("arguments", "penalty"),
    [
        # n_features, n_samples, groups, selection, sparse
        ((10, 1000, 0, False, False), "l2"),
        ((10, 1000, 3, False, False), "l2"),
        ((1000, 100, 0, False, False), "l2"),
        ((10, 1000, 0, True, False), "l1"),
        ((10, 1000, 0, False, True), "l1"),
        ((1000, 100, 0, False, True), "l1"),
        ((1000, 100, 0, True, True), "l1"),
        ((1000, 100, 0, True, False), "elastic_net"),
        ((10, 1000, 1, True, False), "elastic_net"),
        ((1000, 100, 4, True, True), "elastic_net"),
    ],
)
def test_each_case_of_the_textbooks(arguments: tuple[Any, ...], penalty: str) -> None:
    found = br.choose_regularization(*arguments)
    assert found.penalty == penalty
    assert found.estimator == {"l2": "Ridge", "l1": "Lasso", "elastic_net": "ElasticNet"}[penalty]
    assert hasattr(br, found.estimator)
    assert f"{arguments[0]} columns, {arguments[1]} rows" in str(found)


def test_what_is_no_count_or_flag_is_refused() -> None:
    with pytest.raises(InputError, match="n_features must be an integer of at least 1, got 0"):
        br.choose_regularization(0, 10)
    with pytest.raises(InputError, match="n_correlated_groups must be an integer of at least 0, got True"):
        br.choose_regularization(5, 10, True)
    with pytest.raises(InputError, match="sparse_signal must be True or False, got 'yes'"):
        br.choose_regularization(5, 10, sparse_signal="yes")  # type: ignore[arg-type]


def test_groups_have_two_columns_each() -> None:
    assert br.choose_regularization(6, 10, 3).penalty == "l2"
    with pytest.raises(InputError, match=r"n_correlated_groups must be at most 2.*there are 5; got 3"):
        br.choose_regularization(5, 10, 3)
