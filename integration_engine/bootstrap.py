"""The only wiring: settings in, running parts out. Whatever needs a database, a socket or a process is put together here."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import structlog

from integration_engine.adapters import outbox
from integration_engine.adapters.clock import system_clock
from integration_engine.adapters.group_commit import GroupCommit
from integration_engine.adapters.inbox import InboxChanged, settle, waiting
from integration_engine.adapters.logs import configure_logs
from integration_engine.adapters.mapping_files import InForce, MappingFiles, shipped_folder
from integration_engine.adapters.mllp_server import Delivery, ListenerSettings, MllpServer
from integration_engine.adapters.processes import ProcessGroup
from integration_engine.adapters.x12_gate import GatePolicy, X12Gate
from integration_engine.crosswalk.feeds.feed import Feeds
from integration_engine.settings import Settings
from integration_engine.stages.adjudicate import Adjudicate, AdjudicationFailed, Again
from integration_engine.stages.authorizations import RowOutcome, RowResult, TakeAuthorizations
from integration_engine.stages.batch import Batch, WrittenFile
from integration_engine.stages.deadlines import watch_deadlines
from integration_engine.stages.outbound import Outbound
from integration_engine.stages.read_back import ReadBack, TakenBack
from integration_engine.stages.receive import Incoming, Receive
from integration_engine.stages.resending import Rerouted, Resending
from integration_engine.stages.rules_in_force import RulesInForce, compile_rules_in_force
from integration_engine.store import Store
from integration_engine.store.batches import PendingBatch
from integration_engine.store.lanes import LeaseLost

if TYPE_CHECKING:
    from integration_engine.adapters.sftp import Exchanged  # asyncssh is slow to load and seldom needed

log = structlog.get_logger(__name__)
IDLE_SECONDS = 0.05


def mapping_files(settings: Settings, folder: Path | None = None) -> MappingFiles:
    """The mappings folder of these settings, or the shipped one."""
    return MappingFiles(folder or (Path(settings.mappings) if settings.mappings else shipped_folder()))


def read_rules(settings: Settings, folder: Path | None = None) -> RulesInForce:
    """One reading of all mapping and rule files.

    Raises   MappingError with every problem.
    """
    return compile_rules_in_force(mapping_files(settings, folder).read())


def rules_in_force(settings: Settings) -> InForce[RulesInForce]:
    """The mapping and rule files, kept up to date while the process runs."""
    return InForce(mapping_files(settings), compile_rules_in_force)


@contextmanager
def open_store(settings: Settings) -> Iterator[Store]:
    """The store, its folder and schema made on first use of the embedded database."""
    if not settings.database_url:
        settings.home_folder.mkdir(parents=True, exist_ok=True)
    store = Store.open(settings.database, lease_seconds=settings.lease_seconds, migrate=not settings.database_url)
    try:
        yield store
    finally:
        store.close()


def upgrade_database(settings: Settings) -> str:
    """Bring the schema to this version; says which revision it is at."""
    if not settings.database_url:
        settings.home_folder.mkdir(parents=True, exist_ok=True)
    return Store.upgrade(settings.database)


# --- running parts ---------------------------------------------------------------------------------------------------


async def run_listener(settings: Settings, store: Store, stop: asyncio.Event, ready: asyncio.Future[int]) -> None:
    """Listen until ``stop``; ``ready`` gets the port once connections are taken."""
    receive = Receive(journal=store.journal, feeds=_feeds_of(rules_in_force(settings)), clock=system_clock)
    commit: GroupCommit[Delivery] = GroupCommit(
        lambda deliveries: receive([_incoming(delivery) for delivery in deliveries]),
        lambda delivery: receive.refuse(_incoming(delivery)),
    )
    server = MllpServer(_listener_settings(settings), commit)
    await server.start()
    ready.set_result(server.port)
    log.info("listener.started", host=settings.mllp_host, port=server.port, tls=bool(settings.mllp_tls_certificate))
    try:
        await stop.wait()
    finally:
        await server.stop()
        await commit.close()


def listen(settings: Settings, announce: Callable[[str], None]) -> None:
    """Run the listener until SIGTERM or SIGINT; ``announce`` is told the address once connections are taken."""
    configure_logs(settings.log_level)

    async def run() -> None:
        stop = asyncio.Event()
        ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        with open_store(settings) as store:
            task = asyncio.create_task(run_listener(settings, store, stop, ready))
            waiting: set[asyncio.Future[Any]] = {task, ready}
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if ready in done:
                announce(f"listening on {settings.mllp_host}:{ready.result()}")
            await task

    _loop_runner(run)


def work(settings: Settings) -> None:
    """Run one worker until SIGTERM or SIGINT."""
    configure_logs(settings.log_level)
    stop = _stop_event()
    with open_store(settings) as store:
        stage = Adjudicate(store=store, rules=rules_in_force(settings), batch_size=settings.batch_size)
        collect_seldom()
        while not stop.is_set():
            worked = work_once(stage)
            decide_again(stage, stop)
            if not worked:
                stop.wait(IDLE_SECONDS)


def collect_seldom() -> None:
    """Let the garbage collector look seldom, and never at what start-up left.

    Why      A batch builds tens of thousands of records that hold no cycles and all die together; looking for cycles
             among them cost a worker an eighth of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 50)


def work_once(stage: Adjudicate) -> int:
    """One lease; a lease lost to another worker, or a failed save, is logged and the messages are taken again."""
    began = time.monotonic()
    try:
        count = stage.run_once(system_clock())
    except LeaseLost:
        log.warning("lease.lost", stage="adjudicate")
        return 0
    if count:
        log.info("adjudicated", stage="adjudicate", count=count, milliseconds=round((time.monotonic() - began) * 1000))
    return count


def adjudicate_again(settings: Settings, store: Store, patient_id: int) -> None:
    """Adjudicate one patient again, as soon as no worker has it."""
    stage = Adjudicate(store=store, rules=rules_in_force(settings))
    while not stage.again(patient_id, system_clock()):
        time.sleep(IDLE_SECONDS)


def import_authorizations(
    settings: Settings, store: Store, raw: bytes, text: str, *, by: str, dry_run: bool, advance: Callable[[], object]
) -> list[RowResult]:
    """Take a file of existing authorizations in, patient by patient; ``advance`` is called after each."""
    rules = rules_in_force(settings)
    stage = TakeAuthorizations(store=store, adjudicate=Adjudicate(store=store, rules=rules), rules=rules)
    plan = stage.plan(text)
    results = list(plan.results)
    journal_id = 0 if dry_run else stage.keep_file(raw, by=by, now=system_clock())
    for patient_id, rows in plan.rows:
        told: list[RowResult] | None = stage.preview(patient_id, rows)
        if not dry_run and any(result.outcome is RowOutcome.TAKEN for result in told or ()):
            while (told := stage.take(patient_id, rows, journal_id, system_clock())) is None:
                time.sleep(IDLE_SECONDS)
        results.extend(told or ())
        advance()
    return sorted(results, key=lambda result: (result.line, result.column))


@contextmanager
def open_batch(settings: Settings, store: Store) -> Iterator[Batch]:
    """The batch stage with its pyx12 gate and its outbox."""
    settings.outbound_folder.mkdir(parents=True, exist_ok=True)
    outbox.recover(settings.outbound_folder)
    policy = GatePolicy(mode=settings.gate_mode, above=settings.gate_above)
    with X12Gate(workers=settings.gate_workers, policy=policy) as gate:
        yield Batch(
            store=store,
            rules=rules_in_force(settings),
            gate=gate,
            publish=outbox.publish,
            outbound=settings.outbound_folder,
        )


def batch(settings: Settings, every: int, *, on_demand: bool = False) -> Iterator[list[WrittenFile]]:
    """Write what is due, once or again every so many seconds until stopped; yields the files of each round.

    Shapes   on_demand: receivers' schedules are not waited for.
    """
    configure_logs(settings.log_level)
    stop = _stop_event() if every else threading.Event()
    with open_store(settings) as store, open_batch(settings, store) as stage:
        resending = Resending(batch=stage, outbox=outbox)
        outbound = open_outbound(settings, store)
        while True:
            written = resending.recover(system_clock())
            written += stage.run_once(system_clock(), on_demand=on_demand)
            if settings.outbound_archive_days:
                outbound.archive(system_clock(), settings.outbound_archive_days, still_to_send(settings))
            outbound.write_manifest()
            yield written
            if not every or stop.wait(every):
                return


def open_outbound(settings: Settings, store: Store) -> Outbound:
    """The files that were made, with their folder."""
    configure_logs(settings.log_level)
    folder = settings.outbound_folder
    folder.mkdir(parents=True, exist_ok=True)
    zone = ZoneInfo(read_rules(settings).parameters.practice.time_zone)
    return Outbound(store=store, outbox=outbox, folder=folder, zone=zone)


def still_to_send(settings: Settings) -> Callable[[str], bool]:
    """Tells of a file's digest that `exchange` has not sent it yet; of none where files go by other means."""
    if not settings.sftp_host:
        return lambda _: False
    from integration_engine.adapters import sftp

    return lambda digest: not sftp.was_sent(settings.outbound_folder, digest)


def reroute(settings: Settings, file: str, receiver: str, *, by: str, reason: str) -> Rerouted:
    """Send the claims of an unanswered file to another receiver.

    Raises   ValueError, LookupError with the reason why they stay where they are.
    """
    configure_logs(settings.log_level)
    with open_store(settings) as store, open_batch(settings, store) as stage:
        done = Resending(batch=stage, outbox=outbox).reroute(file, receiver, by=by, reason=reason, now=system_clock())
        open_outbound(settings, store).write_manifest()
    return done


def repeat(every: int) -> Iterator[None]:
    """Once, or again every so many seconds until SIGTERM or SIGINT."""
    stop = _stop_event() if every else threading.Event()
    while True:
        yield
        if not every or stop.wait(every):
            return


def exchange(settings: Settings, every: int) -> Iterator[Exchanged]:
    """Send and fetch over SFTP, once or again every so many seconds until stopped; yields what each round did.

    Raises   SettingsError when a setting of the partner is missing.
    """
    from integration_engine.adapters import sftp

    configure_logs(settings.log_level)
    partner = sftp.partner_of(settings)
    for folder in (settings.outbound_folder, settings.inbound_folder):
        folder.mkdir(parents=True, exist_ok=True)
    for _ in repeat(every):
        try:
            yield asyncio.run(sftp.exchange(partner, settings.outbound_folder, settings.inbound_folder))
        except sftp.SftpRefused as error:
            log.warning("sftp.refused", stage="exchange")
            yield sftp.Exchanged(problems=(str(error),))


def read_back(settings: Settings, every: int) -> Iterator[list[TakenBack]]:
    """Take in what lies in inbound/, once or again every so many seconds until stopped; yields the files of each round."""
    configure_logs(settings.log_level)
    stop = _stop_event() if every else threading.Event()
    with open_store(settings) as store:
        rules = rules_in_force(settings)
        while True:
            yield take_inbox(settings, store, rules)
            if not every or stop.wait(every):
                return


def take_inbox(settings: Settings, store: Store, rules: Callable[[], RulesInForce]) -> list[TakenBack]:
    """Everything that lies in inbound/, then the patients it concerns again, then the answers that are overdue."""
    settings.inbound_folder.mkdir(parents=True, exist_ok=True)
    stage = ReadBack(store=store, rules=rules)
    taken: list[TakenBack] = []
    later: set[str] = set()
    while files := waiting(settings.inbound_folder, known=later, largest=settings.answer_max_bytes):
        adopt_published(settings, store, rules)
        for file in files:
            if file.too_large:
                outcome = stage.refuse(file.name, file.size, settings.answer_max_bytes, system_clock())
            else:
                outcome = stage.take(file.name, file.data, system_clock())
            taken.append(outcome)
            if outcome.state == "waiting":
                later.add(file.name)
                continue
            with suppress(InboxChanged):  # it is read again next round, as what it is now
                settle(file, accepted=outcome.state != "rejected", reason=outcome.reason or outcome.state)
    decide_again(Adjudicate(store=store, rules=rules))
    now = system_clock()
    stage.alerts(now)
    today = rules().today(now)
    watch_deadlines(store, settings.deadline_steps, today, now)
    return taken


def adopt_published(settings: Settings, store: Store, rules: Callable[[], RulesInForce]) -> None:
    """Note the files that a batch process put into outbound/ and was killed before it noted so: answers may be here."""

    def lies_there(batch: PendingBatch) -> bool:
        digest = hashlib.sha256(batch.data).hexdigest()
        return outbox.locate(settings.outbound_folder, batch.file_name, digest) is not None

    with X12Gate() as gate:  # judges nothing here, and starts no process
        outbound = settings.outbound_folder
        stage = Batch(store=store, rules=rules, gate=gate, publish=outbox.publish, outbound=outbound)
        stage.adopt(system_clock(), lies_there)
        Resending(batch=stage, outbox=outbox).adopt(system_clock(), lies_there)


def decide_again(stage: Adjudicate, stop: threading.Event | None = None) -> None:
    """Adjudicate the patients whom an answer or another patient's visit concerns, also those a crash left behind.

    Shapes   stop: of a worker, which leaves a patient to the next round while another worker has it, and goes on past one
             that the engine fails on; without it every patient is waited for.
    """
    waiting_for = _to_decide_again(stage)
    failed: set[int] = set()
    while waiting_for and not (stop is not None and stop.is_set()):
        try:
            told = stage.again_many(waiting_for, system_clock())
        except LeaseLost:
            log.warning("lease.lost", stage="adjudicate")
            told = Again()
        failed |= told.failed
        done = told.decided | told.failed
        waiting_for = [one for one in waiting_for if one not in done]
        if not done and stop is not None:
            break
        if not done:
            time.sleep(IDLE_SECONDS)
            left = set(_to_decide_again(stage))  # the worker that has them may decide them again, too
            waiting_for = [one for one in waiting_for if one in left]
    if failed:
        log.warning("patient.not_decided_again", stage="adjudicate", count=len(failed))
    if failed and stop is None:
        raise AdjudicationFailed("the engine failed on some patients; the log says where, the others were decided")


def _to_decide_again(stage: Adjudicate) -> list[int]:
    with stage.store.database.read() as connection:
        return stage.store.submissions.to_decide_again(connection)


def serve(settings: Settings) -> int:
    """Listener, workers and batcher as a group of processes; one that dies is started again."""
    configure_logs(settings.log_level)
    upgrade_database(settings)
    read_rules(settings)  # start-up refuses a wrong file before anything listens
    command = (sys.executable, "-m", "integration_engine")
    parts: list[tuple[str, tuple[str, ...]]] = [("listen", (*command, "listen"))]
    parts += [(f"work-{number}", (*command, "work")) for number in range(1, settings.workers + 1)]
    parts += [("batch", (*command, "batch", "--every", str(settings.batch_seconds)))]
    parts += [("read-back", (*command, "read-back", "--every", str(settings.read_back_seconds)))]
    if settings.sftp_host:
        parts += [("exchange", (*command, "exchange", "--every", str(settings.sftp_seconds)))]
    return ProcessGroup(parts).run(_stop_event())


def _feeds_of(rules: InForce[RulesInForce]) -> Callable[[], Feeds]:
    return lambda: rules().feeds


def _incoming(delivery: Delivery) -> Incoming:
    return Incoming(delivery.payload, delivery.peer, delivery.tolerances, delivery.oversize)


def _listener_settings(settings: Settings) -> ListenerSettings:
    return ListenerSettings(
        host=settings.mllp_host,
        port=settings.mllp_port,
        max_frame_bytes=settings.mllp_max_bytes,
        idle_seconds=settings.mllp_idle_seconds,
        message_seconds=settings.mllp_message_seconds,
        connections=settings.mllp_connections,
        connections_per_peer=settings.mllp_connections_per_peer,
        allowed_networks=tuple(part.strip() for part in settings.mllp_allow.split(",") if part.strip()),
        tls_certificate=settings.mllp_tls_certificate or None,
        tls_key=settings.mllp_tls_key or None,
        tls_client_ca=settings.mllp_tls_client_ca or None,
        allow_plain_public=settings.mllp_allow_plain_public,
    )


def _stop_event() -> threading.Event:
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    return stop


def _loop_runner(run: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine function on uvloop where it exists."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(run())
    else:
        uvloop.run(run())
