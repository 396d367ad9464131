"""Plots: for each a function that draws on matplotlib axes, and one that gives the numbers it draws."""

from bayesreg.plots.forest import forest as forest
from bayesreg.plots.forest import forest_data as forest_data
from bayesreg.plots.geometry import geometry as geometry
from bayesreg.plots.geometry import geometry_data as geometry_data
from bayesreg.plots.path import path as path
from bayesreg.plots.path import path_data as path_data
from bayesreg.plots.prior_density import prior_density as prior_density
from bayesreg.plots.prior_density import prior_density_data as prior_density_data
from bayesreg.plots.shrinkage import shrinkage as shrinkage
from bayesreg.plots.shrinkage import shrinkage_data as shrinkage_data
