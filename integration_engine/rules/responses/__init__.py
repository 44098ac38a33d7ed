"""What payers' and clearinghouses' codes mean, from mappings/responses."""
