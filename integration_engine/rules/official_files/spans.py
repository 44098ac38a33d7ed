"""From when to when a quarter of CMS and a year of ICD-10-CM are in force."""

from __future__ import annotations

from datetime import date, timedelta


def quarter_span(first_day: date) -> tuple[date, date]:
    """The quarter that begins on this day, both ends included.

    Raises   ValueError for a day that begins no quarter.
    Source   CMS publishes NCCI files for quarters from 1 January, 1 April, 1 July and 1 October.
    """
    if first_day.day != 1 or first_day.month % 3 != 1:
        msg = f"{first_day.isoformat()} begins no quarter: give the 1st of January, April, July or October"
        raise ValueError(msg)
    following = (first_day + timedelta(days=95)).replace(day=1)  # 90 to 92 days on is the next quarter's first day
    return first_day, following - timedelta(days=1)


def icd10_span(first_day: date) -> tuple[date, date]:
    """From this day to the end of its ICD-10-CM year on 30 September, both ends included.

    Raises   ValueError for a day on which the code set does not change.
    Source   THERAPY_RULES §5.7: the year changes 1 October, with an update on 1 April.
    """
    if first_day.day != 1 or first_day.month not in {4, 10}:
        msg = (
            f"ICD-10-CM does not change on {first_day.isoformat()}: give the 1st of October, or of April for its update"
        )
        raise ValueError(msg)
    return first_day, date(first_day.year + (first_day.month == 10), 9, 30)  # noqa: PLR2004 - October
