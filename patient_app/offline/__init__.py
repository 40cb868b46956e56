"""The application on the home screen of a phone."""
