"""The project's own files: container, lock, and defaults."""

import re
import subprocess
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

from bot.settings import DELIVERY_DELAYS, Settings
from tests.helpers import ROOT
from tests.unit.test_docs import commands


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def locked() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").split()
    return dict(tuple(line.split("==")) for line in lines)  # type: ignore[misc]


def test_every_dependency_is_locked() -> None:
    names = {canonicalize_name(name) for name in locked()}
    wanted = [*project()["dependencies"], *project()["optional-dependencies"]["dev"]]
    assert {canonicalize_name(Requirement(line).name) for line in wanted} <= names


def test_the_lock_names_no_addresses() -> None:
    for name, version in locked().items():
        assert re.fullmatch(r"[A-Za-z0-9._-]+", name)
        assert re.fullmatch(r"[0-9][A-Za-z0-9._]*", version)


def compose() -> dict[str, Any]:
    data: dict[str, Any] = YAML(typ="safe").load(ROOT / "docker-compose.yml")
    return data


def test_compose_has_the_parts_and_runs_real_commands() -> None:
    services = compose()["services"]
    assert {"web", "worker", "postgres"} <= set(services)
    known = commands()
    for name in ("web", "worker", "migrate"):
        command = services[name]["command"]
        assert command[0] == "miantan"
        assert command[1] in known


def test_compose_settings_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """What compose passes where only the two secrets are set makes valid settings."""
    for name, value in compose()["services"]["web"]["environment"].items():
        assert name.removeprefix("MIANTAN_").lower() in Settings.model_fields
        required = re.sub(r"\$\{\w+:\?[^}]*\}", "secret", value)
        monkeypatch.setenv(name, re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", required))
    settings = Settings()
    assert settings.url == "postgresql+psycopg://miantan:secret@postgres:5432/miantan"
    assert settings.delivery_delays == DELIVERY_DELAYS
    assert settings.master_key is not None
    assert settings.telegram_secret is None


def test_dockerfile_copies_what_is_there_and_runs_real_commands() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for sources in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE):
        for source in sources.split():
            assert (ROOT / source).exists(), source
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"][
        "build"
    ]["targets"]["wheel"]["packages"]
    assert set(packages) <= set(re.findall(r"^COPY (\S+) \1$", text, re.MULTILINE))
    assert set(re.findall(r'"?miantan"?[, ]+"?([a-z-]+)"?\]?$', text, re.MULTILINE)) <= set(
        commands()
    )
    # The expression that finds torch in the lock is the Makefile's.
    found = re.findall(r"^torch==[^ +]*", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert len(found) == 1


def test_defaults_are_safe() -> None:
    settings = Settings()
    assert settings.host == "127.0.0.1"
    assert settings.telegram_token is None
    assert settings.webhook_url == ""
    assert settings.allow_hosts == []


def test_scripts_are_valid_shell() -> None:
    for script in ("scripts/check", "scripts/test", "scripts/rasa", ".ci/run"):
        subprocess.run(["bash", "-n", str(ROOT / script)], check=True)
