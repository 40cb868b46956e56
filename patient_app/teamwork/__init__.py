"""What clinicians of one team leave for each other about a patient: reviews and short notes."""
