"""No reference case is forgotten: each is tested, or named with the reason why it cannot be."""

from __future__ import annotations

import test_reference_closed_form
import test_reference_map
import test_reference_ols
import test_reference_posterior_exact
import test_reference_posterior_nuts
from reference_case import ALL_IDS, FOLDER, NOT_EXPRESSIBLE, load

MODULES = {
    test_reference_closed_form: "closed_form",
    test_reference_map: "map",
    test_reference_ols: "ols",
    test_reference_posterior_exact: "posterior",
    test_reference_posterior_nuts: "posterior",
}


def test_every_case_is_tested_once_or_named_as_not_expressible() -> None:
    tested = [identifier for module in MODULES for identifier in module.CASES]
    assert len(ALL_IDS) == 34
    assert sorted([*tested, *NOT_EXPRESSIBLE]) == sorted(ALL_IDS)
    assert all(NOT_EXPRESSIBLE.values())


def test_the_shipped_folders_are_the_tested_cases_and_of_the_kind_their_module_tests() -> None:
    shipped = {path.parent.name for path in FOLDER.glob("*/case.json")}
    assert shipped == ALL_IDS - set(NOT_EXPRESSIBLE)
    for module, kind in MODULES.items():
        assert {load(identifier).info["kind"] for identifier in module.CASES} == {kind}
