"""Check-ins: how a person is now, in one minute."""
