"""Load, decide, save: one transaction over a batch of items."""
