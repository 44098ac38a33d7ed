"""Money in double entry: remits, their claims, balances."""
