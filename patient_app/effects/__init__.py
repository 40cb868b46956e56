"""What medicines do to a person: side effects, a note a week, and the weeks after a change."""
