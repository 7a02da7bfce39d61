"""The guides that come with Miantan, and their rubrics. A new file in the folder is held to it too."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from bot.demo import SAMPLES, read_files
from bot.storage.catalogue import Role, load_role, position_of
from dialogues import conditions
from dialogues.conditions import Comparison, Literal, Membership, Reference
from dialogues.events import Program, Said
from dialogues.guide import END, Guide, Question
from dialogues.path import longest_minutes
from dialogues.plan import Plan
from scoring.encoder import load_encoder
from scoring.evidence import Assessor
from scoring.rubric import SCORED_BY
from scoring.score import level_of, score_answer
from tests.plans import Talk

FOLDER = Path(__file__).parents[2] / "dialogues" / "guides"
FILES = sorted(FOLDER.glob("*.yml"))
HAN = re.compile(r"[\u4e00-\u9fff]")

every_guide = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


@cache
def role_of(file: Path) -> Role:
    return load_role(read_files(file))


@cache
def paths(file: Path, candidate_type: str) -> tuple[tuple[str, ...], ...]:
    """Every way through the guide, whatever its conditions come to."""
    return tuple(_ways(role_of(file).guide, candidate_type, 0, ()))


def _ways(
    guide: Guide, candidate_type: str, start: int, asked: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    for question in guide.questions[start:]:
        if question.id not in asked and question.meant_for(candidate_type):
            break
    else:
        yield asked
        return
    asked = (*asked, question.id)
    for branch in question.next:
        if branch.go == END:
            yield asked
        else:
            yield from _ways(guide, candidate_type, guide.position[branch.go], asked)
        if branch.when is None:
            return
    yield from _ways(guide, candidate_type, guide.position[question.id] + 1, asked)


def all_paths(file: Path) -> list[tuple[str, ...]]:
    return [way for name in role_of(file).guide.candidate_types for way in paths(file, name)]


def scored(guide: Guide) -> list[Question]:
    return [question for question in guide.by_id.values() if question.competency is not None]


def test_the_samples_are_there() -> None:
    assert set(SAMPLES) <= {file.stem for file in FILES}


@every_guide
def test_the_file_is_named_as_its_guide(file: Path) -> None:
    guide = role_of(file).guide
    assert guide.guide == file.stem
    assert guide.languages == ["zh", "en"]
    assert set(guide.candidate_types) == {"campus", "experienced"}


@every_guide
def test_every_way_is_long_enough_and_covers_every_competency_twice(file: Path) -> None:
    role = role_of(file)
    for way in all_paths(file):
        assert len(way) >= 8, way
        judged = [role.guide.by_id[question].competency for question in way]
        for competency in role.rubric.competencies:
            assert judged.count(competency) >= 2, (competency, way)


@every_guide
def test_every_question_is_on_some_way(file: Path) -> None:
    assert {q for way in all_paths(file) for q in way} == set(role_of(file).guide.position)


@every_guide
def test_every_way_takes_15_to_35_minutes(file: Path) -> None:
    guide = role_of(file).guide
    for way in all_paths(file):
        assert 15 <= sum(guide.by_id[question].minutes for question in way) <= 35, way


@every_guide
def test_the_announced_minutes_are_those_of_the_longest_way(file: Path) -> None:
    guide = role_of(file).guide
    for name in guide.candidate_types:
        ways = [sum(guide.by_id[q].minutes for q in way) for way in paths(file, name)]
        assert longest_minutes(guide, name) == max(ways)


@every_guide
def test_ways_begin_and_end_without_a_score(file: Path) -> None:
    guide = role_of(file).guide
    for way in all_paths(file):
        assert guide.by_id[way[0]].competency is None
        assert guide.by_id[way[-1]].competency is None


@every_guide
def test_weights(file: Path) -> None:
    competencies = role_of(file).rubric.competencies.values()
    assert sorted(c.weight for c in competencies) == [30, 30, 40]


@every_guide
def test_both_languages_are_complete(file: Path) -> None:
    role = role_of(file)
    texts = [text for _, text in role.guide.texts()]
    texts += [option.text for field in role.guide.profile.values() for option in field.options]
    for competency in role.rubric.competencies.values():
        assert set(competency.anchors) >= {1, 3, 5}
        texts += [competency.name, *competency.anchors.values()]
    for text in texts:
        assert HAN.search(text["zh"]), text
        assert re.search("[A-Za-z]", text["en"]), text
        assert not HAN.search(text["en"]), text


@every_guide
def test_the_rubric_scores_the_guides_questions_and_no_others(file: Path) -> None:
    role = role_of(file)
    assert set(role.rubric.questions) == {question.id for question in scored(role.guide)}


@every_guide
def test_examples_at_three_levels_in_both_languages(file: Path) -> None:
    for name, question in role_of(file).rubric.questions.items():
        if question.scored_by != "key_points":
            continue
        assert set(question.examples) >= {1, 3, 5}, name
        for level in (1, 3, 5):
            assert set(question.examples[level]) == {"zh", "en"}, (name, level)


@every_guide
def test_examples_and_key_points_are_in_their_language(file: Path) -> None:
    for name, question in role_of(file).rubric.questions.items():
        phrases = [point.texts for point in question.key_points] + [*question.examples.values()]
        for texts in phrases:
            assert set(texts) == {"zh", "en"}, name
            assert all(HAN.search(text) for text in texts["zh"]), name
            assert not any(HAN.search(text) for text in texts["en"]), name


@every_guide
def test_every_scored_question_asks_for_what_is_missing(file: Path) -> None:
    for question in scored(role_of(file).guide):
        if SCORED_BY[question.kind] == "key_points":
            assert question.asked_about, question.id
            assert question.max_probes >= 1, question.id


@every_guide
def test_conditions_compare_with_values_that_exist(file: Path) -> None:
    guide = role_of(file).guide
    for question in guide.questions:
        for branch in question.next:
            match conditions.parse(branch.when) if branch.when else None:
                case Comparison(Reference("profile", name), _, Literal(value)):
                    expected = [value]
                case Membership(Reference("profile", name), listed):
                    expected = [literal.value for literal in listed]
                case _:
                    continue
            field = guide.profile[name]
            if field.type == "choice":
                assert set(expected) <= {option.id for option in field.options}, branch.when
            if field.type == "number":
                assert not any(isinstance(value, str) for value in expected), branch.when


PRIVATE = re.compile(
    "结婚|婚姻|已婚|未婚|男朋友|女朋友|生育|怀孕|孩子|年龄|多大了|籍贯|老家|户口|民族|宗教|血型|星座"
    r"|\b(married|marriage|pregnan\w*|children|husband|wife|how old|your age|religion|hometown)\b",
    re.IGNORECASE,
)


@every_guide
def test_nothing_private_is_asked(file: Path) -> None:
    for _, text in role_of(file).guide.texts():
        for words in text.values():
            assert not PRIVATE.search(words), words


@every_guide
def test_some_questions_of_every_way_are_explained(file: Path) -> None:
    guide = role_of(file).guide
    for way in all_paths(file):
        assert sum(bool(guide.by_id[question].clarify) for question in way) >= 3, way


def longest_common(one: str, other: str) -> str:
    """The longest text that stands in both."""
    match = SequenceMatcher(None, one, other, autojunk=False).find_longest_match()
    return one[match.a : match.a + match.size]


@every_guide
def test_an_explanation_gives_no_answer_away(file: Path) -> None:
    """It says nothing that a key point says, but for what the question says itself.

    Five characters of Chinese and four words of English are taken for saying something.
    """
    role = role_of(file)
    for question in scored(role.guide):
        said = " ".join([*question.text.values(), *question.material.values()])
        for point in role.rubric.questions[question.id].key_points:
            for language, words in question.clarify.items():
                for text in point.texts[language]:
                    same = longest_common(words.casefold(), text.casefold()).strip(" ，。,.")
                    long = len(same.split()) >= 4 if language == "en" else len(same) >= 5
                    assert not long or same in said.casefold(), (question.id, point.id, same)


@every_guide
def test_an_explanation_said_back_is_no_answer(file: Path, model_home: Path) -> None:
    """With the encoder that interviews are scored with."""
    role = role_of(file)
    assessor = Assessor(role.rubric, role.guide, load_encoder("e5-small-int8", model_home, 1))
    for question in scored(role.guide):
        if SCORED_BY[question.kind] == "key_points":
            for words in question.clarify.values():
                found = assessor.find(question.id, words)
                row = score_answer(role.rubric, question.id, found)
                assert level_of(row.score) <= 2, (question.id, words, row.score)


# An interview held with the engine on every way that the profile can lead.


def profiles(guide: Guide) -> Iterator[dict[str, object]]:
    values: list[list[object]] = []
    for field in guide.profile.values():
        values.append([None, *(option.id for option in field.options)] if field.options else [None])
        if field.type == "number":
            values[-1] += [0, 2, 3, 10]
    for chosen in product(*values):
        yield {name: value for name, value in zip(guide.profile, chosen, strict=True) if value}


@pytest.mark.parametrize("candidate_type", ["campus", "experienced"])
@every_guide
def test_the_engine_goes_every_way(file: Path, candidate_type: str) -> None:
    role = role_of(file)
    position = position_of(role.guide.guide, {"zh": "岗位", "en": "Role"}, role)
    plan = Plan(position.title, {"zh": "公司", "en": "Company"}, {position.id: position})
    seen = set()
    for profile in profiles(role.guide):
        talk = Talk(plan).started(candidate_type=candidate_type, profile=profile)
        for _ in range(90):
            if talk.state.closed:
                break
            open_now = role.guide.by_id.get(talk.state.question or "")
            if open_now is not None and open_now.kind == "code":
                talk.turn(Said("print(1)", program=Program(True, 8, 8)))
            elif open_now is not None and open_now.kind == "choice":
                talk.say(open_now.options[0].id, "answer")
            elif open_now is not None and open_now.kind == "number":
                talk.say(f"{open_now.min or 0:g}", "answer")
            else:
                talk.say("我做了这件事", "answer")
        assert talk.state.status == "finished"
        assert talk.asked in paths(file, candidate_type)
        seen.add(talk.asked)
    by_answers = any("answer." in (b.when or "") for q in role.guide.questions for b in q.next)
    if not by_answers and not any(field.answer for field in role.guide.profile.values()):
        assert seen == set(paths(file, candidate_type))
