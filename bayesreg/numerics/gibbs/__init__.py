"""Compiled Gibbs samplers for scale mixtures of normals, on plain arrays."""
