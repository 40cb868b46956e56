"""THE ONE DOOR: reads of a patient's data for somebody else. Nothing else reads for others."""
