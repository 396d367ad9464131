"""Plots: for each a function that draws on matplotlib axes, and one that gives the numbers it draws.

* ``prior_density``: what priors say about one coefficient.
* ``forest``: posterior intervals of several models, with the MAP beside them.
* ``path``: the MAP along the penalty, with exact zeros.
* ``path_bands``: the same with the posterior of each coefficient around it.
* ``joint``: two coefficients of a posterior, the MAP and the prior's contour.
* ``shrinkage``: shrinkage factors by coefficient.
* ``effective``: how many coefficients posteriors use.
* ``tuning``: the curve over the strength of the shrinkage, and what was chosen.
* ``comparison``: the table of ``compare`` as dots with errors.
* ``prediction``: what models predict along one quantity, with bands.
* ``selection``: how well a submodel of each size predicts.
* ``geometry``: two coefficients, the penalty's region and the loss that touches it.

Each has a twin ``..._data`` that returns numbers only.
"""

from bayesreg.plots.bands import path_bands as path_bands
from bayesreg.plots.bands import path_bands_data as path_bands_data
from bayesreg.plots.comparison import comparison as comparison
from bayesreg.plots.comparison import comparison_data as comparison_data
from bayesreg.plots.effective import effective as effective
from bayesreg.plots.effective import effective_data as effective_data
from bayesreg.plots.forest import forest as forest
from bayesreg.plots.forest import forest_data as forest_data
from bayesreg.plots.geometry import geometry as geometry
from bayesreg.plots.geometry import geometry_data as geometry_data
from bayesreg.plots.joint import joint as joint
from bayesreg.plots.joint import joint_data as joint_data
from bayesreg.plots.path import path as path
from bayesreg.plots.path import path_data as path_data
from bayesreg.plots.prediction import prediction as prediction
from bayesreg.plots.prediction import prediction_data as prediction_data
from bayesreg.plots.prior_density import prior_density as prior_density
from bayesreg.plots.prior_density import prior_density_data as prior_density_data
from bayesreg.plots.selection import selection as selection
from bayesreg.plots.selection import selection_data as selection_data
from bayesreg.plots.shrinkage import shrinkage as shrinkage
from bayesreg.plots.shrinkage import shrinkage_data as shrinkage_data
from bayesreg.plots.tuning import tuning as tuning
from bayesreg.plots.tuning import tuning_data as tuning_data
