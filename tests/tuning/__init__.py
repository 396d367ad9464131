"""Tests of the strength of the shrinkage."""
