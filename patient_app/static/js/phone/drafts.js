// Words typed into a form with room for many survive a reload, a crash, a call, and the end of a session: they are kept on
// this phone, encrypted like entries that wait, and vanish once they were sent.
import { close, open } from "./box.js";
import { endsAfter, read, remove, within, write } from "./db.js";
import { seal } from "./letter.js";
import { newId } from "./ids.js";
import { say, sayStored, sentHere } from "./main.js";

const AFTER_TYPING = 700;
const TAKEN = 20; // So many forms back somebody can go, and hear that what they wrote is stored.
const PASSWORD = 'input[type="password"], [autocomplete$="-password"], [autocomplete="one-time-code"]'; // Also one that is shown.
const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
let current;
let isOver = false; // The words of this page are stored, or wait as an entry: no draft is to be made of them any more.

// Where a draft lies: by the person and the page, as a hash, so that the address itself is not on the disk. A page that asks
// about one of many things, which its path does not name, has a draft for each: a day, or a medicine.
async function keyOf(tag, form) {
  const { pathname } = new URL(form.action);
  const about = [...form.querySelectorAll('input[name="day"], input[name="catalogue"], input[name="name"]')].map(({ defaultValue }) => defaultValue);
  const what = [tag, location.pathname, pathname, about.filter(Boolean).join(" ")].join(" ");
  return hex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(what))).slice(0, 32);
}

const fieldsOf = (form) => [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "draft");

// Fill a form with what was said; what it does not offer (any more) is left out. A field that somebody `touched` since
// stays as it is; where both are words, what was said before comes first, and the place of writing stays.
export function fill(form, fields, touched = new Set()) {
  const said = new Map();
  fields.forEach(([name, value]) => said.set(name, [...(said.get(name) ?? []), value]));
  for (const field of form.elements) {
    if (!field.name || field.type === "submit" || field.type === "button" || field.matches(PASSWORD)) continue;
    const values = said.get(field.name) ?? [];
    if (touched.has(field.name)) {
      const before = values.shift();
      if (field.matches("textarea") && before && !field.value.includes(before)) field.setRangeText(`${before}\n\n`, 0, 0, "preserve");
    } else if (field.type === "radio" || field.type === "checkbox") field.checked = values.includes(field.value);
    else if (values.length) field.value = values.shift();
  }
  form.querySelector("details.more")?.toggleAttribute("open", true);
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

// What a form had been told before this script was there: on a slow phone somebody types while it loads. (What a browser puts
// back when one goes back to a page may have been sent since, and is left to it.)
export function toldAlready(form) {
  const [{ type } = {}] = performance.getEntriesByType("navigation");
  return type === "back_forward" ? [] : [...form.elements].filter((field) => field.name && isTold(field)).map(({ name }) => name);
}

function isTold(field) {
  if (field.type === "hidden" || field.matches(`button, fieldset, output, ${PASSWORD}`)) return false;
  if (field.type === "radio" || field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (!field.options) return field.value !== field.defaultValue;
  return field.selectedIndex !== Math.max([...field.options].findIndex((option) => option.defaultSelected), 0);
}

// Keep the words as they are now; resolves once they lie on the disk. Forgetting waits for it, so that a draft cannot come
// back afterwards.
let storing = Promise.resolve();

export function store() {
  if (current?.changed) storing = storing.then(() => put(current)).catch(() => {});
  return storing;
}

async function put(draft) {
  if (!draft?.changed) return;
  draft.changed = false;
  const { form, key, page, id } = draft;
  const said = { action: new URL(form.action).pathname, fields: fieldsOf(form) };
  const letter = await seal(said, { letterbox: page.letterbox, tag: page.person, id });
  const own = await close(said, `draft ${key}`);
  await within(["drafts"], "readwrite", (drafts) => drafts.put({ id, tag: page.person, at: Date.now(), own, letter }, key));
}

// The words of a draft; those that only the server can open (after signing out) it gives to their writer alone.
async function wordsOf(draft, key) {
  const own = await open(draft.own, `draft ${key}`);
  if (own || !navigator.onLine) return own;
  const answer = await fetch("/outbox/open", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ v: 1, person: draft.tag, sent_at: new Date().toISOString(), id: draft.id, letter: draft.letter }),
    signal: endsAfter(5000),
  });
  return answer.ok ? (await answer.json()).entry : undefined;
}

// The form of this page that has room for many words, or is long and says so (data-draft), if it has one and does not say
// "none"; drafts of forms that were sent since are taken away. `sent` names the draft of a form of this page that was sent
// before somebody came back to it.
export async function watch(page, sent = {}) {
  const form = [...document.forms].find((one) => (one.querySelector("textarea") || "draft" in one.dataset) && one.dataset.draft !== "none" && !one.querySelector(PASSWORD));
  const touched = new Set(); // Who types at once, before what was written earlier is back, loses neither.
  form?.addEventListener("input", ({ target }) => target.name && touched.add(target.name));
  if (form) toldAlready(form).forEach((name) => touched.add(name));
  const taken = await forgetSent();
  if (!form || form.dataset.edits) return;
  if (sent.form === form && sent.draft && taken.includes(sent.draft)) {
    sayStored(form);
    if (!form.contains(document.activeElement)) touched.clear();
  }
  const key = await keyOf(page.person, form);
  const draft = await read("drafts", key);
  const mine = { form, key, page, id: draft?.id ?? newId(), changed: false };
  if (draft && !document.querySelector("[data-error-summary]")) {
    const said = await wordsOf(draft, key).catch(() => undefined);
    if (said) {
      fill(form, said.fields, touched);
      say("draft");
      document.querySelector("[data-start-over]")?.addEventListener("click", startOver);
    }
  }
  if (isOver) return;
  current = mine;
  let timer;
  const typed = () => {
    mine.changed = true;
    clearTimeout(timer);
    timer = setTimeout(store, AFTER_TYPING);
  };
  form.addEventListener("input", typed);
  if (touched.size) typed();
  form.addEventListener("submit", () => {
    if (!current) return;
    store(); // Before the answer comes, which lets go of it: not afterwards, when it would come back.
    const named = form.querySelector('input[name="draft"]') ?? form.appendChild(Object.assign(document.createElement("input"), { type: "hidden", name: "draft" }));
    named.value = current.id;
    sentHere(form, { draft: current.id });
  }, { capture: true });
  addEventListener("pagehide", store);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && store());
}

// Keep the words of a form that comes from what waited as a draft, before they are let go of there: the network may fail in
// between. The server names it, once it took the form, like any other.
export async function keepFor(form, page) {
  if (current) return store();
  current = { form, key: await keyOf(page.person, form), page, id: newId(), changed: true };
  form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "draft", value: current.id }));
  return put(current);
}

async function startOver() {
  await forget();
  location.assign(location.pathname + location.search);
}

// Forget the draft of this page: its words are stored, or kept as an entry that waits.
export async function forget() {
  isOver = true;
  if (!current) return;
  const { key } = current;
  current = undefined;
  await storing;
  await remove("drafts", key);
}

// The server names the draft whose form it took in a cookie that holds nothing else. Returns those that it named last.
async function forgetSent() {
  const taken = (await read("meta", "taken")) ?? [];
  const [, id] = /(?:^|; )(?:__Host-)?sent=([0-9a-f-]{36})/.exec(document.cookie) ?? [];
  if (!id) return taken;
  await within(["drafts"], "readwrite", (drafts) => {
    drafts.openCursor().onsuccess = ({ target: { result: cursor } }) => {
      if (!cursor) return;
      if (cursor.value.id === id) cursor.delete();
      cursor.continue();
    };
  });
  const newest = [id, ...taken].slice(0, TAKEN);
  await write("meta", newest, "taken");
  for (const name of ["sent", "__Host-sent"]) document.cookie = `${name}=; Max-Age=0; Path=/; SameSite=Lax${location.protocol === "https:" ? "; Secure" : ""}`;
  return newest;
}
