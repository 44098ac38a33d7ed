"""docker-compose.yml has the topology that README promises: closed by default, durable, and every command exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main
import yaml

from integration_engine.cli.commands.tree import app
from integration_engine.settings import PREFIX, Settings

ROOT = Path(__file__).parents[1]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES = COMPOSE["services"]
ENGINE_SERVICES = {name: service for name, service in SERVICES.items() if "image" in service and "build" in service}
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def test_services_and_volumes_are_the_topology() -> None:
    assert set(SERVICES) == {"postgres", "migrate", "listen", "work", "batch", "read-back"}
    assert set(ENGINE_SERVICES) == {"migrate", "listen", "work", "batch", "read-back"}
    assert set(COMPOSE["volumes"]) == {"database", "outbound", "inbound"}


def test_named_volumes_are_the_declared_ones_and_each_is_used() -> None:
    mounted = [mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", ())]
    named = {source for source in mounted if not source.startswith((".", "/"))}
    assert named == set(COMPOSE["volumes"])


def test_images_are_pinned() -> None:
    images = [service["image"] for service in SERVICES.values()] + re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    for image in images:
        assert re.fullmatch(r"[a-z/-]+:\d[\w.-]*", image), image


def test_database_is_reachable_from_inside_only_and_kept_in_a_volume() -> None:
    postgres = SERVICES["postgres"]
    assert "ports" not in postgres
    assert any(mount.startswith("database:") for mount in postgres["volumes"])
    assert postgres["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]


def test_published_ports_are_bound_to_loopback() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert published
    assert all(str(port).startswith("127.0.0.1:") for port in published)


def test_no_password_stands_in_the_file() -> None:
    variables = [service.get("environment", {}) for service in SERVICES.values()]
    passwords = [value for entries in variables for name, value in entries.items() if "PASSWORD" in name]
    assert len(passwords) == 6
    assert all(value.startswith("${POSTGRES_PASSWORD:?") for value in passwords)
    assert ".env" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


def test_engine_waits_for_a_migrated_database() -> None:
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert SERVICES["migrate"]["restart"] == "no"
    for name in ENGINE_SERVICES.keys() - {"migrate"}:
        assert SERVICES[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}, name


@pytest.mark.parametrize("name", sorted(ENGINE_SERVICES))
def test_engine_service_runs_without_rights(name: str) -> None:
    service = ENGINE_SERVICES[name]
    assert int(service["user"].split(":")[0]) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]


def test_image_runs_as_the_user_of_the_services() -> None:
    uid = ENGINE_SERVICES["work"]["user"].split(":")[0]
    assert f"--uid {uid} " in DOCKERFILE
    assert re.search(r"^USER engine$", DOCKERFILE, re.MULTILINE)


@pytest.mark.parametrize("name", sorted(ENGINE_SERVICES))
def test_command_of_a_service_exists_with_its_options(name: str) -> None:
    words = list(ENGINE_SERVICES[name]["command"])
    command = typer.main.get_command(app)
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        assert words[0] in command.commands, words
        command = command.commands[words.pop(0)]
    command.make_context(name, words, resilient_parsing=False)


def test_command_check_notices_an_option_that_does_not_exist() -> None:
    batch = typer.main.get_command(app).commands["batch"]
    with pytest.raises(Exception, match="No such option"):
        batch.make_context("batch", ["--evry", "300"])


def test_settings_of_the_services_exist() -> None:
    known = {name for name, _, _ in Settings.catalogue()}
    text = (ROOT / "docker-compose.yml").read_text("utf-8") + DOCKERFILE
    used = set(re.findall(rf"{PREFIX}[A-Z_]+", text))
    assert used
    assert used <= known, used - known


def test_what_the_image_copies_is_let_through_to_the_build() -> None:
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[:1] == "!"}
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    needed = {"integration_engine", "mappings", "migrations", "samples", "pyproject.toml", "LICENSE", "NOTICE"}
    needed |= set(re.findall(r"requirements[\w-]*\.txt", DOCKERFILE))
    needed |= {"README.md"} if 'readme = "README.md"' in project else set()
    assert needed <= let_through
    assert all((ROOT / name).exists() for name in needed)
