"""What the interviewer says besides the guide's questions, in Chinese and English."""

from dialogues.courtesies import COURTESIES
from dialogues.guide import Language
from dialogues.voice_texts import VOICE

TEXTS: dict[str, dict[Language, str]] = {
    "greeting": {
        "zh": "您好，我是{company}的 AI 面试官，由程序驱动，不是真人。"
        "这次是“{title}”的结构化面试，大约 {minutes} 分钟，可以随时暂停，之后回来接着答。",
        "en": "Hello, I am the AI interviewer of {company}: a program, not a person. "
        "This is a structured interview for “{title}” and takes about {minutes} minutes. "
        "You can pause at any time and come back later.",
    },
    "consent": {
        "zh": "开始之前请您确认：{statement}您是否同意？",
        "en": "Before we start, I need your consent. {statement} Do you agree?",
    },
    "consent_statement": {
        "zh": "您在这里说的话会被加密保存，用于对照公开的评分标准评估您的回答，"
        "并提供给{company}的招聘人员。只看回答的内容，不判断情绪；录用与否由人决定，"
        "您可以随时要求人工复核、撤回同意或删除资料。",
        "en": "What you write here is stored encrypted, used to assess your answers against "
        "published criteria, and shown to the recruiters of {company}. Only the content of your "
        "answers counts and no emotion is inferred. A person decides. At any time you may ask for "
        "a review by a person, withdraw your consent, or have your data deleted.",
    },
    "agree": {"zh": "同意", "en": "I agree"},
    "decline": {"zh": "不同意", "en": "I do not agree"},
    "consent_again": {
        "zh": "请选择“同意”或“不同意”，我才能继续。",
        "en": "Please choose “I agree” or “I do not agree” so that I can go on.",
    },
    "declined": {
        "zh": "明白了，面试不会开始，您的选择不会被用来评价您。如果改变主意，可以重新打开链接。",
        "en": "Understood. The interview will not start, and your choice will not be held against "
        "you. If you change your mind, open the link again.",
    },
    "choose_position": {
        "zh": "请选择您要面试的岗位：",
        "en": "Which position is this interview for?",
    },
    "choose_type": {"zh": "请选择适合您的类别：", "en": "Which of these describes you?"},
    "choose_again": {
        "zh": "没有对上选项，请选择其中一个：",
        "en": "That is not one of the options. Please choose one:",
    },
    "criteria": {
        "zh": "本次面试考察 {count} 个维度：{dimensions}。每一分都会附上您自己的原话作为依据，"
        "您有权要求人工复核。一共约 {total} 个问题，请慢慢想，想好再答。",
        "en": "This interview looks at {count} dimensions: {dimensions}. Every point is shown with "
        "your own words as its evidence, and you have the right to a review by a person. There are "
        "about {total} questions. Take your time to think before you answer.",
    },
    "number_again": {
        "zh": "请用数字回答，例如 {example}。",
        "en": "Please answer with a number, for example {example}.",
    },
    "number_between": {
        "zh": "请用数字回答（{low} 到 {high}），例如 {example}。",
        "en": "Please answer with a number from {low} to {high}, for example {example}.",
    },
    "number_at_least": {
        "zh": "请用数字回答（不小于 {low}），例如 {example}。",
        "en": "Please answer with a number of at least {low}, for example {example}.",
    },
    "number_at_most": {
        "zh": "请用数字回答（不大于 {high}），例如 {example}。",
        "en": "Please answer with a number of at most {high}, for example {example}.",
    },
    "no_words": {
        "zh": "这条消息里我没有看到文字，请用文字再说一遍：",
        "en": "I could not find any words in that message. Please put it in words:",
    },
    "when_ready": {
        "zh": "好的，想好了就直接回答：",
        "en": "Good. Answer whenever you are ready:",
    },
    "correct": {
        "zh": "好的，请重新回答下面这个问题，新的回答会代替上一个。想保持原样，就发“继续”。",
        "en": "All right. Please answer this once more; the new answer takes the place of the last "
        "one. To leave it as it was, send “resume”.",
    },
    "corrected": {
        "zh": "您修改了上一个回答，以修改后的为准。",
        "en": "You changed your last answer; what it says now is what counts.",
    },
    "nothing_to_correct": {
        "zh": "现在没有可以修改的回答。",
        "en": "There is no answer that can be corrected now.",
    },
    "answer_kept": {
        "zh": "好的，保留原来的回答。",
        "en": "All right, your answer stays as it was.",
    },
    "send_program": {
        "zh": "这条消息里没有看到程序。请直接把完整的代码发过来（可用语言：{languages}），"
        "程序从标准输入读取，把结果打印出来。",
        "en": "I could not find a program in that message. Please send the complete code "
        "({languages}); it reads standard input and prints its result.",
    },
    "program_ran": {
        "zh": "已经运行：{total} 个测试通过了 {passed} 个。{examples}",
        "en": "It ran: {passed} of {total} tests passed.{examples}",
    },
    "program_not_run": {
        "zh": "程序已经保存，但现在无法运行，会由招聘人员查看，不影响您继续。",
        "en": "Your program is saved, but it cannot be run at the moment. A recruiter will look at "
        "it; you can go on.",
    },
    "resume_taken": {
        "zh": "谢谢，您的简历收到了。它只用来选择和调整后面的问题，不计入评分；已经回答的问题不变。",
        "en": "Thank you, I have your résumé. It is used only for choosing and wording the questions "
        "and is not scored; what you have answered stays.",
    },
    "added_question": {
        "zh": "招聘人员还想请您回答一个问题。",
        "en": "The recruiters would like to ask you one more question.",
    },
    "program_again": {
        "zh": "您还可以再发 {left} 版，以最后一版为准；也可以就用这一版。",
        "en": "You can send {left} more, and the last one counts; or keep this one.",
    },
    "keep_program": {"zh": "就用这一版", "en": "Keep this version"},
    "test_passed": {"zh": "通过", "en": "passed"},
    "test_wrong_output": {"zh": "输出不对", "en": "wrong output"},
    "test_failed": {"zh": "运行出错", "en": "stopped with an error"},
    "test_time_limit": {"zh": "超时", "en": "out of time"},
    "test_memory_limit": {"zh": "内存超限", "en": "out of memory"},
    "test_output_limit": {"zh": "输出过多", "en": "too much output"},
    "confirm_skip": {
        "zh": "您想跳过这个问题吗？跳过的问题不会得分。",
        "en": "Would you like to skip this question? A skipped question earns no score.",
    },
    "confirm_human": {
        "zh": "您想转给真人招聘人员吗？转接后我会停下来，您的消息会转给他们。",
        "en": "Would you like to be handed over to a recruiter? I will stop here and your messages "
        "will go to them.",
    },
    "confirm_withdraw": {
        "zh": "您想撤回同意并结束面试吗？结束后不再评分。",
        "en": "Would you like to withdraw your consent and end the interview? It will not be "
        "scored.",
    },
    "confirm_delete": {
        "zh": "您想删除这次面试的全部资料并结束面试吗？删除后无法恢复。",
        "en": "Would you like all data of this interview deleted, and the interview ended? This "
        "cannot be undone.",
    },
    "confirm_answer": {
        "zh": "我不确定您的意思。如果“{held}”就是您的回答，请选“是”；不是的话请选“否”，或者直接回答问题。",
        "en": "I am not sure what you mean. If “{held}” is your answer, choose “Yes”; if not, choose "
        "“No”, or simply answer the question.",
    },
    "not_an_answer": {
        "zh": "好的，不算作回答。您可以发“请再说一遍”“这是什么意思”“跳过”；我答不了的，可以发“转人工”。"
        "我们回到问题：",
        "en": "All right, it does not count as an answer. You can say “repeat”, “what does that "
        "mean” or “skip”, and “talk to a person” for what I cannot answer. Back to the question:",
    },
    "clarify_plain": {
        "zh": "照字面的意思理解就好，没有别的含义。",
        "en": "Please take it just as it is written; nothing else is meant by it.",
    },
    "clarify": {
        "zh": "按您自己的理解来回答就好，讲您真实的想法和做法，学习、实习、工作里的例子都可以。",
        "en": "Please take it as you understand it, and say what you really think or did. Examples "
        "from study, internships or work are all fine.",
    },
    "clarify_scored": {
        "zh": "这个问题想了解的是“{name}”。按您自己的理解来回答就好，讲您真实的想法和做法，"
        "学习、实习、工作里的例子都可以，越具体越好。",
        "en": "This question is about “{name}”. Please take it as you understand it, and say what "
        "you really think or did; examples from study, internships or work are all fine, the more "
        "concrete the better.",
    },
    "scored_here": {
        "zh": "{which}计入“{name}”（{weight}%）。",
        "en": "{which} counts towards “{name}” ({weight}%). ",
    },
    "not_scored_here": {
        "zh": "{which}不计分。",
        "en": "{which} is not scored. ",
    },
    "open_question": {"zh": "现在这道题", "en": "The question that is open now"},
    "answered_question": {"zh": "您刚回答的那道题", "en": "The question you have just answered"},
    "yes": {"zh": "是", "en": "Yes"},
    "no": {"zh": "否", "en": "No"},
    "kept_going": {"zh": "好的，我们继续。", "en": "All right, let us go on."},
    "skipped": {"zh": "好的，这个问题先跳过。", "en": "All right, we will skip this one."},
    "paused": {
        "zh": "已暂停，之前的回答都保存好了。准备好了就发“继续”。",
        "en": "Paused. Your answers so far are saved. Send “resume” when you are ready.",
    },
    "resumed": {"zh": "欢迎回来，我们接着来。", "en": "Welcome back, let us go on."},
    "human": {
        "zh": "已转给招聘人员，他们会尽快回复您。您现在发的消息都会保存并转给他们。",
        "en": "I have handed you over to the recruiters, who will reply as soon as they can. "
        "Messages you send now are kept for them.",
    },
    "human_noted": {
        "zh": "已转达给招聘人员。",
        "en": "Passed on to the recruiters.",
    },
    "withdrawn": {
        "zh": "已撤回同意，面试到此结束，不会评分。",
        "en": "Your consent is withdrawn. The interview ends here and will not be scored.",
    },
    "erased": {
        "zh": "面试已结束，这次面试的资料正在删除，之后将无法读取。",
        "en": "The interview has ended. Its data is being deleted and cannot be read afterwards.",
    },
    "reminded": {
        "zh": "这次面试还没有做完，之前的回答都已保存，会为您保留到 {until}。方便的时候随时接着答：",
        "en": "Your interview is not finished yet. Your answers are saved, and it stays open until "
        "{until}. Go on whenever it suits you:",
    },
    "reminded_paused": {
        "zh": "这次面试还在暂停中，之前的回答都已保存，会为您保留到 {until}。准备好了就发“继续”。",
        "en": "Your interview is still paused. Your answers are saved, and it stays open until "
        "{until}. Send “resume” when you are ready.",
    },
    "reopened": {
        "zh": "招聘人员为您重新开放了这次面试，我们从上次停下的地方接着来。",
        "en": "The recruiters have reopened this interview for you. Let us go on from where we "
        "stopped.",
    },
    "reopened_line": {
        "zh": "招聘人员重新开放了这次面试。",
        "en": "A recruiter reopened this interview.",
    },
    "expired": {
        "zh": "很久没有收到您的消息，这次面试先结束了。已有的回答都已保存；如需继续，请联系招聘人员。",
        "en": "We have not heard from you for a long time, so this interview is closed. Your "
        "answers are saved; if you would like to go on, please contact the recruiters.",
    },
    "finished": {
        "zh": "面试结束，谢谢您的时间和回答。招聘人员会查看您的回答和评分依据，再由他们作出决定；"
        "您可以要求人工复核。",
        "en": "That was the last question. Thank you for your time and your answers. The recruiters "
        "will read them together with the evidence for each score, and they decide. You may ask "
        "for a review by a person.",
    },
    "closed": {"zh": "这次面试已经结束。", "en": "This interview has ended."},
    "language_changed": {"zh": "好的，我们用中文继续。", "en": "All right, we go on in English."},
    "language_missing": {
        "zh": "抱歉，这份面试提纲只有中文。",
        "en": "Sorry, this interview is in English only.",
    },
    "about_scoring": {
        "zh": "评分只看您说的内容：把回答和岗位评分标准里的要点逐条对照，标出对应的原话。"
        "维度和权重：{dimensions}。{here}同样的回答总是得到同样的分数，最后由人决定，您可以要求人工复核。",
        "en": "Only the content of what you say is scored: it is compared point by point with the "
        "role's rubric, and the words each point rests on are marked. Dimensions and weights: "
        "{dimensions}. {here}The same answer always gets the same score; a person decides, and you may "
        "ask for a review by a person.",
    },
    "about_process": {
        "zh": "我是 AI 面试官，由程序驱动，不是真人。这次面试一共约 {total} 个问题，大约 {minutes} 分钟，"
        "已完成 {answered} 个，每题不限时，想好再答。结束后由招聘人员查看并决定下一步，结果由他们通知您。"
        "您可以随时发“暂停”“请再说一遍”“跳过”或“转人工”。",
        "en": "I am an AI interviewer: a program, not a person. There are about {total} questions, "
        "about {minutes} minutes in all, and {answered} are done; no question has a time limit. "
        "Afterwards the recruiters read your answers, decide what comes next and let you know. You "
        "can say “pause”, “repeat”, “skip” or “talk to a person” at any time.",
    },
    "about_privacy": {
        "zh": "{statement}回答保存在{company}自己的服务器上，不交给外部 AI 服务。"
        "您可以随时发“撤回同意”或“删除我的资料”。",
        "en": "{statement} Your answers stay on the machines of {company} and are not sent to any "
        "outside AI service. You can say “withdraw my consent” or “delete my data” at any time.",
    },
    **COURTESIES,
    **VOICE,
}


def one_line(text: str, longest: int) -> str:
    """The text as one printable line, cut after `longest` characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= longest else f"{line[:longest]}…"


def say(key: str, language: Language, **values: object) -> str:
    """The text of `key` in the language, with its {placeholders} filled."""
    return TEXTS[key][language].format(**values)
