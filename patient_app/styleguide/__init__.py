"""The style guide, for developers only: every token and every component on one page."""
