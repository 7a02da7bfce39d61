"""Coqui TTS itself, on a small model with weights by chance."""

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from bot.speaking import coqui, engines
from bot.speaking.base import (
    FAILED,
    LEFT_OUT,
    NO_VOICE,
    Engine,
    EngineError,
    Language,
    NotSpokenError,
)
from bot.speaking.encode import LABEL, Format
from bot.speaking.engines import load_engine
from bot.speaking.speaker import ready_speaker
from tests.helpers import ROOT
from tests.speaking import decoded
from tests.speaking_model import RATE

MISSING = [
    project
    for module, project in {**coqui.PACKAGES, **engines.numbers.PACKAGES}.items()
    if find_spec(module) is None
]
needs_coqui = pytest.mark.skipif(
    bool(MISSING), reason=f"{', '.join(MISSING)} not installed: make tts"
)


@pytest.fixture(autouse=True)
def folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine sets where models are kept; not for the tests after these."""
    for variable in ("TTS_HOME", "PKUSEG_HOME"):
        monkeypatch.setenv(variable, "unused")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two models, of one speaker and of two."""
    home = tmp_path_factory.mktemp("voices")
    models = [home / "one", f"{home / 'two'}=alice,bob"]
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.speaking_model", *models],
        cwd=ROOT,
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return home


@pytest.fixture(scope="module")
def one(home: Path) -> Iterator[Engine]:
    yield engine("coqui:one", home)


def engine(setting: str, home: Path) -> Engine:
    found = load_engine(setting, home)
    assert found is not None
    return found


def wrong(setting: str, home: Path, language: Language = "en") -> str:
    with pytest.raises(EngineError) as caught:
        engine(setting, home).speak("hello.", language)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def not_spoken(voices: Engine, text: str, language: Language) -> str:
    with pytest.raises(NotSpokenError) as caught:
        voices.speak(text, language)
    return caught.value.reason


@needs_coqui
def test_a_sentence_sounds_the_same_each_time(one: Engine) -> None:
    first = one.speak("你好，请介绍一下自己。", "zh")
    one.speak("hello there.", "en")
    again = one.speak("你好，请介绍一下自己。", "zh")
    assert first.rate == RATE
    assert first.samples.dtype == np.float32
    assert first.seconds > 0.1
    assert np.array_equal(first.samples, again.samples)


@needs_coqui
def test_it_leaves_no_pause_and_the_threads_and_chance_as_they_were(one: Engine) -> None:
    import torch

    torch.manual_seed(7)
    expected, threads = torch.rand(3), torch.get_num_threads()
    torch.manual_seed(7)
    made = one.speak("hello.", "en")
    assert made.samples[-1] != 0
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads


@needs_coqui
def test_words_that_the_voice_does_not_know_are_not_left_out(
    one: Engine, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert not_spoken(one, "你好，龙虾。", "zh") == LEFT_OUT
    assert one.speak("你好；", "zh").seconds > 0  # a mark may be left out
    shown = capfd.readouterr()
    assert "龙" not in shown.out + shown.err


@needs_coqui
def test_a_voice_for_each_language_and_speakers(home: Path) -> None:
    both = engine("coqui:zh=one,en=two@bob", home)
    other = engine("coqui:zh=one, en=two@alice", home)
    assert not np.array_equal(
        both.speak("hello.", "en").samples, other.speak("hello.", "en").samples
    )
    assert both.speak("你好。", "zh").seconds > 0
    assert both.name != other.name


@needs_coqui
def test_a_language_without_a_voice_is_not_spoken(home: Path) -> None:
    assert not_spoken(engine("coqui:zh=one", home), "hello.", "en") == NO_VOICE
    named = engine("coqui:tts_models/zh-CN/baker/tacotron2-DDC-GST", home)
    assert not_spoken(named, "hello.", "en") == NO_VOICE


@needs_coqui
def test_the_name_changes_with_the_model(home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in (home / "one").iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    before = engine(f"coqui:{home / 'one'}", tmp_path).name
    assert engine("coqui:copy", tmp_path).name == before
    with (copy / "model.pth").open("ab") as file:
        file.write(b"\0")
    assert engine("coqui:copy", tmp_path).name != before
    assert str(tmp_path) not in before


@needs_coqui
@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("coqui:nowhere", "config.json is missing"),
        ("coqui:fr=one", "for no language: set coqui:zh=VOICE,en=VOICE"),
        ("coqui:one,two", "two voices for zh: leave one"),
        ("coqui:tts_models/zh", "no name of a Coqui model"),
        ("coqui:two", "set @ and alice, bob"),
        ("coqui:two@carl", "set @ and alice, bob"),
        ("coqui:one@bob", "has one speaker: leave @bob out"),
    ],
)
def test_a_wrong_setting_is_told_in_a_line(setting: str, said: str, home: Path) -> None:
    assert said in wrong(setting, home)


@needs_coqui
def test_a_damaged_model_is_told_in_a_line(home: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes((home / "one" / "config.json").read_bytes())
    assert "0 model files" in wrong(f"coqui:{tmp_path}", home)
    (tmp_path / "model.pth").write_bytes(b"no model")
    assert "cannot load the Coqui model" in wrong(f"coqui:{tmp_path}", home)
    (tmp_path / "config.json").write_text(json.dumps({"model": "none such"}))
    assert "check config.json and the model file" in wrong(f"coqui:{tmp_path}", home)


@needs_coqui
def test_a_model_that_cannot_speak_at_all_is_told_in_a_line(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from TTS.tts.models.vits import Vits

    def fail(*given: object, **named: object) -> None:
        raise OSError("a dictionary\nis missing")

    voices = engine("coqui:one", home)
    with monkeypatch.context() as patched:
        patched.setattr(Vits, "inference", fail)
        with pytest.raises(EngineError, match=r"does not speak en .*: a dictionary is missing"):
            voices.speak("hello.", "en")
    assert voices.speak("hello.", "en").seconds > 0
    with monkeypatch.context() as patched:
        patched.setattr(Vits, "inference", fail)
        assert not_spoken(voices, "hello.", "en") == FAILED


@needs_coqui
def test_a_library_that_does_not_start_is_told_in_a_line(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "TTS.api", None)
    assert "Coqui TTS does not start (ModuleNotFoundError" in wrong("coqui:one", home)


@needs_coqui
def test_questions_become_clips_in_each_format(home: Path, tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(home / "one")
    speaker = ready_speaker("coqui:one", tmp_path, lambda d, at: d, lambda d, at: d)
    assert speaker is not None
    codecs: dict[Format, str] = {"opus": "opus", "mp3": "mp3float", "amr": "amrnb"}
    try:
        for format, codec in codecs.items():
            clip = speaker.clip("你好。请用3分钟介绍一下自己。", "zh", format, personal=False)
            found = decoded(clip.data)
            assert found.codec == codec
            assert found.seconds == pytest.approx(clip.seconds, abs=0.1)
            assert found.peak > 0.1
            if format != "amr":
                assert found.tags["comment"] == LABEL
            assert (
                speaker.clip("你好。请用3分钟介绍一下自己。", "zh", format, personal=False) == clip
            )
    finally:
        speaker.close()
    assert len(list((tmp_path / "spoken").iterdir())) == len(codecs)


def test_without_coqui_a_line_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").touch()
    (tmp_path / "model.pth").touch()
    monkeypatch.setattr("bot.speaking.installed.find_spec", lambda module: None)
    monkeypatch.setattr(engines.numbers, "PACKAGES", {})
    with pytest.raises(
        EngineError, match="needs coqui-tts, torch, torchaudio, torchcodec, not installed"
    ):
        load_engine(f"coqui:{tmp_path}", tmp_path)
