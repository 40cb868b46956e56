// A form whose entry is kept on this phone until the server has it. It is stored here first, then sent; what the person
// sees is the truth at each moment: stored there, kept here, or still only on the screen.
import { soundsHeavy } from "../near_words.js";
import { endsAfter, read } from "./db.js";
import { newId } from "./ids.js";
import { seal } from "./letter.js";
import { askForSync, native, sayWaiting, sentHere } from "./main.js";
import { alone, discard, keep, SEND_WITHIN, sendItem, waitingOf } from "./outbox.js";

const LONGEST_BRIEF = 240;

const part = (form, name) => form.parentElement.querySelector(`[data-later-part="${name}"]`);

// Show what happened in place of the form, and let reading go on there.
function show(form, name, { hides, why }) {
  const shown = part(form, name);
  if (!shown) return;
  shown.hidden = false;
  if (hides) form.hidden = true;
  shown.querySelectorAll("[data-hard]").forEach((help) => {
    help.hidden = !isHard(form);
  });
  shown.querySelectorAll("[data-of-use]").forEach((help) => {
    help.hidden = !new FormData(form).get("use");
  });
  sayWhy(shown, why);
  shown.querySelector("h2, h3, h4")?.focus();
}

// Of the words that tell what is the matter with an entry, show those that are true.
function sayWhy(shown, why) {
  shown.querySelectorAll("[data-why]").forEach((reason) => {
    reason.hidden = !reason.dataset.why.split(" ").includes(why);
  });
}

// What waits was sent, or somebody tried to: whoever still sees that their entry is kept here reads what is true now.
export async function sayAgain({ pages, why }) {
  for (const shown of document.querySelectorAll("[data-later-part][data-entry]")) {
    const { entry } = shown.dataset;
    if (pages && entry in pages) {
      shown.removeAttribute("data-entry"); // Nothing comes after that.
      shown.querySelector("[data-arrived]").href = pages[entry] ?? "/history";
      sayWhy(shown, "sent");
      continue;
    }
    const item = await read("outbox", entry);
    const now = !item ? "gone" : item.refused ? "refused" : why;
    if (now && shown.dataset.entry) sayWhy(shown, now);
  }
}

// Whether this entry may mean danger, by the thresholds that the page gives, or by an answer that it marks: then help
// stands beside it.
function isHard(form) {
  const { hardMood, hardPull } = form.dataset;
  const said = new FormData(form);
  const number = (name) => (said.get(name) ? Number(said.get(name)) : undefined);
  const pulls = [...said].filter(([name, value]) => value && (name === "craving" || name.startsWith("pulls-")));
  return (
    (hardMood && number("mood") <= Number(hardMood)) ||
    form.querySelector("[data-cannot-wait]:checked") ||
    (hardPull && pulls.some(([, value]) => Number(value) >= Number(hardPull))) ||
    [...said.values()].some((value) => typeof value === "string" && soundsHeavy(value))
  );
}

// Where its writer changes it again.
function pageOf({ pathname, search }) {
  const asked = new URLSearchParams(search);
  ["waiting", "done"].forEach((name) => asked.delete(name));
  return pathname + (`${asked}` && `?${asked}`);
}

// What a form says, in short: the answers that were picked, under their questions, and what was typed.
function briefOf(form) {
  const said = new Map();
  for (const field of form.elements) {
    const isPicked = ["radio", "checkbox"].includes(field.type);
    if (!field.name || !field.value || ["hidden", "submit"].includes(field.type) || (isPicked && !field.checked)) continue;
    const words = isPicked ? field.labels[0]?.textContent : field.matches("select") ? field.selectedOptions[0]?.textContent : field.value;
    const question = isPicked ? (field.closest("fieldset")?.querySelector("legend")?.textContent ?? "") : "";
    if (words) said.set(question || field.name, [question, ...(said.get(question || field.name)?.slice(1) ?? []), words]);
  }
  const plain = (words) => words.trim().replace(/\s+/g, " ");
  return [...said.values()].map(([question, ...words]) => plain(`${question} ${words.map(plain).join(", ")}`)).join(" · ").slice(0, LONGEST_BRIEF);
}

// Nothing can be kept here (the storage is full, or closed to us): the words stay on the screen, and go straight away.
async function sendWithoutKeeping(form, fields, submitter) {
  try {
    const body = new URLSearchParams(fields);
    const answer = await fetch(form.action, { method: "POST", body, signal: endsAfter(SEND_WITHIN) });
    if (answer.redirected) {
      location.assign(answer.url);
      return;
    }
    if (answer.ok || answer.status === 422) {
      native(form, submitter); // The page with its messages; the same id is stored once.
      return;
    }
  } catch {
    // No network either.
  }
  show(form, "unkept", { hides: false });
}

// Keep the entry of a form, try to send it, and show what came of it.
export async function submit(form, submitter, { person: tag, letterbox }) {
  const pressed = submitter?.name ? [[submitter.name, submitter.value]] : []; // Of before 2023, no browser puts it in itself.
  const fields = [...new FormData(form), ...pressed].filter(([name, value]) => typeof value === "string" && name !== "draft");
  const { pathname } = new URL(form.action);
  const ofEntry = form.querySelector('input[name="id"]')?.value;
  const isNew = form.dataset.later === "new" && ofEntry;
  const id = isNew ? ofEntry : (form.dataset.waitingId ??= newId());
  const { edits, part: place, at } = form.dataset;
  const title = submitter?.dataset.title ?? form.dataset.title;
  const kept = async () => {
    const made = edits && JSON.parse(form.dataset.made);
    const said = { action: pathname, fields, title, made, part: place, at, page: pageOf(location), brief: briefOf(form) };
    const item = await keep(id, said, { letterbox, tag }, seal);
    if (edits && edits !== id) await discard(edits);
    return item;
  };
  const answer = await alone(id, async () => {
    const item = await kept().catch(() => undefined);
    return item && sendItem(item);
  });
  if (!answer) {
    await sendWithoutKeeping(form, fields, submitter);
    return;
  }
  if (answer.result === "stored") {
    await forgetDraft();
    if (isNew) sentHere(form, { next: answer.next.replace(/[?#].*/, "") });
    location.assign(answer.next);
    return;
  }
  if (answer.result === "refused") {
    if (edits) await (await import("./drafts.js")).keepFor(form, { person: tag, letterbox });
    await discard(id); // The words stand here, and the server's own page says what to change, and keeps them.
    native(form, submitter);
    return;
  }
  await forgetDraft();
  if (isNew) sentHere(form, { next: "/waiting" });
  const all = await waitingOf(tag);
  const refused = all.filter((one) => one.refused).length;
  sayWaiting({ waiting: all.length - refused, refused, why: answer.result });
  askForSync();
  navigator.storage?.persist?.().catch(() => {}); // From here on this phone holds the only copy of something.
  document.querySelector("h1")?.scrollIntoView();
  part(form, "kept")?.setAttribute("data-entry", id);
  show(form, "kept", { hides: true, why: answer.result });
}

const forgetDraft = async () => (await import("./drafts.js")).forget();
