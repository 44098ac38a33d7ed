"""The compiled mapping and rule files a stage works under, as one value: always a consistent set of one reading."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from integration_engine.core.errors import MappingError, MappingProblem
from integration_engine.crosswalk.claim_table import ClaimTable, compile_claim_table
from integration_engine.crosswalk.feeds.compiling import compile_feeds
from integration_engine.crosswalk.feeds.feed import Feeds
from integration_engine.crosswalk.receivers import compile_receivers
from integration_engine.domain.claim import Receiver
from integration_engine.rules.claim_file.compiling import compile_claim_file
from integration_engine.rules.claim_file.records import ClaimFileRules
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.responses.files import compile_responses
from integration_engine.rules.responses.in_force import Responses
from integration_engine.rules.rule_cases.reading import without_cases
from integration_engine.rules.rule_files.compiling import compile_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesInForce:
    """One consistent reading of mappings/. version: content hash over every file that decides something (no cases)."""

    version: str
    files: Mapping[str, str]
    feeds: Feeds
    parameters: Parameters
    claim_table: ClaimTable
    receivers: Mapping[str, Receiver]
    claim_file: ClaimFileRules
    responses: Responses

    def local(self, now: datetime) -> datetime:
        """A moment in the practice's zone."""
        return now.astimezone(ZoneInfo(self.parameters.practice.time_zone))

    def today(self, now: datetime) -> date:
        """The date in the practice's zone: the day on which something is sent, answered or decided."""
        return self.local(now).date()


def compile_rules_in_force(files: Mapping[str, str]) -> RulesInForce:
    """Compile a whole mappings folder.

    Raises   MappingError with every problem of every kind of file at once.
    """
    files = without_cases(files)
    problems: list[MappingProblem] = []
    compiled: dict[str, object] = {}
    for name, compiler in (
        ("feeds", compile_feeds),
        ("parameters", compile_rules),
        ("claim_table", compile_claim_table),
        ("receivers", compile_receivers),
        ("claim_file", compile_claim_file),
        ("responses", compile_responses),
    ):
        try:
            compiled[name] = compiler(files)
        except MappingError as error:
            problems.extend(error.problems)
    if problems:
        raise MappingError(tuple(problems))
    return RulesInForce(version=version_of(files), files=files, **compiled)  # type: ignore[arg-type]


def version_of(files: Mapping[str, str]) -> str:
    """Content hash of a set of files, whatever order they were read in."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + files[name].encode() + b"\0")
    return digest.hexdigest()
