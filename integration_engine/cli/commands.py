"""The commands, by what they are for. Each is a few lines over ``bootstrap``; the work is elsewhere."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from integration_engine.adapters.clock import shift
from integration_engine.cli.batches import app as batch_app
from integration_engine.cli.ledger import app as ledger_app
from integration_engine.settings import Settings, read_settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
queue_app = typer.Typer(no_args_is_help=True, help="Work queues: list, show, assign, resolve, override.")
crosswalk_app = typer.Typer(
    no_args_is_help=True, help="Mapping files: check them, report what they map, export schemas."
)
rules_app = typer.Typer(
    no_args_is_help=True, help="Rule files: check them for gaps, overlaps and sources; run their cases."
)
codes_app = typer.Typer(
    no_args_is_help=True, help="Official code files: load a quarter or a year into mappings/codes/."
)
answers_app = typer.Typer(no_args_is_help=True, help="Answer files: list them, accept one that does not balance.")
claims_app = typer.Typer(no_args_is_help=True, help="Claims that have left: where they stand and what is owed.")
database_app = typer.Typer(no_args_is_help=True, help="The database: upgrade it, verify it.")
authorizations_app = typer.Typer(
    no_args_is_help=True, help="Authorizations: balances, bookings without cover, import of existing ones."
)
denials_app = typer.Typer(
    no_args_is_help=True, help="Denials: queue, decisions, report; history as a baseline, and what changed since."
)
app.add_typer(batch_app, name="batch")
app.add_typer(queue_app, name="queue")
app.add_typer(denials_app, name="denials")
app.add_typer(authorizations_app, name="authorizations")
app.add_typer(crosswalk_app, name="crosswalk")
app.add_typer(rules_app, name="rules")
app.add_typer(codes_app, name="codes")
app.add_typer(answers_app, name="answers")
app.add_typer(claims_app, name="claims")
app.add_typer(ledger_app, name="ledger")
app.add_typer(database_app, name="db")

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Files = Annotated[list[Path], typer.Argument(exists=True, readable=True, help="Files to read.")]


def _settings() -> Settings:
    settings = read_settings(os.environ)
    shift(settings.clock_days)
    return settings


# --- running ---------------------------------------------------------------------------------------------------------


@app.command()
def demo(
    folder: Annotated[Path | None, typer.Option(help="Where to leave database and files; default: a new one.")] = None,
) -> None:
    """Run the main job on the sample messages: MLLP in, decisions, work queues, 837P out."""
    from integration_engine.cli.demonstration import run_demo

    sys.exit(run_demo(_settings(), folder))


@app.command()
def serve() -> None:
    """Run listener, workers and batcher together until stopped."""
    from integration_engine.bootstrap import serve as run

    sys.exit(run(_settings()))


@app.command()
def listen() -> None:
    """Run the MLLP listener alone: accept, journal, acknowledge."""
    from integration_engine.bootstrap import listen as run

    run(_settings(), typer.echo)


@app.command()
def work() -> None:
    """Run one worker: adjudicate what the journal holds, as it arrives."""
    from integration_engine.bootstrap import work as run

    run(_settings())


@app.command("read-back")
def read_back(
    every: Annotated[int, typer.Option(help="Repeat every so many seconds; 0: once.")] = 0,
    as_json: Json = False,
) -> None:
    """Take in the TA1, 999, 277CA and 835 files that lie in inbound/, and tell which answers are overdue."""
    from integration_engine.cli.answers import take_in

    sys.exit(take_in(_settings(), every, as_json=as_json))


@app.command()
def send(
    files: Files,
    host: Annotated[str | None, typer.Option(help="Default: MLLP_HOST of the settings.")] = None,
    port: Annotated[int | None, typer.Option(help="Default: MLLP_PORT of the settings.")] = None,
    tls: Annotated[bool, typer.Option("--tls", help="Speak TLS.")] = False,
    ca: Annotated[Path | None, typer.Option(help="PEM file of the authority to trust.")] = None,
) -> None:
    """Send HL7 files over MLLP and print each acknowledgment."""
    from integration_engine.cli.sending import send_files

    sys.exit(send_files(_settings(), files, host, port, tls=tls, ca=ca))


@app.command()
def exchange(
    every: Annotated[int, typer.Option(help="Repeat every so many seconds; 0: once.")] = 0,
    as_json: Json = False,
) -> None:
    """Send new 837P files to the clearinghouse and fetch its answers, over SFTP; nothing goes twice."""
    from integration_engine.cli.exchanging import exchange_files

    sys.exit(exchange_files(_settings(), every, as_json=as_json))


@app.command("simulate-payer")
def simulate_payer(
    outbound: Annotated[
        Path | None, typer.Option(help="Folder of 837P files; default: the engine's outbound/.")
    ] = None,
    inbound: Annotated[
        Path | None, typer.Option(help="Folder for the answers; default: the engine's inbound/.")
    ] = None,
    scenario: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="What happens to which claim; default: the shipped one."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Other claims meet other fates; default: the scenario's own.")
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Date of the answers; default: today.")
    ] = None,
    every: Annotated[int, typer.Option(help="Repeat every so many seconds; 0: once.")] = 0,
    as_json: Json = False,
) -> None:
    """Answer the 837P files in outbound/ as a clearinghouse and its payers would: TA1, 999, 277CA, 835 into inbound/."""
    from integration_engine.cli.simulating import simulate_payer as run

    day = as_of.date() if as_of else None
    sys.exit(run(_settings(), outbound, inbound, scenario, seed, day, every, as_json=as_json))


# --- asking, nothing stored --------------------------------------------------------------------------------------------


@app.command()
def units() -> None:
    """Read a services request as JSON on standard input, write units, modifiers and decisions."""
    from integration_engine.cli.asking import answer_units

    sys.exit(answer_units(_settings(), sys.stdin.buffer.read()))


@app.command()
def adjudicate(files: Files, as_json: Json = True) -> None:
    """Adjudicate HL7 message files as one history; print decisions and draft claims as JSON; nothing is stored."""
    from integration_engine.cli.asking import adjudicate_files

    assert as_json  # it prints nothing else; the option is taken as everywhere
    sys.exit(adjudicate_files(_settings(), files))


@app.command()
def scrub(files: Files, as_json: Json = False) -> None:
    """Check 837P files, whoever wrote them: structure, codes, balances; exit 1 when any has an error."""
    from integration_engine.cli.scrubbing import scrub_files

    sys.exit(scrub_files(_settings(), files, as_json=as_json))


@app.command()
def conform(folder: Annotated[Path, typer.Argument(exists=True)], as_json: Json = False) -> None:
    """Judge a folder of sample messages: HL7 conformance and what the sender never fills."""
    from integration_engine.cli.asking import conform_folder

    sys.exit(conform_folder(folder, as_json=as_json))


@app.command()
def settings(as_json: Json = False) -> None:
    """List every setting with its default and what it does."""
    from integration_engine.cli.output import print_json, print_table

    rows = Settings.catalogue()
    if as_json:
        print_json([{"name": name, "default": default, "sentence": sentence} for name, default, sentence in rows])
    else:
        print_table("Settings", ("name", "default", "what it does"), rows)


# --- asking the store ----------------------------------------------------------------------------------------------------


@app.command()
def explain(
    identity: Annotated[str, typer.Argument(help="Visit number, claim number, or a day, claim or journal id.")],
    with_trace: Annotated[
        bool, typer.Option("--trace", help="Also each field with the HL7 position it came from.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Tell everything about an encounter, a claim or a message: why these units, why this modifier, why held."""
    from integration_engine.cli.reading import explain_identity

    sys.exit(explain_identity(_settings(), identity, with_trace=with_trace, as_json=as_json))


@app.command()
def conserve(as_json: Json = False) -> None:
    """Prove that every message and every charge line is somewhere: received = billed + held + void + rejected + pending."""
    from integration_engine.cli.reading import conserve_counts

    sys.exit(conserve_counts(_settings(), as_json=as_json))


@queue_app.command("list")
def queue_list(
    queue: Annotated[
        str | None,
        typer.Argument(help="documentation, authorization, edits, interface, rejections, denials or remittance."),
    ] = None,
    state: str = "open",
    as_json: Json = False,
) -> None:
    """List holds with owner, age and due date."""
    from integration_engine.cli.reading import list_holds

    sys.exit(list_holds(_settings(), queue, state, as_json=as_json))


@queue_app.command("show")
def queue_show(hold: int, as_json: Json = False) -> None:
    """Show one hold with its history and its next step."""
    from integration_engine.cli.reading import show_hold

    sys.exit(show_hold(_settings(), hold, as_json=as_json))


By = Annotated[str, typer.Option("--by", help="Who does this; recorded in the audit.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; recorded in the audit.")]


@queue_app.command("assign")
def queue_assign(hold: int, to: Annotated[str, typer.Option("--to")], by: By) -> None:
    """Give a hold to a named person."""
    from integration_engine.cli.reading import act_on_hold

    sys.exit(act_on_hold(_settings(), "assign", hold, by=by, to=to))


@queue_app.command("resolve")
def queue_resolve(hold: int, by: By, reason: Reason) -> None:
    """Close a hold whose cause was dealt with outside the messages."""
    from integration_engine.cli.reading import act_on_hold

    sys.exit(act_on_hold(_settings(), "resolve", hold, by=by, reason=reason))


@queue_app.command("state")
def queue_state(
    hold: int,
    to: Annotated[str, typer.Option("--to", help="extension_requested, denied, patient_pay_only or none.")],
    evidence: Annotated[str, typer.Option("--evidence", help="What happened, with its date: 'faxed 2026-11-20'.")],
    by: By,
    reference: Annotated[str, typer.Option("--reference", help="The payer's or the agreement's own number.")] = "",
) -> None:
    """Say how far an authorization hold has come, with what proves it; a step that is not legal is refused."""
    from integration_engine.cli.authorizations import move_hold
    from integration_engine.rules.hold_stages import Evidence

    sys.exit(move_hold(_settings(), hold, to, Evidence(text=evidence, reference=reference, by=by)))


@queue_app.command("override")
def queue_override(hold: int, by: By, reason: Reason) -> None:
    """Accept a finding by name and let the encounter go on; adjudicated again at once."""
    from integration_engine.cli.reading import act_on_hold

    sys.exit(act_on_hold(_settings(), "override", hold, by=by, reason=reason))


# --- authorizations ------------------------------------------------------------------------------------------------------


@authorizations_app.command("balance")
def authorizations_balance(
    patient: Annotated[
        str | None, typer.Option(help="Record number, as the EMR sends it in PID-3; default: all.")
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Count only up to this date.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Count authorizations down: authorized, used outside, billed, in flight, scheduled, left."""
    from integration_engine.cli.authorizations import show_balances

    sys.exit(show_balances(_settings(), patient, as_of.date() if as_of else None, as_json=as_json))


@authorizations_app.command("uncovered")
def authorizations_uncovered(
    days: Annotated[int, typer.Option(help="How many days to look ahead, the first included.")] = 14,
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The first day; default: today.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List booked appointments that nothing covers, by day and location, with the money at risk."""
    from integration_engine.cli.authorizations import show_uncovered

    sys.exit(show_uncovered(_settings(), days, as_of.date() if as_of else None, as_json=as_json))


@authorizations_app.command("import")
def authorizations_import(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV file, see README.md.")],
    by: By,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be taken; store nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Take existing authorizations from a CSV file; each row that cannot be taken is told with its line and column."""
    from integration_engine.cli.authorizations import import_file

    sys.exit(import_file(_settings(), file, by, dry_run=dry_run, as_json=as_json))


# --- what came back ----------------------------------------------------------------------------------------------------


@answers_app.command("list")
def answers_list(
    state: Annotated[str | None, typer.Option(help="done, held or rejected.")] = None, as_json: Json = False
) -> None:
    """List the answer files that were taken in, newest first."""
    from integration_engine.cli.answers import list_answers

    sys.exit(list_answers(_settings(), state, as_json=as_json))


@answers_app.command("show")
def answers_show(answer: int, as_json: Json = False) -> None:
    """Show one answer file: what waits in it, what was remarked, and each claim of it that fits none of ours."""
    from integration_engine.cli.answers import show_answer

    sys.exit(show_answer(_settings(), answer, as_json=as_json))


@answers_app.command("assign")
def answers_assign(
    answer: int,
    claim_of_file: Annotated[int, typer.Option("--claim-of-file", help="Which claim of the file, as `show` counts.")],
    to: Annotated[str, typer.Option(help="Our claim number (CLM01) that it belongs to.")],
    by: By,
    reason: Reason,
    anyway: Annotated[bool, typer.Option("--anyway", help="Although another payer pays than the claim's.")] = False,
) -> None:
    """Give the money of a claim that fitted none of ours to the claim it belongs to."""
    from integration_engine.cli.answers import assign_money

    sys.exit(assign_money(_settings(), answer, claim_of_file, to, by, reason, anyway=anyway))


@answers_app.command("again")
def answers_again(answer: int, by: By, reason: Reason) -> None:
    """Take an answer file in that the engine failed on before."""
    from integration_engine.cli.answers import take_again

    sys.exit(take_again(_settings(), answer, by, reason))


@answers_app.command("accept")
def answers_accept(answer: int, by: By, reason: Reason) -> None:
    """Post the payment of a file that does not balance; the difference stays on the unapplied account."""
    from integration_engine.cli.answers import accept_answer

    sys.exit(accept_answer(_settings(), answer, by, reason))


@claims_app.command("list")
def claims_list(
    standing: Annotated[str | None, typer.Option(help="sent, at_payer, refused, paid, denied, …")] = None,
    payer: Annotated[str | None, typer.Option(help="Key of the payer in mappings/practice.yaml.")] = None,
    as_json: Json = False,
) -> None:
    """List claims that have left, by the last day on which they may be filed."""
    from integration_engine.cli.balances import list_claims

    sys.exit(list_claims(_settings(), standing, payer, as_json=as_json))


@claims_app.command("payer-number")
def claims_payer_number(
    claim: Annotated[str, typer.Argument(help="Our claim number (CLM01).")],
    number: Annotated[str, typer.Option("--is", help="The payer's own number of it.")],
    by: By,
    reason: Reason,
) -> None:
    """Enter the payer's own number of a claim, so that a correction which waits for it can go."""
    from integration_engine.cli.answers import enter_payer_number

    sys.exit(enter_payer_number(_settings(), claim, number, by, reason))


@claims_app.command("correct")
def claims_correct(
    claim: Annotated[str, typer.Argument(help="Our claim number (CLM01).")], by: By, reason: Reason
) -> None:
    """Draw a sent claim's visit up again, and correct what the payer has by it: replaced, voided and billed anew, or left."""
    from integration_engine.cli.correcting import correct_claim

    sys.exit(correct_claim(_settings(), claim, by, reason))


# --- denials -------------------------------------------------------------------------------------------------------------


@denials_app.command("list")
def denials_list(
    state: Annotated[
        str, typer.Option(help="open, resubmitted, appealed, written_off, recovered, denied_again or all.")
    ] = "open",
    category: Annotated[str | None, typer.Option(help="Root cause, such as authorization; default: every one.")] = None,
    as_json: Json = False,
) -> None:
    """List denied lines with category, amount, next action, owner and deadlines; the nearest appeal first."""
    from integration_engine.cli.denials import list_denials

    sys.exit(list_denials(_settings(), state, category, as_json=as_json))


@denials_app.command("move")
def denials_move(
    denial: int,
    to: Annotated[str, typer.Option("--to", help="resubmitted, appealed or written_off.")],
    by: By,
    reason: Reason,
) -> None:
    """Say what was done about a denial; written_off gives up in the ledger what the payer still owes of it."""
    from integration_engine.cli.denials import move

    sys.exit(move(_settings(), denial, to, by=by, reason=reason))


@denials_app.command("report")
def denials_report(
    baseline: Annotated[str | None, typer.Option("--baseline", help="Of this baseline; default: our own.")] = None,
    as_json: Json = False,
) -> None:
    """Count denials and money by category, with what would prevent each; exit 1 when too many have no category."""
    from integration_engine.cli.denials import report

    sys.exit(report(_settings(), baseline, as_json=as_json))


@denials_app.command("import")
def denials_import(
    files: Files,
    name: Annotated[str, typer.Option("--name", help="What the baseline is called from now on.")],
    by: Annotated[str, typer.Option("--by", help="Who does this; recorded in the audit.")] = "",
    supersedes: Annotated[str | None, typer.Option("--supersedes", help="The baseline that this one replaces.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be counted; store nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Count denials in 835 or CSV files of claims this engine never sent, and freeze the result; nothing is posted."""
    from integration_engine.cli.denials import import_history

    done = import_history(_settings(), files, name, by=by, supersedes=supersedes, dry_run=dry_run, as_json=as_json)
    sys.exit(done)


@denials_app.command("compare")
def denials_compare(
    baseline: Annotated[str | None, typer.Option("--baseline", help="Default: the newest not superseded.")] = None,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Default: as many days as the baseline.")
    ] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Default: today.")] = None,
    as_json: Json = False,
) -> None:
    """Hold our own denials against a baseline: counts, rates and money by category, and whether chance explains it."""
    from integration_engine.cli.denials import compare

    days = (first.date() if first else None, last.date() if last else None)
    sys.exit(compare(_settings(), baseline, *days, as_json=as_json))


# --- files and database ------------------------------------------------------------------------------------------------------


@crosswalk_app.command("check")
def crosswalk_check(folder: Annotated[Path | None, typer.Argument()] = None) -> None:
    """Check every mapping and rule file; each problem with file:line:column."""
    from integration_engine.cli.asking import check_files

    sys.exit(check_files(_settings(), folder))


@rules_app.command("check")
def rules_check(
    folder: Annotated[Path | None, typer.Argument()] = None,
    every: Annotated[bool, typer.Option("--all", help="Each remark that does not fail, not only how many.")] = False,
    as_json: Json = False,
) -> None:
    """Check every rule file: schema, overlaps, gaps in dates, missing citations; doubts about sources are told."""
    from integration_engine.cli.rule_checks import check_rules

    sys.exit(check_rules(_settings(), folder, every=every, as_json=as_json))


@rules_app.command("test")
def rules_test(folder: Annotated[Path | None, typer.Argument()] = None, as_json: Json = False) -> None:
    """Run the cases of mappings/cases/ and those of every edit; each failure with file:line, expected, got and why."""
    from integration_engine.cli.rule_checks import run_rule_cases

    sys.exit(run_rule_cases(_settings(), folder, as_json=as_json))


@crosswalk_app.command("report")
def crosswalk_report(feed: str = "therapy", as_json: Json = False) -> None:
    """EMR field → model → 837P element, by domain, with the gaps and what would close them."""
    from integration_engine.cli.asking import report_crosswalk

    sys.exit(report_crosswalk(_settings(), feed, as_json=as_json))


@crosswalk_app.command("schemas")
def crosswalk_schemas(folder: Annotated[Path, typer.Argument(help="Folder to write the JSON Schemas into.")]) -> None:
    """Write the JSON Schema of each kind of mapping file, for editors."""
    from integration_engine.cli.asking import write_schemas

    sys.exit(write_schemas(folder))


Quarter = Annotated[datetime, typer.Option("--quarter", formats=["%Y-%m-%d"], help="First day of the quarter.")]
Replace = Annotated[bool, typer.Option("--replace", help="Write anew what was loaded for that date.")]
AllCodes = Annotated[bool, typer.Option("--all", help="Keep every code, not only those of codes/procedures.yaml.")]


@codes_app.command("load-ncci")
def codes_load_ncci(files: Files, quarter: Quarter, replace: Replace = False, all_codes: AllCodes = False) -> None:
    """Load the CMS NCCI PTP practitioner files of a quarter: .zip, .txt, .csv or .xlsx, all parts at once."""
    from integration_engine.cli.loading import load_pairs

    sys.exit(load_pairs(_settings(), files, quarter.date(), replace=replace, all_codes=all_codes))


@codes_app.command("load-mue")
def codes_load_mue(files: Files, quarter: Quarter, replace: Replace = False, all_codes: AllCodes = False) -> None:
    """Load the CMS MUE practitioner file of a quarter: .zip, .txt, .csv or .xlsx."""
    from integration_engine.cli.loading import load_most_units

    sys.exit(load_most_units(_settings(), files, quarter.date(), replace=replace, all_codes=all_codes))


@codes_app.command("load-icd10")
def codes_load_icd10(
    files: Files,
    first_day: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="1 October of the year, or 1 April for its update.")
    ],
    replace: Replace = False,
) -> None:
    """Load the ICD-10-CM order file of a year: .zip or .txt."""
    from integration_engine.cli.loading import load_icd10

    sys.exit(load_icd10(_settings(), files, first_day.date(), replace=replace))


@database_app.command("upgrade")
def database_upgrade() -> None:
    """Bring the database to this version's schema."""
    from integration_engine.bootstrap import upgrade_database

    typer.echo(upgrade_database(_settings()))


@database_app.command("verify")
def database_verify(as_json: Json = False) -> None:
    """Check the schema against this version, the audit chain, and that every charge line is accounted for."""
    from integration_engine.cli.reading import verify_database

    sys.exit(verify_database(_settings(), as_json=as_json))
