"""What a message means where an interview stands: an option's own words, or what the parser says."""

from bot.understanding.base import NOTHING_OPEN, Context, Parser, Understood
from dialogues import engine
from dialogues.events import Reply
from dialogues.plan import Plan
from dialogues.replying import match_option
from dialogues.state import State

LONGEST_QUESTION = 400
"""Characters of a question that are read; of a case's material with its question, the last ones."""
OPTION, COMMAND = "option", "command"
"""What told an intent where no parser was needed: a choice that was offered, a command's name."""


def understand(parser: Parser, plan: Plan, state: State, text: str) -> Understood:
    """The intent of a message that comes in this state. It may take long, as `Parser.parse` may."""
    asked = engine.prompt(plan, state)
    if any(match_option(text, reply.options) for reply in asked):
        return Understood("answer", 1.0, OPTION)
    if state.reopened:
        # What is open is an answer to be changed: "never mind" leaves it, whatever the question.
        found = parser.parse(text)
        if found.intent in ("deny", "resume"):
            return found
    return parser.parse(text, context_of(plan, state, asked))


def context_of(plan: Plan, state: State, asked: tuple[Reply, ...]) -> Context:
    """The question that is open, as it was asked, with its options; nothing where none is."""
    said = next((reply for reply in asked if reply.kind == "question"), None)
    if said is None or state.position is None or said.question is None:
        return NOTHING_OPEN
    question = plan.positions[state.position].guide.by_id[said.question]
    is_part = said.probe is None or question.place_of(said.probe) is not None
    options = " / ".join(option.text for option in said.options)
    words = f"{said.text[-LONGEST_QUESTION:]} {options}".strip()
    return Context(words, question.kind if is_part else "open")
