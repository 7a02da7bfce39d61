"""The texts of the spreadsheet's first sheet, Chinese and English side by side."""

ABOUT = (
    (
        "这份表格是一份完整的面谈指南和它的评分标准。请在 Excel、WPS 或 LibreOffice 里编辑，再交回来导入。",
        "This spreadsheet is a whole interview guide with its rubric. Edit it in Excel, WPS or "
        "LibreOffice, then have it imported.",
    ),
    (
        "每列的标题上有批注，说明该填什么；标题带 * 的必填。",
        "A note on each header says what belongs there; headers with * must be filled.",
    ),
    (
        "可以增加、删除和移动行。请不要删除列和表，也不要改动隐藏的第一行：导入靠它认出各列。",
        "Rows may be added, removed and moved. Keep all columns and sheets, and the hidden first "
        "row: it is how the import knows the columns.",
    ),
    (
        "不要用公式，不要合并单元格。文字可以用 = + - @ 开头，会原样保留。",
        "No formulas and no merged cells. A text may begin with = + - @; it is kept as it is.",
    ),
    (
        "编号由字母、数字、- 和 _ 组成，不以数字开头，例如 team_work。多个编号用逗号分开，中文逗号和顿号也行。",
        "An id has letters, digits, - and _, and no digit first: team_work. Several are separated "
        "by commas.",
    ),
    (
        "单元格里换行：Alt+Enter。",
        "A new line within a cell: Alt+Enter.",
    ),
)

CONDITIONS = (
    ('candidate.type == "campus"', "候选人是 campus 类型", "the candidate is of the type campus"),
    ("profile.years >= 3", "工作年限至少为 3", "years of work are 3 or more"),
    (
        'profile.degree in ["master", "doctor"]',
        "学历是 master 或 doctor",
        "the degree is master or doctor",
    ),
    ("known(profile.years)", "工作年限已知", "years of work are known"),
    (
        'answer.city == "beijing"',
        "问题 city 选了 beijing",
        "beijing was chosen at the question city",
    ),
    ("answer.months > 6", "数字题 months 的回答大于 6", "the number answered at months is above 6"),
    (
        "words(project) < 50",
        "问题 project 的回答不到 50 字",
        "the answer to project has under 50 words",
    ),
    (
        "missing(result)",
        "还没说到要点 result（只用于追问和对话）",
        "the key point result has not come up (probes and replies only)",
    ),
    (
        "profile.years >= 3 and not missing(result)",
        "可以用 and、or、not 和括号组合",
        "join with and, or, not and parentheses",
    ),
)

IMPORT = (
    (
        "导入：miantan guide import 表格.xlsx -o 指南.yml",
        "To import: miantan guide import sheet.xlsx -o guide.yml",
    ),
    (
        "检查：miantan guide check 指南.yml",
        "To check: miantan guide check guide.yml",
    ),
    (
        "有问题时，会指出在哪张表、哪个单元格、怎么改；在改好之前，什么都不会写入。",
        "If something is wrong, sheet, cell and mend are named, and nothing is written until it is "
        "mended.",
    ),
)
