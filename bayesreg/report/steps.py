"""Progress in words: what is being done and how long it has taken so far."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


class Steps:
    """Prints one line a step, with the seconds since the start."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._began

    def __call__(self, message: str) -> None:
        """Say what begins now."""
        from rich.text import Text

        self._console.print(Text(f"{self.seconds:6.1f} s  {message}", "dim"), soft_wrap=True)
