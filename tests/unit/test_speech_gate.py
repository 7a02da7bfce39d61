"""What is good enough to judge, by figures and text; and the figures of sound."""

from dataclasses import replace

import numpy as np
import pytest

from bot.speech.base import (
    CLIPPED,
    HALLUCINATION,
    NOISE,
    REASONS,
    REPETITIVE,
    SILENCE,
    TOO_QUIET,
    TOO_SHORT,
    UNSURE,
    WRONG_LANGUAGE,
    Language,
    Levels,
    Quality,
    Words,
)
from bot.speech.gate import reasons_against
from bot.speech.levels import FLOOR_DB, levels
from tests.speech.spoiling import RATE, Sound, clipped, mixed, rms, silence, white

CLEAN = Levels(
    seconds=8.0, speech_seconds=7.0, level_dbfs=-21.0, peak=0.6, clipped=0.0004, snr_db=40.0
)
GOOD = Quality(
    levels=CLEAN,
    mean_logprob=-0.2,
    compression_ratio=1.0,
    no_speech_prob=0.02,
    language_prob=0.99,
    other_language="ja",
    other_language_prob=0.004,
)
ZH = "我先和客户确认需求，再把任务拆开，最后按时上线了。"
EN = "I first asked the customer what they need and then split the work into tasks."


def against(text: str, language: Language = "zh", **changes: float) -> tuple[str, ...]:
    sound = {name: value for name, value in changes.items() if hasattr(CLEAN, name)}
    model = {name: value for name, value in changes.items() if name not in sound}
    return reasons_against(replace(GOOD, levels=replace(CLEAN, **sound), **model), text, language)


@pytest.mark.parametrize(
    ("text", "language", "speech_seconds"),
    [
        (ZH, "zh", 7.0),
        (EN, "en", 7.0),
        ("我用 Python 和 SQL 写过 API，也用过 Redis、Kafka 和 Docker。", "zh", 8.0),
        ("Python", "zh", 0.6),
        ("是的。", "zh", 0.4),
        ("Yes.", "en", 0.4),
        ("三年", "zh", 0.6),
        ("我不知道。", "zh", 1.0),
        ("对对对对，我就是这么做的。", "zh", 2.5),
        ("No, no, no, no, I never did that.", "en", 2.5),
        ("谢谢您的问题，我先说说我的项目。", "zh", 4.0),
        ("Thank you, that is all from my side.", "en", 3.0),
        ("我给视频做过字幕，也维护过订阅功能。", "zh", 4.0),
        ("I built the subscribe button and a service for subtitles.", "en", 4.0),
    ],
)
def test_good_answers_pass(text: str, language: Language, speech_seconds: float) -> None:
    assert against(text, language, speech_seconds=speech_seconds) == ()


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        (TOO_QUIET, {"level_dbfs": -62.0}),
        (NOISE, {"snr_db": 3.0}),
        (CLIPPED, {"clipped": 0.2}),
        (WRONG_LANGUAGE, {"language_prob": 0.01}),
        (UNSURE, {"mean_logprob": -0.9}),
        (REPETITIVE, {"compression_ratio": 2.5}),
        (UNSURE, {"speech_seconds": 60.0, "seconds": 61.0}),
        (HALLUCINATION, {"speech_seconds": 0.5, "seconds": 5.0}),
        (TOO_SHORT, {"seconds": 0.2}),
    ],
)
def test_each_figure_has_its_reason(reason: str, changes: dict[str, float]) -> None:
    assert reason in REASONS
    assert against(ZH, **changes) == (reason,)
    assert reason in against(EN, "en", **changes)


def test_where_nobody_speaks_it_is_silence_or_noise() -> None:
    assert against("", speech_seconds=0.0, level_dbfs=-80.0) == (SILENCE,)
    assert against("", speech_seconds=0.0, level_dbfs=-20.0) == (NOISE,)
    assert against("") == (UNSURE,)
    assert against("……") == (UNSURE,)


def test_short_sound_has_no_pause_to_measure_noise_in() -> None:
    assert against("是的。", seconds=0.6, speech_seconds=0.6, snr_db=1.0) == ()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("My name is Alex and I graduated this summer.", "zh"),
        ("那次 we moved the whole system to another database in one night", "zh"),
        ("That time,活动一共来了四百多人,场地临时出了问题", "en"),
    ],
)
def test_another_language_is_told_by_its_words(text: str, language: Language) -> None:
    assert against(text, language) == (WRONG_LANGUAGE,)


@pytest.mark.parametrize(
    "text",
    [
        "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
        "字幕由 Amara.org 社群提供",
        "字幕志愿者 李宗盛",
        "中文字幕",
        "作词 作曲",
        "谢谢大家",
        "感谢观看",
        "谢谢观看，我们下期再见。",
        "（音乐）",
        "嗯。",
        "以下是普通话的句子。以下是普通话的句子。",
    ],
)
def test_what_whisper_writes_into_chinese_silence_is_known(text: str) -> None:
    assert HALLUCINATION in against(text, "zh", speech_seconds=2.0)


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for watching!",
        "Thank you so much for watching.",
        "Please subscribe to my channel.",
        "Subtitles by the Amara.org community",
        "Thank you.",
        "you",
        "Bye bye.",
        "[Music]",
        "♪♪ so ♪♪",
    ],
)
def test_what_whisper_writes_into_english_silence_is_known(text: str) -> None:
    assert HALLUCINATION in against(text, "en", speech_seconds=2.0)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("夏" * 14, "zh"),
        ("我只有一段时间，" * 6, "zh"),
        ("and then I went to the " * 5, "en"),
    ],
)
def test_going_in_circles_is_seen(text: str, language: Language) -> None:
    assert against(text, language, speech_seconds=10.0) == (REPETITIVE,)


def test_the_likeliest_other_language_is_kept() -> None:
    words = Words("", -0.1, 1.0, 0.0, {"zh": 0.2, "ja": 0.7, "en": 0.1})
    quality = Quality.of(CLEAN, words, "zh")
    found = (quality.language_prob, quality.other_language, quality.other_language_prob)
    assert found == (0.2, "ja", 0.7)
    assert Quality.of(CLEAN, Words("", 0.0, 0.0, 1.0, {}), "zh").other_language == ""


def bursts(seconds: float = 4.0) -> Sound:
    """Half a second of tone, half a second of nothing, and so on."""
    at = np.arange(int(seconds * RATE)) / RATE
    tone = np.sin(2 * np.pi * 300 * at) * np.sin(2 * np.pi * at) * (at % 1 < 0.5)
    return np.asarray(0.3 * tone, np.float32)


def test_levels_are_measured_where_somebody_speaks() -> None:
    sound = bursts()
    spans = [(second * RATE, second * RATE + RATE // 2) for second in range(4)]
    found = levels(sound, spans)
    assert (found.seconds, found.speech_seconds) == (4.0, 2.0)
    assert found.level_dbfs == pytest.approx(20 * np.log10(0.3 / 2), abs=0.1)
    assert found.peak == pytest.approx(0.3, abs=0.01)
    assert found.snr_db > 60
    assert levels(sound, []).speech_seconds == 0.0
    assert levels(np.zeros(RATE, np.float32), []).level_dbfs == FLOOR_DB
    assert levels(np.zeros(0, np.float32), []).seconds == 0.0


@pytest.mark.parametrize("snr_db", [20, 10, 0])
def test_noise_is_measured_between_the_words(snr_db: float) -> None:
    sound = bursts()
    noise = white(4.0)
    whole = levels(mixed(sound, noise, snr_db), [(0, len(sound))])
    expected = 10 * np.log10(1 + 10 ** (snr_db / 10))
    assert whole.snr_db == pytest.approx(expected, abs=1.5)


def test_clipping_is_measured() -> None:
    chance = np.random.default_rng(1)
    speech = np.asarray(chance.laplace(size=RATE * 4), np.float32) * 0.03
    spans = [(0, len(speech))]
    assert levels(speech, spans).clipped < 0.001
    assert levels(clipped(speech, 20), spans).clipped > 0.1
    assert rms(silence(1.0)) < 0.001
