"""Drills: what must hold when things go wrong, tried on the real programs. `make drill` runs them at full size."""
