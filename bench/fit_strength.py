"""Finds the numbers of scoring/evidence.py and prints what they are worth (docs/scoring.md).

    python -m bench.fit_strength DATA.jsonl... --home HOME [--encoder e5-small-int8]

A line of DATA is an answer with a human score: question_id, question, references, answer, score,
scale. The kinds "statement" and "name" are fitted on DATA, all else on the sample rubrics.
"""

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares  # type: ignore[import-untyped]

from dialogues.guidefile import load_guide
from scoring.encoder import CachedEncoder, Encoder, load_encoder
from scoring.evidence import HIT, Assessor, Calibration, Comparison
from scoring.rubric import KeyPoint, Rubric, RubricQuestion, load_rubric
from scoring.segments import has_words, language_of, pieces, terms

Array = NDArray[np.float64]
ROOT, FOLDS = Path(__file__).parents[1], 10
START = np.array([0.1, 15.0, 2.0, 8.0])  # bias, cosine and words of a statement, words of a name
FITTED_ON = ("campus-software-engineer", "sales-representative")
"""The guides with whose rubrics the coefficients were found; the other samples came later."""
TARGETS = {0: 10.0, 1: 10.0, 3: 50.0, 5: 90.0}  # level 0: an answer to another question
UNRELATED = 0.25  # weight of answers to other questions, score 0, against a set's own answers
_SENTENCE = re.compile(r"[。！？!?；;\n]+|(?<=[^\d\s])\.(?=\s|$)")
_ITEM = re.compile(r"[、，,]|——|(?<=[一-鿿])[和与及](?=[一-鿿])|\band\b")
_HEAD = re.compile(r"[^：:，,、]*[：:]|[^—，,]*——")


@dataclass(frozen=True)
class Example:
    """An answer against the key points of a question, in groups of which the best counts."""

    data: str  # the set or the rubric
    question: str
    groups: Sequence[Sequence[Comparison]]
    target: float
    own: bool  # an answer to this question, not to another
    level: int = 0
    language: str = ""
    cosine: float = 0.0  # 100 times that of the whole answer and the first reference


def items(reference: str) -> list[str]:
    """A reference answer as key points: its sentences, and the items of its lists."""
    found: list[str] = []
    for sentence in (s.strip() for s in _SENTENCE.split(reference) if has_words(s)):
        head = _HEAD.match(sentence)
        body = sentence[head.end() :] if head and has_words(sentence[head.end() :]) else sentence
        parts = [part.strip(" ，,") for part in _ITEM.split(body) if has_words(part)]
        short = all(len(p) <= 12 or (language_of(p) == "en" and len(p.split()) <= 6) for p in parts)
        found += parts if short and (head or "、" in body) else [body]
    return found


def read_data(path: Path, encoder: Encoder, calibration: Calibration) -> Iterator[Example]:
    """The answers of a data set, each to its own question and to another one, scored 0 there."""
    lines = map(json.loads, path.read_text("utf-8").splitlines())
    rows = [row for row in lines if has_words(row["answer"])]
    first = {row["question_id"]: row for row in rows}
    texts = {name: [items(ref) for ref in first[name]["references"]] for name in sorted(first)}
    scored = {}
    for name, references in texts.items():
        spoken = language_of(first[name]["question"])
        every = [{spoken: [text]} for reference in references for text in reference]
        points = [KeyPoint(id=f"p{i}", texts=text) for i, text in enumerate(every)]
        scored[name] = RubricQuestion(key_points=points)
    rubric = Rubric.model_construct(rubric="data", version=1, competencies={}, questions=scored)
    assessor = Assessor(rubric, None, encoder)
    assessor.calibration = calibration
    assessor.asked = {name: terms(row["question"]) for name, row in first.items()}
    names, half = list(texts), len(texts) // 2
    other = dict(zip(names, names[half:] + names[:half], strict=True))
    for row in rows:
        low, high = row["scale"]
        score = 100 * (row["score"] - low) / (high - low)
        cosine = float(encoder.encode(row["answer"]) @ encoder.encode(row["references"][0]))
        for name in (row["question_id"], other[row["question_id"]]):
            found = iter(assessor.compare(name, pieces(row["answer"])))
            groups = [[next(found) for _ in ref] for ref in texts[name]]
            own = name == row["question_id"]
            yield Example(path.stem, name, groups, score * own, own, cosine=100 * cosine)


def read_rubrics(encoder: Encoder, found: Calibration, written: str = "") -> Iterator[Example]:
    """The sample rubrics' examples, those of level 5 against every question; with the key points'
    texts in the language `written` only, or all."""
    for path in (ROOT / "dialogues" / "guides" / f"{name}.yml" for name in FITTED_ON):
        guide = load_guide(path.read_text("utf-8"), path.name)
        file = ROOT / "scoring" / "rubrics" / f"{guide.rubric}.yml"
        rubric = load_rubric(file.read_text("utf-8"), file.name)
        for point in (p for q in rubric.questions.values() for p in q.key_points if written):
            for language in point.texts.keys() - {written}:
                del point.texts[language]
        assessor = Assessor(rubric, guide, encoder)
        assessor.calibration = found
        worded = {n: q for n, q in rubric.questions.items() if q.key_points}
        for name, question in worded.items():
            for level, phrases in question.examples.items():
                for language, answer in ((x, t) for x, texts in phrases.items() for t in texts):
                    for other in worded if level == 5 else [name]:
                        seen = level if other == name else 0
                        groups = [assessor.compare(other, pieces(answer))]
                        place = rubric.rubric, other, groups, TARGETS[seen], other == name
                        yield Example(*place, seen, language)


def measure_usual(encoder: Encoder) -> Calibration:
    """What an unrelated answer reaches, by language; nothing else in it is found yet."""
    nothing = Calibration({"zh": (0.0, 0.0), "en": (0.0, 0.0), "across": (0.0, 0.0)}, 0.0, {})
    rows: dict[str, list[Array]] = {"zh": [], "en": [], "across": []}
    for written in ("zh", "en"):
        for example in read_rubrics(encoder, nothing, written):
            for comparison in () if example.own else example.groups[0]:
                best = comparison.closeness.max(axis=0)
                by_chance = (best.max() - best.mean()) / np.log(max(2, len(best)))
                row = np.array([best.mean(), comparison.overlap.max(), by_chance])
                rows[written if example.language == written else "across"].append(row)
    mean = {key: np.mean(values, axis=0).tolist() for key, values in rows.items()}
    usual = {key: (round(m[0], 3), round(m[1], 2)) for key, m in mean.items()}
    return Calibration(usual, round((mean["zh"][2] + mean["en"][2]) / 2, 3), {})  # type: ignore[arg-type]


class Fit:
    """Examples as arrays, and their estimates by four coefficients (see START)."""

    def __init__(self, examples: Sequence[Example]) -> None:
        groups = [(group, i) for i, e in enumerate(examples) for group in e.groups]
        points = [(point, g) for g, (group, _) in enumerate(groups) for point in group]
        features = [self._features(point) for point, _ in points]
        self.features = np.concatenate(features)
        self.starts = np.cumsum([0, *map(len, features)])[:-1]
        self.group = np.array([g for _, g in points])
        self.answer = np.array([i for _, i in groups])
        self.importance = np.array([float(c.point.importance) for c, _ in points])
        self.targets = np.array([e.target for e in examples])
        cells = [(e.language or e.data, e.own, e.level) for e in examples]
        light = np.array([1.0 if e.own or e.language else UNRELATED for e in examples])
        self.weights = light / np.array([*map(Counter(cells).__getitem__, cells)])

    @staticmethod
    def _features(point: Comparison) -> Array:
        overlap, zero = point.overlap.ravel(), np.zeros(point.overlap.size)
        if point.kind == "name":
            return np.stack([zero, zero, zero, overlap - 0.5], axis=1)
        return np.stack([zero + 1, point.closeness.ravel(), overlap, zero], axis=1)

    def strengths(self, coefficients: Array) -> Array:
        logits = np.maximum.reduceat(self.features @ coefficients, self.starts)
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -50, 50))))

    def estimates(self, coefficients: Array) -> Array:
        """The estimate, 0–100, of every answer."""
        covered = np.bincount(self.group, self.strengths(coefficients) * self.importance)
        best = np.zeros(len(self.targets))
        np.maximum.at(best, self.answer, covered / np.bincount(self.group, self.importance))
        return 100 * best

    def fit(self, start: Array, free: list[int]) -> Array:
        """The coefficients of least squares; those that are not free stay as at the start."""
        found, scale = start.copy(), np.maximum(1.0, abs(start[free]))

        def residuals(x: Array) -> Array:
            found[free] = x
            return np.asarray(np.sqrt(self.weights) * (self.estimates(found) - self.targets))

        found[free] = least_squares(residuals, start[free], x_scale=scale, diff_step=1e-3).x
        return found


def cross_validate(examples: list[Example]) -> dict[str, Array]:
    """Estimates for questions not fitted: strength, a straight line on it in a set, the mean."""
    data, own = np.array([e.data for e in examples]), np.array([e.own for e in examples])
    names = {d: sorted({e.question for e in examples if e.data == d}) for d in set(data)}
    fold = np.array([names[e.data].index(e.question) % FOLDS for e in examples])
    every, held = Fit(examples), {k: np.zeros(len(data)) for k in ("strength", "line", "mean")}
    for k in range(FOLDS):
        kept = [e for e, f in zip(examples, fold, strict=True) if f != k]
        estimates = every.estimates(Fit(kept).fit(START, [0, 1, 2, 3]))
        for d in names:
            at, others = (fold == k) & (data == d), (fold != k) & (data == d) & own
            line = np.polyfit(estimates[others], every.targets[others], 1)
            held["strength"][at], held["line"][at] = estimates[at], np.polyval(line, estimates[at])
            held["mean"][at] = every.targets[others].mean()
    return {**held, "cosine": np.array([e.cosine for e in examples])}


def print_data_table(examples: list[Example], held: dict[str, Array]) -> None:
    print("set, estimate, n, r, r within, RMSE, 90% of errors below, answers to other questions")
    targets, own = np.array([e.target for e in examples]), np.array([e.own for e in examples])
    every, weights = np.zeros((2, len(own)))
    for data in sorted({e.data for e in examples}):
        of = np.array([e.data == data for e in examples])
        at, no = of & own, of & ~own
        human, asked = targets[at], np.array([e.question for e in examples])[at]
        groups = asked[:, None] == np.unique(asked)
        for kind, estimates in held.items():
            x, errors = estimates[at], abs(estimates[at] - human)
            inside = [v - groups @ ((groups / groups.sum(0)).T @ v) for v in (x, human)]
            figures = [np.corrcoef(x, human)[0, 1], np.corrcoef(*inside)[0, 1]]
            figures += [np.mean(errors**2) ** 0.5, np.quantile(errors, 0.9), estimates[no].mean()]
            print(f"{data:10} {kind:8} {at.sum():5}", *(f"{figure:7.3f}" for figure in figures))
        every[at], weights[at] = abs(held["strength"][at] - human), 1 / at.sum()
    order = np.argsort(every)
    half = every[order][np.searchsorted(np.cumsum(weights[order]) / weights.sum(), 0.9)]
    print(f"half width (90% of residuals, sets weighing the same): {half:.1f}")


def print_rubric_table(examples: list[Example], fit: Fit, coefficients: Array) -> None:
    scores, hits = fit.estimates(coefficients), fit.strengths(coefficients) >= HIT
    share = np.bincount(fit.answer[fit.group], hits) / np.bincount(fit.answer[fit.group])
    print("score ± sd (share of key points hit) at levels", *TARGETS, "(0: another question)")
    for data, language in sorted({(e.data, e.language) for e in examples}):
        line = f"{data:20} {language}"
        for cell in ((data, language, level) for level in TARGETS):
            at = np.array([(e.data, e.language, e.level) == cell for e in examples])
            line += f"  {scores[at].mean():3.0f} ±{scores[at].std():3.0f} ({share[at].mean():.2f})"
        print(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--encoder", default="e5-small-int8")
    given = parser.parse_args()
    encoder = CachedEncoder(load_encoder(given.encoder, given.home, 1))
    calibration = measure_usual(encoder)
    data = [e for path in given.data for e in read_data(path, encoder, calibration)]
    print_data_table(data, cross_validate(data))
    one = Fit(data).fit(START, [0, 1, 2, 3])
    fit = Fit(examples := list(read_rubrics(encoder, calibration)))
    many = fit.fit(START, [0, 1, 2])
    print_rubric_table(examples, fit, many)
    kinds = {"name": one[3] * np.array([-0.5, 0.0, 1.0]), "statement": one, "examples": many}
    for kind, c in kinds.items():
        print(kind, "bias {:.2f}, cosine {:.1f}, words {:.1f}".format(*c))
    print("usual", calibration.usual, "chance", calibration.chance)


if __name__ == "__main__":
    main()
