"""How well each sender keeps to HL7, and which facts it never sends.

hl7apy judges each message (tolerant parse, groups, ``validate()``) in worker processes with a time limit a message.
The verdicts are findings about a sender, told apart by position and counted; they are never a gate, and nothing here
decides whether a message is taken in. Findings name positions and tables only: no field value leaves a worker.
Authority: HL7 v2.5.1 and its neighbours as hl7apy 1.3.5 carries them; what therapy billing needs: REQUIREMENTS S2.14.
"""
