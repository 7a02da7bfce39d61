"""What is said where people are known by their address, as in Telegram, interview or not."""

from dialogues.guide import Language

MENU: dict[str, dict[Language, str]] = {
    "start": {"zh": "开始，或再看一遍当前的问题", "en": "begin, or see the open question again"},
    "pause": {"zh": "暂停", "en": "take a break"},
    "resume": {"zh": "继续", "en": "go on"},
    "correct": {"zh": "修改上一个回答", "en": "change your last answer"},
    "language": {"zh": "切换语言", "en": "switch the language"},
    "voice": {"zh": "用语音读出问题，或不再读出", "en": "have questions read aloud, or not"},
    "human": {"zh": "转人工", "en": "talk to a person"},
    "privacy": {"zh": "资料如何保存", "en": "how your data is kept"},
    "delete": {"zh": "删除资料", "en": "delete your data"},
    "help": {"zh": "显示本说明", "en": "show this list"},
}
"""The commands where people are known by their address, and what each is for."""


def _listed(language: Language) -> str:
    return "\n".join(f"/{name} {words[language]}" for name, words in MENU.items())


COURTESIES: dict[str, dict[Language, str]] = {
    "welcome": {
        "zh": "您好，我是 AI 面试官，由程序驱动，不是真人。请打开招聘方给您的链接或扫描二维码，"
        "面试就会在这里开始。",
        "en": "Hello, I am an AI interviewer: a program, not a person. Please open the link or scan "
        "the QR code that the company gave you, and the interview will start here.",
    },
    "unknown_code": {
        "zh": "这个链接对应的面试不存在，或者已经停止报名。请核对链接，或联系招聘人员。",
        "en": "There is no interview behind this link, or it is no longer open. Please check the "
        "link, or contact the recruiters.",
    },
    "invitation_expired": {
        "zh": "这个邀请已经过期。如果您还想参加，请联系招聘人员，他们可以重新发一个。",
        "en": "This invitation has expired. If you would still like to take part, please ask the "
        "recruiters; they can send a new one.",
    },
    "invitation_revoked": {
        "zh": "这个邀请已经被撤回。如有疑问，请联系招聘人员。",
        "en": "This invitation was withdrawn. If you have questions, please contact the recruiters.",
    },
    "invitation_used_up": {
        "zh": "这个邀请已经用过了，不能再次使用。如果不是您本人用的，请联系招聘人员。",
        "en": "This invitation has been used and cannot be used again. If that was not you, please "
        "contact the recruiters.",
    },
    "invitation_closed": {
        "zh": "这次招聘已经停止报名。如有疑问，请联系招聘人员。",
        "en": "This recruitment is closed. If you have questions, please contact the recruiters.",
    },
    "ended": {
        "zh": "这次面试已经结束，这条消息没有被记录。如需人工复核、删除资料或其他帮助，请联系招聘人员；"
        "要参加新的面试，请打开新的链接。",
        "en": "This interview has ended, and this message was not recorded. For a review by a "
        "person, the deletion of your data or other help, please contact the recruiters; for a new "
        "interview, open its link.",
    },
    "private_only": {
        "zh": "面试只在私聊里进行，群里的消息不会被记录。请在私聊中打开面试链接。",
        "en": "Interviews are held in private chats only, and nothing said in a group is recorded. "
        "Please open the interview's link in a private chat.",
    },
    "text_only": {
        "zh": "抱歉，这样的消息目前收不了，刚才那条没有被记录。请用文字再说一遍。",
        "en": "Sorry, a message of that kind cannot be taken for now and was not recorded. Please "
        "put it in words.",
    },
    "or_resume": {
        "zh": "简历可以作为文件发送：PDF、DOCX、TXT 或 MD，不超过 10 MB。",
        "en": " A résumé can be sent as a file: PDF, DOCX, TXT or MD, up to 10 MB.",
    },
    "document_kind": {
        "zh": "这种文件目前收不了，没有被记录。简历请存为 PDF、DOCX、TXT 或 MD（不超过 10 MB）再发；"
        "其他内容请用文字说。",
        "en": "A file of that kind cannot be taken and was not recorded. Please send a résumé as "
        "PDF, DOCX, TXT or MD (up to 10 MB), and put everything else in words.",
    },
    "document_large": {
        "zh": "这个文件超过 10 MB，没有被记录。请发一个小一些的版本。",
        "en": "That file is larger than 10 MB and was not recorded. Please send a smaller one.",
    },
    "document_locked": {
        "zh": "这个文件有密码，打不开，没有被记录。请去掉密码再发。",
        "en": "That file has a password and could not be opened. Please send it without one.",
    },
    "document_empty": {
        "zh": "这个文件里没有可以读取的文字（可能是扫描件），没有被记录。请发带文字的版本，不发也没关系。",
        "en": "There is no text to read in that file (it may be a scan), so it was not recorded. "
        "Please send one with text; it is fine without, too.",
    },
    "document_unreadable": {
        "zh": "这个文件读不出来，没有被记录。请换一种格式再发（PDF、DOCX、TXT 或 MD），不发也没关系。",
        "en": "That file could not be read and was not recorded. Please send it in another format "
        "(PDF, DOCX, TXT or MD); it is fine without, too.",
    },
    "document_not_fetched": {
        "zh": "这个文件没能下载下来，没有被记录。请稍后再发一次。",
        "en": "That file could not be downloaded and was not recorded. Please send it again in a "
        "while.",
    },
    "document_one": {
        "zh": "一次只能读一个文件，这个没有被记录。请等上一个读完再发。",
        "en": "Only one file can be read at a time, so this one was not recorded. Please send it "
        "again after the other.",
    },
    "document_later": {
        "zh": "谢谢。要等您同意之后才能接收文件，刚才的没有被记录。请先选择是否同意，之后再发一次。",
        "en": "Thank you. Files can be taken only after you agree, so it was not recorded. Please "
        "choose whether you agree first, and send it again afterwards.",
    },
    "edited_kept": {
        "zh": "修改后的内容没有被记录，保留的是您第一次发送的版本。想更正上一个回答，请发“修改上一个回答”。",
        "en": "The change was not recorded; what you first sent is kept. To correct your last "
        "answer, please send “correct my last answer”.",
    },
    "edited_late": {
        "zh": "这次面试已经结束，修改后的内容没有被记录，保留的是您第一次发送的版本。",
        "en": "This interview has ended. The change was not recorded; what you first sent is kept.",
    },
    "too_long": {
        "zh": "这条消息太长，没有被记录。请分成几条较短的消息发送。",
        "en": "That message is too long and was not recorded. Please send it as several shorter "
        "ones.",
    },
    "empty": {
        "zh": "这条消息里没有文字，没有被记录。请用文字再说一遍。",
        "en": "That message has no text and was not recorded. Please put it in words.",
    },
    "stale_option": {
        "zh": "这个选项现在已经不能选了。",
        "en": "This option is no longer open.",
    },
    "not_taken": {
        "zh": "抱歉，因为系统故障，刚才那条消息没有被记录。请稍后再发一次。",
        "en": "Sorry, because of a fault that message was not recorded. Please send it again in a "
        "while.",
    },
    "help": {
        "zh": f"可以使用这些命令，也可以直接用文字说：\n{_listed('zh')}",
        "en": f"You can use these commands, or simply say it in words:\n{_listed('en')}",
    },
}
