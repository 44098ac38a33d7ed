"""A clearinghouse and its payers on one machine, for tests, the demonstration and generated data. Pure.

    our 837P ──► sent.py ──► choosing.py ──► acknowledging.py   TA1, 999        the clearinghouse's front door
                                        ├──► claim_status.py    277CA           the clearinghouse, then each payer
                                        └──► adjudicating.py ─► remitting.py    835, one a payer
                 answering.py puts the four together and returns, beside the files, what is true of every claim

It reads the 837P by a segment walk of its own, so that a mistake of our reader is not repeated here. What happens to a
claim comes from a scenario file (samples/simulator/) and from nothing else: named claims first, then shares by a hash of
seed and claim number. The same file, scenario, date and numbers give the same bytes.

The package imports domain, wire and core, and stands beside crosswalk, rules and store: they never import each other.
"""
