"""What is said of recordings: the consent of their own, what was heard, and what was not."""

from dialogues.guide import Language

VOICE: dict[str, dict[Language, str]] = {
    "confirm_voice": {
        "zh": "您发来了一段语音。使用语音需要您单独同意：录音加密保存在{company}自己的服务器上，由程序转成文字，"
        "{kept}；不提取声纹，评分只看文字内容，口音、语气和语速都不影响评分。打字回答完全一样，随您方便。"
        "同意用语音回答吗？如果选“否”，这段录音会立即删除。",
        "en": "You sent a voice message. Voice needs your agreement of its own: the recording is "
        "encrypted and stays on the machines of {company}, a program turns it into text, and it is "
        "{kept}. No voiceprint is made; only the words are scored, never accent, tone or pace. "
        "Typing is just as good. Do you agree to answer by voice? If you choose “No”, this "
        "recording is deleted at once.",
    },
    "voice_kept_no": {"zh": "转完就删除", "en": "deleted as soon as that is done"},
    "voice_kept": {"zh": "最多保留 {days} 天后删除", "en": "deleted after {days} days at most"},
    "voice_received": {
        "zh": "收到您的语音，正在转成文字，请稍等。",
        "en": "I have your voice message and am turning it into text. One moment, please.",
    },
    "voice_received_wait": {
        "zh": "收到您的语音。现在排队的语音比较多，大约要 {minutes} 分钟才能转成文字；您可以先等一等，也可以直接打字。",
        "en": "I have your voice message. Many are waiting just now, so it takes about {minutes} "
        "min to turn it into text; you can wait, or type instead.",
    },
    "voice_declined": {
        "zh": "好的，录音已经删除。我们用文字继续。",
        "en": "All right, the recording is deleted. We go on in text.",
    },
    "voice_heard": {
        "zh": "我听到的是：\n“{text}”\n如果听错了，可以发“修改上一个回答”，再打字更正。",
        "en": "This is what I heard:\n“{text}”\nIf it is not what you said, send “correct my last "
        "answer” and type it.",
    },
    "voice_fixed": {
        "zh": "已按您改过的文字记录。",
        "en": "Recorded as you corrected it.",
    },
    "voice_late": {
        "zh": "这段语音属于前面的问题，而那个问题已经过去了：内容留在记录里，不参与评分。",
        "en": "That recording belongs to an earlier question that is done: its words stay in the "
        "transcript and are not scored.",
    },
    "voice_later": {
        "zh": "谢谢。要等您同意面试之后才能接收语音，刚才的没有被记录。请先选择是否同意，之后再发一次。",
        "en": "Thank you. Voice can be taken only after you agree to the interview, so it was not "
        "recorded. Please choose whether you agree first, and send it again afterwards.",
    },
    "voice_to_person": {
        "zh": "招聘人员会看您的文字消息，语音目前转不过去，刚才的没有被记录。请打字。",
        "en": "The recruiters read what you write; voice cannot be passed on for now and was not "
        "recorded. Please type.",
    },
    "voice_program": {
        "zh": "这一题请把程序作为文字发送，刚才的语音没有被记录。",
        "en": "For this question, please send your program as text; the recording was not kept.",
    },
    "voice_file": {
        "zh": "这段录音读不出来，没有被记录。请重新录一段，或者打字。",
        "en": "That recording could not be read and was not kept. Please record it again, or type.",
    },
    "voice_large": {
        "zh": "这段录音太大，没有被记录。请分成几段（每段十分钟以内），或者打字。",
        "en": "That recording is too large and was not kept. Please send it in parts of up to ten "
        "minutes, or type.",
    },
    "voice_not_fetched": {
        "zh": "这段录音没能下载下来，没有被记录。请稍后再发一次，或者打字。",
        "en": "That recording could not be downloaded and was not kept. Please send it again in a "
        "while, or type.",
    },
    "voice_silent": {
        "zh": "这段录音里没有听到说话声，没有计入回答。请检查一下麦克风再说一遍，或者打字。",
        "en": "I could not hear anyone speak in that recording, so it does not count. Please check "
        "the microphone and say it again, or type.",
    },
    "voice_quiet": {
        "zh": "这段录音声音太小，听不清，没有计入回答。请靠近麦克风再说一遍，或者打字。",
        "en": "That recording is too quiet to understand, so it does not count. Please come closer "
        "to the microphone and say it again, or type.",
    },
    "voice_short": {
        "zh": "这段录音太短，没有计入回答。请再说一遍，或者打字。",
        "en": "That recording is too short and does not count. Please say it again, or type.",
    },
    "voice_noisy": {
        "zh": "这段录音背景声音太大，听不清，没有计入回答。请换个安静的地方再说一遍，或者打字。",
        "en": "There is too much noise in that recording to understand it, so it does not count. "
        "Please say it again in a quieter place, or type.",
    },
    "voice_loud": {
        "zh": "这段录音声音过大，有些失真，没有计入回答。请离麦克风远一点再说一遍，或者打字。",
        "en": "That recording is too loud and distorted, so it does not count. Please move away "
        "from the microphone a little and say it again, or type.",
    },
    "voice_language": {
        "zh": "这段录音听起来不是中文，没有计入回答。请用中文再说一遍或打字；想换成英文，请发“切换语言”。",
        "en": "That recording does not sound like English, so it does not count. Please say it "
        "again in English, or type; to go on in Chinese, send “change language”.",
    },
    "voice_long": {
        "zh": "这段录音超过十分钟，没有计入回答。请分成几段发送，或者打字。",
        "en": "That recording is longer than ten minutes and does not count. Please send it in "
        "parts, or type.",
    },
    "aloud_on": {
        "zh": "好的，之后的问题除了文字，也会用合成语音读出来。",
        "en": "All right, questions will also be read aloud, by a synthetic voice.",
    },
    "aloud_off": {
        "zh": "好的，之后的问题只用文字。",
        "en": "All right, questions will be in text only.",
    },
    "aloud_missing": {
        "zh": "这里没有开通语音播报，我们用文字继续。",
        "en": "Reading aloud is not set up here, so we go on in text.",
    },
    "synthetic": {"zh": "合成语音", "en": "Synthetic voice"},
    "voice_unclear": {
        "zh": "这段录音我没有听清，没有计入回答，以免误解您的意思。请再说一遍，或者打字。",
        "en": "I could not understand that recording well enough, so it does not count: I would "
        "rather not misjudge you. Please say it again, or type.",
    },
}
