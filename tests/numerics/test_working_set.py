"""Which columns come into a working set."""

from __future__ import annotations

import numpy as np

from bayesreg.groups import Groups
from bayesreg.numerics.working_set import SMALL, grow, start_set, whole_groups
from bayesreg.penalty import Penalty

LASSO = Penalty(np.ones(200), np.zeros(200))
PAIRS = Penalty(np.zeros(200), np.zeros(200), Groups(np.arange(200) // 2, np.ones(100), np.ones(200)))


def test_few_columns_are_all_in_the_set() -> None:
    assert np.array_equal(start_set(LASSO.take(np.arange(SMALL)), np.zeros(SMALL)), np.arange(SMALL))


def test_of_many_columns_the_support_and_the_unpenalised_ones_begin() -> None:
    d = np.zeros(200)
    d[[7, 90]] = 1.0
    free = Penalty(np.where(np.arange(200) == 33, 0.0, 1.0), np.zeros(200))
    assert start_set(free, d).tolist() == [7, 33, 90]
    assert start_set(PAIRS, d).tolist() == [6, 7, 90, 91]


def test_the_worst_violators_come_in_after_those_that_are_there() -> None:
    violation = np.zeros(200)
    violation[100:150] = np.arange(50.0)
    violation[3] = 1e6
    grown = grow(LASSO, np.array([120, 3, 5]), violation, 0.5, 0)
    assert grown[:3].tolist() == [120, 3, 5]
    # Twenty of those outside the set: 130 to 149.
    assert grown[3:].tolist() == list(range(130, 150))


def test_no_more_come_in_than_half_the_number_in_use() -> None:
    violation = np.ones(200)
    assert grow(LASSO, np.arange(100), violation, 0.5, 100).size == 100 + 50
    assert grow(LASSO, np.arange(100), violation, 0.5, 3).size == 100 + 20


def test_columns_at_the_tolerance_stay_out() -> None:
    violation = np.full(200, 0.5)
    assert grow(LASSO, np.arange(3), violation, 0.5, 3).tolist() == [0, 1, 2]


def test_groups_come_in_whole_and_once() -> None:
    violation = np.zeros(200)
    violation[[10, 51]] = 1.0
    assert grow(PAIRS, np.array([10, 11]), violation, 0.5, 2).tolist() == [10, 11, 50, 51]
    mixed = Penalty(np.zeros(6), np.zeros(6), Groups(np.array([1, -1, 0, 1, -1, 0]), np.ones(2), np.ones(6)))
    assert whole_groups(mixed, np.array([3, 4])).tolist() == [0, 3, 4]
    assert whole_groups(mixed, np.array([1])).tolist() == [1]
    assert whole_groups(mixed, np.array([], dtype=np.intp)).size == 0
