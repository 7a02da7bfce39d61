"""What is wrong in a list of people, as the console says it: by row and column, in Chinese too."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.web.campaign_texts import CAMPAIGN_TEXTS
from dialogues.yamlfile import FileProblem

_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_WHERE = re.compile(rf"row (\d+)(?:, column ({_QUOTED}))?: (.*)", re.DOTALL)
_SHEET = rf"(?:sheet (?:{_QUOTED})|the spreadsheet)"
_VIAS: Mapping[str, str] = {via: chinese for via, (chinese, _) in CAMPAIGN_TEXTS["vias"].items()}
_SEND = re.compile(r", or leave --send \w+ out")
_CHINESE = [
    (re.compile(pattern, re.DOTALL), words)
    for pattern, words in (
        (r"there are (\d+) characters; .*", "这里有 {0} 个字，请不要超过 200 个"),
        (r"(.*) is no e-mail address; .*", "{0}不是邮箱地址，应写成 name@example.com"),
        (
            r"(.*) is no phone number; .*",
            "{0}不是电话号码。请把这一列设为文本格式，只写数字，国外号码加 + 和国家代码",
        ),
        (r"the campaign is not held in (.*); write (.*)", "这个项目没有{0}，请写 {1}"),
        (r"(.*) is none of the campaign's; write one of (.*)", "这个项目没有{0}，可以写：{1}"),
        (
            r"(.*) is no Telegram chat id; .*",
            "{0}不是 Telegram 的聊天编号。机器人不能给用户名发消息，请写对方和机器人聊天时的编号",
        ),
        (r"(.*) is no id of a user; .*", "{0}不是用户编号，请写平台给出的编号"),
        (r"(.*) is no number; .*", "{0}不是数，请只写数字"),
        (r"nobody is named; .*", "这一行没有写是谁。请填姓名或联系方式，或者删掉这一行"),
        (
            r"there is no address to send to by (\w+); .*",
            "缺少发送地址（{0}）。请补上，或者换一种发送方式",
        ),
        (r"(.*) stands in row (\d+) too; .*", "{0}在第 {1} 行也出现过，请删掉其中一行"),
        (r"row (\d+) has more cells than there are headers; .*", "第 {0} 行的格子比表头多，请给每一列写表头"),
        (r"there are over (\d+) rows; .*", "超过了 {0} 行，请分成几个文件"),
        (r"there are over (\d+) columns; .*", "超过了 {0} 列，请删掉一些"),
        (
            r"there is nobody in this file; .*",
            "名单里没有人。第一行写表头，例如 姓名, 邮箱，下面每行一个人",
        ),
        (r"this is no readable (?:CSV file|text|\.xlsx file).*", "这个文件读不出来，请另存为 CSV（UTF-8）或 .xlsx"),
        (r"the file has (\d+) bytes; .*", "文件太大（{0} 字节），请分成几个文件"),
        (rf"{_SHEET}: cell (\w+) holds a formula; .*", "单元格 {0} 里是公式，请改成公式的结果"),
        (rf"{_SHEET}: the cells (\S+) are merged; .*", "单元格 {0} 是合并的，请取消合并，每一行都填上"),
        (rf"{_SHEET}: cell (\w+) lies beyond .*", "单元格 {0} 太靠下或太靠右，请移过来或删掉"),
        (rf"{_SHEET}, cell (\w+): this is the error (.*?); .*", "单元格 {0} 是错误值 {1}，请改成正确的内容"),
        (
            rf"{_SHEET}: the rows or cells are out of order .*",
            "文件里行列的顺序乱了，请用 Excel、WPS 或 LibreOffice 打开，再另存为 .xlsx",
        ),
        (
            r"this is an old \.xls file, or one with a password; .*",
            "这是旧的 .xls 文件，或者设了密码，请另存为不带密码的 .xlsx",
        ),
        (r"a column has no header; .*", "有一列没有表头。请写上表头，或者删掉这一列"),
        (r"the columns (.*) and (.*) mean the same; .*", "{0}和{1}这两列意思相同，请删掉一列"),
        (
            r"no column says who is invited; .*",
            "看不出邀请的是谁。至少要有一列的表头是 姓名、邮箱 或 手机",
        ),
    )
]  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One thing that is wrong. The row is None, and the column empty, where none is named."""

    row: int | None
    column: str
    words: str


def told(problem: FileProblem, language: str) -> Line:
    """A problem of a list in the reader's language; what has no Chinese words stays English."""
    found = _WHERE.fullmatch(problem.message)
    message = found[3] if found else problem.message
    row = int(found[1]) if found else None
    column = str(ast.literal_eval(found[2])) if found and found[2] else ""
    words = f"{message}; {_SEND.sub('', problem.mend)}"
    if language == "zh":
        words = _in_chinese(words)
    return Line(row, column, words)


def _in_chinese(words: str) -> str:
    for pattern, chinese in _CHINESE:
        found = pattern.fullmatch(words)
        if found:
            return chinese.format(*map(_told, found.groups()))
    return words


def _told(word: str) -> str:
    """What was written in a cell, in Chinese quotation marks; ways of sending by their names."""
    if re.fullmatch(_QUOTED, word):
        return f"“{ast.literal_eval(word)}”"
    return _VIAS.get(word, word.replace(" or ", " 或 "))
