"""The payer's permission: what covers a treatment day, what is left of it, what files of it say."""
