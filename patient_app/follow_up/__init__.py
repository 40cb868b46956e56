"""What is done when it gets quiet: a kind word to the person, and later, where they agreed to it, word to somebody."""
