"""Is a treatment day documented well enough to be coded?

Each gate looks at the facts and returns what is missing; which gate applies to which encounter type and payer segment
is the dated matrix in mappings/gates/. Plan of care and progress report have clocks of their own.
Authority: 42 CFR 410.61, 424.24(c); CMS Pub 100-02 ch. 15 §220.1 to §220.3.
"""
