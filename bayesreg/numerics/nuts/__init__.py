"""Log posterior densities with gradients for Hamiltonian samplers, compiled once for all models."""
