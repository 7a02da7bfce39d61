"""The two sample campaigns, and guides and rubrics from files."""

import time
from pathlib import Path

from sqlmodel import Session

from bot.files import read_text, rubric_path, sample_guide
from bot.settings import Settings
from bot.storage.catalogue import GivenFiles, open_campaign, publish
from dialogues.guidefile import load_guide

SAMPLES = ("campus-software-engineer", "sales-representative")


def read_files(guide_file: Path, rubric_file: Path | None = None) -> GivenFiles:
    """A guide with its rubric; raises FileProblem, or OSError when a file cannot be read."""
    text = read_text(guide_file)
    if rubric_file is None:
        guide = load_guide(text, str(guide_file))
        rubric_file = rubric_path(guide_file, guide.rubric)
    rubric_text = read_text(rubric_file)
    return GivenFiles(text, rubric_text, str(guide_file), str(rubric_file))


def open_samples(session: Session, settings: Settings) -> None:
    """Open the sample campaigns to all; running it again changes nothing."""
    now = time.time()
    for name in SAMPLES:
        role = publish(session, read_files(sample_guide(name)), now)
        open_campaign(session, name, settings.company, {name: role}, now)
