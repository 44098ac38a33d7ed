"""Every edit looks at every draft, with the claim and the clinical facts before it.

Most edits are data in mappings/edits/, in the closed grammar of conditions.py. Three kinds are tables: code pairs
(NCCI), most units a day (MUE) and ICD-10-CM validity. Each edit answers pass, fail, bypassed or *not checked*, and not
checked says why: a fact is unknown, or the quarter is not loaded. Edits never change a claim; repairs.py does.
Authority: each edit's own citation; NCCI, MUE and ICD-10-CM files of CMS.
"""
