"""A guide with every kind of question, its rubric, and a campaign on them."""

import time

from sqlmodel import Session

from bot.bootstrap import Application
from bot.storage.catalogue import GivenFiles, Role, open_campaign, publish

CAMPAIGN = "kinds"
GUIDE = """\
guide: kinds
version: 1
title: {zh: 各种题型, en: Every kind}
rubric: kinds
languages: [zh, en]
candidate_types:
  clerk: {zh: 客服, en: Clerk}
  engineer: {zh: 工程师, en: Engineer}
profile:
  years:
    type: number
    answer: years
    resume: [年工作经验, years of experience]
    default: {zh: 几, en: a few}
  school:
    type: text
    resume: [毕业院校, University]
    default: {zh: 您的学校, en: your school}
questions:
  - id: years
    kind: number
    competency: skill
    min: 0
    max: 40
    text: {zh: 您工作几年了？, en: How many years have you worked?}
  - id: safety
    kind: choice
    competency: skill
    text: {zh: 机器冒烟，您先做什么？, en: 'A machine smokes. What do you do first?'}
    options:
      - {id: stop, text: {zh: 按急停, en: Press the emergency stop}}
      - {id: call, text: {zh: 打电话给班长, en: Call the shift leader}}
      - {id: wait, text: {zh: 再看看, en: Wait and see}}
  - id: complaint
    for: [clerk]
    kind: scenario
    competency: service
    text: {zh: 顾客说：“我的包裹丢了！”请直接对她说话。, en: 'A customer says: “My parcel is lost!” Speak to her.'}
    turns:
      - replies:
          - {id: calmer, when: not missing(sorry), text: {zh: 顾客：“好吧，那怎么办？”, en: 'Customer: “All right, what now?”'}}
          - {id: angrier, text: {zh: 顾客：“您都不道歉！”, en: 'Customer: “You do not even apologise!”'}}
  - id: store
    for: [clerk]
    kind: case
    competency: service
    material: {zh: '三月销售 100，四月销售 80。', en: 'Sales were 100 in March and 80 in April.'}
    text: {zh: 您看到了什么？, en: What do you see?}
    parts:
      - {id: plan, text: {zh: 您会怎么做？, en: What would you do?}}
  - id: sum
    for: [engineer]
    kind: code
    competency: service
    code: {languages: [python, javascript], attempts: 2}
    text: {zh: 读入两个整数，打印它们的和。, en: Read two integers and print their sum.}
  - id: closing
    text: {zh: '您工作了{profile.years}年，毕业于{profile.school}，还有补充吗？', en: 'You have worked {profile.years} years and went to {profile.school}. Anything to add?'}
bank:
  - id: extra
    competency: service
    text: {zh: 请讲一次道歉。, en: Tell me about an apology.}
"""
RUBRIC = """\
rubric: kinds
version: 1
competencies:
  skill: {weight: 50, name: {zh: 技能, en: Skill}}
  service: {weight: 50, name: {zh: 服务, en: Service}}
questions:
  years:
    bands:
      - {id: junior, max: 2.9, points: 40}
      - {id: senior, min: 3, points: 100}
  safety:
    options: {stop: 100, call: 50, wait: 0}
  complaint:
    key_points:
      - {id: sorry, texts: {zh: [非常抱歉给您添麻烦, 真的对不起], en: [I am so sorry about this, I apologise]}}
      - {id: find, texts: {zh: [我马上查物流, 我来联系快递], en: [I will track the parcel now, I will call the carrier]}}
  store:
    key_points:
      - {id: drop, at: [store], texts: {zh: [四月下降了百分之二十, 销售少了两成], en: [April fell by twenty percent, sales dropped a fifth]}}
      - {id: ask, at: [plan], texts: {zh: [我先问店员原因, 先和店里的人聊], en: [I would ask the staff why, I would talk to the shop first]}}
  sum:
    tests:
      - {id: small, input: "1 2\\n", output: "3\\n", example: true}
      - {id: negative, input: "-5 2\\n", output: "-3\\n", importance: 2}
      - {id: large, input: "1000000000000 1\\n", output: "1000000000001\\n"}
  extra:
    key_points:
      - {id: sorry, texts: {zh: [我当面道了歉], en: [I apologised in person]}}
"""


def publish_kinds(session: Session) -> Role:
    return publish(session, GivenFiles(GUIDE, RUBRIC), time.time())


def open_kinds(application: Application) -> None:
    """Open the campaign to all."""

    def work(session: Session) -> None:
        company = application.settings.company
        open_campaign(session, CAMPAIGN, company, {CAMPAIGN: publish_kinds(session)}, time.time())

    application.database.write_now(work)
