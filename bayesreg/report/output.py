"""Print and save one analysis."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from bayesreg.report.analysis import Analysis
from bayesreg.report.files import save_posterior, save_table
from bayesreg.report.tables import table

if TYPE_CHECKING:
    from rich.console import Console

_PENALTY = {"gaussian": "ridge", "laplace": "lasso"}


def print_coefficients(console: Console, analysis: Analysis, heading: str, most: int = 30) -> None:
    """Print one coefficient table a prior, and what its certificate and diagnostics say."""
    import arviz as az

    prob, kind = az.rcParams["stats.ci_prob"], az.rcParams["stats.ci_kind"]
    words = {"eti": "equal-tailed", "hdi": "highest-density"}[kind]
    console.print(f"[bold]{heading}[/bold] (lower, upper: {prob:.0%} {words} interval)", highlight=False)
    for label, result in analysis.maps.items():
        frame = analysis.coefficients[label].rename(columns={"MAP": f"MAP ({_PENALTY[label]})"})
        if len(frame) > most:
            frame = frame.sort_values("mean", key=abs, ascending=False)
        if "flat" in analysis.coefficients:
            frame.insert(0, "no penalty", analysis.coefficients["flat", "estimate"])
        post = analysis.posteriors[label]
        console.print(table(frame, f"{label} prior", {"P(sign)": ".3f"}, most))
        verdict = json.loads(post.attrs["diagnostics"])["verdict"]
        console.print(
            f"MAP {result.certificate}\nposterior by {post.attrs['engine']} ({post.attrs['exactness']} draws), "
            f"diagnostics {verdict}\n",
            highlight=False,
        )
    for warning in analysis.warnings:
        console.print(f"note: {warning}", highlight=False, markup=False)


def print_comparison(console: Console, analysis: Analysis, heading: str) -> None:
    """Print the comparison of the priors."""
    shown = analysis.comparison[["elpd", "se", "elpd_diff", "dse", "p_loo", "pareto_k_max", "effective", "mean_kappa"]]
    headings = {"elpd_diff": "diff", "dse": "se of\ndiff", "pareto_k_max": "Pareto\nk", "mean_kappa": "mean\nkappa"}
    formats = {"elpd": ".1f", "se": ".1f", "diff": ".2f", "se of\ndiff": ".2f", "p_loo": ".1f", "effective": ".2f"}
    shown = shown.rename(columns=headings)
    console.print(table(shown, heading, formats))
    how = ", ".join(f"{model} {word}" for model, word in analysis.comparison["loo"].items())
    console.print(
        f"elpd: expected log predictive density, leave-one-out ({how}); effective: number of coefficients left free; "
        "kappa: 0 untouched, 1 shrunk to nothing.\n",
        highlight=False,
    )


def save_analysis(analysis: Analysis, folder: Path, prefix: str = "") -> None:
    """Write the tables as CSV and the posteriors as netCDF."""
    flat = analysis.coefficients.copy()
    flat.columns = [f"{model} {what}" for model, what in flat.columns]
    save_table(flat, folder / f"{prefix}coefficients.csv")
    save_table(analysis.comparison, folder / f"{prefix}comparison.csv")
    for label, post in analysis.posteriors.items():
        save_posterior(post, folder / f"{prefix}posterior_{label}.nc")
