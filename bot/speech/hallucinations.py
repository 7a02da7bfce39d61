"""What Whisper writes where nothing is said: it was trained on subtitles, and knows their ends."""

import re

ECHO = "普通话的句子"
"""Of the prompt that leads the model to Simplified characters and punctuation."""

ANYWHERE = (
    "请不吝点赞",
    "点赞 ?[,，、]? ?订阅",
    "订阅 ?[,，、]? ?转发",
    "打赏支持",
    "明镜与点点",
    "明镜需要您的支持",
    "字幕[由:：志]",
    "字幕(组|制作|提供|校对)",
    "中文字幕",
    "由.{0,12}社[群区].{0,4}提供",
    "amara\\.org",
    "(词|作词|作曲|编曲) ?[:：、]? ?(曲|作曲|编曲|李宗盛)",
    "(感谢|谢谢)(大家|您|你|各位)?的?(观看|收看|收听)",
    "欢迎订阅",
    "下(期|个视频|次)再见",
    ECHO,
    "thank(s| you)( so much| very much)? for (watching|listening|viewing)",
    "(please|don.t forget to) (like|subscribe)",
    "subscribe to (my|our|the) channel",
    "(subtitles|captions|transcript|transcription|translation)( were)? (by|made by|provided by)",
    "subtitles by the amara",
    "see you (in the )?next (video|time)",
    "hit the (like|bell)",
)
"""Known anywhere in a text: nobody says so in an interview."""

ALONE = (
    "(谢谢|感谢)(大家|观看|您的观看)?",
    "(字幕|音乐|掌声|笑声)",
    "(thank you|thanks)( very much| so much)?",
    "(you|bye|bye bye|the end|music|applause|so)",
    "(嗯|呃|啊|哦|呵呵|哈)+",
)
"""Known where it is all there is, beside punctuation and brackets."""

_ANYWHERE = re.compile("|".join(ANYWHERE), re.IGNORECASE)
_ALONE = re.compile("|".join(f"(?:{pattern})" for pattern in ALONE), re.IGNORECASE)


def is_known(text: str) -> bool:
    """Whether a text, in Simplified characters, is what Whisper writes where nothing is said."""
    if _ANYWHERE.search(text):
        return True
    spoken = re.sub(r"[^\w' ]+", " ", text).strip()
    return not spoken or _ALONE.fullmatch(" ".join(spoken.split())) is not None
