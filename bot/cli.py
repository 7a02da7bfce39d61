"""The commands. Bad input ends in one line on standard error: what, where, how to mend it."""

import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bot.campaign_cli import app as campaign_app
from bot.commands.errors import CommandError, explain
from bot.files import read_text
from bot.guide_cli import app as guide_app
from bot.settings import Settings
from bot.text import clean
from bot.wechat_cli import app as wechat_app
from dialogues.guide import Language

app = typer.Typer(
    name="miantan",
    help="Structured interviews by chat, scored with evidence, decided by people.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

GuideFile = Annotated[Path, typer.Option("--guide", help="The interview guide (YAML)")]
RubricFile = Annotated[Path | None, typer.Option("--rubric", help="The rubric, if not the guide's")]


def main() -> None:
    """Run a command; expected errors become one line and an exit code."""
    try:
        app()
    except Exception as error:
        expected = explain(error)
        if expected is None:
            raise
        _end(*expected)


def _end(message: str, code: int) -> NoReturn:
    print(" ".join(message.split()), file=sys.stderr)
    sys.exit(code)


@app.command()
def interview(
    guide: GuideFile,
    rubric: RubricFile = None,
    candidate_type: Annotated[str | None, typer.Option("--type", help="Candidate type")] = None,
    lang: Annotated[str | None, typer.Option(help="zh or en")] = None,
    answers: Annotated[
        Path | None, typer.Option(help="Answers: one a line, or JSON by question")
    ] = None,
    profile: Annotated[Path | None, typer.Option(help="Profile facts as a JSON object")] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the result")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result only")] = False,
) -> None:
    """Hold a whole interview in the terminal: no server, no network."""
    from bot.commands import interview as command
    from connectors.result import to_json

    wanted = command.Wanted(guide, rubric, candidate_type, _language(lang), answers, profile)
    result = command.run(wanted, Settings(), quiet=as_json)
    if out is not None:
        out.write_text(to_json(result), encoding="utf-8", newline="")
    if as_json:
        print(to_json(result), end="")
    else:
        from bot.commands.summary import summary

        print(summary(result))


@app.command()
def score(
    rubric: Annotated[Path, typer.Option(help="The rubric (YAML)")],
    rows: Annotated[Path, typer.Option("--in", help="Answers, a JSON object a line")],
    out: Annotated[Path, typer.Option(help="Where to write the score rows")],
) -> None:
    """Score answers from a file."""
    from bot.commands import score as command
    from bot.prepare import ready_encoder
    from scoring.rubric import load_rubric

    loaded = load_rubric(read_text(rubric), str(rubric))
    answers = command.read_rows(rows, loaded)
    lines = [
        command.to_line(r) for r in command.score_rows(loaded, ready_encoder(Settings()), answers)
    ]
    out.write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="")


@app.command()
def understand(
    text: Annotated[str | None, typer.Argument(help="A message; else a line is read")] = None,
    rows: Annotated[
        Path | None, typer.Option("--in", help="Messages with their intent, a JSON object a line")
    ] = None,
    lang: Annotated[str | None, typer.Option(help="zh or en; of --in, only these rows")] = None,
    parser: Annotated[str, typer.Option(help="embedded or rasa")] = "embedded",
    question: Annotated[str | None, typer.Option(help="The question that is open")] = None,
    kind: Annotated[str | None, typer.Option(help="Its kind, as in a guide")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Tell what a message means, or how often that is told rightly."""
    from bot.commands import understand as command

    settings, language = Settings(), _language(lang)
    if rows is not None:
        if text is not None or question is not None or kind is not None:
            raise CommandError("--in brings its own messages and questions; give nothing besides")
        given = command.read_rows(rows, language)
        judged = command.judge(command.ready(settings, parser), given, settings.encode_workers)
        print(command.as_json(judged) if as_json else command.as_table(judged))
        return
    context = command.make_context(question, kind)
    said = clean(command.read_line(sys.stdin.buffer) if text is None else text)
    found = command.ready(settings, parser).parse(said, context)
    print(json.dumps(command.tell(found)) if as_json else command.as_line(found))


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A result")],
    guide: Annotated[
        Path | None, typer.Option(help="The guide, if it is not found by hash")
    ] = None,
    rubric: RubricFile = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Check a result: its scores from its evidence, and its evidence from its words."""
    from bot.commands import verify as command
    from bot.prepare import ready_encoder

    settings = Settings()
    result = command.read_result(file)
    role = command.find_role(result, settings.home, guide, rubric)
    verdict = command.verify(result, role, ready_encoder(settings))
    if as_json:
        print(json.dumps(verdict.as_json(), ensure_ascii=False))
    elif verdict.holds:
        compared = (
            verdict.note
            if verdict.largest_difference is None
            else f"evidence found again (largest difference {verdict.largest_difference:g})"
        )
        print(f"{file}: holds. Scores equal byte for byte; {compared}.")
    if not verdict.holds:
        _end(f"{file}: does not hold: {'; '.join(verdict.problems)}", 1)


@app.command()
def deliver(
    file: Annotated[Path, typer.Argument(help="A result")],
    connector: Annotated[str, typer.Option(help="The connector's name")],
) -> None:
    """Deliver one result, and print what the other side answered."""
    from bot.bootstrap import SettingsError, build_connectors
    from bot.commands.verify import read_result
    from connectors.base import DeliveryError
    from connectors.result import to_json

    result = read_result(file)
    try:
        connectors = build_connectors(Settings())
    except SettingsError as error:
        raise CommandError(str(error)) from None
    if connector not in connectors:
        known = ", ".join(connectors) or "none; set MIANTAN_WEBHOOK_URL"
        raise CommandError(f"there is no connector {connector!r}; set up: {known}")
    try:
        receipt = connectors[connector].deliver(to_json(result), f"msg_{result.interview}")
    except DeliveryError as error:
        raise CommandError(f"{connector}: not delivered ({error.outcome}): {error}", 1) from None
    print(f"{connector}: delivered, {receipt.detail}")
    if receipt.answer:
        print(receipt.answer)


@app.command()
def prepare(
    torch: Annotated[
        Path | None,
        typer.Option(help="Write it for torch into this folder instead; hold e5 in its name"),
    ] = None,
) -> None:
    """Prepare the packaged encoder and speech model (once; about half a minute)."""
    from bot.prepare import prepare_for_torch, prepare_model, prepare_speech

    if torch is None:
        print(prepare_model(Settings().home))
        print(prepare_speech(Settings().home))
    else:
        prepare_for_torch(torch)
        print(f"MIANTAN_ENCODER=torch:{torch}")


@app.command()
def migrate() -> None:
    """Bring the database up to date."""
    from bot.commands import server

    server.migrate_now(Settings())


@app.command()
def serve() -> None:
    """Serve the pages, the API and the channels."""
    from bot.commands import server

    server.serve(Settings())


@app.command()
def worker() -> None:
    """Do durable work beside `serve` (PostgreSQL only)."""
    from bot.commands import server

    server.work(Settings())


@app.command()
def demo() -> None:
    """Serve with two sample campaigns, on this machine only."""
    from bot.commands import server

    server.demo(Settings())


@app.command(name="sign-in")
def sign_in(name: Annotated[str, typer.Argument(help="The user's name")] = "recruiter") -> None:
    """Print a one-time link to the console, for a new user or a forgotten password."""
    from bot.commands import server

    print(server.sign_in_link(Settings(), name))


app.add_typer(guide_app, name="guide")
app.add_typer(campaign_app, name="campaign")
app.add_typer(wechat_app, name="wechat")


def _language(given: str | None) -> Language | None:
    match given:
        case "zh" | "en" | None:
            return given
    raise CommandError(f"--lang {given}: use zh or en")
