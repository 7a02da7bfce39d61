"""The sheets of a rubric."""

from dataclasses import replace
from typing import get_args

from bot.sheets.columns import Column, Sheet, belongs, identifier, texts
from scoring.rubric import Level

SCORED = {"option": "选项", "band": "区间"}

_LEVELS = {str(level): "" for level in get_args(Level)}
_IMPORTANCE = Column(
    "importance",
    "重要性",
    "Importance",
    "number",
    ("importance",),
    width=11,
    choices={"1": "", "2": "", "3": ""},
    note_zh="1 加分，2 应有，3 核心。留空为 1。",
    note_en="1 a plus, 2 expected, 3 the heart of the question. Empty: 1.",
)


def _level() -> Column:
    return Column(
        "level",
        "等级",
        "Level",
        "number",
        choices=_LEVELS,
        required=True,
        width=8,
        note_zh="1（低）到 5（高）。",
        note_en="1 (low) to 5 (high).",
    )


def _weight(field: str, zh: str, en: str) -> Column:
    return Column("weight", "权重", "Weight", "number", ("weight",), (field,), zh, en, width=9)


COMPETENCIES = Sheet(
    "competencies",
    "能力 Competencies",
    "rubric",
    "评哪些能力，各占百分之几。",
    "The competencies and their weights in percent.",
    (
        identifier("能力编号", "Competency id", "Rubric.competencies"),
        replace(
            _weight(
                "Competency.weight",
                "百分比，不写 %。所有能力合计 100。",
                "Percent, without the sign. All of them sum to 100.",
            ),
            required=True,
        ),
        *texts(
            "name",
            "名称",
            "Name",
            "Competency.name",
            required=True,
            note_zh="能力的名称。",
            note_en="The name of the competency.",
        ),
    ),
)

ANCHORS = Sheet(
    "anchors",
    "行为等级 Anchors",
    "rubric",
    "某项能力在某个等级上的表现。",
    "What a person of a level does, for each competency.",
    (
        belongs("competency", "能力编号", "Competency id", "competencies", "能力 Competencies"),
        _level(),
        *texts(
            "text",
            "表现",
            "Behaviour",
            path=(),
            width=60,
            note_zh="这个等级的人会怎么做。",
            note_en="What a person of this level does.",
        ),
    ),
    ("Competency.anchors",),
)

SCORED_QUESTIONS = Sheet(
    "scored",
    "计分题 Scored questions",
    "rubric",
    "哪些问题计分。有能力的问题都要在这里占一行。",
    "The scored questions. Every question with a competency needs a row here.",
    (
        Column(
            "id",
            "问题编号",
            "Question id",
            "id",
            fields=("Rubric.questions",),
            required=True,
            suggests="questions",
            width=20,
            note_zh="表“问题”里的编号。",
            note_en="An id of the sheet Questions.",
        ),
        _weight(
            "RubricQuestion.weight",
            "在它的能力里占的份量。留空为 1。",
            "How much it counts within its competency. Empty: 1.",
        ),
    ),
)

KEY_POINTS = Sheet(
    "key_points",
    "要点 Key points",
    "rubric",
    "好的回答会说到什么。同一要点的每种说法一行。",
    "What a good answer says. Each way to say a key point has a row of its own.",
    (
        belongs("question", "问题编号", "Question id", "scored", "计分题 Scored questions"),
        identifier(
            "要点编号",
            "Key point id",
            "KeyPoint.id",
            note_zh="同一问题下编号相同的各行是同一要点的不同说法。",
            note_en="Rows of a question with the same id are alternatives of one key point.",
        ),
        replace(
            _IMPORTANCE,
            fields=("KeyPoint.importance",),
            note_zh=f"{_IMPORTANCE.note_zh}写在要点的一行里即可。",
            note_en=f"{_IMPORTANCE.note_en} One of the key point's rows is enough.",
        ),
        Column(
            "at",
            "只看",
            "Counts at",
            "ids",
            ("at",),
            ("KeyPoint.at",),
            width=18,
            note_zh="只在这些子题或对话（编号，用逗号分开）的回答里算。留空：全部。",
            note_en="Counts only in the answers to these parts or replies (ids, separated by "
            "commas). Empty: in all of them.",
        ),
        *texts(
            "text",
            "说法",
            "Words",
            "KeyPoint.texts",
            width=60,
            note_zh="候选人会怎么说，一行一种。两种语言不必一一对应。",
            note_en="As a candidate would say it, one a row. The languages need not match.",
        ),
    ),
    ("RubricQuestion.key_points",),
)

EXAMPLES = Sheet(
    "examples",
    "示例回答 Examples",
    "rubric",
    "各等级的示例回答，每个回答一行。",
    "Sample answers of a level, a row for each.",
    (
        belongs("question", "问题编号", "Question id", "scored", "计分题 Scored questions"),
        _level(),
        *texts(
            "text",
            "回答",
            "Answer",
            width=70,
            note_zh="一个完整的回答。",
            note_en="A whole answer.",
        ),
    ),
    ("RubricQuestion.examples",),
)

POINTS = Sheet(
    "points",
    "分值 Points",
    "rubric",
    "选择题各选项、数字题各区间的分值。",
    "Points for the options of choices and for bands of numbers.",
    (
        belongs("question", "问题编号", "Question id", "scored", "计分题 Scored questions"),
        Column(
            "kind",
            "种类",
            "What it is",
            "choice",
            choices=SCORED,
            required=True,
            fields=("RubricQuestion.options", "RubricQuestion.bands"),
            note_zh="选项：选择题。区间：数字题，第一个符合的算。",
            note_en="Option: of a choice. Band: of a number; the first that holds counts.",
        ),
        identifier(
            "编号",
            "Id",
            "Band.id",
            note_zh="选项：选项的编号。区间：自己起的编号。",
            note_en="Of an option its id; of a band one that you choose.",
        ),
        Column(
            "min",
            "从",
            "From",
            "number",
            ("min",),
            ("Band.min",),
            note_zh="只用于区间，含本数。留空：不限。",
            note_en="Bands only, included. Empty: open.",
        ),
        Column(
            "max",
            "到",
            "To",
            "number",
            ("max",),
            ("Band.max",),
            note_zh="只用于区间，含本数。留空：不限。",
            note_en="Bands only, included. Empty: open.",
        ),
        Column(
            "points",
            "分值",
            "Points",
            "number",
            ("points",),
            ("Band.points",),
            required=True,
            note_zh="0 到 100。",
            note_en="0 to 100.",
        ),
    ),
)

TESTS = Sheet(
    "tests",
    "程序测试 Tests",
    "rubric",
    "编程题的测试：程序收到输入，应打印输出。",
    "Tests of code questions: a program is given the input and must print the output.",
    (
        belongs("question", "问题编号", "Question id", "scored", "计分题 Scored questions"),
        identifier("测试编号", "Test id", "ProgramTest.id"),
        replace(_IMPORTANCE, fields=("ProgramTest.importance",)),
        Column(
            "example",
            "示例",
            "Example",
            "yes",
            ("example",),
            ("ProgramTest.example",),
            width=10,
            note_zh="“是”：告诉候选人这一项是否通过。",
            note_en="Yes: the candidate is told by name whether it passed.",
        ),
        Column(
            "continues",
            "接上行",
            "Continues",
            "yes",
            width=10,
            note_zh="“是”：同一测试太长的输入或输出，接在上一段后面。",
            note_en="Yes: more of the same test's input or output, which is too long for a cell.",
        ),
        Column(
            "input",
            "输入",
            "Input",
            "exact",
            ("input",),
            ("ProgramTest.input",),
            width=44,
            note_zh="程序收到的内容，空格和换行原样保留。",
            note_en="What the program is given; spaces and line breaks are kept.",
        ),
        Column(
            "output",
            "输出",
            "Output",
            "exact",
            ("output",),
            ("ProgramTest.output",),
            width=44,
            note_zh="程序应打印的内容；行末空格不算。",
            note_en="What it must print; spaces at line ends do not count.",
        ),
    ),
    ("RubricQuestion.tests",),
)
