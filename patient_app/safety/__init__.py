"""Help, one tap away, also when everything else is broken."""
