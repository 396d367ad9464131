"""Tests: they mirror the package, and `contracts` holds products over all its parts."""
