"""What patients agreed to, and the decision that follows from it."""
