"""Values that everything else is made of: money, dates, codes, findings, errors. Pure."""
