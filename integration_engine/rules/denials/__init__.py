"""Why a payer denied, what became of it, and what would have prevented it."""
