"""Mapping files, compiled: HL7 to the therapy model, claims to the 837P. Pure."""
