"""Every question that is put to a claim file, in the order it is asked, and the edits and lists they need."""

from __future__ import annotations

from integration_engine.rules.claim_file.claim_questions import CLAIM_QUESTIONS, ClaimQuestion
from integration_engine.rules.claim_file.course_questions import COURSE_QUESTIONS
from integration_engine.rules.claim_file.line_questions import LINE_QUESTIONS
from integration_engine.rules.claim_file.other_payer_questions import OTHER_PAYER_QUESTIONS
from integration_engine.rules.claim_file.segment_questions import SEGMENT_QUESTIONS
from integration_engine.rules.claim_file.subscriber_questions import SUBSCRIBER_QUESTIONS

ALL_CLAIM_QUESTIONS: tuple[ClaimQuestion, ...] = (
    *CLAIM_QUESTIONS,
    *COURSE_QUESTIONS,
    *LINE_QUESTIONS,
    *OTHER_PAYER_QUESTIONS,
)

# What the file as a whole is asked; check.py asks it while reading.
FILE_IDS = (
    "unreadable",
    "not_a_claim_file",
    "structure",
    "envelope",
    "control_number_repeats",
    "harmless_order",
    "tolerated_bytes",
    "several_interchanges",
    "character_not_allowed",
    "separator_in_data",
    "lower_case",
    "surrounding_blank",
    "transmission_repeats",
    "header_date",
    "claims_in_set",
    "claim_number_repeats",
)
IDS: frozenset[str] = frozenset(
    (
        *FILE_IDS,
        *(name for question in SEGMENT_QUESTIONS for name in question.ids),
        *(name for names, _ in (*SUBSCRIBER_QUESTIONS, *ALL_CLAIM_QUESTIONS) for name in names),
    )
)
LISTS: frozenset[str] = frozenset(
    {
        "states",
        "provinces",
        "countries",
        "currencies",
        "places_of_service",
        "frequencies",
        "frequencies_rare",
        "discipline_modifiers",
        "medicare_filings",
        "injury_filings",
        "unlisted_procedures",
    }
)
