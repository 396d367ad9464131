"""Which penalty, which prior, how strong: by a rule of thumb, or read off the data."""

from bayesreg.guide.recommendation import Recommendation as Recommendation
from bayesreg.guide.recommending import recommend as recommend
from bayesreg.guide.rule_of_thumb import RuleOfThumb as RuleOfThumb
from bayesreg.guide.rule_of_thumb import choose_regularization as choose_regularization
