"""A treatment day as claim drafts: parties, lines, what goes with them."""
