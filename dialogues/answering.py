"""Answers: taking one, leaving one as it was, skipping, and going on along the path."""

from collections.abc import Sequence

from dialogues import events as ev
from dialogues import path, personal
from dialogues.events import Work
from dialogues.guide import CodeTask, Language, ProgrammingLanguage, Question
from dialogues.replying import count_words, match_option, plain, read_number, shortened_option
from dialogues.texts import TEXTS, one_line, say
from dialogues.turn import Turn, ask_again, ask_for_number, question_options

PROGRAMMING: dict[ProgrammingLanguage, str] = {"python": "Python", "javascript": "JavaScript"}
LONGEST_DETAIL = 200
"""Characters of what is told of a test."""


def answer(turn: Turn, question: Question, said: ev.Said) -> None:
    """Take the words as an answer to what is open, if they can be one, and go on."""
    options = question_options(turn)
    option = match_option(said.text, options) or shortened_option(said.text, options)
    number = read_number(said.text)
    if turn.state.reopened and option is None and _means_no(said):
        turn.note(said)
        leave_as_it_was(turn)
    elif question.code is not None:
        _hear_program(turn, question, question.code, said)
    elif question.kind == "choice" and option is None:
        turn.note(said)
        turn.offer("question", "choose_again", options)
    elif question.kind == "number" and (number is None or not _within(question, number)):
        turn.note(said)
        ask_for_number(turn, question)
    else:
        value = number if question.kind == "number" else option.id if option else None
        _take_answer(turn, question, said, value)
        go_on(turn, question)


def _means_no(said: ev.Said) -> bool:
    """A bare no never takes the place of an answer, whatever it was understood as."""
    return said.intent == "deny" or plain(said.text) in [plain(no) for no in TEXTS["no"].values()]


def _within(question: Question, value: float) -> bool:
    return (question.min is None or value >= question.min) and (
        question.max is None or value <= question.max
    )


def _take_answer(turn: Turn, question: Question, said: ev.Said, value: str | float | None) -> None:
    probe = turn.state.probe
    turn.emit(
        ev.Answered(
            at=turn.now,
            question=question.id,
            probe=probe,
            text=said.text,
            value=value,
            words=count_words(said.text),
            hits=said.hits,
            evidence=dict(said.evidence),
            also=said.also,
            parser=said.parser,
            confirmed=said.confirmed,
            spoken=said.spoken,
        )
    )
    state = turn.state
    if probe is None:
        facts = personal.after_answer(
            turn.guide, state.profile, state.given_profile, question, value, said.text
        )
        if facts != state.profile:
            turn.emit(ev.ProfileSet(at=turn.now, profile=facts))


def leave_as_it_was(turn: Turn) -> None:
    """What is open keeps the answer that it has; without one it is skipped."""
    question = turn.question
    assert question is not None
    turn.wake()
    if turn.state.has_answer:
        turn.notice("answer_kept")
        go_on(turn, question)
    else:
        skip(turn)


def skip(turn: Turn) -> None:
    """Go on without an answer to what is open."""
    question, probe = turn.question, turn.state.probe
    assert question is not None
    turn.wake()
    turn.emit(ev.Skipped(at=turn.now, question=question.id, probe=probe))
    turn.notice("skipped")
    if probe is not None:
        go_on(turn, question)
    else:
        ask_or_finish(turn, path.next_question(turn.guide, turn.state))


def go_on(turn: Turn, question: Question) -> None:
    """To the question's next follow-up, else to the next question."""
    follow_up = path.next_follow_up(turn.state, question)
    if follow_up is None:
        ask_or_finish(turn, path.next_question(turn.guide, turn.state))
        return
    turn.emit(ev.Asked(at=turn.now, question=question.id, probe=follow_up.id))
    ask_again(turn)


def ask_or_finish(turn: Turn, question: Question | None) -> None:
    if question is None:
        turn.emit(ev.Finished(at=turn.now))
        turn.notice("finished")
        turn.work.append(finished(turn))
        return
    turn.emit(ev.Asked(at=turn.now, question=question.id))
    if question.id in turn.state.added:
        turn.notice("added_question")
    ask_again(turn)


def finished(turn: Turn) -> Work:
    """The scoring of what was said up to the end, which may be taken back once."""
    return Work("score", opening=turn.state.finishes, spoken_at=turn.state.spoken_at)


# Programs: the candidate may send another version until all tests pass or the tries are used up.


def _hear_program(turn: Turn, question: Question, task: CodeTask, said: ev.Said) -> None:
    """A program, the wish to keep the last one, or words that are neither."""
    options = question_options(turn)
    if said.program is not None:
        _take_answer(turn, question, said, None)
        if _is_last_version(turn, task, said.program):
            go_on(turn, question)
        else:
            left = task.attempts - turn.state.tries
            turn.offer("question", "program_again", question_options(turn), left=left)
        return
    turn.note(said)
    kept = match_option(said.text, options) or shortened_option(said.text, options)
    if kept is not None or (options and said.intent == "deny"):
        go_on(turn, question)
    else:
        comma = "、" if turn.language == "zh" else ", "
        languages = comma.join(PROGRAMMING[name] for name in task.languages)
        turn.offer("question", "send_program", options, languages=languages)


def _is_last_version(turn: Turn, task: CodeTask, program: ev.Program) -> bool:
    """Tell how the program did; True when no other version is to be asked for."""
    if not program.ran:
        turn.notice("program_not_run")
        return True
    turn.notice(
        "program_ran",
        passed=program.passed,
        total=program.total,
        examples=describe_examples(turn.language, program.examples),
    )
    return program.passed == program.total or turn.state.tries >= task.attempts


def describe_examples(language: Language, examples: Sequence[tuple[str, str, str]]) -> str:
    """A line for each test that is shown: its name, the verdict, and what else is known."""
    lines = []
    for name, verdict, detail in examples:
        told, more = say(f"test_{verdict}", language), one_line(detail, LONGEST_DETAIL)
        lines.append(f"\n· {name}: {told}" + (f" ({more})" if more else ""))
    return "".join(lines)
