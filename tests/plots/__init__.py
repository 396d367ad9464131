"""Tests of the plots: the numbers against independent computations, the drawings by their artists."""
