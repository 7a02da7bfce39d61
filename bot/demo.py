"""The two sample campaigns, and guides and rubrics from files."""

import time
from importlib.resources import files
from pathlib import Path

from sqlmodel import Session

from bot.files import read_text
from bot.settings import Settings
from bot.storage.catalogue import GivenFiles, open_campaign, publish
from dialogues.guide import load_guide

SAMPLES = ("campus-software-engineer", "sales-representative")


def rubric_path(guide_file: Path, rubric: str) -> Path:
    """The rubric of a guide: NAME.rubric.yml beside it, else scoring/rubrics/NAME.yml."""
    beside = guide_file.parent / f"{rubric}.rubric.yml"
    return beside if beside.exists() else Path(str(files("scoring"))) / "rubrics" / f"{rubric}.yml"


def read_files(guide_file: Path, rubric_file: Path | None = None) -> GivenFiles:
    """A guide with its rubric; raises FileProblem, or OSError when a file cannot be read."""
    text = read_text(guide_file)
    if rubric_file is None:
        guide = load_guide(text, str(guide_file))
        rubric_file = rubric_path(guide_file, guide.rubric)
    rubric_text = read_text(rubric_file)
    return GivenFiles(text, rubric_text, str(guide_file), str(rubric_file))


def sample_guide(name: str) -> Path:
    return Path(str(files("dialogues"))) / "guides" / f"{name}.yml"


def open_samples(session: Session, settings: Settings) -> None:
    """Open the sample campaigns to all; running it again changes nothing."""
    now = time.time()
    for name in SAMPLES:
        role = publish(session, read_files(sample_guide(name)), now)
        open_campaign(session, name, settings.company, {name: role}, now)
