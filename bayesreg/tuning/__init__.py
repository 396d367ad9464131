"""Learning the strength of the shrinkage: one method a file, one result."""

from bayesreg.tuning.result import TuneResult as TuneResult
from bayesreg.tuning.verb import tune as tune
