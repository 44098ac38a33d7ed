"""pyx12's verdict on an 837P file before it is released, in processes of their own that keep the maps loaded.

Gate on its boolean: a bad ISA or GS gives False with an empty error list. Its logger writes field values and is
silenced. A verdict that could not be taken is *not checked* and never accepted. A large file is judged in portions, side
by side; above a volume a policy may be content with a sample or leave pyx12 out, because our own check of the claim
file (rules/claim_file) has always come first. What was not judged is told in the verdict. Source  X12.md §4.
"""

from __future__ import annotations

import io
import logging
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import orjson

from integration_engine.core.findings import Citation, Finding, Outcome, Queue, Severity
from integration_engine.settings import GateMode
from integration_engine.wire.x12.portions import outline, portions, sample

PATIENCE_SECONDS = 600
PORTION_CLAIMS = 250  # pyx12 takes about 100 a second; portions of this size share the processes well
SAMPLE_SUBSCRIBERS = 50
CRASH = "crash"
CITATION = Citation(document="pyx12 4", section="005010X222A1")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePolicy:
    """mode holds for files with more claims than above; smaller ones are always judged whole."""

    mode: GateMode = GateMode.ALL
    above: int = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What pyx12 said.

    Shapes   claim_numbers: the claims its findings lie in; empty when it cannot tell. judged: claims it looked at; of
             how many stands in claims, None where the file could not be taken apart and was judged in one piece.
    """

    accepted: bool
    findings: tuple[Finding, ...]
    claim_numbers: frozenset[str]
    seconds: float
    judged: int | None = None
    claims: int | None = None


class X12Gate:
    """Judges files; a context manager that ends its processes."""

    def __init__(self, workers: int = 1, policy: GatePolicy | None = None) -> None:
        self._workers = workers
        self._policy = policy or GatePolicy()
        self._pool = self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._workers, multiprocessing.get_context("spawn"), initializer=_prepare)

    def check(self, text: str) -> Verdict:
        """pyx12's verdict on one file; a dead or silent process gives *not checked*, and is replaced."""
        began = time.monotonic()
        whole = outline(text)
        if whole is None or whole.claims <= min(PORTION_CLAIMS, self._policy.above):
            claims = whole.claims if whole else None
            return self._verdict([text], began, claims, claims)
        if whole.claims <= self._policy.above or self._policy.mode is GateMode.ALL:
            return self._verdict(portions(whole, PORTION_CLAIMS), began, whole.claims, whole.claims)
        if self._policy.mode is GateMode.OFF:
            return self._verdict([], began, 0, whole.claims)
        chosen = sample(whole, SAMPLE_SUBSCRIBERS)
        judged = sum(subscriber.claims for subscriber in chosen)
        return self._verdict([whole.write(chosen)], began, judged, whole.claims)

    def _verdict(self, texts: Sequence[str], began: float, judged: int | None, claims: int | None) -> Verdict:
        try:
            pending = [self._pool.submit(_judge, text) for text in texts]
            answers = [one.result(PATIENCE_SECONDS) for one in pending]
        except (BrokenProcessPool, TimeoutError) as error:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = self._start()
            finding = _finding("the checking process ended", "", type(error).__name__, Outcome.NOT_CHECKED)
            return Verdict(
                accepted=False, findings=(finding,), claim_numbers=frozenset(), seconds=time.monotonic() - began
            )
        accepted = all(answer[0] for answer in answers)
        errors = [error for answer in answers for error in answer[1]]
        findings = tuple(
            _finding(text, position, code, Outcome.NOT_CHECKED if code == CRASH else Outcome.FAIL)
            for text, position, code, _ in errors
        )
        if not accepted and not findings:
            findings = (_finding("the envelope (ISA or GS) is not valid", "ISA", "envelope"),)
        if judged is not None and claims is not None and judged < claims:
            findings = (*findings, _not_judged(judged, claims))
        return Verdict(
            accepted=accepted,
            findings=findings,
            claim_numbers=frozenset(number for _, _, _, number in errors if number),
            seconds=time.monotonic() - began,
            judged=judged,
            claims=claims,
        )


def _not_judged(judged: int, claims: int) -> Finding:
    return Finding(
        id="edits.x12_not_judged",
        severity=Severity.INFORMATION,
        text=f"pyx12 judged {judged} of the {claims} claims of this file; the engine's own check took all of them.",
        fix="Nothing needs to be done; GATE_MODE and GATE_ABOVE say how much of a large file pyx12 judges.",
        owner="interface administrator",
        subject="837P",
        outcome=Outcome.NOT_CHECKED,
        citation=CITATION,
    )


def _finding(text: str, position: str, code: str, outcome: Outcome = Outcome.FAIL) -> Finding:
    return Finding(
        id=f"edits.x12_{code}".lower(),
        severity=Severity.ERROR,
        text=f"The 837P check refuses this claim at {position or 'the file'}: {text}.",
        fix="Correct the field in the EMR or the line of mappings/claims/837p.yaml that writes this position.",
        owner="biller",
        subject=f"837P {position}",
        position=position,
        queue=Queue.EDITS,
        outcome=outcome,
        citation=CITATION,
    )


# --- inside the process ----------------------------------------------------------------------------------------------


def _prepare() -> None:
    """Get ready to judge, and end with the process that asked."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _silence()


def _end_with_parent() -> None:
    """A parent that is killed cannot end its processes: each of them looks for itself, and none is left behind."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _silence() -> None:
    """pyx12 logs field values; and its maps are kept, because loading one costs a quarter of a second."""
    import pyx12.map_if  # noqa: PLC0415 - only this process needs it
    import pyx12.x12n_document  # noqa: PLC0415

    logger = logging.getLogger("pyx12")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    logger.setLevel(logging.CRITICAL + 1)
    load: Callable[..., Any] = pyx12.map_if.load_map_file
    kept: dict[tuple[Any, ...], Any] = {}

    def load_once(file: str, param: Any, map_path: Any = None) -> Any:
        key = (file, param.get("charset"), map_path)
        if key not in kept:
            kept[key] = load(file, param, map_path)
        return kept[key]

    pyx12.map_if.load_map_file = load_once
    pyx12.x12n_document.pyx12.map_if.load_map_file = load_once


def _judge(text: str) -> tuple[bool, list[tuple[str, str, str, str]]]:
    """(accepted, [(what is wrong, position, code, claim number)]); no field values."""
    import pyx12.params  # noqa: PLC0415
    import pyx12.x12n_document  # noqa: PLC0415

    told = io.StringIO()
    params = pyx12.params.ParamsBase()
    try:
        accepted = pyx12.x12n_document.x12n_document(params, io.StringIO(text), None, None, fd_json=told)
    except Exception as error:  # noqa: BLE001 - it crashes on what it has no map for; its words may hold field values
        return False, [(f"pyx12 could not judge it ({type(error).__name__})", "", CRASH, "")]
    document = orjson.loads(told.getvalue()) if told.getvalue() else {}
    claims = _claims_by_segment(text)
    return bool(accepted), list(_errors(document, claims))


def _errors(node: Any, claims: dict[int, str], segment: str = "", line: int = 0) -> list[tuple[str, str, str, str]]:
    found: list[tuple[str, str, str, str]] = []
    if isinstance(node, dict):
        segment = node.get("seg_id") or segment
        line = node.get("cur_line") or line
        position = f"{segment}{node['ele_pos']:02d}" if isinstance(node.get("ele_pos"), int) else segment
        for error in node.get("errors") or []:
            code = str(error.get("err_cde") or error.get("code") or "error") if isinstance(error, dict) else "error"
            found.append((f"error code {code}", position, code, claims.get(line, "")))
        for value in node.values():
            if isinstance(value, dict | list):
                found.extend(_errors(value, claims, segment, line))
    elif isinstance(node, list):
        for value in node:
            if isinstance(value, dict) and "errors" not in value and "err_cde" in value:
                continue
            found.extend(_errors(value, claims, segment, line))
    return found


def _claims_by_segment(text: str) -> dict[int, str]:
    """Segment number in the file → the claim it lies in."""
    claims: dict[int, str] = {}
    current = ""
    for number, segment in enumerate(text.replace("\n", "").replace("\r", "").split("~"), start=1):
        if segment.startswith("CLM*"):
            current = segment.split("*")[1]
        elif segment.startswith(("HL*", "SE*")):
            current = ""
        if current:
            claims[number] = current
    return claims
