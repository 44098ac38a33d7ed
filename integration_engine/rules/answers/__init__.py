"""What TA1, 999, 277CA and 835 mean for the claims they speak of."""
