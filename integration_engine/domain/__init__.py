"""The therapy-aware nouns, as frozen records. Pure."""
