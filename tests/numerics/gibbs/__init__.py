"""Compiled samplers."""
