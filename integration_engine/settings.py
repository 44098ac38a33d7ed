"""The settings of a running engine: a name, a default and a sentence each.

They come from the environment (``INTEGRATION_ENGINE_<NAME>``) or from a TOML file named by
``INTEGRATION_ENGINE_SETTINGS``; the environment wins. An unknown name is an error, so that a typing slip is never
silently a default.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from integration_engine.core.errors import EngineError

PREFIX = "INTEGRATION_ENGINE_"
SIGNED = frozenset({"clock_days"})  # settings that may be below zero
T = TypeVar("T")


class GateMode(StrEnum):
    """How much of a large 837P file pyx12 judges before it is released."""

    ALL = "all"
    SAMPLE = "sample"
    OFF = "off"


class SettingsError(EngineError):
    """A setting is unknown or its value cannot be read; the text names it and says what it takes."""


def _setting(default: T, sentence: str) -> T:
    return field(default=default, metadata={"sentence": sentence})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting with its default; ``Settings.catalogue()`` lists name, default and sentence."""

    home: str = _setting(
        "engine-home", "Folder for the embedded database, outbound/ and inbound/; created on first use."
    )
    database_url: str = _setting("", "SQLAlchemy URL of the database; empty: SQLite in HOME.")
    mappings: str = _setting("", "Folder of mapping and rule files; empty: the ones shipped with the engine.")
    outbound: str = _setting("", "Folder where 837P files are published; empty: outbound/ in HOME.")
    inbound: str = _setting("", "Folder where the clearinghouse's answers arrive; empty: inbound/ in HOME.")
    mllp_host: str = _setting("127.0.0.1", "Address the MLLP listener binds.")
    mllp_port: int = _setting(2575, "Port of the MLLP listener; 0 takes a free one.")
    mllp_max_bytes: int = _setting(1_048_576, "Largest HL7 message taken, in bytes.")
    mllp_idle_seconds: int = _setting(900, "A connection that sends nothing for this long is closed.")
    mllp_message_seconds: int = _setting(30, "Longest time from the first byte of a message to its last.")
    mllp_connections: int = _setting(256, "Connections open at once, in all.")
    mllp_connections_per_peer: int = _setting(64, "Connections open at once from one address.")
    mllp_allow: str = _setting("", "Comma-separated networks that may connect (CIDR); empty: any.")
    mllp_tls_certificate: str = _setting("", "PEM file of the listener's certificate chain; empty: no TLS.")
    mllp_tls_key: str = _setting("", "PEM file of the listener's private key.")
    mllp_tls_client_ca: str = _setting("", "PEM file of the authorities whose client certificates are demanded.")
    mllp_allow_plain_public: bool = _setting(
        False, "Allow a bind other than loopback without TLS (logged as a warning)."
    )
    workers: int = _setting(1, "Worker processes that `serve` starts.")
    batch_size: int = _setting(100, "Messages a worker takes into one transaction.")
    batch_seconds: int = _setting(300, "How often `serve` writes due 837P files.")
    outbound_archive_days: int = _setting(
        0,
        "`batch` moves files published more than so many days ago to outbound/archive/; 0: only `batch archive` does.",
    )
    read_back_seconds: int = _setting(30, "How often `serve` looks for answers in inbound/ and for overdue ones.")
    deadline_alert_days: str = _setting(
        "30,14,7", "Days left before a filing or appeal limit at which a refused or denied claim alerts; empty: never."
    )
    answer_max_bytes: int = _setting(
        33_554_432, "Largest answer file taken in, in bytes; a larger one goes to inbound/rejected/ unread."
    )
    gate_workers: int = _setting(1, "Processes that hold pyx12 to check each 837P file before it is released.")
    gate_mode: GateMode = _setting(  # noqa: RUF009 - a setting like the others
        GateMode.ALL, "What pyx12 judges of a file above GATE_ABOVE: all, sample or off; our own check takes all of it."
    )
    gate_above: int = _setting(
        2000, "Files with more claims than this follow GATE_MODE; smaller ones are judged whole."
    )
    lease_seconds: int = _setting(30, "How long a silent worker keeps the patients it took.")
    sftp_host: str = _setting("", "The clearinghouse's SFTP server, for `exchange`; empty: files go by other means.")
    sftp_port: int = _setting(22, "Port of the SFTP server.")
    sftp_user: str = _setting("", "User at the SFTP server.")
    sftp_key: str = _setting("", "File of the private key, without passphrase, that lets the user in.")
    sftp_known_hosts: str = _setting("", "OpenSSH known_hosts file with the server's host key; another key is refused.")
    sftp_send_folder: str = _setting("", "Folder at the SFTP server that takes 837P files.")
    sftp_receive_folder: str = _setting("", "Folder at the SFTP server where answers lie.")
    sftp_seconds: int = _setting(300, "How often `serve` exchanges files, when SFTP_HOST is set.")
    clock_days: int = _setting(0, "Days added to the date, for demonstrations and rehearsals; 0 in production.")
    log_level: str = _setting("info", "Least severe log line written: debug, info, warning or error.")

    @property
    def home_folder(self) -> Path:
        """HOME as an absolute path."""
        return Path(self.home).expanduser().absolute()

    @property
    def database(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.home_folder / 'engine.db'}"

    @property
    def outbound_folder(self) -> Path:
        """Where 837P files are published."""
        return Path(self.outbound).absolute() if self.outbound else self.home_folder / "outbound"

    @property
    def inbound_folder(self) -> Path:
        """Where answers are picked up."""
        return Path(self.inbound).absolute() if self.inbound else self.home_folder / "inbound"

    @property
    def deadline_steps(self) -> tuple[int, ...]:
        """DEADLINE_ALERT_DAYS as numbers, the largest first.

        Raises   SettingsError for anything but whole numbers between commas.
        """
        given = [part.strip() for part in self.deadline_alert_days.split(",") if part.strip()]
        if not all(part.isascii() and part.isdigit() for part in given):
            msg = f"{PREFIX}DEADLINE_ALERT_DAYS takes whole numbers between commas, such as 30,14,7"
            raise SettingsError(msg)
        return tuple(sorted({int(part) for part in given}, reverse=True))

    @staticmethod
    def catalogue() -> tuple[tuple[str, object, str], ...]:
        """Name as in the environment, default, and what it does, of every setting."""
        return tuple((PREFIX + item.name.upper(), item.default, item.metadata["sentence"]) for item in fields(Settings))


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from the environment and the file it names.

    Raises   SettingsError for an unknown name, an unreadable file or a value of the wrong type.
    """
    given: dict[str, Any] = {}
    file = environment.get(PREFIX + "SETTINGS")
    if file:
        try:
            given.update({name.lower(): value for name, value in tomllib.loads(Path(file).read_text("utf-8")).items()})
        except (OSError, tomllib.TOMLDecodeError) as error:
            msg = f"{file}: {error}"
            raise SettingsError(msg) from None
    for name, value in environment.items():
        if name.startswith(PREFIX) and name != PREFIX + "SETTINGS":
            given[name.removeprefix(PREFIX).lower()] = value
    types = get_type_hints(Settings)
    unknown = sorted(set(given) - {item.name for item in fields(Settings)})
    if unknown:
        msg = f"unknown setting {PREFIX}{unknown[0].upper()}; `integration-engine settings` lists them"
        raise SettingsError(msg)
    values: dict[str, Any] = {name: _convert(name, value, types[name]) for name, value in given.items()}
    return Settings(**values)


def _convert(name: str, value: object, wanted: type) -> object:
    if isinstance(value, wanted):
        return value
    text = str(value).strip()
    if wanted is bool and text.lower() in {"true", "yes", "1", "false", "no", "0"}:
        return text.lower() in {"true", "yes", "1"}
    digits = text.removeprefix("-") if name in SIGNED else text
    if wanted is int and digits.isascii() and digits.isdigit():
        return int(text)
    if wanted is str:
        return text
    if issubclass(wanted, StrEnum):
        if text.lower() in list(wanted):
            return wanted(text.lower())
        msg = f"{PREFIX}{name.upper()} takes {', '.join(wanted)}"
        raise SettingsError(msg)
    msg = f"{PREFIX}{name.upper()} takes {'true or false' if wanted is bool else 'a whole number'}"
    raise SettingsError(msg)
