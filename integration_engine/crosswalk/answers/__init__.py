"""What clearinghouses and payers send back, read into our own records: TA1, 999, 277CA and 835."""
