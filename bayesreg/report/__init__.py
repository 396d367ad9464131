"""The main job as a report: on the data that ship with scikit-learn, or on a user's file."""

from bayesreg.report.analysis import Analysis as Analysis
from bayesreg.report.analysis import analyse as analyse
from bayesreg.report.demo import run_demo as run_demo
from bayesreg.report.user_file import run_compare as run_compare
