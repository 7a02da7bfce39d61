// What the page itself says, in both languages. The first screen's words are in chat.html.

const zh = {
  htmlLang: "zh-CN",
  interviewer: "面试官 · AI",
  person: "工作人员",
  you: "您",
  colon: "：",
  conversation: "面试对话",
  status: "面试状态",
  composer: "回答",
  yourAnswer: "您的回答",
  placeholder: "写下您的回答",
  hint: "Enter 发送，Shift + Enter 换行",
  send: "发送",
  menu: "更多：改上一个回答、暂停、换一题、转人工",
  newer: "有新消息 ↓",
  options: "可选的回答",

  progress: (answered, total) => `已答 ${answered} / ${total}`,
  minutesLeft: (n) => `约剩 ${n} 分钟`,
  lastMinute: "快结束了",

  typing: "面试官正在写",
  slow: "还在处理，请稍等",
  sending: "正在发送",
  saved: "已保存",
  unsent: "尚未发出",
  retry: "重试",
  edit: "改一改",
  refusedEnded: "面试已经结束，这条没有提交",
  refusedLong: "超过 20,000 字，没有提交，请删减后再发",
  refusedOther: (message) => (message ? `没有提交：${message}` : "没有提交，请改一改再发"),

  charsLeft: (n) => `还可写 ${n} 字`,
  charsOver: (n) => `超出 ${n} 字，请先删减`,

  offline: "网络断开了。您写的都留在本机，连上后自动发出。",
  unreachable: "暂时连不上面试服务。您写的都留在本机，连上后自动发出。",
  online: "",
  loading: "正在取回对话",
  loadFailed: "没能取回对话，会自动再试。",
  tryNow: "现在再试",
  patience: "慢慢想，我在。",

  startFailed: "没有连上。请看一下网络，再按一次。",
  startMissing: "这个面试现在没有开放。请向给您链接的人确认。",
  startRefused: (message) => (message ? `现在不能开始：${message}` : "现在不能开始，请稍后再试。"),
  starting: "正在开始",

  menuItems: [
    ["再问一遍", "请再说一遍"],
    ["改上一个回答", "修改上一个回答"],
    ["换一题", "跳过"],
    ["暂停", "暂停"],
    ["转人工", "转人工"],
    ["切换到英文", "切换到英文", "language"],
  ],

  paused: { title: "面试已暂停", body: "您的回答都在。什么时候回来都可以，接着答就行。", action: "继续", words: "继续" },
  human: { title: "已转给工作人员", body: "会有人来回复您，可以先离开，回来时消息还在。您现在写的会转给对方，不计分。" },
  finished: { title: "面试完成了，谢谢您", body: (c) => `您的回答都已保存。接下来由${c}的人查看并决定，机器不作决定。您有权要求人工复核。` },
  withdrawn: { title: "您已退出面试", body: (c) => `不会再向您提问。如果想改变主意，或要求删除已有的内容，请联系${c}。` },
  erased: { title: "内容已删除", body: () => "这次面试的内容已经删除，本机上的副本也清掉了。" },
  expired: { title: "这次面试已过期", body: (c) => `不能再继续作答。如果您还想参加，可以重新开始，或联系${c}。` },
  denied: { title: "这段对话打不开了", body: () => "本机的凭证已经失效，不能接着刚才的对话。已经保存的回答还在招聘方那里。重新开始时，没发出的文字会放进输入框。" },
  startAgain: "重新开始",
  forget: "从本机清除这段对话",
  forgetSure: "再按一次确认。清除后，本机不能再打开它",
};

const en = {
  htmlLang: "en",
  interviewer: "Interviewer · AI",
  person: "A person",
  you: "You",
  colon: ": ",
  conversation: "Interview conversation",
  status: "Interview status",
  composer: "Answer",
  yourAnswer: "Your answer",
  placeholder: "Write your answer",
  hint: "Enter to send, Shift + Enter for a new line",
  send: "Send",
  menu: "More: correct, pause, skip, a person",
  newer: "New message ↓",
  options: "Possible answers",

  progress: (answered, total) => `${answered} / ${total} answered`,
  minutesLeft: (n) => `~${n} min left`,
  lastMinute: "nearly done",

  typing: "The interviewer is writing",
  slow: "Still working on it",
  sending: "Sending",
  saved: "Saved",
  unsent: "Not sent yet",
  retry: "Retry",
  edit: "Edit",
  refusedEnded: "The interview has ended, so this was not submitted",
  refusedLong: "Over 20,000 characters, so this was not submitted. Please shorten it",
  refusedOther: (message) => (message ? `Not submitted: ${message}` : "Not submitted. Please edit it and send again"),

  charsLeft: (n) => `${n} characters left`,
  charsOver: (n) => `${n} characters too many, please shorten`,

  offline: "You are offline. What you write stays on this device and is sent once you are back.",
  unreachable: "The interview can’t be reached just now. What you write stays on this device and is sent later.",
  online: "",
  loading: "Fetching your conversation",
  loadFailed: "Your conversation could not be fetched. Trying again shortly.",
  tryNow: "Try now",
  patience: "Take your time, I am here.",

  startFailed: "No connection. Please check your network and press again.",
  startMissing: "This interview is not open at the moment. Please check with whoever gave you the link.",
  startRefused: (message) => (message ? `It can’t start now: ${message}` : "It can’t start now. Please try again later."),
  starting: "Starting",

  menuItems: [
    ["Repeat", "repeat"],
    ["Correct my last answer", "correct my last answer"],
    ["Skip", "skip"],
    ["Pause", "pause"],
    ["A person", "talk to a person"],
    ["Switch to Chinese", "switch to Chinese", "language"],
  ],

  paused: { title: "Paused", body: "Your answers are kept. Come back whenever you like and carry on.", action: "Continue", words: "continue" },
  human: { title: "Handed to a person", body: "Someone will reply here. You can leave and come back. What you write now goes to them and is not scored." },
  finished: { title: "That’s everything, thank you", body: (c) => `Your answers are saved. A person at ${c} reads them and decides; the machine does not. You have the right to a person’s review.` },
  withdrawn: { title: "You have withdrawn", body: (c) => `There are no more questions. If you change your mind, or want what you wrote deleted, please contact ${c}.` },
  erased: { title: "Everything is deleted", body: () => "The content of this interview has been deleted, and so has the copy on this device." },
  expired: { title: "This interview has expired", body: (c) => `It can’t be continued. If you would still like to take part, start again or contact ${c}.` },
  denied: { title: "This conversation can’t be opened", body: () => "The pass on this device is no longer valid, so it can’t be continued. Answers already saved are still with the company. If you start again, unsent words are put in the text field." },
  startAgain: "Start again",
  forget: "Remove this conversation from this device",
  forgetSure: "Press again to confirm. This device can’t reopen it afterwards",
};

export const TEXTS = { zh, en };

let current = "zh";

export const language = () => current;
export const other = () => (current === "zh" ? "en" : "zh");
export const t = (key) => TEXTS[current][key];
export const number = (n) => n.toLocaleString("en-US");

/** Makes `lang` the page's language and rewrites everything marked with data-t…, data-lang. */
export function speak(lang, root = document) {
  current = lang in TEXTS ? lang : "en";
  document.documentElement.lang = t("htmlLang");
  for (const el of root.querySelectorAll("[data-lang]")) el.hidden = el.dataset.lang !== current;
  for (const el of root.querySelectorAll("[data-t]")) el.textContent = t(el.dataset.t);
  for (const el of root.querySelectorAll("[data-t-label]")) el.setAttribute("aria-label", t(el.dataset.tLabel));
  for (const el of root.querySelectorAll("[data-t-placeholder]")) el.placeholder = t(el.dataset.tPlaceholder);
}

/** Sets a text that follows the page's language from now on. */
export function say(el, key) {
  el.dataset.t = key;
  el.textContent = t(key);
  return el;
}

/** The language a text is most likely written in: for its font and for the voice that reads it. */
export function langOf(text) {
  return /\p{Script=Han}/u.test(text) ? "zh-CN" : /[A-Za-z]/.test(text) ? "en" : "";
}
