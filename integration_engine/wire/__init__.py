"""Bytes to structure and back: MLLP frames, HL7 messages, X12 segments. Pure; no billing words."""
