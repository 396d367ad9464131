"""Kernels on plain arrays: nothing here knows of models."""
