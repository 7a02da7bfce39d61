"""Finding the program in a chat message."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.mending import mend
from bot.sandbox.programs import Program, read_program
from dialogues.guide import ProgrammingLanguage

PYTHON: tuple[ProgrammingLanguage, ...] = ("python",)
JAVASCRIPT: tuple[ProgrammingLanguage, ...] = ("javascript",)
BOTH: tuple[ProgrammingLanguage, ...] = ("python", "javascript")

DOUBLE = "n = int(input())\nprint(n * 2)"
NODE = "const n = Number(require('fs').readFileSync(0))\nconsole.log(n * 2)"


def found(text: str, allowed: tuple[ProgrammingLanguage, ...] = BOTH) -> Program:
    program = read_program(text, allowed)
    assert program is not None
    assert program.mended or program.source == text[program.start : program.end]
    return program


@pytest.mark.parametrize(
    ("text", "language", "source"),
    [
        (f"```python\n{DOUBLE}\n```", "python", DOUBLE),
        (f"```py\n{DOUBLE}```", "python", DOUBLE),
        (f"~~~ Python3\n{DOUBLE}\n~~~", "python", DOUBLE),
        (f"```js\n{NODE}\n```", "javascript", NODE),
        (f"```JavaScript\n{NODE}", "javascript", NODE),
        (f"我的答案：```node\n{NODE}\n```谢谢", "javascript", NODE),
        (f"Output:\n```text\n4\n```\nProgram:\n```python\n{DOUBLE}\n```", "python", DOUBLE),
        (f"```\n{DOUBLE}\n```", "python", DOUBLE),
        (f"```\n{NODE}\n```", "javascript", NODE),
        ("```\n# python\nx\n```", "python", "# python\nx"),
        ("```print(1)```", "python", "print(1)"),
        ("```python\n\n    print(1)\n\n```", "python", "print(1)"),
        ("```python\nprint('``')\n```", "python", "print('``')"),
        ("```python\nprint 1\n```", "python", "print 1"),
        ("```js\nfoo bar\n```", "javascript", "foo bar"),
    ],
)
def test_a_fenced_block(text: str, language: str, source: str) -> None:
    program = found(text)
    assert (program.language, program.source) == (language, source)


@pytest.mark.parametrize(
    ("text", "language", "source"),
    [
        (DOUBLE, "python", DOUBLE),
        (f"\n\n{DOUBLE}\n", "python", DOUBLE),
        (f"我的答案如下：\n\n{DOUBLE}", "python", DOUBLE),
        (f"Here it is:\n{NODE}", "javascript", NODE),
        (f"python\n{DOUBLE}", "python", DOUBLE),
        (f"JS 代码：\n{NODE}", "javascript", NODE),
        (f"#!/usr/bin/env node\n{NODE}", "javascript", f"#!/usr/bin/env node\n{NODE}"),
        (f"# python 3\n{DOUBLE}", "python", f"# python 3\n{DOUBLE}"),
        (f"// javascript\n{NODE}", "javascript", f"// javascript\n{NODE}"),
        ("console.log(1)", "javascript", "console.log(1)"),
        ("print(1)", "python", "print(1)"),
        ('"""Doubles."""\nimport sys', "python", '"""Doubles."""\nimport sys'),
        ("def f(x)\n  return x\nprint(f(1))", "python", "def f(x)\n  return x\nprint(f(1))"),
        ("def solve(n):\n    return n", "python", "def solve(n):\n    return n"),
        ("function solve(n) {\n  return n\n}", "javascript", "function solve(n) {\n  return n\n}"),
        ("import fs from 'fs'\nlet x = 1", "javascript", "import fs from 'fs'\nlet x = 1"),
        (
            "if True:\n\tprint('\\d')\n        print(2)",
            "python",
            "if True:\n\tprint('\\d')\n        print(2)",
        ),
    ],
)
def test_a_message_that_is_a_program(text: str, language: str, source: str) -> None:
    program = found(text)
    assert (program.language, program.source, program.mended) == (language, source, False)


@pytest.mark.parametrize("allowed", [PYTHON, JAVASCRIPT, BOTH])
@pytest.mark.parametrize(
    "text",
    [
        *(
            "我不会",
            "稍等",
            "可以用 Java 吗？",
            "好的（谢谢）",
            "先读入，然后排序（快速排序），再输出。",
        ),
        *("can I use Java?", "yes", "pass", "not sure", "x is y", "42", "ok(thanks)", "hello", ""),
        *("Can I use print()?", "print（n）怎么用？", "用 console.log() 吗？", "let or const?"),
        *("for example:", "if so, how:\nplease tell", "return the number", "答案：", "python"),
        *("I would read the numbers, sort them, and print them.", "import question: which?"),
        *(
            "```java\nclass A {}\n```",
            "```\n\n```",
            "```python\n```",
            "```好的```",
            "```",
            "`print`",
        ),
        *("# python\n不会", "// js\n我再想想", "python：\n我不会"),
    ],
)
def test_words_are_no_program(text: str, allowed: tuple[ProgrammingLanguage, ...]) -> None:
    assert read_program(text, allowed) is None


def test_another_language_is_no_program_here() -> None:
    assert read_program(f"```js\n{NODE}\n```", PYTHON) is None
    assert read_program(f"// javascript\n{NODE}", PYTHON) is None
    assert read_program(f"#!/usr/bin/python3\n{DOUBLE}", JAVASCRIPT) is None


def test_what_looks_like_code_is_in_the_only_language() -> None:
    assert found(NODE, PYTHON).language == "python"
    assert found(DOUBLE, JAVASCRIPT).language == "javascript"
    assert found("```\nodd words\n```", JAVASCRIPT).language == "javascript"
    assert read_program("```\nodd words\n```", BOTH) is None


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("print（“你好，世界：（一）”）", 'print("你好，世界：（一）")'),
        ("n＝int（input（））\nprint（n）", "n=int(input())\nprint(n)"),
        (
            "for i in range（3）：\n\u00a0\u00a0print（i， ‘；’）",
            "for i in range(3):\n  print(i, '；')",
        ),
        ("print(“it's”)  # don’t", 'print("it\'s")  # don’t'),
        ("a = input()\u200b\n\u3000\nprint(a)", "a = input()\n\nprint(a)"),
        ("if 1:\n\tprint(1)\n    print(2)", "if 1:\n    print(1)\n    print(2)"),
        ("```python\n  print(1)\n  print(2)\n```", "print(1)\nprint(2)"),
    ],
)
def test_signs_are_mended_outside_texts(text: str, source: str) -> None:
    program = found(text, PYTHON)
    assert (program.source, program.mended) == (source, True)
    ast.parse(program.source)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (
            "const a = “好，”；\nconsole.log（a， `（`, /，/g） // （",
            'const a = "好，";\nconsole.log(a, `（`, /，/g) // （',
        ),
        ("let a = 1\nconsole.log(‘a’)", "let a = 1\nconsole.log('a')"),
    ],
)
def test_signs_are_mended_in_javascript(text: str, source: str) -> None:
    program = found(text, JAVASCRIPT)
    assert (program.source, program.mended) == (source, True)


@pytest.mark.parametrize("text", ["print('（“，”）')", "s = '''\n（“\n'''\nprint(s)  # ，"])
def test_a_program_that_is_right_stays_as_it_is(text: str) -> None:
    assert found(text) == Program("python", text, 0, len(text))


def test_what_mending_does_not_help_stays_as_it_is() -> None:
    text = "print（1）\nprint（2）\nprint(’"
    assert found(f"```python\n{text}\n```").source == text


LINES = st.lists(
    st.sampled_from(
        [
            *("print('好')", "x = 1", "for i in range(3):", "    print(i)", "import sys", ""),
            *("# 注释", "console.log(1)", "const a = [1]", "}", "if (a) {", "\tpass", "s = '“”'"),
        ]
    ),
    min_size=1,
    max_size=12,
).map("\n".join)
BEFORE = st.sampled_from(["", "我的答案：\n", "Here:\n\n", "😀 ", "程序如下 "])
AFTER = st.sampled_from(["", "\n谢谢", "\n\n以上。"])


@given(LINES, st.sampled_from(["python", "js"]), BEFORE, AFTER)
def test_the_span_is_the_program_as_written(lines: str, name: str, before: str, after: str) -> None:
    written = lines.strip("\n")
    text = f"{before}```{name}\n{lines}\n```{after}"
    program = read_program(text, BOTH)
    if not written.strip():
        assert program is None
        return
    assert program is not None
    assert text[program.start : program.end] == written.rstrip()
    assert program.start == len(before) + len(f"```{name}\n") + lines.index(written)
    assert program.mended == (program.source != written.rstrip())


@given(st.text(max_size=300), st.sampled_from([PYTHON, JAVASCRIPT, BOTH]))
def test_any_message_can_be_read(text: str, allowed: tuple[ProgrammingLanguage, ...]) -> None:
    program = read_program(text, allowed)
    if program is not None:
        assert program.language in allowed
        assert 0 <= program.start < program.end <= len(text)
        assert program.mended or text[program.start : program.end] == program.source


@given(st.text(alphabet="'\"`#/*\\“”‘’（）：，；\n\u00a0ab ", max_size=200))
def test_mending_twice_mends_no_more_signs(source: str) -> None:
    for language in BOTH:
        assert mend(source, language).count("\n") == source.count("\n")


@pytest.mark.parametrize(
    "part",
    [
        *("(", "[", "-", "not ", "a.", "a[", "lambda:", "/*", "'", '"', "`", "'''", "``` ", "~~~"),
        *("(1,", "a,", "a=", "if 1:\n", "/", "=>", "const a", "function ", "@a\n", "1+", "f("),
        *("\\", "： ", "\0"),
    ],
)
def test_twenty_thousand_hostile_characters(part: str) -> None:
    text = part * (20_000 // len(part))
    for message in (text, f"print(1)\n{text}", f"const a = 1\n{text}", f"```python\n{text}\n```"):
        read_program(message, BOTH)
