"""A patient's own reminders: what is due, sent once, on time, and telling a stranger nothing."""
