"""The verification of the samplers, written without looking at them."""
