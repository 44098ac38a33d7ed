"""Receivers of 837P files, from mappings/claims/receivers.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from integration_engine.core.documents import Document, read_document
from integration_engine.core.errors import MappingError, MappingProblem
from integration_engine.domain.claim import Enrollment, EnrollmentStatus, Receiver

FILE = "claims/receivers.yaml"
LINE_ENDINGS = {"none": "", "lf": "\n", "crlf": "\r\n"}
FILE_NAME_PARTS = ("sender", "receiver", "created", "interchange")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class OwnEnrollmentFile(BaseModel):
    """How far enrollment with one payer has come; what is left out is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    claims: EnrollmentStatus | None = None
    remits: EnrollmentStatus | None = None
    since: date | None = None
    note: str = ""


class EnrollmentFile(OwnEnrollmentFile):
    """The same, and where it stands otherwise for single billing providers of practice.yaml."""

    providers: dict[str, OwnEnrollmentFile] = Field(default={})


class ReceiverFile(BaseModel):
    """One receiver; names as its companion guide gives them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    submitter_name: str = Field(min_length=1, max_length=60)
    submitter_id: str = Field(min_length=2, max_length=80)
    submitter_contact: str = Field(min_length=1, max_length=60)
    submitter_phone: str = Field(pattern=r"^\d{10}$")
    receiver_name: str = Field(min_length=1, max_length=60)
    receiver_id: str = Field(min_length=2, max_length=80)
    sender_qualifier: Literal["01", "14", "20", "27", "28", "29", "30", "33", "ZZ"]
    sender_id: str = Field(min_length=2, max_length=15)
    receiver_qualifier: Literal["01", "14", "20", "27", "28", "29", "30", "33", "ZZ"]
    interchange_receiver_id: str = Field(min_length=2, max_length=15)
    group_sender_id: str = Field(min_length=2, max_length=15)
    group_receiver_id: str = Field(min_length=2, max_length=15)
    usage: Literal["T", "P"]
    line_ending: Literal["none", "lf", "crlf"] = "none"
    acknowledgment_requested: Literal["0", "1"] = "1"
    file_name: str = Field(pattern=r"^[A-Za-z0-9_\-{}]+\.[A-Za-z0-9]+$")
    claims_per_file: int = Field(ge=1, le=5000)
    files_per_day: int | None = Field(default=None, ge=1)
    send_at: list[Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]] = Field(default=[])
    send_on: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = Field(default=[])
    acknowledgment_days: int = Field(default=1, ge=1)
    claim_status_days: int = Field(default=3, ge=1)
    remit_days: int = Field(default=45, ge=1)
    enrollment: dict[str, EnrollmentFile] = Field(default={})


class ReceiversFile(BaseModel):
    """All receivers, by our name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str
    receivers: dict[str, ReceiverFile]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of receivers.yaml, for editors."""
    return ReceiversFile.model_json_schema()


def compile_receivers(files: Mapping[str, str]) -> Mapping[str, Receiver]:
    """Receivers by key.

    Raises   MappingError with file:line:column of every problem.
    """
    text = files.get(FILE)
    if text is None:
        raise MappingError((MappingProblem(file=FILE, line=1, column=1, where="file", text="this file is missing"),))
    document = read_document(FILE, text)
    file = document.check(ReceiversFile)
    problems = (
        *_wrong_names(document, file),
        *_unknown_payers(files, document, file),
        *_unknown_providers(files, document, file),
    )
    if problems:
        raise MappingError(problems)
    return {key: _receiver(key, receiver) for key, receiver in file.receivers.items()}


def keys_of(files: Mapping[str, str], name: str, mapping: str) -> tuple[str, ...] | None:
    """The keys of a mapping of another file; None where that file cannot be read, which is told elsewhere."""
    if name not in files:
        return None
    try:
        value = read_document(name, files[name]).value
    except MappingError:
        return None
    found = value.get(mapping) if isinstance(value, dict) else None
    return tuple(found) if isinstance(found, dict) else None


def _wrong_names(document: Document, file: ReceiversFile) -> Iterator[MappingProblem]:
    """File names that two files could share, or that nobody can fill in."""
    taken: dict[str, str] = {}
    for key, receiver in file.receivers.items():
        place = ("receivers", key, "file_name")
        name = receiver.file_name
        for part in FILE_NAME_PARTS:
            name = name.replace(f"{{{part}}}", "")
        if "{" in name or "}" in name:
            parts = " ".join(f"{{{part}}}" for part in FILE_NAME_PARTS)
            yield document.problem(place, f"the name takes {parts}, and no other braces")
        elif "{interchange}" not in receiver.file_name:
            yield document.problem(place, "the name needs {interchange}, or two files could share one")
        known = receiver.file_name.replace("{sender}", receiver.submitter_id).replace("{receiver}", key)
        other = taken.setdefault(known, key)
        if other != key:
            yield document.problem(
                place, f"files to {other} could have the same name; put {{receiver}} into one of them"
            )


def _unknown_payers(files: Mapping[str, str], document: Document, file: ReceiversFile) -> tuple[MappingProblem, ...]:
    known = keys_of(files, "practice.yaml", "payers")
    if known is None:
        return ()
    return tuple(
        document.problem(("receivers", key, "enrollment", payer), f"practice.yaml has no payer {payer!r}")
        for key, receiver in file.receivers.items()
        for payer in receiver.enrollment
        if payer not in known
    )


def _unknown_providers(files: Mapping[str, str], document: Document, file: ReceiversFile) -> Iterator[MappingProblem]:
    known = keys_of(files, "practice.yaml", "billing_providers")
    for key, receiver in file.receivers.items() if known is not None else ():
        for payer, noted in receiver.enrollment.items():
            place = ("receivers", key, "enrollment", payer, "providers")
            for provider in noted.providers:
                if known is not None and provider not in known:
                    yield document.problem((*place, provider), f"practice.yaml has no billing provider {provider!r}")


def _enrollments(payer: str, noted: EnrollmentFile) -> Iterator[Enrollment]:
    yield Enrollment(payer=payer, claims=noted.claims, remits=noted.remits, since=noted.since, note=noted.note)
    for provider, own in noted.providers.items():
        yield Enrollment(payer=payer, provider=provider, **dict(own))


def _receiver(key: str, file: ReceiverFile) -> Receiver:
    stated = file.model_dump() | {
        "line_ending": LINE_ENDINGS[file.line_ending],
        "send_at": tuple(sorted(file.send_at)),
        "send_on": tuple(WEEKDAYS.index(day) + 1 for day in file.send_on),
        "enrollment": tuple(one for payer, noted in file.enrollment.items() for one in _enrollments(payer, noted)),
    }
    return Receiver(key=key, **stated)
