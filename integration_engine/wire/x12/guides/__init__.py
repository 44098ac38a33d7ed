"""Implementation guides as tables: loops, segments, elements, codes and relations of one transaction set each."""
