"""Tests of the data checks and statistics."""
