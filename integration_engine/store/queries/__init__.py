"""Questions to the store that change nothing."""
