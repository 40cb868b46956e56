"""Messages to a person's devices by Web Push: subscriptions, sending, and what may be done on a notification."""
