"""A guide's question tree as SVG: what its boxes, labels and legend say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from dialogues.drawing import svg
from dialogues.drawing.faces import TITLE_EM, Face, Label, face_size, label_size
from dialogues.drawing.layout import Box, Drawing, Line, lay_out
from dialogues.drawing.steps import START, Step, layers, steps
from dialogues.drawing.svg import Legend, Picture
from dialogues.guide import END, Guide, Language, Question
from dialogues.tree.plain import OTHERWISE, in_language, say_condition, say_question

_KINDS: dict[str, dict[Language, str]] = {
    "open": {"zh": "开放题", "en": "open"},
    "choice": {"zh": "选择题", "en": "choice"},
    "number": {"zh": "数字题", "en": "number"},
    "scenario": {"zh": "情景模拟", "en": "scenario"},
    "case": {"zh": "案例分析", "en": "case"},
    "code": {"zh": "编程题", "en": "code"},
}
_WORDS: dict[str, dict[Language, str]] = {
    START: {"zh": "开始", "en": "Start"},
    END: {"zh": "结束", "en": "End"},
    "minutes": {"zh": "{} 分钟", "en": "{} min"},
    "options": {"zh": "{} 个选项", "en": "{} option|{} options"},
    "turns": {"zh": "{} 轮对话", "en": "{} turn|{} turns"},
    "parts": {"zh": "另有 {} 小题", "en": "{} more part|{} more parts"},
    "probes": {"zh": "{} 个追问", "en": "{} probe|{} probes"},
    "probes_most": {"zh": "{} 个追问，最多问 {} 个", "en": "{} probes, at most {} asked"},
    "unscored": {"zh": "不计分", "en": "not scored"},
    "nowhere": {"zh": "没有路通到这一题", "en": "no way leads here"},
    "dead": {"zh": "{} 条分支从不走到", "en": "branches never taken: {}"},
    "to": {"zh": "→ 第 {} 题 {}", "en": "→ {}. {}"},
    "to_end": {"zh": "→ 结束", "en": "→ End"},
    "summary": {
        "zh": "{} 题 · 第 {} 版 · {}",
        "en": "{} question · version {} · {}|{} questions · version {} · {}",
    },
    "bank": {
        "zh": "题库：招聘人员可以为某位候选人加上的题",
        "en": "Bank: questions that a recruiter may add for a candidate",
    },
    "tree": {"zh": "{}：面试提问流程", "en": "{}: question tree"},
    "when": {"zh": "（{}）", "en": " ({})"},
}


def draw_graph(
    guide: Guide, language: Language, competencies: Mapping[str, str] | None = None
) -> str:
    """The question tree as an SVG document. `competencies` are their names by id."""
    return _Graph(guide, language, competencies or {}).svg()


@dataclass(frozen=True)
class _Graph:
    guide: Guide
    language: Language
    competencies: Mapping[str, str]

    def svg(self) -> str:
        labels = {step.key: self._label(step, far=False) for step in self.steps}
        far_labels = {step.key: self._label(step, far=True) for step in self.steps}
        faces = {question.id: self._face(question) for question in self.guide.questions}
        faces |= {key: Face(self._word(key), terminal=True) for key in (START, END)}
        placed = self._lay_out(faces, labels, far_labels)
        shown = labels | {key: far_labels[key] for key in placed.references}
        backwards = {
            step.key for step in self.steps if self.rows[step.target] <= self.rows[step.source]
        }
        return svg.svg(
            Picture(
                language=self.language,
                title=self._word("tree", self._name()),
                heading=self._name(),
                summary=self._summary(),
                description=self._description(),
                legend=self._legend(faces, shown, backwards - placed.references, placed),
                faces=faces,
                labels=shown,
                line_types={step.key: self._types(step.types) for step in self.steps},
                backwards=backwards,
                placed=placed,
                bank_heading=self._word("bank"),
                bank=[self._face(question) for question in self.guide.bank],
            )
        )

    def _lay_out(
        self, faces: Mapping[str, Face], labels: Mapping[str, Label], far: Mapping[str, Label]
    ) -> Drawing:
        boxes = [
            Box(key, self.rows[key], *face_size(face), self._lane(face.types))
            for key, face in faces.items()
        ]
        lines = [
            Line(
                step.key,
                step.source,
                step.target,
                self._lane(self._types(step.types)),
                label_size(labels[step.key]),
                label_size(far[step.key]) or (0.0, 0.0),
                # Where ways of several types meet, the box stands in their middle.
                spine=faces[step.source].types == faces[step.target].types,
            )
            for step in self.steps
        ]
        return lay_out(boxes, lines)

    @cached_property
    def steps(self) -> Sequence[Step]:
        return steps(self.guide)

    @cached_property
    def rows(self) -> Mapping[str, int]:
        return layers(self.guide, self.steps)

    @cached_property
    def type_places(self) -> Mapping[str, int]:
        return {name: i for i, name in enumerate(self.guide.candidate_types)}

    @cached_property
    def type_names(self) -> Sequence[str]:
        named = self.guide.candidate_types.items()
        return [in_language(text, self.language) or name for name, text in named]

    @cached_property
    def reached(self) -> set[str]:
        return {step.target for step in self.steps}

    @cached_property
    def taken(self) -> set[tuple[str, int | None]]:
        return {(step.source, step.branch) for step in self.steps}

    def _word(self, name: str, *values: object) -> str:
        singular, _, plural = _WORDS[name][self.language].partition("|")
        return (singular if not plural or values[0] == 1 else plural).format(*values)

    def _name(self) -> str:
        return in_language(self.guide.title, self.language) or self.guide.guide

    def _summary(self) -> str:
        guide = self.guide
        return self._word("summary", len(guide.questions), guide.version, guide.guide)

    def _types(self, names: Sequence[str]) -> tuple[int, ...]:
        """The places of candidate types; empty for all of them."""
        places = self.type_places
        return () if len(names) == len(places) else tuple(sorted(places[n] for n in names))

    def _lane(self, types: Sequence[int]) -> float:
        """The first type's questions stand on the left, the last one's on the right."""
        return sum(types) / len(types) / (len(self.type_places) - 1) if types else 0.5

    def _meant_for(self, question: Question) -> list[str]:
        return [name for name in self.type_places if question.meant_for(name)]

    def _face(self, question: Question) -> Face:
        types = self._types(self._meant_for(question))
        place = self.guide.position.get(question.id)
        text = say_question(question, self.language, TITLE_EM)
        return Face(
            title=text if place is None else f"{place + 1}. {text}",
            full=in_language(question.text, self.language) or "",
            id=question.id,
            details=self._details(question),
            warnings=() if place is None else tuple(self._warnings(question)),
            types=types,
            type_names=tuple(self.type_names[i] for i in types),
            dashed=question.competency is None,
        )

    def _warnings(self, question: Question) -> list[str]:
        warnings = [] if question.id in self.reached else [self._word("nowhere")]
        dead = sum((question.id, i) not in self.taken for i in range(len(question.next)))
        return [*warnings, self._word("dead", dead)] if dead else warnings

    def _details(self, question: Question) -> tuple[tuple[str, ...], ...]:
        """What there is to know of a question: its form, then what it is about."""
        form = [_KINDS[question.kind][self.language]]
        form.append(self._word("minutes", f"{question.minutes:g}"))
        for name in ("options", "turns", "parts"):
            if count := len(getattr(question, name)):
                form.append(self._word(name, count))
        if question.min is not None or question.max is not None:
            ends = ("" if n is None else f"{n:g}" for n in (question.min, question.max))
            form.append("–".join(ends))
        if question.code:
            form += question.code.languages
        topic = question.competency
        about = [self._word("unscored") if topic is None else self.competencies.get(topic, topic)]
        if count := len(question.probes):
            name = "probes" if question.max_probes >= count else "probes_most"
            about.append(self._word(name, count, question.max_probes))
        return tuple(form), tuple(about)

    def _label(self, step: Step, far: bool) -> Label:
        source = self.guide.by_id.get(step.source)
        before = len(self.type_places if source is None else self._meant_for(source))
        marks = self._types(step.types) if len(step.types) < before else ()
        return Label(self._condition(step), marks, self._target(step) if far else "")

    def _target(self, step: Step) -> str:
        if step.target == END:
            return self._word("to_end")
        name = say_question(self.guide.by_id[step.target], self.language, 12.0)
        return self._word("to", self.guide.position[step.target] + 1, name)

    def _condition(self, step: Step) -> str:
        """When the way is taken, with its place among several conditions; empty for always."""
        if step.source == START:
            return ""
        question = self.guide.by_id[step.source]
        place = len(question.next) if step.branch is None else step.branch
        when = None if step.branch is None else question.next[place].when
        if when is None:
            return OTHERWISE[self.language] if place else ""
        said = say_condition(when, self.guide, self.language, question)
        # What stands behind a branch without a condition is never taken.
        several = len(question.next) > 1 and all(b.when is not None for b in question.next[:2])
        return f"{place + 1}) {said}" if several else said

    def _description(self) -> str:
        """The tree in words, a line for each question, for those who cannot see it."""
        lines = [self._summary()]
        by_source: dict[str, list[str]] = {}
        for step in self.steps:
            target = self._target(step)
            names = [self.type_names[i] for i in self._types(step.types)]
            conditions_ = [*names, *filter(None, [self._condition(step)])]
            when = self._word("when", ", ".join(conditions_)) if conditions_ else ""
            by_source.setdefault(step.source, []).append(target + when)
        for source, targets in by_source.items():
            if source == START:
                name = self._word(START)
            else:
                question = self.guide.by_id[source]
                name = f"{self.guide.position[source] + 1}. {say_question(question, self.language)}"
            lines.append(f"{name} {' '.join(targets)}")
        return "\n".join(lines)

    def _legend(
        self,
        faces: Mapping[str, Face],
        labels: Mapping[str, Label],
        backwards: set[str],
        placed: Drawing,
    ) -> Legend:
        return Legend(
            types=tuple(self.type_names),
            neutral=len(self.guide.candidate_types) > 1,
            dashed=any(face.dashed for face in faces.values()),
            backwards=bool(backwards),
            references=bool(placed.references),
            ordered=any(label.text[:2] == "1)" for label in labels.values()),
        )
