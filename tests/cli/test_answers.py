"""The commands on answer files as billing staff run them: list, show, assign, again, and what read-back leaves lying."""

from __future__ import annotations

import json
import re
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from integration_engine.adapters import outbox
from integration_engine.adapters.mapping_files import shipped_folder
from integration_engine.stages.posting_remits import PostRemits
from integration_engine.wire.hl7 import split_messages
from tests.cli.running import run
from tests.cli.test_authorizations import load

SAMPLES = shipped_folder().parent / "samples"
PAID = "\nchoices:\n" + "".join(f"  - {{payer: {payer}, outcome: paid}}\n" for payer in ("MEDB1", "SUMM1", "GRAN1"))
WHO = ("--by", "J. Doe", "--reason", "same patient and day")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three claims that are ready, and a payer that pays everything."""
    home = tmp_path_factory.mktemp("answers")
    load(home, *split_messages((SAMPLES / "messages" / "01_pt_54_minutes_three_payers.hl7").read_bytes()))
    everyday = (SAMPLES / "simulator" / "everyday.yaml").read_text("utf-8")
    (home / "pays.yaml").write_text(everyday.replace("\nshares:", f"{PAID}\nshares:"), "utf-8")
    return home


@pytest.fixture(scope="module")
def answered(ready: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same claims sent, and the answers to them in inbound/."""
    home = tmp_path_factory.mktemp("answered") / "home"
    shutil.copytree(ready, home)
    assert run("batch", home=home).returncode == 0
    assert run("simulate-payer", "--scenario", str(home / "pays.yaml"), home=home).returncode == 0
    return home


@pytest.fixture
def home(answered: Path, tmp_path: Path) -> Path:
    shutil.copytree(answered, tmp_path / "home")
    return tmp_path / "home"


def remits(home: Path) -> list[Path]:
    return [path for path in sorted((home / "inbound").iterdir()) if path.is_file() and b"ST*835" in path.read_bytes()]


def lying(home: Path) -> set[str]:
    """The files in inbound/ that nobody has taken yet."""
    return {path.name for path in (home / "inbound").glob("[!.]*") if path.is_file()}


def with_foreign_numbers(path: Path) -> str:
    """Give the first claim of a remit numbers that are none of ours; returns its true number."""
    data = path.read_bytes()
    number = re.search(rb"CLP\*([^*]+)\*", data)
    assert number is not None
    data = data.replace(b"CLP*" + number[1] + b"*", b"CLP*FOREIGN1*")
    data = re.sub(rb"(CLP\*FOREIGN1(?:\*[^*~]*){5})\*[^*~]+", rb"\1*ELSEWHERE1", data)
    path.write_bytes(re.sub(rb"REF\*6R\*" + number[1] + rb"[^~]*", b"REF*6R*X1", data))
    return number[1].decode()


def listed(home: Path, *options: str) -> list[dict]:
    return json.loads(run("answers", "list", *options, "--json", home=home).stdout)


def shown(home: Path, answer: int) -> dict:
    return json.loads(run("answers", "show", str(answer), "--json", home=home).stdout)


def standings(home: Path) -> dict[str, str]:
    return {one["number"]: one["standing"] for one in json.loads(run("claims", "list", "--json", home=home).stdout)}


def test_a_biller_finds_an_unmatched_claim_and_gives_its_money_to_the_right_one(home: Path) -> None:
    number = with_foreign_numbers(remits(home)[0])
    assert run("read-back", home=home).returncode == 1
    (file,) = [one for one in listed(home, "--state", "held") if one["unmatched"]]
    assert file["unmatched"] == 1
    (waiting,) = shown(home, file["id"])["unmatched_claims"]
    assert (waiting["number"], waiting["paid"]) == ("FOREIGN1", file["unmatched_amount"])
    table = run("answers", "show", str(file["id"]), home=home)
    assert (table.returncode, "FOREIGN1" in table.stdout, "answers assign" in table.stdout) == (1, True, False)
    place = ("--claim-of-file", str(waiting["claim_of_file"]), "--to", number)
    done = run("answers", "assign", str(file["id"]), *place, *WHO, home=home)
    assert (done.returncode, "now paid" in done.stdout) == (0, True), done.stderr
    assert standings(home)[number] == "paid"
    again = run("answers", "assign", str(file["id"]), *place, *WHO, home=home)
    assert (again.returncode, "nothing was changed" in again.stdout) == (0, True)
    accounts = {one["account"]: one for one in json.loads(run("ledger", "--json", home=home).stdout)["accounts"]}
    assert accounts["unapplied"]["balance"] == "0.00"
    assert shown(home, file["id"])["state"] == "done"


@pytest.mark.parametrize(
    ("answer", "place", "to", "who", "told"),
    [
        ("1", "1", "", WHO, "there is no answer file 1"),
        ("", "99", "", WHO, "none with the number 99"),
        ("", "1", "NOSUCH", WHO, "no claim with the number NOSUCH"),
        ("", "1", "", ("--by", " ", "--reason", "x"), "must not be empty"),
    ],
)
def test_assign_says_what_is_wrong_and_changes_nothing(
    home: Path, answer: str, place: str, to: str, who: tuple[str, ...], told: str
) -> None:
    number = with_foreign_numbers(remits(home)[0])
    run("read-back", home=home)
    (file,) = [one for one in listed(home) if one["unmatched"]]
    which = ("--claim-of-file", place, "--to", to or number)
    done = run("answers", "assign", answer or str(file["id"]), *which, *who, home=home)
    assert (done.returncode, told in done.stderr) == (2, True), done.stderr
    assert shown(home, file["id"])["unmatched"] == 1


def test_claims_of_a_payment_that_waits_whole_are_listed_and_nothing_is_said_of_the_unapplied_account(
    home: Path,
) -> None:
    path = remits(home)[0]
    with_foreign_numbers(path)
    path.write_bytes(re.sub(rb"(BPR\*[A-Z]\*)[0-9.]+", rb"\g<1>9999", path.read_bytes()))
    done = run("read-back", home=home)
    assert re.search(r"The payment is 9999.*; difference [0-9.]+\.", done.stdout)
    (file,) = listed(home, "--state", "held")
    told = shown(home, file["id"])
    (one,) = told["unmatched_claims"]
    assert (one["number"], one["posted"]) == ("FOREIGN1", False)
    assert [text for text in told["waits"] if f"{one['paid']} of it waits with the payment, not posted" in text]
    assert "unapplied" not in " ".join(told["waits"])
    assert "\tnot posted\t" in run("answers", "show", str(file["id"]), home=home).stdout
    holds = json.loads(run("queue", "list", "remittance", "--json", home=home).stdout)
    assert {hold["file"] for hold in holds} == {path.name}
    assert f"file: {path.name}" in run("queue", "show", str(holds[0]["id"]), home=home).stdout
    assert run("answers", "accept", str(file["id"]), *WHO, home=home).returncode == 0
    after = shown(home, file["id"])
    assert [one["posted"] for one in after["unmatched_claims"]] == [True]
    assert [text for text in after["waits"] if f"{one['paid']} waits on the unapplied account" in text]


def test_a_payment_that_came_before_is_told_with_its_money_and_the_file_that_brought_it(home: Path) -> None:
    path = remits(home)[0]
    amount = re.search(rb"BPR\*[A-Z]\*([0-9.]+)", path.read_bytes())
    trace = re.search(rb"TRN\*1\*([^*]+)", path.read_bytes())
    assert amount is not None
    assert trace is not None
    other = b"\n" + path.read_bytes()
    assert run("read-back", home=home).returncode == 0
    (home / "inbound" / "again.835").write_bytes(other)
    (again,) = json.loads(run("read-back", "--json", home=home).stdout)
    assert again["state"] == "done"
    assert again["reason"].startswith(
        f"Payment {trace[1].decode()} ({Decimal(amount[1].decode()):.2f}) came before in {path.name};"
    )


def test_claims_of_a_claim_status_that_fit_none_of_ours_are_listed_with_what_is_said_of_them(home: Path) -> None:
    path = next(path for path in sorted((home / "inbound").glob("*277CA*")))
    data = re.sub(rb"TRN\*2\*C[0-9]+", b"TRN*2*FOREIGN1", path.read_bytes())
    path.write_bytes(re.sub(rb"REF\*(1K|D9|FJ)\*[^~]+", rb"REF*\1*ELSEWHERE1", data))
    assert run("read-back", home=home).returncode == 1
    (file,) = [one for one in listed(home, "--state", "held") if one["kinds"] == "277CA"]
    statuses = shown(home, file["id"])["unmatched_statuses"]
    assert {one["number"] for one in statuses} == {"FOREIGN1"}
    assert all(one["date_of_service"] and one["charge"] and "The clearinghouse says" in one["says"] for one in statuses)
    table = run("answers", "show", str(file["id"]), home=home)
    assert (table.returncode, table.stdout.count("FOREIGN1\t")) == (1, len(statuses))


def test_a_file_the_engine_failed_on_is_taken_again_by_name(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(PostRemits, "post", lambda *_: {}["a fault of ours"])
        assert run("read-back", home=home).returncode == 1
        held = listed(home, "--state", "held")
        assert {one["kinds"] for one in held} == {"835"}
        with pytest.raises(KeyError):
            run("answers", "again", str(held[0]["id"]), *WHO, home=home)
    assert "paid" not in standings(home).values()
    for file in held:
        done = run("answers", "again", str(file["id"]), *WHO, home=home)
        assert (done.returncode, "done" in done.stdout) == (0, True), done.stderr
    assert set(standings(home).values()) == {"paid"}
    twice = run("answers", "again", str(held[0]["id"]), *WHO, home=home)
    assert (twice.returncode, "taken in already" in twice.stderr) == (2, True)
    unnamed = run("answers", "again", str(held[0]["id"]), "--by", "", "--reason", "", home=home)
    assert unnamed.returncode == 2


def test_an_answer_faster_than_our_note_stays_in_inbound_until_the_file_is_known_as_sent(
    ready: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    shutil.copytree(ready, home)
    publish = outbox.publish

    class Killed(Exception):
        pass

    def killed(*given) -> None:
        publish(*given)
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(outbox, "publish", killed)
        with pytest.raises(Killed):
            run("batch", home=home)
    (sent,) = [path for path in (home / "outbound").iterdir() if path.suffix == ".x12"]
    assert run("simulate-payer", "--scenario", str(home / "pays.yaml"), home=home).returncode == 0
    picked_up = sent.rename(home / sent.name)
    names = lying(home)
    early = run("read-back", "--json", home=home)
    assert early.returncode == 1
    assert {one["state"] for one in json.loads(early.stdout)} == {"waiting"}
    assert lying(home) == names
    assert listed(home) == []
    picked_up.rename(sent)
    assert "waiting" not in {one["state"] for one in json.loads(run("read-back", "--json", home=home).stdout)}
    assert "paid" in standings(home).values()
    assert lying(home) == set()


def test_a_file_over_the_limit_is_rejected_unread_and_taken_when_the_limit_is_raised(home: Path) -> None:
    (home / "inbound" / "large.835").write_bytes(remits(home)[0].read_bytes() + b" " * 100_000)
    done = run("read-back", "--json", home=home, ANSWER_MAX_BYTES="100000")
    (large,) = [one for one in json.loads(done.stdout) if one["file"] == "large.835"]
    assert (done.returncode, large["state"]) == (1, "rejected")
    assert "no more than 100000" in large["reason"]
    rejected = home / "inbound" / "rejected" / "large.835"
    assert "was not read" in rejected.with_name("large.835.reason.txt").read_text("utf-8")
    assert [one["file_name"] for one in listed(home, "--state", "rejected")] == ["large.835"]
    rejected.rename(home / "inbound" / "large.835")
    (again,) = json.loads(run("read-back", "--json", home=home).stdout)
    assert again["state"] == "done"


def test_accept_tells_what_was_posted_and_refuses_a_file_of_which_nothing_waits(home: Path) -> None:
    path = remits(home)[0]
    path.write_bytes(re.sub(rb"(BPR\*[A-Z]\*)[0-9.]+", rb"\g<1>9999", path.read_bytes()))
    assert run("read-back", home=home).returncode == 1
    (file,) = listed(home, "--state", "held")
    done = run("answers", "accept", str(file["id"]), *WHO, home=home)
    assert (done.returncode, "1 claims" in done.stdout) == (0, True), done.stderr
    twice = run("answers", "accept", str(file["id"]), *WHO, home=home)
    assert (twice.returncode, "nothing of answer file" in twice.stderr) == (2, True)
