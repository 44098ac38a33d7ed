"""Acknowledgments, built from the header of what they answer: the sender's delimiters, its MSH-10 byte for byte.

Original mode answers AA, AE or AR once. Enhanced mode, which MSH-15 or MSH-16 asks for, answers CA, CE or CR, and the
application acknowledgment after it. Every segment ends in CR. Source  HL7 v2.5.1 §2.9, §2.14 (MSA, ERR), table 0357.
"""

from __future__ import annotations

from typing import Final

from integration_engine.wire.hl7 import Header
from integration_engine.wire.mllp import END, START

_COMMIT: Final = {"AA": "CA", "AE": "CE", "AR": "CR"}
_ASKED: Final = ("AL", "NE", "ER", "SU")
_NEXT_FRAME: Final = END + b"\r" + START

CONDITIONS: Final = {
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "204": "Unknown key identifier",
    "205": "Duplicate key identifier",
    "206": "Application record locked",
    "207": "Application internal error",
}


def acknowledge(
    header: Header | None,
    code: str,
    *,
    answer_id: str,
    answered_at: str,
    condition: str = "",
    position: str = "",
    text: str = "",
) -> bytes | None:
    """The bytes to frame and send back, or None when the sender asked for no answer.

    Shapes   header: None when there was no usable MSH. code: AA, AE or AR; turned into commit codes where enhanced
             mode asks. condition: table 0357. position: ``MSH-18``. Several answers come as the payload of several
             frames. text never holds a field's value.
    """
    if header is None:
        return _build(
            "|", "^~\\&", ("", "", "", ""), "", "", "", code, answer_id, answered_at, condition, position, text
        )
    accept, application = header.accept_acknowledgment.upper(), header.application_acknowledgment.upper()
    if not _is_enhanced(accept, application):
        return _of(header, code, answer_id, answered_at, condition, position, text)
    answers = []
    if _wanted(accept, code):
        answers.append(_of(header, _COMMIT[code], answer_id, answered_at, condition, position, text))
    if _wanted(application, code):
        answers.append(_of(header, code, answer_id + "A", answered_at, condition, position, text))
    return _NEXT_FRAME.join(answers) if answers else None


def _is_enhanced(accept: str, application: str) -> bool:
    """MSH-15 or MSH-16 asks for something else than one application acknowledgment; unknown values ask for nothing.

    NE with NE would leave a sender that waits without any answer, and is answered as original mode.
    """
    if {accept, application} - {"", *_ASKED}:
        return False
    return (accept, application) not in {("", ""), ("NE", "AL"), ("NE", ""), ("", "AL"), ("NE", "NE"), ("", "NE")}


def _wanted(asked: str, code: str) -> bool:
    """MSH-15 and MSH-16: AL always, NE never, ER on error, SU on success; empty and unknown as never."""
    return asked == "AL" or (asked == "ER" and code != "AA") or (asked == "SU" and code == "AA")


def _of(header: Header, code: str, answer_id: str, answered_at: str, condition: str, position: str, text: str) -> bytes:
    names = (
        header.receiving_application,
        header.receiving_facility,
        header.sending_application,
        header.sending_facility,
    )
    return _build(
        header.separator,
        header.encoding,
        names,
        header.event,
        header.processing_id or "P",
        header.version,
        code,
        answer_id,
        answered_at,
        condition,
        position,
        text,
        header.control_id,
    )


def _build(
    separator: str,
    encoding: str,
    names: tuple[str, str, str, str],
    event: str,
    processing_id: str,
    version: str,
    code: str,
    answer_id: str,
    answered_at: str,
    condition: str,
    position: str,
    text: str,
    control_id: str = "",
) -> bytes:
    s, component = separator, encoding[0]
    kind = component.join(("ACK", event, "ACK")) if event else "ACK"
    head = s.join(("MSH", encoding, *names, answered_at, "", kind, answer_id, processing_id or "P", version or "2.5.1"))
    lines = [head, s.join(("MSA", code, control_id))]
    if condition:
        place = component.join(_place(position))
        what = component.join((condition, CONDITIONS.get(condition, ""), "HL70357"))
        lines.append(s.join(("ERR", "", place, what, "E", "", "", "", _escaped(text, separator, encoding))))
    return ("\r".join(lines) + "\r").encode("latin-1", errors="replace")


def _place(position: str) -> tuple[str, ...]:
    """ERR-2: segment, sequence, field."""
    segment, _, field = position.partition("-")
    return (segment[:3], "1", field.split(".")[0]) if field else (segment[:3],)


def _escaped(text: str, separator: str, encoding: str) -> str:
    return "".join(character for character in text if character not in separator + encoding and character.isprintable())
