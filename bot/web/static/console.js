// Small improvements to the console's pages; everything works without them.

const language = document.documentElement.lang;

// --- local times ---------------------------------------------------------------------------------

const clock = { hour: "2-digit", minute: "2-digit", hour12: false };
const FORMATS = {
  clock,
  today: clock,
  short: { month: "short", day: "numeric", ...clock },
  day: { year: "numeric", month: "short", day: "numeric" },
  full: { year: "numeric", month: "short", day: "numeric", ...clock },
};

function showLocalTimes() {
  const today = new Date().toDateString();
  for (const el of document.querySelectorAll("time[datetime]")) {
    const at = new Date(el.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const short = el.dataset.format === "short";
    const format = short && at.toDateString() === today ? "today" : el.dataset.format;
    el.title = at.toLocaleString(language, { dateStyle: "full", timeStyle: "long" });
    el.textContent = at.toLocaleString(language, FORMATS[format] ?? FORMATS.full);
  }
}

// --- evidence: pointing at a score lights its words, and the other way round ---------------------

const labelsOf = (el) => (el.dataset.label ?? el.dataset.main ?? "").split(" ").filter(Boolean);

function light(source) {
  for (const el of document.querySelectorAll(".lit")) el.classList.remove("lit");
  if (!source) return;
  for (const label of labelsOf(source)) {
    const name = CSS.escape(label);
    const alike = document.querySelectorAll(`[data-labels~="${name}"], [data-label="${name}"]`);
    for (const el of alike) el.classList.add("lit");
  }
}

function lightEvidence() {
  const source = (event) => event.target.closest?.("[data-label], [data-main]");
  document.addEventListener("pointerover", (event) => light(source(event)));
  document.addEventListener("focusin", (event) => light(source(event)));
  document.addEventListener("focusout", () => light(null));
}

// --- keys: j and k move, u goes back to the list; they can be switched off -----------------------

const STORED = "miantan.console.keys";

function stored() {
  try {
    return localStorage.getItem(STORED) !== "off";
  } catch {
    return true;
  }
}

function store(on) {
  try {
    localStorage.setItem(STORED, on ? "on" : "off");
  } catch {
    /* holds for this page */
  }
}

function moveRow(step) {
  const rows = [...document.querySelectorAll("[data-row]")];
  const now = rows.indexOf(document.activeElement);
  const next = now < 0 ? (step > 0 ? 0 : rows.length - 1) : now + step;
  rows[Math.min(Math.max(next, 0), rows.length - 1)]?.focus();
}

function onKey(event) {
  const writing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (writing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const link = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (link) link.click();
  else if (event.key === "j") moveRow(1);
  else if (event.key === "k") moveRow(-1);
}

function offerKeys() {
  const bar = document.getElementById("keys");
  if (!bar || !document.querySelector("[data-row], [data-key]")) return;
  const button = bar.querySelector("button");
  let on = stored();
  const draw = () => {
    button.setAttribute("aria-pressed", String(on));
    button.querySelector("span").textContent = on ? bar.dataset.on : bar.dataset.off;
  };
  button.addEventListener("click", () => {
    on = !on;
    store(on);
    draw();
  });
  document.addEventListener("keydown", (event) => on && onKey(event));
  draw();
  bar.hidden = false;
}

// --- menus close when one leaves them ------------------------------------------------------------

function closeMenus() {
  const menus = [...document.querySelectorAll("details.menu")];
  document.addEventListener("keydown", (event) => {
    const open = menus.find((menu) => menu.open);
    if (event.key !== "Escape" || !open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  document.addEventListener("pointerdown", (event) => {
    for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
  });
}

// --- copying a link --------------------------------------------------------------------------------

function selected(source) {
  const range = document.createRange();
  range.selectNodeContents(source);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

async function copied(source) {
  try {
    await navigator.clipboard.writeText(source.textContent);
    return true;
  } catch {
    // Without TLS there is no clipboard of that kind; the selected text can be copied all the same.
    selected(source);
    return document.execCommand("copy");
  }
}

function offerCopies() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    const told = button.parentElement.querySelector("[role=status]");
    button.hidden = false;
    button.addEventListener("click", async () => {
      const done = await copied(document.getElementById(button.dataset.copy));
      told.textContent = done ? button.dataset.done : "";
    });
  }
}

showLocalTimes();
offerCopies();
lightEvidence();
offerKeys();
closeMenus();
