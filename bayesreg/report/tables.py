"""Frames as terminal tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table


def table(frame: pd.DataFrame, title: str, formats: dict[str, str] | None = None, most: int = 30) -> Table:
    """Return a rich table of a frame, its index first.

    Parameters
    ----------
    frame : pandas.DataFrame
    title : str
    formats : dict, optional
        Format specification by column name (the last level of a multi-level column); ``.3g`` for other numbers.
    most : int
        Rows beyond so many are left out, and their number said.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0)
    )
    # Names are a user's own: shown as text, never read as markup.
    shown.add_column(Text(str(frame.index.name or "")), no_wrap=True)
    for column in frame.columns:
        shown.add_column(Text(_heading(column)), justify="right", no_wrap=True)
    for label, row in frame.head(most).iterrows():
        cells = [_cell(value, _format(column, formats or {})) for column, value in zip(frame.columns, row, strict=True)]
        shown.add_row(Text(str(label)), *map(Text, cells))
    if len(frame) > most:
        shown.caption = f"and {len(frame) - most} more rows in the file"
    return shown


def _heading(column: Any) -> str:
    return "\n".join(map(str, column)) if isinstance(column, tuple) else str(column)


def _format(column: Any, formats: dict[str, str]) -> str:
    last = column[-1] if isinstance(column, tuple) else column
    return formats.get(str(last), ".3g")


def _cell(value: Any, spec: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return "yes" if value else "NO"
    if value == 0:
        return "0"
    return format(int(value) if spec == "d" else float(value), spec)
