"""Laws for learned scales: noise standard deviations, prior scales and prior rates."""

from bayesreg.scales.laws import (
    Coded,
    Flat,
    Gamma,
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    InverseGamma,
    Jeffreys,
    Law,
    VarianceConjugate,
)
from bayesreg.scales.r_squared import RSquared, Sized

__all__ = [
    "Coded",
    "Flat",
    "Gamma",
    "HalfCauchy",
    "HalfNormal",
    "HalfStudentT",
    "InverseGamma",
    "Jeffreys",
    "Law",
    "RSquared",
    "Sized",
    "VarianceConjugate",
]
