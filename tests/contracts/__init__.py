"""Products: every prior with every likelihood, engine and option."""
