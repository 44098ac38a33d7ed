"""Everything a rule may look up, as frozen, dated records. Compiled from mappings/ by rule_files."""
