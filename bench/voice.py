"""How well voice answers are heard, what is let through, and how long it takes.

Errors are in characters for Chinese and in words for English; `tests/speech/measuring.py` says how
both texts are made comparable first, the same for both systems. Beside our hearing stands
faster-whisper with the same model as one would call it first: `WhisperModel(folder).transcribe(file)`,
which leaves the language to be guessed. The voices are synthetic (Kokoro, five voices with an
accent), so figures tell systems apart rather than how well people will be heard.

    python -m bench.voice --out bench/results
"""

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from faster_whisper import WhisperModel

from bench.figures import memory_mib, ran_on, table, write
from bot.settings import Settings
from bot.speech.base import Language, Transcriber
from bot.speech.hearing import hear, hear_sound
from bot.speech.prepare import NAME, load_transcriber, prepare
from tests.speech import spoiling
from tests.speech.coding import encoded
from tests.speech.making import VOICES, Spoken, made, read, sentences
from tests.speech.measuring import Errors, errors
from tests.speech.spoiling import RATE, Sound, at_16k

LANGUAGES: tuple[Language, ...] = ("zh", "en")
WRONG_AT = 0.3
"""From this share of errors on, words that are let through count as garbage."""
ELSEWHERE = {
    "fr": "Pendant mes études j'ai fait un stage dans une banque et j'ai beaucoup appris.",
    "de": "Ich habe drei Jahre lang in einer kleinen Firma gearbeitet und viel gelernt.",
    "es": "Trabajo desde hace cinco años en una empresa pequeña y me gusta mi trabajo.",
}
Rows = list[dict[str, Any]]


def sounds(language: str) -> list[Sound]:
    return [at_16k(read(path)) for path in made(sentences(language))]


def accuracy(transcriber: Transcriber, folder: Path, most: int) -> Rows:
    """Errors on every sentence, ours beside faster-whisper called naively, and what passes."""
    plain = WhisperModel(str(folder), device="cpu")
    rows = []
    for language in LANGUAGES:
        ours, naive, passed, guessed = Errors(0, 0), Errors(0, 0), 0, 0
        chosen = sentences(language)[:most]
        for spoken, path in zip(chosen, made(chosen), strict=True):
            heard = hear(path.read_bytes(), language, transcriber)
            ours += errors(spoken.text, heard.text, language)
            passed += not heard.reasons
            segments, info = plain.transcribe(str(path))
            text = "".join(segment.text for segment in segments)
            naive += errors(spoken.text, text, language)
            guessed += info.language == language
        count = len(chosen)
        rows.append(
            {
                "language": language,
                "sentences": count,
                "errors_in": "characters" if language == "zh" else "words",
                "ours": round(ours.rate, 4),
                "naive": round(naive.rate, 4),
                "naive_guessed_the_language": f"{guessed}/{count}",
                "passed_the_gate": f"{passed}/{count}",
            }
        )
        show(rows[-1])
    return rows


def cases(language: Language, each: int) -> Iterator[tuple[str, str, Sound]]:
    """Kind, what is said, sound: good ones as they come from phones, then bad ones."""
    speech, other = sounds(language), sounds("en" if language == "zh" else "zh")
    texts = [spoken.text for spoken in sentences(language)]
    crowd = spoiling.babble([*other[::4], *speech[1::4]], 20)
    chosen = range(0, len(speech), max(1, len(speech) // each))
    for i in list(chosen)[:each]:
        sound, said = speech[i], texts[i]
        seconds = len(sound) / RATE
        for kind, changed in (
            ("good: Opus", again(sound, "ogg-opus")),
            ("good: AMR-NB", again(sound, "amr-nb")),
            ("good: room", spoiling.room(sound, i)),
            ("good: white noise 20 dB", spoiling.mixed(sound, spoiling.white(seconds, i), 20)),
            ("fair: babble 10 dB", spoiling.mixed(sound, crowd, 10)),
            ("fair: babble 5 dB", spoiling.mixed(sound, crowd, 5)),
            ("bad: babble 0 dB", spoiling.mixed(sound, crowd, 0)),
            ("bad: white noise 0 dB", spoiling.mixed(sound, spoiling.white(seconds, i), 0)),
            ("bad: white noise -5 dB", spoiling.mixed(sound, spoiling.white(seconds, i), -5)),
            ("bad: clipped 15 dB, Opus", again(spoiling.clipped(sound, 15), "ogg-opus")),
            ("bad: clipped 25 dB", spoiling.clipped(sound, 25)),
            ("bad: quiet -66 dB", spoiling.quiet(sound, -66)),
            ("bad: the other language", other[i]),
        ):
            yield kind, said, changed
        yield "bad: silence", "", spoiling.silence(6, -90 + i % 20)
        yield "bad: white noise alone", "", spoiling.white(6, i)
        yield "bad: hum alone", "", spoiling.hum(6, i)
        yield "bad: music", "", spoiling.music(8, i)
        yield "bad: babble alone", "", np.roll(crowd, i * 9_999)[: 8 * RATE]
    for i, (foreign, said) in enumerate(ELSEWHERE.items()):
        spoken = Spoken(foreign, said, VOICES[i], 1.0)
        yield f"bad: {foreign}", said, at_16k(read(made([spoken])[0]))


def again(sound: Sound, kind: str) -> Sound:
    """Sound through a codec and back."""
    from bot.speech.decoding import decode

    return decode(encoded(sound, kind, RATE))


def gate(transcriber: Transcriber, each: int) -> Rows:
    """How much of each kind passes, and how much of what passes is garbage."""
    found: dict[str, list[tuple[bool, float, tuple[str, ...]]]] = {}
    for language in LANGUAGES:
        for kind, said, sound in cases(language, each):
            heard = hear_sound(np.asarray(sound, np.float32), language, transcriber)
            rate = errors(said, heard.text, language).rate if said else 1.0
            found.setdefault(kind, []).append((not heard.reasons, rate, heard.reasons))
        print(language, "gate done", file=sys.stderr)
    rows = []
    for kind, results in sorted(found.items(), key=lambda item: ("gfb".index(item[0][0]), item)):
        named = [reason for *_, reasons in results for reason in reasons]
        rows.append(
            {
                "kind": kind,
                "recordings": len(results),
                "passed": sum(passed for passed, *_ in results),
                "caught": sum(not passed for passed, *_ in results),
                "garbage_let_through": sum(p and rate >= WRONG_AT for p, rate, _ in results),
                "reasons": ", ".join(f"{n} {named.count(n)}" for n in sorted(set(named))),
            }
        )
    return rows


def speed(transcriber: Transcriber, times: int) -> Rows:
    """How long answers of 5 and 30 s take, from the file to the words."""
    rows = []
    for language in LANGUAGES:
        whole = np.concatenate(sounds(language)[:8])
        for seconds in (5, 30):
            data = encoded(whole[: seconds * RATE], "ogg-opus", RATE)
            hear(data, language, transcriber)
            work = partial(hear, data, language, transcriber)
            taken = [timed(work) for _ in range(times)]
            rows.append(
                {
                    "language": language,
                    "seconds_of_speech": seconds,
                    "median_s": round(statistics.median(wall for wall, _ in taken), 2),
                    "worst_s": round(max(wall for wall, _ in taken), 2),
                    "real_time_factor": round(
                        statistics.median(wall for wall, _ in taken) / seconds, 3
                    ),
                    "cpu_s": round(statistics.median(cpu for _, cpu in taken), 2),
                }
            )
            show(rows[-1])
    return rows


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds that passed, and seconds of processor time, also of the process that decodes."""
    start, used = time.perf_counter(), cpu_seconds()
    work()
    return time.perf_counter() - start, cpu_seconds() - used


def cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def memory(home: Path, threads: int) -> float:
    """MiB of a process that holds the model and has heard 30 s."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_memory, (home, threads))


def _memory(home: Path, threads: int) -> float:
    transcriber = load_transcriber(NAME, home, threads)
    assert transcriber is not None
    sound = np.concatenate(sounds("en")[:8])[: 30 * RATE]
    hear(encoded(sound, "ogg-opus", RATE), "en", transcriber)
    return round(memory_mib(psutil.Process()))


def show(row: dict[str, Any]) -> None:
    print(json.dumps(row, ensure_ascii=False), file=sys.stderr)


def page(data: dict[str, Any]) -> str:
    return f"""# Voice answers

`python -m bench.voice --out bench/results`, model `{NAME}`, {data["threads"]} thread(s).

{ran_on()}

## Errors, beside faster-whisper called naively with the same model

Share of characters (zh) or words (en) that are wrong. The naive call leaves the language to be guessed.

{table(data["accuracy"])}

## The gate

Recordings that pass or are caught, for each kind. Garbage is what passes with {WRONG_AT:.0%} of errors or more.
"Fair" is between good and bad: both are right there, as long as no garbage passes.

{table(data["gate"])}

Good: {data["good_passed"]}. Bad: {data["bad_caught"]}.

## Time, from the file to the words

The model always reads 30 s, so short answers cost nearly as much as long ones. The time is only that
of an idle machine if nothing else ran; the processor time tells.

{table(data["speed"])}

The process that holds the model takes {data["memory_mib"]} MiB.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sentences", type=int, default=1_000, help="at most, of a language")
    parser.add_argument("--each", type=int, default=8, help="recordings of a kind and language")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    home = Settings().home
    folder = prepare(home, lambda step, share: None)
    transcriber = load_transcriber(NAME, home, options.threads)
    assert transcriber is not None
    data: dict[str, Any] = {"threads": options.threads}
    data["speed"] = speed(transcriber, options.times)
    data["accuracy"] = accuracy(transcriber, folder, options.sentences)
    data["gate"] = gate(transcriber, options.each)
    data["memory_mib"] = memory(home, options.threads)
    for name, key, kind in (("good_passed", "passed", "good"), ("bad_caught", "caught", "bad")):
        rows = [row for row in data["gate"] if row["kind"].startswith(kind)]
        data[name] = f"{sum(r[key] for r in rows)} of {sum(r['recordings'] for r in rows)} {key}"
    write(options.out, "voice", data, page(data))


if __name__ == "__main__":
    main()
