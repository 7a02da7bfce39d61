"""The sample rubrics' example answers with the shipped scorer: mean score at each level.

    python -m bench.rubrics --home HOME

HOME holds the prepared encoder. Level 0 are level 5 answers to the rubric's other questions.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, pstdev

from bot.files import rubric_path
from dialogues.guide import Guide
from dialogues.guidefile import load_guide
from scoring.encoder import CachedEncoder, load_encoder
from scoring.evidence import Assessor
from scoring.rubric import Rubric, load_rubric
from scoring.score import score_answer

LEVELS = (0, 1, 3, 5)
GUIDES = Path(__file__).resolve().parents[1] / "dialogues" / "guides"


def scores(
    guide: Guide, rubric: Rubric, encoder: CachedEncoder
) -> Iterator[tuple[str, int, float, float]]:
    """Language, level, score and share of key points hit, for each example answer."""
    assessor = Assessor(rubric, guide, encoder)
    worded = {name: each for name, each in rubric.questions.items() if each.key_points}
    for name, question in worded.items():
        for level, phrases in question.examples.items():
            for language, texts in phrases.items():
                for answer in texts:
                    for other in worded if level == 5 else [name]:
                        found = assessor.find(other, answer)
                        share = len(found.hits) / len(worded[other].key_points)
                        seen = level if other == name else 0
                        estimate = score_answer(rubric, other, found).estimate
                        yield language, seen, estimate, share


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--encoder", default="e5-small-int8")
    given = parser.parse_args()
    encoder = CachedEncoder(load_encoder(given.encoder, given.home, 1))
    print("| rubric, language | another question's answer | level 1 | level 3 | level 5 |")
    print("|---|---|---|---|---|")
    for file in sorted(GUIDES.glob("*.yml")):
        guide = load_guide(file.read_text("utf-8"), file.name)
        path = rubric_path(file, guide.rubric)
        rubric = load_rubric(path.read_text("utf-8"), path.name)
        cells = defaultdict(list)
        for language, level, estimate, share in scores(guide, rubric, encoder):
            cells[language, level].append((estimate, share))
        for language in guide.languages:
            row = [f"{guide.rubric}, {language}"]
            for level in LEVELS:
                every, shares = zip(*cells[language, level], strict=True)
                row.append(f"{mean(every):.0f} ± {pstdev(every):.0f} ({mean(shares):.2f})")
            print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
