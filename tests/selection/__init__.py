"""Tests of the selection of columns."""
