"""Learning the strength of the shrinkage: one method a file, one result."""

from bayesreg.tuning.bands import PathPosterior as PathPosterior
from bayesreg.tuning.bands import path_posterior as path_posterior
from bayesreg.tuning.result import TuneResult as TuneResult
from bayesreg.tuning.verb import tune as tune
