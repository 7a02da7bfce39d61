"""Conversations over the whole line, written down in tests/scenarios/*.yml."""

from pathlib import Path

import pytest

from tests.helpers import build_in
from tests.scenario_runs import SCENARIOS, build_with_model, hold, needs_model


@pytest.fixture(scope="session")
def home_with_model(tmp_path_factory: pytest.TempPathFactory, model_home: Path) -> Path:
    """A migrated database with the sample campaigns, and the prepared encoder."""
    home = tmp_path_factory.mktemp("with-model")
    build_with_model(home, model_home).close()
    return home


@pytest.mark.parametrize(
    "file", [file for file in SCENARIOS if not needs_model(file)], ids=lambda file: file.stem
)
async def test_scenario(tmp_path: Path, file: Path) -> None:
    await hold(build_in(tmp_path), file)


@pytest.mark.model
@pytest.mark.parametrize(
    "file", [file for file in SCENARIOS if needs_model(file)], ids=lambda file: file.stem
)
async def test_scenario_with_the_encoder(
    home_with_model: Path, model_home: Path, file: Path
) -> None:
    """Words are understood as in production."""
    await hold(build_with_model(home_with_model, model_home), file)
