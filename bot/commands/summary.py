"""A result in a few lines for the terminal."""

from connectors.result import Result, Score


def summary(result: Result) -> str:
    """Scores with their intervals, competency by competency and answer by answer."""
    rows = [("", "")]
    rows.append(("overall", _score(result.scores.overall)))
    for name, competency in result.scores.competencies.items():
        rows.append((f"{name} ({competency.weight:g}%)", _score(competency)))
    rows.append(("", ""))
    for answer in result.scores.answers:
        flags = "".join(f"  [{flag.kind}]" for flag in answer.flags)
        rows.append((answer.question_id, _score(answer) + flags))
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {text}".rstrip() for name, text in rows)


def _score(score: Score) -> str:
    if score.score is None:
        return f"unscored ({', '.join(score.reasons)})"
    low, high = score.interval
    return f"{score.score:5.1f}  ({low:g} to {high:g}), level {score.level}"
