"""Finds the numbers of scoring/evidence.py and prints what they are worth.

    python -m bench.fit_strength DATA.jsonl... --home HOME [--encoder e5-small-int8]

A line of DATA is an answer scored by people: question_id, question, references, answer, score,
scale. Three things are found, each on its own material:

1. What is usual: the sample rubrics' level 5 examples against the key points of other questions.
2. The kinds "statement" and "name": least squares against people's scores (0–100), each data set
   weighing the same, checked on questions that were not fitted (grouped cross-validation).
3. The kind "examples", bias and words: least squares on the sample rubrics' examples, whose scores
   should lie in the middle of their levels. Its steepness is chosen, see STEEPNESS.
"""

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares  # type: ignore[import-untyped]

from dialogues.guide import Guide, Question, load_guide
from scoring.encoder import CachedEncoder, Encoder, load_encoder
from scoring.evidence import HIT, Assessor, Calibration, Comparison, Strength
from scoring.rubric import KeyPoint, Rubric, RubricQuestion, load_rubric
from scoring.segments import has_words, language_of, pieces

Array = NDArray[np.float64]
ROOT = Path(__file__).parents[1]
TARGETS = {0: 10.0, 1: 10.0, 3: 50.0, 5: 90.0}  # level 0: an answer to another question
UNRELATED = 0.25  # weight of answers to other questions, score 0, against a set's own answers
STEEPNESS = {"light": 10.0}  # coefficient of the cosine for "examples"; about half of what fits
DEFAULT_STEEPNESS = 70.0  # best, as authored examples are closer to key points than real answers
FOLDS = 10
_SENTENCE = re.compile(r"[。！？!?；;\n]+|(?<=[^\d\s])\.(?=\s|$)")
_ITEM = re.compile(r"[、，,]|——|(?<=[一-鿿])[和与及](?=[一-鿿])|\band\b")
_HEAD = re.compile(r"[^：:，,、]*[：:]|[^—，,]*——")


@dataclass(frozen=True)
class Example:
    """An answer against the key points of a question, in groups of which the best counts."""

    data: str
    question: str
    groups: Sequence[Sequence[Comparison]]
    target: float
    own: bool = True  # an answer to this question, not to another
    level: int = 0
    language: str = ""
    raw: float = 0.0  # 100 times the cosine of the whole answer and the first reference


def items(reference: str) -> list[str]:
    """A reference answer as key points: its sentences, and the items of its lists."""
    found: list[str] = []
    for sentence in (s.strip() for s in _SENTENCE.split(reference) if has_words(s)):
        head = _HEAD.match(sentence)
        body = sentence[head.end() :] if head and has_words(sentence[head.end() :]) else sentence
        parts = [part.strip(" ，,") for part in _ITEM.split(body) if has_words(part)]
        listed = head is not None or "、" in body
        short = all(len(p) <= 12 or (language_of(p) == "en" and len(p.split()) <= 6) for p in parts)
        found += parts if listed and short else [body]
    return found


def read_data(path: Path, encoder: Encoder, calibration: Calibration) -> Iterator[Example]:
    """The answers of a data set, each to its own question and to the next one, scored 0 there."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    rows = [row for row in rows if has_words(row["answer"])]
    first = {row["question_id"]: row for row in rows}
    names = sorted(first)
    language = language_of(first[names[0]]["question"])
    texts = {name: [items(ref) for ref in first[name]["references"]] for name in names}
    scored, asked = {}, []
    for name, references in texts.items():
        every = [text for reference in references for text in reference]
        points = [KeyPoint(id=f"p{i}", texts={language: [text]}) for i, text in enumerate(every)]
        scored[name] = RubricQuestion(key_points=points)
        asked.append(Question.model_construct(id=name, text={language: first[name]["question"]}))
    rubric = Rubric.model_construct(rubric="data", version=1, competencies={}, questions=scored)
    guide = Guide.model_construct(
        guide="data",
        version=1,
        title={},
        rubric="data",
        languages=[],
        candidate_types={},
        questions=asked,
    )
    assessor = Assessor(rubric, guide, encoder)
    assessor.calibration = calibration
    half = len(names) // 2
    following = dict(zip(names, [*names[half:], *names[:half]], strict=True))
    for row in rows:
        raw = float(encoder.encode(row["answer"]) @ encoder.encode(row["references"][0]))
        low, high = row["scale"]
        score = 100 * (row["score"] - low) / (high - low)
        for name in (row["question_id"], following[row["question_id"]]):
            found = iter(assessor.compare(name, pieces(row["answer"])))
            groups = [[next(found) for _ in ref] for ref in texts[name]]
            own = name == row["question_id"]
            yield Example(path.stem, name, groups, score * own, own, raw=100 * raw)


def read_rubrics(encoder: Encoder, calibration: Calibration, written: str = "") -> list[Example]:
    """The sample rubrics' examples against their own question and, at level 5, all others.

    `written` keeps only the key points' texts in that language.
    """
    found = []
    for path in sorted((ROOT / "dialogues" / "guides").glob("*.yml")):
        guide = load_guide(path.read_text("utf-8"), path.name)
        file = ROOT / "scoring" / "rubrics" / f"{guide.rubric}.yml"
        rubric = load_rubric(file.read_text("utf-8"), file.name)
        for point in (p for q in rubric.questions.values() for p in q.key_points):
            for language in [x for x in point.texts if written and x != written]:
                del point.texts[language]
        assessor = Assessor(rubric, guide, encoder)
        assessor.calibration = calibration
        for name, question in rubric.questions.items():
            for level, phrases in question.examples.items():
                for language, answer in ((x, t) for x, texts in phrases.items() for t in texts):
                    for other in rubric.questions if level == 5 else [name]:
                        own, parts = other == name, pieces(answer)
                        seen = level if own else 0
                        groups = [assessor.compare(other, parts)]
                        target = TARGETS[seen]
                        found.append(
                            Example(rubric.rubric, other, groups, target, own, seen, language)
                        )
    return found


def measure_usual(encoder: Encoder) -> Calibration:
    """What an unrelated answer reaches, by language; nothing else in it is found yet."""
    nothing = Calibration({"zh": (0.0, 0.0), "en": (0.0, 0.0), "across": (0.0, 0.0)}, 0.0, {})
    rows: dict[str, list[Array]] = {"zh": [], "en": [], "across": []}
    for written in ("zh", "en"):
        for example in read_rubrics(encoder, nothing, written):
            same = example.language == written
            for comparison in () if example.own else example.groups[0]:
                best = comparison.closeness.max(axis=0)
                by_chance = (best.max() - best.mean()) / np.log(max(2, len(best)))
                row = np.array([best.mean(), comparison.overlap.max(), by_chance])
                rows[written if same else "across"].append(row)
    mean = {key: np.mean(values, axis=0) for key, values in rows.items()}
    usual = {key: (round(float(m[0]), 3), round(float(m[1]), 2)) for key, m in mean.items()}
    chance = round(float(mean["zh"][2] + mean["en"][2]) / 2, 3)
    return Calibration(usual, chance, {})  # type: ignore[arg-type]


class Fit:
    """Estimates of examples for given coefficients: those of a statement, then that of a name."""

    def __init__(self, examples: Sequence[Example]) -> None:
        points = [(c, g, i) for i, e in enumerate(examples) for g in e.groups for c in g]
        features = [self._features(comparison) for comparison, _, _ in points]
        groups = {id(g): n for n, g in enumerate(g for e in examples for g in e.groups)}
        self.features = np.concatenate(features)
        self.starts = np.cumsum([0, *map(len, features)])[:-1]
        self.group = np.array([groups[id(g)] for _, g, _ in points])
        self.answer = np.array([i for i, e in enumerate(examples) for _ in e.groups])
        self.importance = np.array([float(c.point.importance) for c, _, _ in points])
        self.targets = np.array([e.target for e in examples])

    @staticmethod
    def _features(comparison: Comparison) -> Array:
        closeness, overlap = comparison.closeness.ravel(), comparison.overlap.ravel()
        none, one = np.zeros(len(overlap)), np.ones(len(overlap))
        if comparison.kind == "name":
            return np.stack([none, none, none, overlap - 0.5], axis=1)
        return np.stack([one, closeness, overlap, none], axis=1)

    def strengths(self, coefficients: Array) -> Array:
        logits = np.maximum.reduceat(self.features @ coefficients, self.starts)
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -50, 50))))

    def estimates(self, coefficients: Array) -> Array:
        """The estimate, 0–100, of every answer."""
        covered = np.bincount(self.group, self.strengths(coefficients) * self.importance)
        best = np.zeros(len(self.targets))
        np.maximum.at(best, self.answer, covered / np.bincount(self.group, self.importance))
        return 100 * best

    def fit(self, weights: Array, start: Array, free: Sequence[int]) -> Array:
        """The coefficients of least squares; those that are not free stay as at the start."""

        def coefficients(x: Array) -> Array:
            found = start.copy()
            found[list(free)] = x
            return found

        def residuals(x: Array) -> Array:
            return np.asarray(np.sqrt(weights) * (self.estimates(coefficients(x)) - self.targets))

        scale = np.maximum(1.0, abs(start[list(free)]))
        return coefficients(
            least_squares(residuals, start[list(free)], x_scale=scale, diff_step=1e-3).x
        )


def equal_weights(examples: Sequence[Example]) -> Array:
    """Weights by which sets, or the levels of a language, weigh the same."""
    cells = [(e.language or e.data, e.own, e.level) for e in examples]
    size = {cell: cells.count(cell) for cell in set(cells)}
    light = [1.0 if e.own or e.language else UNRELATED for e in examples]
    return np.array([w / size[cell] for w, cell in zip(light, cells, strict=True)])


def cross_validated(examples: list[Example]) -> tuple[Array, dict[str, Array]]:
    """Coefficients, and estimates for questions not fitted: of the strengths, of the strengths with
    a straight line for the graders of the set, and the mean of the others."""
    data, own = np.array([e.data for e in examples]), np.array([e.own for e in examples])
    names = {d: sorted({e.question for e in examples if e.data == d}) for d in sorted(set(data))}
    fold = np.array([names[e.data].index(e.question) % FOLDS for e in examples])
    targets = np.array([e.target for e in examples])
    start, free = np.array([0.1, 15.0, 2.0, 8.0]), range(4)
    held = {kind: np.zeros(len(examples)) for kind in ("strength", "with line", "mean")}
    for k in range(FOLDS):
        kept = [e for e, f in zip(examples, fold, strict=True) if f != k]
        found = Fit(kept).fit(equal_weights(kept), start, free)
        held["strength"][fold == k] = Fit(examples).estimates(found)[fold == k]
        for d in names:
            at, others = (fold == k) & (data == d), (fold != k) & (data == d) & own
            fitted = Fit(examples).estimates(found)
            line = np.polyfit(fitted[others], targets[others], 1)
            held["with line"][at] = np.polyval(line, fitted[at])
            held["mean"][at] = targets[others].mean()
    return Fit(examples).fit(equal_weights(examples), start, free), held


def correlations(x: Array, y: Array, groups: Sequence[str]) -> tuple[float, float]:
    """Pearson's r of all, and of the deviations from the means of the groups."""
    own = np.array(groups)[:, None] == np.array(sorted(set(groups)))
    dx, dy = (v - own @ ((own / own.sum(axis=0)).T @ v) for v in (x, y))
    return float(np.corrcoef(x, y)[0, 1]), float(np.corrcoef(dx, dy)[0, 1])


def print_data_table(examples: list[Example], held: dict[str, Array]) -> None:
    print("set        estimate      n     r within  RMSE   90%  another question")
    held = {**held, "cosine": np.array([e.raw for e in examples])}
    residuals, weights = [], []
    for data in sorted({e.data for e in examples}):
        at = np.array([e.data == data and e.own for e in examples])
        other = np.array([e.data == data and not e.own for e in examples])
        human = np.array([e.target for e in examples])[at]
        questions = [e.question for e in examples if e.data == data and e.own]
        for kind, estimates in held.items():
            r, within = correlations(estimates[at], human, questions)
            errors = abs(estimates[at] - human)
            rmse, q90 = np.sqrt(np.mean(errors**2)), np.quantile(errors, 0.9)
            told = "    –      –" if kind == "mean" else f"{r:5.3f} {within:6.3f}"
            last = f"{estimates[other].mean():5.1f}"
            print(f"{data:10} {kind:9} {at.sum():5} {told} {rmse:5.1f} {q90:5.1f}  {last}")
        residuals.append(abs(held["strength"][at] - human))
        weights.append(np.full(at.sum(), 1 / at.sum()))
    errors, weight = np.concatenate(residuals), np.concatenate(weights)
    order = np.argsort(errors)
    at90 = np.searchsorted(np.cumsum(weight[order]) / weight.sum(), 0.9)
    print(
        f"half width: 90% of residuals, sets weighing the same, are below {errors[order][at90]:.1f}"
    )


def print_rubric_table(examples: list[Example], fit: Fit, coefficients: Array) -> None:
    scores, hits = fit.estimates(coefficients), fit.strengths(coefficients) >= HIT
    share = np.bincount(fit.answer[fit.group], hits) / np.bincount(fit.answer[fit.group])
    print("score ± sd (share of key points hit) at levels", *TARGETS, "(0: another question)")
    for data, language in sorted({(e.data, e.language) for e in examples}):
        print(f"{data:20} {language}", end="")
        for level in TARGETS:
            cell = data, language, level
            at = np.array([(e.data, e.language, e.level) == cell for e in examples])
            print(
                f"  {scores[at].mean():3.0f} ±{scores[at].std():3.0f} ({share[at].mean():.2f})",
                end="",
            )
        print()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--encoder", default="e5-small-int8")
    given = parser.parse_args()
    encoder = CachedEncoder(load_encoder(given.encoder, given.home, 1))
    calibration = measure_usual(encoder)
    data = [e for path in given.data for e in read_data(path, encoder, calibration)]
    found, held = cross_validated(data)
    print_data_table(data, held)
    examples = read_rubrics(encoder, calibration)
    fit = Fit(examples)
    start = np.array([0.0, STEEPNESS.get(encoder.name, DEFAULT_STEEPNESS), 5.0, 0.0])
    several = fit.fit(equal_weights(examples), start, (0, 2))
    print_rubric_table(examples, fit, several)
    statement, many = (Strength(*np.round(c[:3], 1).tolist()) for c in (found, several))
    words = round(float(found[3]), 1)
    kinds = {"name": Strength(-words / 2, 0.0, words), "statement": statement, "examples": many}
    print(calibration.usual, calibration.chance, kinds, sep="\n")


if __name__ == "__main__":
    main()
