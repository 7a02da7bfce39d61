"""The one entry: clips made once, in a process of lower priority, and what goes wrong there."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from threading import Barrier

import psutil
import pytest

from bot.lowly import LOWER_PRIORITY, Lowly
from bot.speaking.base import (
    LEFT_OUT,
    NO_VOICE,
    NOTHING,
    TOO_LONG,
    EngineError,
    Language,
    NotNowError,
    NotSpokenError,
    Sound,
)
from bot.speaking.cache import Cache
from bot.speaking.engines import load_engine
from bot.speaking.making import PAUSE, make
from bot.speaking.speaker import Speaker, ready_speaker
from tests.helpers import ROOT
from tests.speaking import SECONDS_A_CHARACTER, TONES, Whistle, asked, decoded

Make = Callable[..., Speaker]


def as_it_is(data: bytes, place: str) -> bytes:
    return data


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    return tmp_path / "diary"


@pytest.fixture
def speakers(tmp_path: Path, diary: Path) -> Iterator[Make]:
    """Makes speakers that whistle and keep what they made in one folder."""
    made: list[Speaker] = []

    def one(name: str = "whistle@1", waiting: int = 16) -> Speaker:
        cache = Cache(tmp_path / "spoken", as_it_is, as_it_is)
        made.append(Speaker(partial(Whistle, diary), name, cache, waiting))
        return made[-1]

    yield one
    for speaker in made:
        speaker.close()


def kept(diary: Path) -> int:
    folder = diary.with_name("spoken")
    return len(list(folder.iterdir())) if folder.exists() else 0


def reason(speaker: Speaker, text: str, personal: bool = False) -> str:
    with pytest.raises(NotSpokenError) as caught:
        speaker.clip(text, "en", "opus", personal=personal)
    return caught.value.reason


def test_a_text_becomes_a_clip(speakers: Make) -> None:
    clip = speakers().clip("你好。请介绍一下自己。", "zh", "opus", personal=False)
    found = decoded(clip.data)
    assert clip.content_type == "audio/ogg"
    assert clip.seconds == pytest.approx(11 * SECONDS_A_CHARACTER + PAUSE, abs=0.01)
    assert found.seconds == pytest.approx(clip.seconds, abs=0.1)
    assert found.hertz == pytest.approx(TONES["zh"], abs=4)


def test_the_guides_words_are_made_once(speakers: Make, diary: Path) -> None:
    first = speakers()
    clip = first.clip("Hello.", "en", "amr", personal=False)
    assert first.clip("Hello.", "en", "amr", personal=False) == clip
    assert speakers().clip("Hello.", "en", "amr", personal=False) == clip
    assert len(asked(diary)) == 1
    assert kept(diary) == 1


def test_another_format_language_or_voice_is_another_clip(speakers: Make, diary: Path) -> None:
    for name, language, format in (
        ("whistle@1", "en", "amr"),
        ("whistle@1", "en", "mp3"),
        ("whistle@1", "zh", "amr"),
        ("whistle@2", "en", "amr"),
    ):
        speakers(name).clip("Hello.", language, format, personal=False)
    assert len(asked(diary)) == kept(diary) == 4


def test_a_candidates_own_words_are_not_kept(speakers: Make, diary: Path) -> None:
    speaker = speakers()
    for _ in range(2):
        speaker.clip("Hello, Ming.", "en", "amr", personal=True)
    assert len(asked(diary)) == 2
    assert kept(diary) == 0


def test_threads_that_want_the_same_make_it_once(speakers: Make, diary: Path) -> None:
    speaker, together = speakers(), Barrier(6)

    def want(number: int) -> bytes:
        together.wait()
        return speaker.clip("Why? " * (1 + number % 2), "en", "mp3", personal=False).data

    with ThreadPoolExecutor(6) as threads:
        clips = list(threads.map(want, range(6)))
    assert len(set(clips)) == 2
    assert kept(diary) == 2
    assert len(asked(diary)) == 3  # sentences


def test_speech_is_made_in_one_process_of_lower_priority(speakers: Make, diary: Path) -> None:
    speaker = speakers()
    for text in ("One.", "Two."):
        speaker.clip(text, "en", "amr", personal=True)
    [(process, nice, _), (again, _, _)] = asked(diary)
    assert process == again != os.getpid()
    assert nice == min(os.nice(0) + LOWER_PRIORITY, 19)


def test_what_cannot_be_spoken_is_remembered(speakers: Make, diary: Path) -> None:
    speaker = speakers()
    assert [reason(speaker, "unknown") for _ in range(2)] == [LEFT_OUT] * 2
    assert len(asked(diary)) == 1
    assert [reason(speaker, "unknown", personal=True) for _ in range(2)] == [LEFT_OUT] * 2
    assert len(asked(diary)) == 3
    assert reason(speaker, "😀") == NOTHING


def test_no_more_is_spoken_than_the_format_takes(diary: Path) -> None:
    text = "A sentence of forty characters or there. " * 20
    with pytest.raises(NotSpokenError) as caught:
        make(Whistle(diary), text, "en", "amr")
    assert caught.value.reason == TOO_LONG
    assert len(asked(diary)) < 20  # it stopped where it was clear
    assert make(Whistle(diary), text, "en", "opus").seconds > 60


def test_a_wrong_engine_is_told_from_the_other_process(speakers: Make) -> None:
    with pytest.raises(EngineError, match=r"^no model in that folder: name another$"):
        speakers().clip("wrong", "en", "opus", personal=False)


def test_a_process_that_dies_is_started_again(speakers: Make, diary: Path) -> None:
    speaker = speakers()
    with pytest.raises(NotNowError):
        speaker.clip("die", "en", "opus", personal=False)
    assert speaker.clip("live", "en", "opus", personal=False).seconds > 0
    [(dead, _, _), (alive, _, _)] = asked(diary)
    assert dead != alive


def test_who_comes_when_too_many_wait_is_told_so(speakers: Make, diary: Path) -> None:
    speakers().clip("Hello.", "en", "amr", personal=False)
    busy = speakers(waiting=0)
    with pytest.raises(NotNowError):
        busy.clip("Something new.", "en", "amr", personal=False)
    assert busy.clip("Hello.", "en", "amr", personal=False)  # was there already
    assert len(asked(diary)) == 1


def test_a_closed_speaker_starts_no_process(speakers: Make, diary: Path) -> None:
    speaker = speakers()
    speaker.close()
    with pytest.raises(NotNowError):
        speaker.clip("Hello.", "en", "amr", personal=False)
    assert asked(diary) == []


def test_a_full_disk_does_not_take_the_clip_away(tmp_path: Path, diary: Path) -> None:
    (tmp_path / "file").touch()
    cache = Cache(tmp_path / "file" / "spoken", as_it_is, as_it_is)
    speaker = Speaker(partial(Whistle, diary), "whistle@1", cache)
    try:
        assert speaker.clip("Hello.", "en", "amr", personal=False).data
    finally:
        speaker.close()


def test_errors_do_not_tell_the_text(speakers: Make) -> None:
    speaker = speakers()
    for text in ("unknown Ming", "die Ming", "Ming " * 300):
        with pytest.raises((NotSpokenError, NotNowError)) as caught:
            speaker.clip(text, "en", "opus", personal=True)
        assert "Ming" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_work_that_takes_too_long_is_ended() -> None:
    lowly = Lowly()
    try:
        with pytest.raises(TimeoutError):
            lowly.run(signal.pause, seconds=0.01)
        assert lowly.run(os.getpid) != os.getpid()
    finally:
        lowly.close()
    with pytest.raises(BrokenProcessPool):
        lowly.run(os.getpid)


STARTING = """
import os
from bot.lowly import Lowly

if __name__ == "__main__":
    print(Lowly().run(os.getpid), flush=True)
    input()
"""


def test_the_process_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "starting.py"
    script.write_text(STARTING)
    with subprocess.Popen(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    psutil.wait_procs([child], timeout=60)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


class Mute:
    """Speaks no Chinese."""

    name = "mute@1"

    def speak(self, text: str, language: Language) -> Sound:
        raise NotSpokenError(NO_VOICE)


def test_a_language_without_a_voice_is_not_spoken() -> None:
    with pytest.raises(NotSpokenError) as caught:
        make(Mute(), "你好", "zh", "opus")
    assert caught.value.reason == NO_VOICE


def test_off_speaks_nothing(tmp_path: Path) -> None:
    assert load_engine("off", tmp_path) is None
    assert ready_speaker("off", tmp_path, as_it_is, as_it_is) is None


@pytest.mark.parametrize("setting", ["", "espeak", "espeak:en", "coqui", "coqui:"])
def test_an_unknown_engine_is_named_with_those_there_are(setting: str, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"set coqui:VOICE or off"):
        load_engine(setting, tmp_path)


def test_threads_are_at_least_one(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="0 threads: set 1 or more"):
        load_engine("coqui:here", tmp_path, 0)
