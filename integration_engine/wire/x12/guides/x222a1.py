"""The professional claim, 005010X222A1 (837P), as one table; what writes, what locates and what checks look here.

    ST ─ 1000A submitter · 1000B receiver
      2000A billing provider ─ 2010AA name · 2010AB pay-to address · 2010AC pay-to plan
        2000B subscriber ─ 2010BA name · 2010BB payer
          2000C patient ─ 2010CA name
            2300 claim ─ 2310A-F providers
              2320 other subscriber ─ 2330A-G other names
              2400 service line ─ 2410 drug · 2420A-H providers · 2430 adjudication · 2440 forms

Source  X12.md §2 (005010X222A1 as read in three open transcriptions). Where they differ the stricter documented length
holds: CLM01 20, BHT03 and REF*6R 30, REF*D9 20, PWK06 50, quantities 8 digits. Whether a code of an open list (place of
service, state, procedure, diagnosis) exists is dated data in mappings/, not the guide's.
"""

from __future__ import annotations

from integration_engine.wire.x12.guides.records import Loop, Row, guide, loop, row

_SEQUENCES = "A|B|C|D|E|F|G|H|P|S|T|U"
_FILINGS = "11|12|13|14|15|16|17|AM|BL|CH|CI|DS|FI|HM|LM|MA|MB|MC|OF|TV|VA|WC|ZZ"
_MEDICARE_TYPES = "12|13|14|15|16|41|42|43|47"
_RELATIONSHIPS = "01|19|20|21|39|40|53|G8"
_REPORTS = (
    "03|04|05|06|07|08|09|10|11|13|15|21|A3|A4|AM|AS|B2|B3|B4|BR|BS|BT|CB|CK|CT|D2|DA|DB|DG|DJ|DS|EB|HC|HR|I5|IR|LA|"
    "M1|MT|NN|OB|OC|OD|OE|OX|OZ|P4|P5|PE|PN|PO|PQ|PY|PZ|RB|RR|RT|RX|SG|V5|XP"
)
_PRICING = "00|01|02|03|04|05|07|08|09|10|11|12|13|14"
_SERVICE_KINDS = "ER|HC|IV|WK"
_PROCEDURE = f"(1R ID={_SERVICE_KINDS} ; 2R AN1-48 ; 3S AN2-2 ; 4S AN2-2 ; 5S AN2-2 ; 6S AN2-2 ; 7S AN1-80)"
_POINTER = "1|2|3|4|5|6|7|8|9|10|11|12"
_PERSON = "3R AN1-60, 4S AN1-35, 5S AN1-25, 7S AN1-10"
_NPI = "8S ID=XX, 9S AN2-80"
_ANY_CONTACT = "3R ID=EM|FX|TE, 4R AN1-256, 5S ID=EM|EX|FX|TE, 6S AN1-256, 7S ID=EM|EX|FX|TE, 8S AN1-256"
_CONTACT_PAIRS = "P0304 P0506 P0708"
_OTHER_PAYER = "4S (1R ID=2U ; 2R AN1-50)"
_INTERCHANGE_QUALIFIERS = "01|14|20|27|28|29|30|33|ZZ"

_STREET = row("N3", "R", 1, "1R AN1-55, 2S AN1-55")
_STREET_MAYBE = row("N3", "S", 1, "1R AN1-55, 2S AN1-55")
_CITY_ELEMENTS = "1R AN2-30, 2S ID2-2, 3S ID3-15, 4S ID2-3, 7S ID1-3"
_CITY = row("N4", "R", 1, _CITY_ELEMENTS, "E0207 C0704")
_CITY_MAYBE = row("N4", "S", 1, _CITY_ELEMENTS, "E0207 C0704")


def _name(codes: str, kinds: str, rest: str = "") -> Row:
    elements = f"1R ID={codes}, 2R ID={kinds}" + (f", {rest}" if rest else "")
    return row("NM1", "R", 1, elements, "P0809")


def _reference(codes: str, usage: str = "S", most: int = 1, longest: int = 50, extra: str = "") -> Row:
    return row("REF", usage, most, f"1R ID={codes}, 2R AN1-{longest}" + (f", {extra}" if extra else ""))


def _day(codes: str, usage: str = "S", most: int = 1, *, or_period: bool = False) -> Row:
    if or_period:
        return row("DTP", usage, most, f"1R ID={codes}, 2R ID=D8|RD8, 3R DP8-17", "F0203")
    return row("DTP", usage, most, f"1R ID={codes}, 2R ID=D8, 3R DP8-8")


def _amount(code: str) -> Row:
    return row("AMT", "S", 1, f"1R ID={code}, 2R R1-18")


def _condition(codes: str, answers: str, values: str, usage: str = "S", most: int = 1, last: int = 7) -> Row:
    more = "".join(f", {n}S ID={values}" for n in range(4, last + 1))
    return row("CRC", usage, most, f"1R ID={codes}, 2R ID={answers}, 3R ID={values}{more}")


def _health(first: str, other: str, usage: str, most: int, last: int) -> Row:
    more = "".join(f", {n}S (1R ID={other} ; 2R AN1-30)" for n in range(2, last + 1))
    return row("HI", usage, most, f"1R (1R ID={first} ; 2R AN1-30){more}")


_ADJUSTMENT = row(
    "CAS",
    "S",
    5,
    "1R ID=CO|CR|OA|PI|PR, 2R ID1-5, 3R R1-18, 4S R1-8"
    + "".join(f", {n}S ID1-5, {n + 1}S R1-18, {n + 2}S R1-8" for n in range(5, 20, 3)),
    " ".join(f"L{n:02d}{n + 1:02d}{n + 2:02d} C{n + 1:02d}{n:02d} C{n + 2:02d}{n:02d}" for n in range(5, 20, 3)),
)
_CONTRACT = row("CN1", "S", 1, "1R ID=01|02|03|04|05|06|09, 2S R1-18, 3S R1-6, 4S AN1-50, 5S R1-6, 6S AN1-30")
_TRANSPORT = row(
    "CR1",
    "S",
    1,
    "1S ID=LB, 2S R1-10, 4R ID=A|B|C|D|E, 5R ID=DH, 6R R1-15, 9S AN1-80, 10S AN1-80",
    "P0102",
)
_PAPERWORK = row("PWK", "S", 10, f"1R ID={_REPORTS}, 2R ID=AA|BM|EL|EM|FT|FX, 5S ID=AC, 6S AN2-50", "P0506")
_FORMATS = row("K3", "S", 10, "1R AN1-80")
_AMBULANCE = _condition("07", "N|Y", "01|04|05|06|07|08|09|12", most=3)


def _pick_up(name: str) -> Loop:
    return loop(name, "S", 1, (_name("PW", "2"), _STREET, _CITY))


def _drop_off(name: str) -> Loop:
    return loop(name, "S", 1, (_name("45", "2", "3S AN1-60"), _STREET, _CITY))


_OTHER_SUBSCRIBER = loop(
    "2320",
    "S",
    10,
    (
        row(
            "SBR",
            "R",
            1,
            f"1R ID={_SEQUENCES}, 2R ID=18|{_RELATIONSHIPS}, 3S AN1-50, 4S AN1-60, 5S ID={_MEDICARE_TYPES}, 9S ID={_FILINGS}",
        ),
        _ADJUSTMENT,
        _amount("D"),
        _amount("A8"),
        _amount("EAF"),
        row("OI", "R", 1, "3R ID=N|W|Y, 4S ID=P, 6R ID=I|Y"),
        row(
            "MOA",
            "S",
            1,
            "1S R1-10, 2S R1-18, 3S AN1-50, 4S AN1-50, 5S AN1-50, 6S AN1-50, 7S AN1-50, 8S R1-18, 9S R1-18",
        ),
    ),
    loop(
        "2330A",
        "R",
        1,
        (
            _name("IL", "1|2", f"{_PERSON}, 8R ID=II|MI, 9R AN2-80"),
            _STREET_MAYBE,
            _CITY_MAYBE,
            _reference("SY", longest=9),
        ),
    ),
    loop(
        "2330B",
        "R",
        1,
        (
            _name("PR", "2", "3R AN1-60, 8R ID=PI|XV, 9R AN2-80"),
            _STREET_MAYBE,
            _CITY_MAYBE,
            _day("573"),
            _reference("2U|EI|FY|NF", most=2),
            _reference("G1"),
            _reference("9F"),
            _reference("T4"),
            _reference("F8"),
        ),
    ),
    loop("2330C", "S", 2, (_name("DN|P3", "1"), _reference("0B|1G|G2", "R", 3))),
    loop("2330D", "S", 1, (_name("82", "1|2"), _reference("0B|1G|G2|LU", "R", 3))),
    loop("2330E", "S", 1, (_name("77", "2"), _reference("0B|G2|LU", "R", 3))),
    loop("2330F", "S", 1, (_name("DQ", "1"), _reference("0B|1G|G2|LU", "R", 3))),
    loop("2330G", "S", 1, (_name("85", "1|2"), _reference("G2|LU", "R", 2))),
)

_LINE_PROVIDER_NUMBERS = {
    codes: _reference(codes, most=20, extra=_OTHER_PAYER) for codes in ("0B|1G|G2|LU", "0B|1G|G2")
}

_LINE_LOOPS = (
    loop(
        "2410",
        "S",
        1,
        (
            row("LIN", "R", 1, "2R ID=EN|EO|HI|N4|ON|UK|UP, 3R AN1-48"),
            row("CTP", "R", 1, "4R R1-15, 5R (1R ID=F2|GR|ME|ML|UN)"),
            _reference("VY|XZ"),
        ),
    ),
    loop(
        "2420A",
        "S",
        1,
        (
            _name("82", "1|2", f"{_PERSON}, {_NPI}"),
            row("PRV", "S", 1, "1R ID=PE, 2R ID=PXC, 3R AN1-50"),
            _LINE_PROVIDER_NUMBERS["0B|1G|G2|LU"],
        ),
    ),
    loop("2420B", "S", 1, (_name("QB", "1|2", _NPI), _LINE_PROVIDER_NUMBERS["0B|1G|G2"])),
    loop(
        "2420C",
        "S",
        1,
        (_name("77", "2", f"3R AN1-60, {_NPI}"), _STREET, _CITY, _reference("G2|LU", most=3, extra=_OTHER_PAYER)),
    ),
    loop("2420D", "S", 1, (_name("DQ", "1", f"{_PERSON}, {_NPI}"), _LINE_PROVIDER_NUMBERS["0B|1G|G2|LU"])),
    loop(
        "2420E",
        "S",
        1,
        (
            _name("DK", "1", f"{_PERSON}, {_NPI}"),
            _STREET_MAYBE,
            _CITY_MAYBE,
            _LINE_PROVIDER_NUMBERS["0B|1G|G2"],
            row("PER", "S", 1, f"1R ID=IC, 2S AN1-60, {_ANY_CONTACT}", _CONTACT_PAIRS),
        ),
    ),
    loop("2420F", "S", 2, (_name("DN|P3", "1", f"{_PERSON}, {_NPI}"), _LINE_PROVIDER_NUMBERS["0B|1G|G2"])),
    _pick_up("2420G"),
    _drop_off("2420H"),
    loop(
        "2430",
        "S",
        15,
        (
            row("SVD", "R", 1, f"1R AN2-80, 2R R1-18, 3R {_PROCEDURE}, 5R R1-8, 6S N01-6"),
            _ADJUSTMENT,
            _day("573", "R"),
            _amount("EAF"),
        ),
    ),
    loop(
        "2440",
        "S",
        None,
        (
            row("LQ", "R", 1, "1R ID=AS|UT, 2R AN1-30"),
            row("FRM", "R", 99, "1R AN1-20, 2S ID=N|W|Y, 3S AN1-50, 4S DT8-8, 5S R1-6", "R02030405"),
        ),
    ),
)

_LINE = loop(
    "2400",
    "R",
    50,
    (
        row("LX", "R", 1, "1R N01-6"),
        row(
            "SV1",
            "R",
            1,
            f"1R {_PROCEDURE}, 2R R1-18, 3R ID=MJ|UN, 4R R1-8, 5S AN1-2, "
            f"7R (1R ID={_POINTER} ; 2S ID={_POINTER} ; 3S ID={_POINTER} ; 4S ID={_POINTER}), "
            "9S ID=Y, 11S ID=Y, 12S ID=Y, 15S ID=0",
        ),
        row("SV5", "S", 1, "1R (1R ID=HC ; 2R AN1-48), 2R ID=DA, 3R R1-15, 4R R1-18, 5R R1-18, 6R ID=1|4|6"),
        _PAPERWORK,
        row("PWK", "S", 1, "1R ID=CT, 2R ID=AB|AD|AF|AG|NS"),
        _TRANSPORT,
        row("CR3", "S", 1, "1R ID=I|R|S, 2R ID=MO, 3R R1-15"),
        _AMBULANCE,
        _condition("70", "N|Y", "65", last=3),
        _condition("09", "N|Y", "38|ZV", last=4),
        _day("472", "R", or_period=True),
        _day("471"),
        _day("607"),
        _day("463"),
        _day("461"),
        _day("304"),
        _day("738|739", most=2),
        _day("011"),
        _day("455"),
        _day("454"),
        row("QTY", "S", 1, "1R ID=PT, 2R R1-15"),
        row("QTY", "S", 1, "1R ID=FL, 2R R1-15"),
        row("MEA", "S", 5, "1R ID=OG|TR, 2R ID=HT|R1|R2|R3|R4, 3R R1-20"),
        _CONTRACT,
        _reference("9B"),
        _reference("9D"),
        _reference("G1", most=5, extra=_OTHER_PAYER),
        _reference("6R", longest=30),
        _reference("EW"),
        _reference("X4"),
        _reference("F4"),
        _reference("BT"),
        _reference("9F", most=5, extra=_OTHER_PAYER),
        _amount("T"),
        _amount("F4"),
        _FORMATS,
        row("NTE", "S", 1, "1R ID=ADD|DCP, 2R AN1-80"),
        row("NTE", "S", 1, "1R ID=TPO, 2R AN1-80"),
        row("PS1", "S", 1, "1R AN1-50, 2R R1-18"),
        row(
            "HCP",
            "S",
            1,
            f"1R ID={_PRICING}|06, 2R R1-18, 3S R1-18, 4S AN1-50, 5S R1-9, 6S AN1-50, 7S R1-18, 9S ID={_SERVICE_KINDS}, "
            "10S AN1-48, 11S ID=MJ|UN, 12S R1-15, 13S ID=T1|T2|T3|T4|T5|T6, 14S ID=1|2|3|4|5, 15S ID=1|2|3|4|5|6",
            "P0910 P1112",
        ),
    ),
    *_LINE_LOOPS,
)

_CLAIM_ROWS = (
    row(
        "CLM",
        "R",
        1,
        "1R AN1-20, 2R R1-18, 5R (1R AN1-2 ; 2R ID=B ; 3R ID1-1), 6R ID=N|Y, 7R ID=A|B|C, 8R ID=N|W|Y, 9R ID=I|Y, "
        "10S ID=P, 11S (1R ID=AA|EM|OA ; 2S ID=AA|EM|OA ; 4S ID2-2 ; 5S ID2-3), 12S ID=02|03|05|09, "
        "20S ID=1|2|3|4|5|6|7|8|9|10|11|15",
    ),
    _day("431"),
    _day("454"),
    _day("304"),
    _day("453"),
    _day("439"),
    _day("484"),
    _day("455"),
    _day("471"),
    _day("314|360|361", or_period=True),
    _day("297"),
    _day("296"),
    _day("435"),
    _day("096"),
    _day("090|091", most=2),
    _day("444"),
    _day("050"),
    _PAPERWORK,
    _CONTRACT,
    _amount("F5"),
    *(_reference(code) for code in ("4N", "F5", "EW", "9F", "G1", "F8", "X4", "9A", "9C", "LX")),
    _reference("D9", longest=20),
    *(_reference(code) for code in ("EA", "P4", "1J")),
    _FORMATS,
    row("NTE", "S", 1, "1R ID=ADD|CER|DCP|DGN|TPO, 2R AN1-80"),
    _TRANSPORT,
    row("CR2", "S", 1, "8R ID=A|C|D|E|F|G|M, 10S AN1-80, 11S AN1-80"),
    _AMBULANCE,
    _condition("E1|E2|E3", "N|Y", "L1|L2|L3|L4|L5", most=3),
    _condition("75", "Y", "IH", last=3),
    _condition("ZZ", "N|Y", "AV|NU|S2|ST", last=5),
    _health("ABK|BK", "ABF|BF", "R", 1, 12),
    _health("BP", "BO", "S", 1, 2),
    _health("BG", "BG", "S", 2, 12),
    row(
        "HCP",
        "S",
        1,
        f"1R ID={_PRICING}, 2R R1-18, 3S R1-18, 4S AN1-50, 5S R1-9, 6S AN1-50, 7S R1-18, 13S ID=T1|T2|T3|T4|T5|T6, "
        "14S ID=1|2|3|4|5, 15S ID=1|2|3|4|5|6",
    ),
)

_CLAIM_LOOPS = (
    loop("2310A", "S", 2, (_name("DN|P3", "1", f"{_PERSON}, {_NPI}"), _reference("0B|1G|G2", most=3))),
    loop(
        "2310B",
        "S",
        1,
        (
            _name("82", "1|2", f"{_PERSON}, {_NPI}"),
            row("PRV", "S", 1, "1R ID=PE, 2R ID=PXC, 3R AN1-50"),
            _reference("0B|1G|G2|LU", most=4),
        ),
    ),
    loop(
        "2310C",
        "S",
        1,
        (
            _name("77", "2", f"3R AN1-60, {_NPI}"),
            _STREET,
            _CITY,
            _reference("0B|G2|LU", most=3),
            row("PER", "S", 1, "1R ID=IC, 2S AN1-60, 3R ID=TE, 4R AN1-256, 5S ID=EX, 6S AN1-256", "P0506"),
        ),
    ),
    loop("2310D", "S", 1, (_name("DQ", "1", f"{_PERSON}, {_NPI}"), _reference("0B|1G|G2|LU", most=4))),
    _pick_up("2310E"),
    _drop_off("2310F"),
    _OTHER_SUBSCRIBER,
    _LINE,
)


def _claim(usage: str) -> Loop:
    return loop("2300", usage, 100, _CLAIM_ROWS, *_CLAIM_LOOPS)


_ONE_PHONE = row("PER", "S", 1, "1R ID=IC, 2S AN1-60, 3R ID=TE, 4R AN1-256, 5S ID=EX, 6S AN1-256", "P0506")
_DEATH_AND_WEIGHT = "5S ID=D8, 6S DP8-8, 7S ID=01, 8S R1-10, 9S ID=Y"

_PATIENT = loop(
    "2000C",
    "S",
    None,
    (
        row("HL", "R", 1, "1R N01-12, 2R N01-12, 3R ID=23, 4R ID=0"),
        row("PAT", "R", 1, f"1R ID={_RELATIONSHIPS}, {_DEATH_AND_WEIGHT}", "P0506 P0708"),
    ),
    loop(
        "2010CA",
        "R",
        1,
        (
            _name("QC", "1", _PERSON),
            _STREET,
            _CITY,
            row("DMG", "R", 1, "1R ID=D8, 2R DP8-8, 3R ID=F|M|U"),
            _reference("Y4"),
            _reference("1W|SY"),
            _ONE_PHONE,
        ),
    ),
    _claim("R"),
)

_SUBSCRIBER = loop(
    "2000B",
    "R",
    None,
    (
        row("HL", "R", 1, "1R N01-12, 2R N01-12, 3R ID=22, 4R ID=0|1"),
        row(
            "SBR",
            "R",
            1,
            f"1R ID={_SEQUENCES}, 2S ID=18, 3S AN1-50, 4S AN1-60, 5S ID={_MEDICARE_TYPES}, 9S ID={_FILINGS}",
        ),
        row("PAT", "S", 1, _DEATH_AND_WEIGHT, "P0506 P0708"),
    ),
    loop(
        "2010BA",
        "R",
        1,
        (
            _name("IL", "1|2", f"{_PERSON}, 8R ID=II|MI, 9R AN2-80"),
            _STREET_MAYBE,
            _CITY_MAYBE,
            row("DMG", "S", 1, "1R ID=D8, 2R DP8-8, 3R ID=F|M|U"),
            _reference("SY", longest=9),
            _reference("Y4"),
            _ONE_PHONE,
        ),
    ),
    loop(
        "2010BB",
        "R",
        1,
        (
            _name("PR", "2", "3R AN1-60, 8R ID=PI|XV, 9R AN2-80"),
            _STREET_MAYBE,
            _CITY_MAYBE,
            _reference("2U|EI|FY|NF", most=3),
            _reference("G2|LU", most=2),
        ),
    ),
    _claim("S"),
    _PATIENT,
)

_BILLING_PROVIDER = loop(
    "2000A",
    "R",
    None,
    (
        row("HL", "R", 1, "1R N01-12, 3R ID=20, 4R ID=1"),
        row("PRV", "S", 1, "1R ID=BI, 2R ID=PXC, 3R AN1-50"),
        row("CUR", "S", 1, "1R ID=85, 2R ID3-3"),
    ),
    loop(
        "2010AA",
        "R",
        1,
        (
            _name("85", "1|2", f"{_PERSON}, {_NPI}"),
            _STREET,
            _CITY,
            _reference("EI|SY", "R"),
            _reference("0B|1G", most=2),
            row("PER", "S", 2, f"1R ID=IC, 2S AN1-60, {_ANY_CONTACT}", _CONTACT_PAIRS),
        ),
    ),
    loop("2010AB", "S", 1, (_name("87", "1|2"), _STREET, _CITY)),
    loop(
        "2010AC",
        "S",
        1,
        (
            _name("PE", "2", "3R AN1-60, 8R ID=PI|XV, 9R AN2-80"),
            _STREET,
            _CITY,
            _reference("2U|FY|NF"),
            _reference("EI", "R"),
        ),
    ),
    _SUBSCRIBER,
)

_ROOT = loop(
    "",
    "R",
    1,
    (row("BHT", "R", 1, "1R ID=0019, 2R ID=00|18, 3R AN1-30, 4R DT8-8, 5R TM4-8, 6R ID=31|CH|RP"),),
    loop(
        "1000A",
        "R",
        1,
        (
            _name("41", "1|2", "3R AN1-60, 4S AN1-35, 5S AN1-25, 8R ID=46, 9R AN2-80"),
            row(
                "PER",
                "R",
                2,
                "1R ID=IC, 2S AN1-60, 3R ID=ED|EM|FX|TE, 4R AN1-256, 5S ID=ED|EM|EX|FX|TE, 6S AN1-256, "
                "7S ID=ED|EM|EX|FX|TE, 8S AN1-256",
                _CONTACT_PAIRS,
            ),
        ),
    ),
    loop("1000B", "R", 1, (_name("40", "2", "3R AN1-60, 8R ID=46, 9R AN2-80"),)),
    _BILLING_PROVIDER,
)

_ENVELOPE = (
    row(
        "ISA",
        "R",
        1,
        f"1R ID=00|03, 2R AN10-10, 3R ID=00|01, 4R AN10-10, 5R ID={_INTERCHANGE_QUALIFIERS}, 6R AN15-15, "
        f"7R ID={_INTERCHANGE_QUALIFIERS}, 8R AN15-15, 9R DT6-6, 10R TM4-4, 11R AN1-1, 12R ID=00501, 13R N09-9, "
        "14R ID=0|1, 15R ID=P|T, 16R AN1-1",
    ),
    row("GS", "R", 1, "1R ID=HC, 2R AN2-15, 3R AN2-15, 4R DT8-8, 5R TM4-8, 6R N01-9, 7R ID=X, 8R ID=005010X222A1"),
    row("ST", "R", 1, "1R ID=837, 2R AN4-9, 3R ID=005010X222A1"),
    row("SE", "R", 1, "1R N01-10, 2R AN4-9"),
    row("GE", "R", 1, "1R N01-6, 2R N01-9"),
    row("IEA", "R", 1, "1R N01-5, 2R N09-9"),
)

GUIDE = guide(code="005010X222A1", transaction="837", functional_code="HC", root=_ROOT, envelope=_ENVELOPE)
