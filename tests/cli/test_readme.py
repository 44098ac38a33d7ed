"""What the README tells a reader to type: its own shell blocks, run by a shell against the sample stories.

The blocks are read from README.md itself, so that a sentence that goes stale fails here. A command may exit 1 (it found
something); 2 means that the README uses it wrongly.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from integration_engine.adapters.mapping_files import shipped_folder
from integration_engine.wire.hl7 import split_messages
from tests.cli.running import run
from tests.cli.test_authorizations import load
from tests.cli.test_batches import SECOND

ROOT = shipped_folder().parent
SAMPLES = ROOT / "samples"
COMMAND = ".venv/bin/integration-engine"
LATER = "17_"  # the stories from here on arrive after the first batch: something is always ready to leave
READY = "VS17A1"  # of them
ENGINE = """
trap 'echo end > asked' EXIT
engine() {
    local call
    call=$(mktemp -d call.XXXXXX)
    cat > "$call/in"
    printf '%s\\0' "$@" > "$call/arguments"
    mkfifo "$call/code"
    echo "$call" > asked
    read -r code < "$call/code"
    cat "$call/out"
    cat "$call/err" >&2
    return "$code"
}
"""  # a command of the block is run by the test, in its own process: a start of Python each would take a minute


def block(section: str) -> str:
    """The first shell block below a heading of the README."""
    text = (ROOT / "README.md").read_text("utf-8")
    _, _, after = text.partition(f"\n## {section}\n")
    assert after, f"README.md has no section {section!r}"
    found = re.search(r"```sh\n(.*?)```", after.partition("\n## ")[0], re.DOTALL)
    assert found, f"section {section!r} of README.md has no shell block"
    return found[1]


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample stories; most of them sent and answered, the last ones ready to leave; two receivers."""
    home = tmp_path_factory.mktemp("readme")
    shutil.copytree(shipped_folder(), home / "mappings")
    receivers = home / "mappings" / "claims" / "receivers.yaml"
    receivers.write_text(receivers.read_text("utf-8").rstrip("\n") + SECOND, "utf-8")
    files = sorted((SAMPLES / "messages").glob("*.hl7"))
    early = [file for file in files if file.name < LATER]
    load(home, *(raw for file in early for raw in split_messages(file.read_bytes())))
    assert run("batch", home=home).returncode == 0
    everyday = str(SAMPLES / "simulator" / "everyday.yaml")
    assert run("simulate-payer", "--scenario", everyday, home=home).returncode == 0
    sends = receivers.read_text("utf-8")
    receivers.write_text(
        sends.replace("claims_per_file: 5000", "claims_per_file: 5000\n    send_at: ['23:59']"), "utf-8"
    )
    load(home, *(raw for file in files if file not in early for raw in split_messages(file.read_bytes())))
    return home


@pytest.fixture
def home(answered: Path, tmp_path: Path) -> Path:
    shutil.copytree(answered, tmp_path / "home")
    return tmp_path / "home"


def typed(script: str, home: Path) -> list[subprocess.CompletedProcess[str]]:
    """Each command of ours in a shell script, in the order in which the shell runs them."""
    folder = home / "shell"
    folder.mkdir()
    (folder / "samples").symlink_to(SAMPLES)
    os.mkfifo(folder / "asked")
    done = []
    with subprocess.Popen(
        ("bash", "-u", "-c", ENGINE + script.replace(COMMAND, "engine")), cwd=folder, stdin=subprocess.DEVNULL
    ) as shell:
        try:
            while (name := (folder / "asked").read_text("utf-8").strip()) != "end":
                call = folder / name
                arguments = (call / "arguments").read_text("utf-8").rstrip("\0").split("\0")
                text = (call / "in").read_text("utf-8")
                one = run(*arguments, home=home, text=text, MAPPINGS=str(home / "mappings"))
                (call / "out").write_text(one.stdout, "utf-8")
                (call / "err").write_text(one.stderr, "utf-8")
                (call / "code").write_text(f"{one.returncode}\n", "utf-8")
                done.append(one)
            assert shell.wait(60) in {0, 1}
        finally:
            shell.kill()
    return done


@pytest.mark.parametrize("section", ["Ask it why", "Authorizations", "Denials", "What came back", "837P files"])
def test_every_command_of_a_readme_block_is_understood(section: str, home: Path) -> None:
    script = block(section)
    if section not in {
        "What came back",
        "837P files",
    }:  # the first reads back itself, the second is of unanswered files
        run("read-back", home=home)
    (home / "stick").mkdir()
    stand_ins = {
        r"\bVISIT\b": READY,
        r"\bFILE\b": json.loads(run("batch", "list", "--json", home=home).stdout)[-1]["file"],
        r"\bOTHER\b": "SUMMITLINK",
        r"/media/stick\b": str(home / "stick"),
    }
    for what, value in stand_ins.items():
        script = re.sub(what, value, script)
    done = typed(script, home)
    assert len(done) == script.count(COMMAND)
    assert [(one.args, one.stderr) for one in done if one.returncode not in {0, 1}] == []


@pytest.mark.parametrize("what", [("queue", "list"), ("denials", "list"), ("claims", "list"), ("claims", "trips")])
def test_a_piped_list_ends_with_a_row_and_its_note_is_on_standard_error(what: tuple[str, ...], home: Path) -> None:
    run("read-back", home=home)
    done = run(*what, home=home)
    heading, *rows = done.stdout.splitlines()
    assert rows
    assert {row.count("\t") for row in rows} == {heading.count("\t")}
    assert done.stderr.strip()
