"""`miantan guide simulate --walk`: step through a guide as a candidate of one type."""

from collections.abc import Sequence
from pathlib import Path

from bot.commands.errors import CommandError
from bot.commands.guide_simulate import load
from dialogues import conditions, engine
from dialogues.events import Begin, Program, Reply, Said
from dialogues.guide import Guide, Language
from dialogues.path import taken_branch
from dialogues.plan import Plan, Position
from dialogues.state import State
from dialogues.tree.plain import say_condition, say_field

TEXTS: dict[Language, dict[str, str]] = {
    "zh": {
        "help": "逐题走一遍：输入回答；“+要点”表示回答里讲到了这个要点（如 +result）；"
        "直接回车表示什么要点都没讲到；“跳过”跳过这一题；“？”问这是什么意思；Ctrl-D 结束。",
        "fact": "{name}（直接回车：未知）",
        "key_points": "可以标的要点",
        "because": "因为{why}",
        "end": "走完了：{count} 题，{minutes:g} 分钟",
        "unknown": "不认识这个值，按未知处理",
    },
    "en": {
        "help": "Step by step: type an answer; “+point” says that it covered a key point (such as "
        "+result); an empty line covers none; “skip” skips the question; “?” asks what it means; "
        "Ctrl-D ends.",
        "fact": "{name} (empty: unknown)",
        "key_points": "Key points to mark",
        "because": "because {why}",
        "end": "The end: {count} questions, {minutes:g} minutes",
        "unknown": "that value is not known here; taken as unknown",
    },
}
SKIP = {"跳过", "skip"}
MEANING = {"?", "？"}


def run(file: Path, candidate_type: str | None, language: Language) -> None:
    """Walk until the end; raises CommandError when it is left before."""
    guide = load(file, candidate_type)
    if candidate_type is None:
        if len(guide.candidate_types) > 1:
            known = ", ".join(guide.candidate_types)
            raise CommandError(f"--walk needs --type, one of {known}")
        candidate_type = next(iter(guide.candidate_types))
    try:
        Walk(guide, language).run(candidate_type)
    except (EOFError, KeyboardInterrupt):
        print()
        raise CommandError("the walk was left before its end", 3) from None


class Walk:
    """A walk with the engine itself; key points are said to be covered, not found."""

    def __init__(self, guide: Guide, language: Language) -> None:
        self.guide, self.language = guide, language
        if language not in guide.languages:
            raise CommandError(f"--lang {language}: the guide has {', '.join(guide.languages)}")
        self.texts = TEXTS[language]
        position = Position(guide.guide, guide.title, guide, ())
        self.plan = Plan(guide.title, {"zh": "公司", "en": "the company"}, {guide.guide: position})
        self.state = State()
        self.explained = False

    def run(self, candidate_type: str) -> None:
        print(self.texts["help"])
        profile = {name: self._ask_fact(name) for name in self.guide.profile}
        self._hear(Begin(self.language, None, candidate_type, profile))
        replies = self._hear(Said("agree"))
        while not self.state.closed:
            self._show(replies)
            replies = self._answer()
        minutes = sum(self.guide.by_id[name].minutes for name in self.state.asked)
        print(f"\n{' → '.join(self.state.asked)}")
        print(self.texts["end"].format(count=len(self.state.asked), minutes=minutes))

    def _ask_fact(self, name: str) -> str:
        field = self.guide.profile[name]
        asked = self.texts["fact"].format(name=say_field(name, self.guide, self.language))
        if field.options:
            asked += f" [{', '.join(option.id for option in field.options)}]"
        given = input(f"{asked}: ").strip()
        if given and field.accept(given) is None:
            print(self.texts["unknown"])
        return given

    def _hear(self, heard: Begin | Said) -> Sequence[Reply]:
        transition = engine.advance(self.plan, self.state, heard, 0.0)
        self.state = transition.state
        return transition.replies

    def _show(self, replies: Sequence[Reply]) -> None:
        question = self.guide.by_id[self.state.question or ""]
        competency = question.competency or "–"
        place = f"{question.id}{f'.{self.state.probe}' if self.state.probe else ''}"
        number = f"{len(self.state.asked)}."
        print(f"\n{number} [{place} · {question.kind} · {question.minutes:g} min · {competency}]")
        asks = any(reply.kind == "question" for reply in replies)
        for reply in replies:
            if reply.kind != "notice" or not asks or self.explained:
                print(reply.text)
            for option in reply.options:
                print(f"   {option.id}: {option.text}")
        points = question.asked_about
        if points:
            print(f"   ({self.texts['key_points']}: {' '.join(f'+{point}' for point in points)})")

    def _answer(self) -> Sequence[Reply]:
        before = self.state
        words = input("> ").split()
        hits = tuple(word[1:] for word in words if word.startswith("+") and len(word) > 1)
        text = " ".join(word for word in words if not word.startswith("+")) or "…"
        self.explained = text in MEANING
        if self.explained:
            return self._hear(Said(text, "clarify_question"))
        if text in SKIP:
            self._hear(Said(text, "skip_question"))
            replies = self._hear(Said("yes", "affirm"))
        else:
            question = self.guide.by_id[before.question or ""]
            program = Program(True, 1, 1) if question.kind == "code" else None
            replies = self._hear(Said(text, "answer", hits, program=program))
        why = self._why(before)
        if why:
            print(f"   ({self.texts['because'].format(why=why)})")
        return replies

    def _why(self, before: State) -> str | None:
        """The condition by which the question or follow-up that is open now was chosen."""
        if (self.state.question, self.state.probe) == (before.question, before.probe):
            return None
        question = self.guide.by_id[before.question or ""]
        when: str | None = None
        if self.state.question == before.question:
            follow_up = question.follow_ups[self.state.probe or ""]
            when = getattr(follow_up, "when", None)
        else:
            branch = taken_branch(self.state, question)
            when = branch.when if branch is not None else None
        if when is None:
            return None
        return say_condition(conditions.parse(when), self.guide, self.language, question)
