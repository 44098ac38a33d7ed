"""What is asked of a whole 837P file, beyond its structure: values, balances, and what belongs together."""
