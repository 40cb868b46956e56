"""What every feature stands on. Knows Flask and SQLAlchemy, knows no feature."""
