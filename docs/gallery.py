"""Draw the pictures of plots.md: run its pieces of code, and keep each figure on a white and on a dark page.

./run python docs/gallery.py [--sheet FILE]: with --sheet all of them go into one file to look at, and nowhere else.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np

HERE = Path(__file__).parent
STYLES = {"": "default", "-dark": "dark_background"}


def pictures(page: str) -> Iterator[tuple[str, str, Any]]:
    """Run the pieces once on each page; yield the name of the plot, the page's suffix and the figure."""
    pieces = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    for suffix, style in STYLES.items():
        room: dict[str, Any] = {}
        with plt.style.context(style):
            for piece in pieces:
                exec(compile(piece, "plots.md", "exec"), room)
                if plt.get_fignums():
                    yield re.findall(r"plots\.(\w+)\(", piece)[-1], suffix, plt.gcf()
                    plt.close("all")


def as_pixels(figure: Any, dpi: int) -> Any:
    """Return what the figure looks like, shape (height, width, 4)."""
    figure.set_dpi(dpi)
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba()).copy()


def contact_sheet(found: list[tuple[str, str, Any]], file: Path) -> None:
    """Put all pictures into one file, the white ones above the dark ones."""
    columns = 4
    rows = -(-len(found) // columns)
    sheet, axes = plt.subplots(rows, columns, figsize=(6 * columns, 4.2 * rows), layout="constrained")
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, (_, _, pixels) in zip(axes.flat, found, strict=False):
        ax.imshow(pixels)
    sheet.savefig(file, dpi=75)
    plt.close(sheet)


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheet", type=Path, help="one file for all pictures")
    sheet = parser.parse_args().sheet
    page = (HERE / "plots.md").read_text(encoding="utf-8")
    if sheet is not None:
        contact_sheet([(name, suffix, as_pixels(figure, 100)) for name, suffix, figure in pictures(page)], sheet)
        return
    (HERE / "images").mkdir(exist_ok=True)
    for name, suffix, figure in pictures(page):
        figure.savefig(HERE / "images" / f"{name}{suffix}.png", dpi=80)


if __name__ == "__main__":
    main()
