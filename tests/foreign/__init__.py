"""Tests of the readers of fitted objects, one file a library or the stand-ins of several."""
