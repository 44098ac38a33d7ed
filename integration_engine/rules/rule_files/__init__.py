"""Rule files to parameters: every file checked whole, every problem with file, line and column.

Shapes   practice.yaml · findings.yaml · payers/*.yaml · rules/*.yaml · gates/*.yaml · edits/*.yaml · codes/*.yaml ·
         codes/{ncci_pairs,most_units,icd10_cm}/<date>.yaml, one a quarter or year; a folder below names another table.
An unset payer rule is a configuration error, never a fallback; overlapping dates and missing citations are refused.
"""
