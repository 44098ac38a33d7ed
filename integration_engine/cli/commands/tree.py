"""The commands, by what they are for. Each is a few lines over ``bootstrap``; the work is elsewhere."""

from __future__ import annotations

import typer

from integration_engine.cli.commands.answers import answers_app
from integration_engine.cli.commands.asking import asking_app
from integration_engine.cli.commands.authorizations import authorizations_app
from integration_engine.cli.commands.batches import batch_app
from integration_engine.cli.commands.claims import claims_app
from integration_engine.cli.commands.codes import codes_app
from integration_engine.cli.commands.database import database_app
from integration_engine.cli.commands.denials import denials_app
from integration_engine.cli.commands.ledger import ledger_app
from integration_engine.cli.commands.mappings import crosswalk_app, rules_app
from integration_engine.cli.commands.queues import queue_app
from integration_engine.cli.commands.running import running_app

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
app.add_typer(running_app)
app.add_typer(asking_app)
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
