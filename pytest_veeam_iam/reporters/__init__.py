"""A Report in its forms: one module per format, each a function of the report alone."""
