"""receivers.yaml: limits, enrollment and file names, each mistake told with its line."""

from __future__ import annotations

from datetime import date

import pytest

from integration_engine.core.errors import MappingError
from integration_engine.crosswalk.claim_table import compile_claim_table
from integration_engine.crosswalk.receivers import FILE, compile_receivers
from integration_engine.domain.claim import EnrollmentStatus
from tests.crosswalk.claim_drafts import FILES, RECEIVER

LIMIT = "    claims_per_file: 5000\n"
GUIDE = "description: d\nsource: {document: companion guide, effective: 2026-01-01}\n"
NAME = '    file_name: "{sender}_837P_{created}_{interchange}.x12"\n'


def receivers(old: str = "", new: str = "", more: str = ""):
    assert old in FILES[FILE]
    return compile_receivers({**FILES, FILE: FILES[FILE].replace(old, new, 1) + more})


def problems(old: str, new: str, more: str = "") -> list[str]:
    with pytest.raises(MappingError) as told:
        receivers(old, new, more)
    return [str(problem) for problem in told.value.problems]


def second(name: str) -> str:
    first = FILES[FILE].partition("  CLEARPATH:\n")[2]
    return "  OTHER:\n" + first.replace(NAME, f'    file_name: "{name}"\n')


def test_enrollment_is_read_and_what_is_not_noted_stays_unknown() -> None:
    noted = "    enrollment:\n      MEDICARE: {claims: active, since: 2026-09-14, note: form sent}\n"
    receiver = receivers(LIMIT, LIMIT + noted)["CLEARPATH"]
    known = receiver.enrolled("MEDICARE")
    assert (known.claims, known.remits, known.since) == (EnrollmentStatus.ACTIVE, None, date(2026, 9, 14))
    assert receiver.enrolled("SUMMIT").claims is None


def test_enrollment_of_an_unknown_payer_is_told_at_its_line() -> None:
    told = problems(LIMIT, LIMIT + "    enrollment:\n      NOBODY: {claims: active}\n")
    assert len(told) == 1
    assert told[0].startswith(f"{FILE}:23:")
    assert "practice.yaml has no payer 'NOBODY'" in told[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("{sender}_{created}.x12", "needs {interchange}"),
        ("{sender}_{customer}_{interchange}.x12", "no other braces"),
        ("{sender_{interchange}.x12", "no other braces"),
    ],
)
def test_file_name_that_nobody_can_fill_in_is_told(name: str, text: str) -> None:
    told = problems(NAME, f'    file_name: "{name}"\n')
    assert len(told) == 1
    assert text in told[0]


def test_two_receivers_may_not_share_file_names() -> None:
    told = problems("", "", second("{sender}_837P_{created}_{interchange}.x12"))
    assert len(told) == 1
    assert "files to CLEARPATH could have the same name" in told[0]
    assert set(receivers("", "", second("{receiver}_{created}_{interchange}.x12"))) == {"CLEARPATH", "OTHER"}


@pytest.mark.parametrize(
    ("of_receiver", "of_payer", "most"),
    [(None, None, 5000), (None, 100, 100), (200, None, 200), (200, 100, 100), (100, 200, 100)],
)
def test_smallest_limit_of_receiver_and_payer_counts(of_receiver: int | None, of_payer: int | None, most: int) -> None:
    files = dict(FILES)
    if of_receiver:
        files["claims/receivers/CLEARPATH.yaml"] = f"{GUIDE}claims_per_file: {of_receiver}\n"
    if of_payer:
        files["claims/payers/SUMMIT.yaml"] = f"{GUIDE}claims_per_file: {of_payer}\n"
    table = compile_claim_table(files)
    assert table.most_claims(RECEIVER, "SUMMIT") == most
    assert table.most_claims(RECEIVER, "MEDICARE") == (of_receiver or 5000)


def test_limit_over_what_the_guide_allows_is_refused_with_its_place() -> None:
    name = "claims/payers/SUMMIT.yaml"
    with pytest.raises(MappingError) as told:
        compile_claim_table({**FILES, name: f"{GUIDE}claims_per_file: 5001\n"})
    assert str(told.value.problems[0]).startswith(f"{name}:3:")


def test_enrollment_of_one_provider_is_read_beside_that_of_the_payer() -> None:
    noted = (
        "    enrollment:\n      MEDICARE: {claims: active, providers: {TESTREHAB: {claims: requested, note: sent}}}\n"
    )
    receiver = receivers(LIMIT, LIMIT + noted)["CLEARPATH"]
    assert receiver.enrolled("MEDICARE", "TESTREHAB").claims is EnrollmentStatus.REQUESTED
    assert receiver.enrolled("MEDICARE", "ANOTHER").claims is EnrollmentStatus.ACTIVE
    (told,) = problems(LIMIT, LIMIT + noted.replace("TESTREHAB", "NOBODY"))
    assert "practice.yaml has no billing provider 'NOBODY'" in told
