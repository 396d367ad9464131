"""From the user's arrays to checked ones: `Design`, and statistics that add."""

from bayesreg.data.design import Design as Design
from bayesreg.data.design import make_design as make_design
from bayesreg.data.stats import SufficientStats as SufficientStats
