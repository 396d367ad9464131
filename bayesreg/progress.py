"""What is said while chains run: a moving line on a terminal, one line at the end elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

# Seconds between two looks at the effective sample size.
PAUSE = 1.0


class Progress:
    """One line for all chains: phase, draws, draws a second, effective sample size so far.

    Notebooks, pipes and files get no moving line, only the last one.

    Parameters
    ----------
    title : str
        What runs.
    shown : bool
        Whether anything is said at all.
    """

    def __init__(self, title: str, shown: bool) -> None:
        self._title = title
        self._bar: Any = None
        self._note = self._ess = ""
        self._done = 0
        self._began = self._looked = time.monotonic()
        if shown:
            from rich import progress
            from rich.console import Console

            console = Console(stderr=True)
            columns = [progress.TextColumn("{task.description}"), progress.BarColumn(), progress.MofNCompleteColumn()]
            columns += [progress.TextColumn("{task.fields[note]}"), progress.TimeElapsedColumn()]
            self._bar = progress.Progress(*columns, console=console, disable=not console.is_terminal)
            self._task = self._bar.add_task(title, total=None, note="warm-up")

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
            if self._bar.disable:
                self._bar.console.print(f"{self._title}: {self._done} draws a chain, {self._note}", highlight=False)

    def warmed_up(self) -> None:
        """Begin to count the time of draws."""
        self._began = self._looked = time.monotonic()

    def draws(self, done: int, new: int, total: int, ess: Callable[[], float]) -> None:
        """Tell how many draws a chain there are, how many of them are new in this call, and how many shall be."""
        if self._bar is None:
            return
        now = time.monotonic()
        rate = f"{new / max(now - self._began, 1e-9):.0f} draws a chain a second"
        if now - self._looked > PAUSE or done == total:
            self._looked, self._ess = now, f", ESS {ess():.0f}"
        self._done, self._note = done, rate + self._ess
        self._bar.update(self._task, completed=done, total=total, note=self._note)
