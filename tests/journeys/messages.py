"""Small invented messages for journeys that need many; stories that show something lie in samples/."""

from __future__ import annotations


def charge_message(
    number: int, *, patient: int | None = None, control_id: str = "", application: str = "THERAPYEMR"
) -> bytes:
    """One DFT^P03 with one charge line; every number is another patient unless told otherwise."""
    who = number if patient is None else patient
    segments = (
        (
            f"MSH|^~\\&|{application}|CLINIC1|ENGINE|BILLING|20261005120000||DFT^P03^DFT_P03|"
            f"{control_id or f'J{number:07d}'}|P|2.5.1"
        ),
        "EVN|P03|20261005120000",
        f"PID|1||T{who:06d}^^^CLINIC^MR||TESTPATIENT^NUMBER{who}||19600101|F|||1 Elm St^^Ayrville^NE^680010001",
        f"PV1|1|O|CLINIC1|||||||||||||||||V{number:07d}",
        f"FT1|1|L{number:07d}||20261005090000^20261005093000|20261005|CG|97110|||1|||||||||M54.50|||60.00|||97110|GP",
    )
    return ("\r".join(segments) + "\r").encode()
