"""What each kind of rule file holds: the shapes an admin's YAML is checked against, and their JSON Schemas.

Shapes only; what the values become is rule_files. An unset payer rule is an error of the file, never a fallback.
"""
