"""Choosing columns after the fit: one method a file, one verb, one result."""

from bayesreg.selection.result import Selection as Selection
from bayesreg.selection.selecting import select as select
