"""The quarterly and yearly official files, read row by row, and the dated mapping file each of them becomes.

It decides what a row says, which rows are in force on a day, and how they are written below mappings/codes/. It opens
no file, and does not judge whether a file is the one of the quarter it is loaded for: the newest date is handed back for
a person to see. Only codes, dates and numbers are taken; descriptions and rationale texts are never kept.

Source   CMS Medicare NCCI procedure-to-procedure and medically unlikely edit files, practitioner services, layout as
         in THERAPY_RULES §5.1 and §5.2; ICD-10-CM order file of CMS and NCHS, THERAPY_RULES §5.7.
"""
