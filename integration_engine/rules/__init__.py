"""Everything that is decided, as pure functions over facts, parameters and history."""
