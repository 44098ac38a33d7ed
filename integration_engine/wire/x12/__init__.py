"""X12 segments and envelopes."""
