"""People and practices, signing in, sessions, invitations and codes."""
