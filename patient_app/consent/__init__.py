"""What patients agreed to, and the one decision that follows from it: may this viewer see that category now?"""
