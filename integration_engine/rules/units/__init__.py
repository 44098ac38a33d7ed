"""How many units does a treatment day earn, and which code gets them?

Decides units from minutes by the payer's method, for 15-minute codes, for families with thresholds of their own, for
codes counted in days and for untimed codes, and caps them where the payer does. It does not decide modifiers.
Authority: CMS Pub 100-04 ch. 5 §20.2 (8-minute rule), the CPT time rule (midpoint), and the payer's contract; all of
it dated data in mappings/rules/units.yaml, mappings/payers/ and mappings/codes/.
"""
