"""`miantan guide graph`: the question tree as SVG."""

from pathlib import Path

from bot.files import read_text, rubric_path
from dialogues.drawing.graph import draw_graph
from dialogues.guide import Guide, Language
from dialogues.guidefile import load_guide
from dialogues.tree.plain import in_language
from dialogues.yamlfile import FileProblem
from scoring.rubric import load_rubric


def run(guide: Path, out: Path, lang: Language) -> None:
    """Draw the guide into `out`; raises FileProblem or OSError."""
    loaded = load_guide(read_text(guide), str(guide))
    drawn = draw_graph(loaded, lang, names_of_competencies(guide, loaded, lang))
    out.write_text(drawn, encoding="utf-8", newline="")
    print(out)


def names_of_competencies(file: Path, guide: Guide, language: Language) -> dict[str, str]:
    """The names that the guide's rubric gives; none without a sound rubric, which needs no picture."""
    rubric_file = rubric_path(file, guide.rubric)
    try:
        rubric = load_rubric(read_text(rubric_file), str(rubric_file))
    except (FileProblem, OSError):
        return {}
    named = ((id, in_language(each.name, language)) for id, each in rubric.competencies.items())
    return {id: name for id, name in named if name}
