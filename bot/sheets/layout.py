"""The sheets of a guide's spreadsheet, in their order."""

from bot.sheets.layout_facts import GUIDE, PROFILE, PROFILE_OPTIONS, TYPES
from bot.sheets.layout_questions import BRANCHES, FOLLOW_UP, OPTIONS, QUESTIONS
from bot.sheets.layout_rubric import (
    ANCHORS,
    COMPETENCIES,
    EXAMPLES,
    KEY_POINTS,
    POINTS,
    SCORED_QUESTIONS,
    TESTS,
)

README_KEY = "readme"
README_TITLE = "说明 Read me"

SHEETS = (
    GUIDE,
    TYPES,
    PROFILE,
    PROFILE_OPTIONS,
    QUESTIONS,
    FOLLOW_UP,
    OPTIONS,
    BRANCHES,
    COMPETENCIES,
    ANCHORS,
    SCORED_QUESTIONS,
    KEY_POINTS,
    EXAMPLES,
    POINTS,
    TESTS,
)
BY_KEY = {sheet.key: sheet for sheet in SHEETS}
