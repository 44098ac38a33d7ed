"""Do the rules answer as the cases beside them say? Cases of mappings/cases/ and the two cases of every edit, run.

A case goes through the very ``adjudicate`` that live work goes through; what differs is told with what was expected,
what came, and the working of the decisions that led there. Cases are tests: they never change what a rule says, and
they are no part of the parameters' version.
"""
