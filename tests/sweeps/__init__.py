"""Properties of the whole application, generated from what it is made of."""
