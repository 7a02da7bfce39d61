"""`miantan guide …`: the tree compiler's commands."""

from pathlib import Path
from typing import Annotated

import typer

from dialogues.guide import Language

app = typer.Typer(help="Check, draw, try and exchange interview guides.", no_args_is_help=True)

GuideArgument = Annotated[Path, typer.Argument(help="The interview guide (YAML)", readable=False)]
RubricFile = Annotated[
    Path | None, typer.Option("--rubric", help="The rubric, if not the guide's", readable=False)
]
Lang = Annotated[Language, typer.Option(help="zh or en")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON")]
Out = Annotated[Path, typer.Option("-o", "--out", help="Where to write it")]


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Interview guides (YAML)", readable=False)],
    rubric: RubricFile = None,
    as_json: AsJson = False,
) -> None:
    """Find what is wrong in guides, and prove what holds on every path through them."""
    from bot.commands import guide_check

    raise typer.Exit(guide_check.run(files, rubric, as_json))


@app.command()
def graph(guide: GuideArgument, out: Out, lang: Lang = "zh") -> None:
    """Draw the question tree as SVG."""
    from bot.commands import guide_graph

    guide_graph.run(guide, out, lang)


@app.command()
def simulate(
    guide: GuideArgument,
    n: Annotated[
        int, typer.Option("-n", help="How many candidates", min=1, max=1_000_000)
    ] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same candidates")] = 1,
    walk: Annotated[bool, typer.Option("--walk", help="Step through it yourself")] = False,
    candidate_type: Annotated[str | None, typer.Option("--type", help="Candidate type")] = None,
    lang: Lang = "zh",
    as_json: AsJson = False,
) -> None:
    """Let made-up candidates walk through a guide, or walk through it yourself."""
    from bot.commands import guide_simulate, guide_walk

    if walk:
        guide_walk.run(guide, candidate_type, lang)
    else:
        guide_simulate.run(guide, n, seed, candidate_type, lang, as_json)


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(help="The guide as it was", readable=False)],
    after: Annotated[Path, typer.Argument(help="The guide as it is now", readable=False)],
    lang: Lang = "zh",
    as_json: AsJson = False,
) -> None:
    """Say what changes for whom between two guides."""
    from bot.commands import guide_diff

    guide_diff.run(before, after, lang, as_json)


@app.command()
def export(guide: GuideArgument, out: Out, rubric: RubricFile = None) -> None:
    """Write a guide and its rubric as a spreadsheet (XLSX)."""
    from bot.commands import guide_sheet

    guide_sheet.export_to(guide, rubric, out)


@app.command(name="import")
def import_(
    sheet: Annotated[
        Path, typer.Argument(help="A spreadsheet that was exported, then edited", readable=False)
    ],
    out: Out,
) -> None:
    """Read a spreadsheet back: the guide, and beside it its rubric."""
    from bot.commands import guide_sheet

    guide_sheet.import_from(sheet, out)
