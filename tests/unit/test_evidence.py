"""Evidence in answers: spans, strengths, hits, and answers in several messages."""

import json
import math
import random
import statistics
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogues.guide import Guide
from dialogues.guidefile import load_guide
from scoring.encoder import CachedEncoder, HashEncoder, load_encoder
from scoring.evidence import CALIBRATIONS, HIT, AnswerPart, Assessor, Evidence, Found, combine
from scoring.rubric import Rubric, load_rubric
from scoring.score import score_answer
from scoring.segments import pieces

ROOT = Path(__file__).parents[2]
ROLES = {
    "software-engineer": "campus-software-engineer",
    "sales-representative": "sales-representative",
}
STRONG = "后端接口和数据库是我一个人写的，上线后有三百多个同学在用。"
PARTS = [
    "我先打日志",
    "，",
    "。",
    "定位到是数据库查询拖慢的",
    "\r\n",
    "I wrote the back end myself. ",
    "😀",
    "é",
]
TEXTS = st.lists(st.sampled_from(PARTS) | st.text()).map("".join)


@cache
def role(rubric: str) -> tuple[Rubric, Guide]:
    guide = ROOT / "dialogues" / "guides" / f"{ROLES[rubric]}.yml"
    file = ROOT / "scoring" / "rubrics" / f"{rubric}.yml"
    return load_rubric(file.read_text("utf-8"), file.name), load_guide(
        guide.read_text("utf-8"), guide.name
    )


@cache
def light() -> Assessor:
    return Assessor(*role("software-engineer"), CachedEncoder(HashEncoder()))


@pytest.fixture(scope="module")
def assessors(model_home: Path) -> dict[str, Assessor]:
    encoder = CachedEncoder(load_encoder("e5-small-int8", model_home, 1))
    return {name: Assessor(*role(name), encoder) for name in ROLES}


def small_rubric(**points: dict[str, list[str]]) -> Rubric:
    """A rubric with one question, q, and the given texts for each key point."""
    key_points = [{"id": name, "texts": texts} for name, texts in points.items()]
    return Rubric.model_validate(
        {
            "rubric": "small",
            "version": 1,
            "competencies": {"all": {"weight": 100, "name": {"en": "all"}}},
            "questions": {"q": {"key_points": key_points}},
        }
    )


@given(TEXTS)
def test_evidence_stands_where_it_says(answer: str) -> None:
    found = light().find("project", answer)
    for flag in found.flags:
        assert 0 <= flag.start < flag.end <= len(answer)
    for e in found.evidence:
        assert 0 <= e.start < e.end <= len(answer)
        assert answer[e.start : e.end] == e.text
        assert 0 < e.strength <= 1
    assert found == light().find("project", answer)


@given(st.lists(TEXTS, max_size=5))
def test_evidence_of_messages_stands_in_the_joined_answer(texts: list[str]) -> None:
    parts = [AnswerPart(text=text, found=light().find("project", text)) for text in texts]
    answer, found = combine(parts)
    assert answer == "\n".join(texts)
    strongest: dict[str, float] = {}
    for part in parts:
        for e in part.found.evidence:
            strongest[e.key_point] = max(e.strength, strongest.get(e.key_point, 0.0))
    assert {e.key_point: e.strength for e in found.evidence} == strongest
    for e in found.evidence:
        assert answer[e.start : e.end] == e.text
    for flag in found.flags:
        assert 0 <= flag.start < flag.end <= len(answer)


def test_messages_that_say_nothing_are_forgiven_when_another_answers() -> None:
    texts = ["不知道", "😀", STRONG]
    parts = [AnswerPart(text=text, found=light().find("project", text)) for text in texts]
    _, found = combine(parts)
    assert found.hits
    assert not found.flags
    assert not found.reasons
    _, nothing = combine(parts[:1])
    assert [flag.kind for flag in nothing.flags] == ["dont_know"]
    assert combine(parts[1:2])[1].reasons == ("unintelligible",)
    assert combine([])[1].reasons == ("empty",)


def test_hits_are_the_key_points_from_the_threshold() -> None:
    def evidence(point: str, strength: float) -> Evidence:
        return Evidence(key_point=point, start=0, end=1, text="x", strength=strength)

    found = Found(evidence=(evidence("a", HIT), evidence("b", HIT - 0.0001)))
    assert found.hits == ("a",)


def test_a_key_point_in_its_own_words_is_hit_and_other_words_are_not() -> None:
    assert "own_part" in light().find("project", STRONG).hits
    assert "result" in light().find("project", STRONG).hits
    assert not light().find("project", "今天天气很好，我中午吃了一碗面。").hits
    assert not light().find("project", "The weather was nice and we had noodles.").hits


def test_a_name_must_fall() -> None:
    rubric = small_rubric(name={"zh": ["标准化"]}, told={"zh": ["接口延迟降到了原来的一半"]})
    assessor = Assessor(rubric, None, HashEncoder())
    assert [c.kind for c in assessor.compare("q", pieces("标准化"))] == ["name", "statement"]
    assert assessor.find("q", "我们做了标准化的流程").hits == ("name",)
    assert "name" not in assessor.find("q", "我们统一了所有的流程").hits
    assert assessor.find("q", "最后接口延迟降到了原来的一半").hits == ("told",)


def test_a_language_without_texts_is_compared_with_the_other() -> None:
    rubric = small_rubric(told={"en": ["we moved it to Kubernetes", "we used Docker Compose"]})
    [comparison] = Assessor(rubric, None, HashEncoder()).compare("q", pieces("用 Docker 部署的"))
    assert comparison.closeness.shape == (1, 2)
    other = small_rubric(told={"en": ["we used Docker"], "zh": ["我们用了容器", "部署成了镜像"]})
    [comparison] = Assessor(other, None, HashEncoder()).compare("q", pieces("we used Docker"))
    assert comparison.closeness.shape == (1, 1)
    assert comparison.kind == "examples"


def test_more_texts_do_not_help_by_number_alone() -> None:
    calibration = CALIBRATIONS["light"]
    texts = {"en": ["we used Docker"]}
    alone = Assessor(small_rubric(told=texts), None, HashEncoder())
    twice = Assessor(small_rubric(told={"en": texts["en"] * 4}), None, HashEncoder())
    [one], [four] = (a.compare("q", pieces("we ran it in Docker")) for a in (alone, twice))
    lost = float(one.closeness.max() - four.closeness.max())
    assert math.isclose(lost, calibration.chance * math.log(4), abs_tol=1e-6)


def test_the_same_answer_gives_the_same_found_among_others() -> None:
    assessor = Assessor(*role("software-engineer"), HashEncoder())
    first = assessor.find("project", STRONG)
    shuffle = random.Random(1)
    for i in range(50):
        assessor.find("project", "".join(shuffle.sample(STRONG * 3, 40)) + str(i))
        assert assessor.find("project", STRONG) == first
    assert Found.model_validate_json(first.model_dump_json()) == first


@pytest.mark.parametrize("answer", ["我先打日志，" * 8_000, "字" * 50_000, "I wrote it. " * 4_000])
def test_a_very_long_answer_is_quick(answer: str) -> None:
    start = time.process_time()
    light().find("project", answer)
    assert time.process_time() - start < 10


def examples(level: int) -> Iterator[tuple[str, str, str, str]]:
    """Rubric, question, language and text of every example of a level."""
    for name in ROLES:
        for question_id, question in role(name)[0].questions.items():
            for language, texts in question.examples[level].items():  # type: ignore[index]
                for text in texts:
                    yield name, question_id, language, text


@pytest.mark.model
def test_examples_of_the_levels_are_told_apart(assessors: dict[str, Assessor]) -> None:
    means = {}
    for level in (1, 3, 5):
        for language in ("zh", "en"):
            shares, scores = [], []
            for name, question_id, spoken, text in examples(level):
                if spoken == language:
                    found = assessors[name].find(question_id, text)
                    rubric = role(name)[0]
                    points = len(rubric.questions[question_id].key_points)
                    shares.append(len(found.hits) / points)
                    scores.append(score_answer(rubric, question_id, found).estimate)
            means[level, language] = statistics.mean(shares), statistics.mean(scores)
    for language in ("zh", "en"):
        assert means[1, language][0] < 0.1
        assert means[5, language][0] > 0.8
        assert means[1, language][1] + 20 < means[3, language][1] < means[5, language][1] - 30
    for level in (1, 3, 5):
        assert abs(means[level, "zh"][1] - means[level, "en"][1]) < 8


@pytest.mark.model
def test_answers_to_other_questions_score_low(assessors: dict[str, Assessor]) -> None:
    scores = []
    for name, question_id, _, text in examples(5):
        rubric = role(name)[0]
        ids = list(rubric.questions)
        other = ids[(ids.index(question_id) + 3) % len(ids)]
        found = assessors[name].find(other, text)
        scores.append(score_answer(rubric, other, found).estimate)
    assert statistics.mean(scores) < 30


@pytest.mark.model
def test_the_real_model_is_deterministic(assessors: dict[str, Assessor]) -> None:
    assessor = assessors["software-engineer"]
    fresh = Assessor(*role("software-engineer"), assessor.encoder)
    first = assessor.find("project", STRONG)
    for _, question_id, _, text in list(examples(1))[:10]:
        if question_id in fresh.rubric.questions:
            fresh.find(question_id, text)
        assert json.loads(fresh.find("project", STRONG).model_dump_json()) == json.loads(
            first.model_dump_json()
        )


@pytest.mark.model
def test_a_short_answer_needs_few_encodings(model_home: Path) -> None:
    """The budget is 50 ms; time varies with the machine, the number of encodings does not."""
    for level in (1, 3, 5):
        for *_, language, text in examples(level):
            short = text[:100] if language == "zh" else " ".join(text.split()[:60])
            assert len(pieces(short)) <= 9
