"""What a person has of a medicine: what they filled, what they counted, and when it will run low."""
