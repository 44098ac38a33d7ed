"""Settings: a name, a default, a sentence; a typing slip is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration_engine.settings import PREFIX, Settings, SettingsError, read_settings


def test_settings_have_a_sentence_each() -> None:
    for name, _, sentence in Settings.catalogue():
        assert name.startswith("INTEGRATION_ENGINE_")
        assert sentence.endswith(".")


def test_environment_wins_when_a_file_gives_the_same_setting(tmp_path: Path) -> None:
    file = tmp_path / "engine.toml"
    file.write_text('mllp_port = 4000\nhome = "/srv/engine"\nmllp_allow_plain_public = true\n')
    settings = read_settings({"INTEGRATION_ENGINE_SETTINGS": str(file), "INTEGRATION_ENGINE_MLLP_PORT": "4001"})
    assert (settings.mllp_port, settings.home, settings.mllp_allow_plain_public) == (4001, "/srv/engine", True)
    assert settings.database == "sqlite:////srv/engine/engine.db"


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        ({"INTEGRATION_ENGINE_MLPP_PORT": "1"}, "unknown setting INTEGRATION_ENGINE_MLPP_PORT"),
        ({"INTEGRATION_ENGINE_MLLP_PORT": "x"}, "INTEGRATION_ENGINE_MLLP_PORT takes a whole number"),
        ({"INTEGRATION_ENGINE_MLLP_ALLOW_PLAIN_PUBLIC": "2"}, "takes true or false"),
        ({"INTEGRATION_ENGINE_GATE_MODE": "some"}, "takes all, sample, off"),
        ({"INTEGRATION_ENGINE_SETTINGS": "/nowhere.toml"}, "nowhere.toml"),
    ],
)
def test_settings_are_refused_when(environment: dict[str, str], text: str) -> None:
    with pytest.raises(SettingsError, match=text):
        read_settings(environment)


def test_only_a_shift_of_the_clock_may_be_negative() -> None:
    assert read_settings({PREFIX + "CLOCK_DAYS": "-3"}).clock_days == -3
    for name, value in (("CLOCK_DAYS", "--3"), ("CLOCK_DAYS", "-"), ("MLLP_PORT", "-1"), ("WORKERS", "-1")):
        with pytest.raises(SettingsError, match=name):
            read_settings({PREFIX + name: value})


def test_days_of_the_alerts_are_numbers_the_largest_first() -> None:
    assert Settings().deadline_steps == (30, 14, 7)
    assert Settings(deadline_alert_days=" 7, 60,7 ").deadline_steps == (60, 7)
    assert Settings(deadline_alert_days="").deadline_steps == ()
    with pytest.raises(SettingsError, match="DEADLINE_ALERT_DAYS takes whole numbers"):
        _ = Settings(deadline_alert_days="7,soon").deadline_steps
