"""What a receiver or a payer has differently from the table: written so, the payer's first, and checked like the table."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from integration_engine.adapters.mapping_files import shipped_folder
from integration_engine.core.errors import MappingError, OutboundError
from integration_engine.crosswalk.claim_fields import CONDITIONS
from integration_engine.crosswalk.claim_forms import EACH
from integration_engine.crosswalk.claim_table import ClaimTable, compile_claim_table
from integration_engine.crosswalk.claim_writer import refusal, render
from integration_engine.domain.claim import Claim, ClaimDraft
from tests.crosswalk.claim_drafts import FILES, FULL, NUMBERS, RECEIVER, SIMPLE

SOURCE = "source: {document: companion guide, section: '2.1', effective: 2026-01-01}\n"
OF_RECEIVER = f"""description: Clearpath
{SOURCE}
segments:
  - {{segment: 2300/REF*D9, off: false}}
  - {{segment: 2300/REF*EA, off: true}}
  - {{segment: 2010AA/PER*IC, when: always, elements: {{2: {{is: CALL CENTER}}}}}}
  - {{segment: 2010BB/NM1*PR, elements: {{3: {{most: 10}}}}}}
interchange: {{usage: P, acknowledgment_requested: "0"}}
"""
OF_PAYER = f"""description: Summit
{SOURCE}
segments:
  - {{segment: 2300/REF*D9, off: true}}
  - {{segment: 2010AA/PER*IC, elements: {{2: {{from: claim.billing_provider.name}}}}}}
  - {{segment: 2300/DTP*454, when: onset}}
interchange: {{group_receiver_id: SUMMITAPP}}
"""
SUMMIT = replace(FULL, payer=replace(FULL.payer, key="SUMMIT"))
GRANITE = replace(FULL, payer=replace(FULL.payer, key="GRANITE", payer_id="GRAN1"))


def table(**files: str) -> ClaimTable:
    folders = {"receiver": "claims/receivers/CLEARPATH.yaml", "payer": "claims/payers/SUMMIT.yaml"}
    return compile_claim_table({**FILES, **{folders.get(name, name): text for name, text in files.items()}})


def written(compiled: ClaimTable, *drafts: ClaimDraft, receiver=RECEIVER) -> list[str]:
    claims = [Claim(id=n, number=f"C{n}", draft=draft) for n, draft in enumerate(drafts, start=1)]
    return render(claims, receiver, NUMBERS, compiled).text.split("~")


def test_table_alone_writes_what_it_always_wrote() -> None:
    assert not any(segment.startswith("REF*D9") for segment in written(table(), SUMMIT))


def test_receivers_file_switches_segments_on_and_off() -> None:
    segments = written(table(receiver=OF_RECEIVER), GRANITE)
    assert "REF*D9*C1" in segments
    assert not any(segment.startswith("REF*EA") for segment in segments)


def test_receivers_file_writes_its_constants_lengths_and_envelope() -> None:
    segments = written(table(receiver=OF_RECEIVER), GRANITE)
    assert "PER*IC*CALL CENTER*TE*5555550100" in segments
    assert "NM1*PR*2*SUMMIT COM*****PI*GRAN1" in segments
    assert segments[0].endswith("*0*P*:")


def test_other_receivers_are_not_touched() -> None:
    other = replace(RECEIVER, key="OTHER")
    assert written(table(receiver=OF_RECEIVER), GRANITE, receiver=other) == written(table(), GRANITE)


def test_payer_comes_before_receiver_and_receiver_before_table() -> None:
    segments = written(table(receiver=OF_RECEIVER, payer=OF_PAYER), SUMMIT)
    assert not any(segment.startswith(("REF*D9", "REF*EA")) for segment in segments)
    assert "PER*IC*TEST REHABILITATION CENTER*TE*5555550100" in segments
    assert segments[0].endswith("*0*P*:")
    assert segments[1].split("*")[3] == "SUMMITAPP"


def test_condition_of_a_payer_is_the_one_that_counts() -> None:
    without_onset = replace(SUMMIT, onset_on=None)
    segments = written(table(payer=OF_PAYER), without_onset)
    assert not any(segment.startswith("DTP*454") for segment in segments)


def test_payers_with_other_envelopes_do_not_share_a_file() -> None:
    compiled = table(payer=OF_PAYER)
    with pytest.raises(OutboundError) as caught:
        written(compiled, SUMMIT, GRANITE)
    assert caught.value.position == "ISA"
    assert len(written(compiled, GRANITE, replace(GRANITE, payer=replace(GRANITE.payer, key="MEDICARE")))) > 60


def test_payers_with_the_same_envelope_share_a_file_and_keep_their_segments() -> None:
    segments = written(table(receiver=OF_RECEIVER, payer=OF_PAYER.replace("SUMMITAPP", "CLEARPATH")), SUMMIT)
    assert segments
    compiled = table(payer=OF_PAYER[: OF_PAYER.index("interchange")])
    segments = written(compiled, SUMMIT, GRANITE)
    assert [segment for segment in segments if segment.startswith("PER*IC*T")] == [
        "PER*IC*TEST REHABILITATION CENTER*TE*5555550100"
    ]


def test_version_changes_with_a_companion_guide() -> None:
    assert len({table().version, table(payer=OF_PAYER).version, table(receiver=OF_RECEIVER).version}) == 3


def test_claim_that_cannot_be_written_is_named_before_the_file() -> None:
    bad = replace(SIMPLE, subscriber=replace(SIMPLE.subscriber, member_id=""))
    told = [refusal(Claim(id=1, number="C1", draft=draft), RECEIVER, table()) for draft in (SIMPLE, bad)]
    assert told[0] is None
    assert told[1] is not None
    assert told[1].position == "2010BA/NM1*IL-09"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("2300/REF*D9, off: true", "2300/REF*D8, off: true", "837p.yaml has no segment 2300/REF*D8; did you mean"),
        ("when: onset", "when: onsets", "there is no condition 'onsets'"),
        ("when: onset", "when: line_note", "there is no condition 'line_note' for a claim"),
        ("from: claim.billing_provider.name", "from: claim.billing_provider.nam", "there is no claim field"),
        ("from: claim.billing_provider.name", "from: line.note", "there is no claim field 'line.note' here"),
        ("{2: {from: claim.billing_provider.name}}", "{3: {is: XX}}", "the guide allows"),
        ("{2: {from: claim.billing_provider.name}}", "{9: {is: X}}", "the guide uses no element 9 here"),
        ("group_receiver_id: SUMMITAPP", "usage: X", "Input should be"),
        ("off: true", "of: true", "Extra inputs"),
    ],
)
def test_wrong_companion_guide_is_refused_with_its_line(old: str, new: str, problem: str) -> None:
    assert old in OF_PAYER
    text = OF_PAYER.replace(old, new, 1)
    with pytest.raises(MappingError) as caught:
        table(payer=text)
    number = next(n for n, line in enumerate(text.split("\n"), start=1) if new in line)
    found = [p for p in caught.value.problems if problem in str(p)]
    assert found, str(caught.value)
    assert (found[0].file, found[0].line) == ("claims/payers/SUMMIT.yaml", number)
    assert found[0].column > 1


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("claims/payers/SUMIT.yaml", "named after no payer; did you mean SUMMIT?"),
        ("claims/receivers/CLEARPAHT.yaml", "named after no receiver; did you mean CLEARPATH?"),
    ],
)
def test_companion_guide_of_nobody_is_refused(name: str, problem: str) -> None:
    with pytest.raises(MappingError) as caught:
        compile_claim_table({**FILES, name: OF_PAYER})
    assert problem in str(caught.value)


def test_segment_that_stands_twice_is_refused() -> None:
    text = FILES["claims/837p.yaml"]
    line = next(line for line in text.split("\n") if "2300/REF*EA" in line)
    with pytest.raises(MappingError, match="stands here twice"):
        compile_claim_table({"claims/837p.yaml": text.replace(line, f"{line}\n{line}")})


@pytest.mark.parametrize("name", [*CONDITIONS, *(name.partition(".")[2] for name in EACH)])
def test_readme_names_every_condition_and_repetition(name: str) -> None:
    readme = (shipped_folder() / "claims" / "README.md").read_text()
    assert f"{name}`" in readme


# --- dates -----------------------------------------------------------------------------------------------------------

OLD_GUIDE = "claims/receivers/CLEARPATH.yaml"
NEW_GUIDE = "claims/receivers/CLEARPATH@2027.yaml"


def until(day: str) -> str:
    return OF_RECEIVER + f"effective_to: {day}\n"


def since(day: str) -> str:
    return f"description: Clearpath\n{SOURCE}effective_from: {day}\nclaims_per_file: 7\n"


@pytest.mark.parametrize(
    ("day", "traces", "most"),
    [
        (date(2026, 1, 1), True, 5000),
        (date(2026, 12, 31), True, 5000),
        (date(2027, 1, 1), False, 5000),
        (date(2027, 1, 31), False, 5000),
        (date(2027, 2, 1), False, 7),
        (date(2030, 1, 1), False, 7),
    ],
)
def test_file_is_written_by_the_guide_that_holds_on_its_day(day: date, traces: bool, most: int) -> None:
    compiled = table(**{OLD_GUIDE: until("2026-12-31"), NEW_GUIDE: since("2027-02-01")}).on(day)
    assert ("REF*D9*C1" in written(compiled, GRANITE)) is traces
    assert compiled.most_claims(RECEIVER, "GRANITE") == most


def test_guide_without_dates_always_holds() -> None:
    assert "REF*D9*C1" in written(table(receiver=OF_RECEIVER).on(date(1999, 1, 1)), GRANITE)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (OF_RECEIVER, since("2027-01-01"), "CLEARPATH.yaml holds on some of the same days"),
        (until("2027-01-01"), since("2027-01-01"), "CLEARPATH.yaml holds on some of the same days"),
        (until("2025-01-01") + "effective_from: 2025-01-02\n", since("2027-01-01"), "it ends before it begins"),
    ],
)
def test_dates_that_cannot_be_are_told_with_their_file(old: str, new: str, text: str) -> None:
    with pytest.raises(MappingError) as told:
        table(**{OLD_GUIDE: old, NEW_GUIDE: new})
    assert [text in str(problem) for problem in told.value.problems] == [True]
