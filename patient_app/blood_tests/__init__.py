"""Blood tests that belong to a medicine, as its prescriber enters them."""
