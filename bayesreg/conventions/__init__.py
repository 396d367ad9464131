"""The table of library conventions, and the conversions in both directions."""

from bayesreg.conventions.convert import penalty_for as penalty_for
from bayesreg.conventions.convert import prior_from as prior_from
from bayesreg.conventions.losses import likelihood_from as likelihood_from
from bayesreg.conventions.row import Convention as Convention
from bayesreg.conventions.table import CONVENTIONS as CONVENTIONS
from bayesreg.conventions.table import convention as convention
