"""Hearing with the real model: spoken sentences, and the same ones made worse."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bot.speech import base
from bot.speech.base import Heard, Language, Transcriber
from bot.speech.decoding import decode
from bot.speech.hearing import hear, hear_sound, simplified
from bot.speech.prepare import load_transcriber, prepare
from bot.speech.whisper import WhisperTranscriber, compression_ratio
from scoring.encoder import ModelError
from tests.helpers import ROOT
from tests.speech.answers import require_speech
from tests.speech.coding import encoded
from tests.speech.making import made, read, sentences
from tests.speech.measuring import errors
from tests.speech.spoiling import (
    RATE,
    Sound,
    at_16k,
    clipped,
    mixed,
    music,
    quiet,
    room,
    silence,
    white,
)

pytestmark = pytest.mark.model

CHOSEN = {"zh": (6, 20), "en": (0, 14, 2, 3, 8, 18)}


@pytest.fixture(scope="module")
def spoken() -> dict[str, list[Sound]]:
    """A few sentences in each language, made once and kept between runs."""
    require_speech()
    wanted = {language: [sentences(language)[i] for i in CHOSEN[language]] for language in CHOSEN}
    made([spoken for chosen in wanted.values() for spoken in chosen])  # in one process
    return {
        language: [at_16k(read(path)) for path in made(chosen)]
        for language, chosen in wanted.items()
    }


@pytest.fixture(scope="module")
def transcriber(model_home: Path) -> Transcriber:
    prepare(model_home, lambda step, share: None)
    found = load_transcriber("whisper-base", model_home, 1)
    assert found is not None
    return found


def text_of(language: str, number: int) -> str:
    return sentences(language)[CHOSEN[language][number]].text


@pytest.mark.parametrize(("language", "limit"), [("zh", 0.15), ("en", 0.1)])
def test_clean_speech_is_heard_in_every_format(
    language: Language, limit: float, spoken: dict[str, list[Sound]], transcriber: Transcriber
) -> None:
    for number, kind in enumerate(("ogg-opus", "amr-nb")):
        heard = hear(encoded(spoken[language][number], kind, RATE), language, transcriber)
        assert heard.reasons == ()
        assert errors(text_of(language, number), heard.text, language).rate <= limit
        assert heard.text == (simplified(heard.original) if language == "zh" else heard.original)
        assert (heard.language, heard.model, len(heard.sha256)) == (language, "whisper-base", 64)
        assert heard.quality.levels.speech_seconds > 2


def test_the_same_sound_gives_the_same_words(
    spoken: dict[str, list[Sound]], transcriber: Transcriber, model_home: Path
) -> None:
    sound = mixed(spoken["zh"][0], white(20), 5)  # hard, so that the second attempt takes part too
    first = hear_sound(sound, "zh", transcriber)
    hear_sound(spoken["en"][0], "en", transcriber)
    assert hear_sound(sound, "zh", transcriber) == first
    another = load_transcriber("whisper-base", model_home, 2)
    assert another is not None
    assert another.sha256 == transcriber.sha256
    assert hear_sound(sound, "zh", another).text == first.text


def test_long_answers_are_heard_window_by_window(
    spoken: dict[str, list[Sound]], transcriber: Transcriber
) -> None:
    sound = np.concatenate([part for one in spoken["en"] for part in (one, silence(1.0))])
    assert len(sound) > 35 * RATE
    heard = hear_sound(sound, "en", transcriber)
    said = " ".join(text_of("en", number) for number in range(6))
    assert errors(said, heard.text, "en").rate < 0.1
    assert not {base.UNSURE, base.HALLUCINATION, base.REPETITIVE} & set(heard.reasons)


def reasons(sound: Sound, language: Language, transcriber: Transcriber) -> set[str]:
    return set(hear_sound(sound.astype(np.float32), language, transcriber).reasons)


def test_an_ordinary_room_is_good_enough(
    spoken: dict[str, list[Sound]], transcriber: Transcriber
) -> None:
    assert reasons(room(spoken["zh"][0]), "zh", transcriber) == set()
    assert reasons(mixed(spoken["en"][0], white(20), 20), "en", transcriber) == set()


def test_bad_sound_is_told_from_good(
    spoken: dict[str, list[Sound]], transcriber: Transcriber
) -> None:
    for language in ("zh", "en"):
        speech = spoken[language][0]
        assert base.NOISE in reasons(mixed(speech, white(20), -3), language, transcriber)
        assert base.CLIPPED in reasons(clipped(speech, 20), language, transcriber)
        assert base.TOO_QUIET in reasons(quiet(speech, -66), language, transcriber)
    assert base.WRONG_LANGUAGE in reasons(spoken["en"][0], "zh", transcriber)
    assert base.WRONG_LANGUAGE in reasons(spoken["zh"][0], "en", transcriber)


def test_sound_without_speech_never_becomes_words(transcriber: Transcriber) -> None:
    for language in ("zh", "en"):
        assert reasons(silence(5), language, transcriber) == {base.SILENCE}
        assert reasons(np.zeros(5 * RATE, np.float32), language, transcriber) == {base.SILENCE}
        assert base.NOISE in reasons(white(5), language, transcriber)
        assert base.NOISE in reasons(music(8), language, transcriber)


def test_traditional_characters_become_simplified() -> None:
    assert simplified("因為預算,只有兩萬元。") == "因为预算,只有两万元。"
    assert simplified("我用 Python 写 API。") == "我用 Python 写 API。"


def test_repetition_compresses() -> None:
    assert compression_ratio("") == 0.0
    assert compression_ratio("我先说一下。" * 20) > 2.4
    assert compression_ratio(" ".join(s.text for s in sentences("en")[:4])) < 2


def test_speech_is_heard_without_a_network(model_home: Path, transcriber: Transcriber) -> None:
    code = (
        "import socket, sys; from pathlib import Path; import numpy as np\n"
        "def refuse(*given): raise SystemExit('a connection')\n"
        "socket.socket.connect = refuse\n"
        "from bot.speech.prepare import load_transcriber\n"
        "found = load_transcriber('whisper-base', Path(sys.argv[1]), 1)\n"
        "sound = np.zeros(16000, np.float32)\n"
        "assert found.spans(sound) == []\n"
        "found.words(sound, [(0, 16000)], 'zh')\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(model_home)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")


def test_nothing_heard_is_in_what_is_raised_or_logged(
    spoken: dict[str, list[Sound]], transcriber: Transcriber, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        heard = hear(encoded(spoken["en"][0], "wav-8k", RATE), "en", transcriber)
    assert isinstance(heard, Heard)
    assert heard.text
    assert heard.text[:12] not in caplog.text
    with pytest.raises(base.UnreadableError) as caught:
        decode(b"secret words")
    assert str(caught.value) == "unreadable"


def test_a_model_that_cannot_be_loaded_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="check the folder or hub id") as caught:
        WhisperTranscriber(str(tmp_path / "empty"), "empty")
    assert "\n" not in str(caught.value)
