"""One algorithm a file; each says why it cannot do a problem. The order of choice stands in ``bayesreg.choice``."""
