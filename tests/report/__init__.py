"""Tests of the report: facts in tables and files, not their layout."""
