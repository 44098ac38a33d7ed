"""Who pays next, and what becomes of that claim and its books when the earlier payer changes its mind."""
