"""Tests of the table of conventions, row by row and in both directions."""
