"""Access records: who saw what of whom, chained for each patient so that a change shows."""
