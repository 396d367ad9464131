"""Whether a value offers an interface, asked once per class: a run-time protocol check reads every attribute anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from typing_extensions import TypeIs

_KNOWN: dict[tuple[type, Any], bool] = {}


def implements[T](value: object, interface: Callable[..., T]) -> TypeIs[T]:
    """Return whether ``value`` has all members of a run-time checkable protocol; the same for all of its class."""
    key = (type(value), interface)
    answer = _KNOWN.get(key)
    if answer is None:
        answer = _KNOWN[key] = isinstance(value, cast(Any, interface))
    return answer
