"""The clinicians' pages: their list of patients, and what one patient shares with them."""
