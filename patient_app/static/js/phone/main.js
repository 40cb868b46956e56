// What makes this phone remember without a network: the worker, the lines that say what waits, and the forms whose
// entries are kept until they arrive. Without scripts every page works as it is. Larger parts load when they are needed.
import { belongTo, forgetReadable } from "./box.js";
import { read, remove } from "./db.js";
import { newId } from "./ids.js";
import { sendAll } from "./outbox.js";

const page = document.body.dataset;
const lines = document.querySelector("#phone-lines");
const SYNC = "tandem-outbox";
// Whether the browser sends a form just now: the answer takes the place of this page, or is a file, or does not come.
export let isSending = false;
function sends() {
  isSending = true;
  setTimeout(() => {
    isSending = false;
  }, 15_000);
}

// Show or hide a line of the status part; `fill` puts words into its places.
export function say(name, shown = true, fill = []) {
  const line = lines?.querySelector(`[data-line="${name}"]`);
  if (!line) return;
  line.querySelectorAll("[data-n]").forEach((place, number) => place.replaceChildren(fill[number] ?? ""));
  line.hidden = !shown;
}

// A time of day as core/times.py writes it, of whose words the page has four; a language that lacks them is the browser's.
const { lang } = document.documentElement;
function clockOf(when) {
  const [am, pm, noon, midnight] = document.querySelector("[data-halves]")?.dataset.halves.split("|") ?? [];
  if (!midnight) return new Intl.DateTimeFormat(lang, { timeStyle: "short" }).format(when);
  const [hour, minute] = [when.getHours(), when.getMinutes()];
  if (minute === 0 && hour % 12 === 0) return hour ? noon : midnight;
  return `${hour % 12 || 12}:${String(minute).padStart(2, "0")}\u00A0${hour < 12 ? am : pm}`;
}

export const timeOf = (at) => {
  const when = new Date(at);
  if (when.toDateString() === new Date().toDateString()) return clockOf(when);
  // In English, too, the day stands before the month.
  const day = new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, { day: "numeric", month: "long" }).format(when);
  return `${day}, ${clockOf(when)}`;
};

// Shorter lines take the room of longer ones: nothing moves under a thumb.
function holdRoom() {
  const { height } = lines?.getBoundingClientRect() ?? {};
  if (height) lines.style.minBlockSize = `${height}px`;
}

// A page that was kept stays as old as it is, but that there is no network it says only while there is none.
let clearNeeds;
let hasNetwork = true;
function sayNetwork(isThere) {
  hasNetwork = isThere;
  if (isThere) holdRoom();
  lines?.querySelectorAll("[data-net]").forEach((part) => {
    part.hidden = (part.dataset.net === "yes") !== isThere;
  });
  if (isThere) clearNeeds?.();
}

// Tell what waits. `sent` is how many just arrived, `next` where the newest of them can be read, and what follows it.
// It stays true: the page and the worker send at the same time, and only one of them finds something.
let arrived = 0;
export function sayWaiting({ waiting, refused, sent = 0, pages, next, why }) {
  if (sent) sayNetwork(true); // First of all: it holds the room.
  if (document.querySelector("[data-later-part][data-entry]")) import("./later.js").then(({ sayAgain }) => sayAgain({ pages, why })).catch(() => {});
  if (sent) {
    arrived += sent;
    lines?.querySelectorAll("[data-next]").forEach((link) => {
      link.hidden = !next;
      if (next) link.href = next;
    });
  }
  say("sent-one", arrived === 1);
  say("sent-many", arrived > 1, [arrived]);
  const isElsewhere = location.pathname !== "/waiting"; // There they are seen.
  say("one", waiting === 1 && isElsewhere);
  say("many", waiting > 1 && isElsewhere, [waiting]);
  say("refused", refused > 0 && isElsewhere);
  say("sign-in", why === "signed-out" && waiting > 0);
}

let sending;
// Send what waits, unless that is under way; afterwards the lines are true again. Resolves to what came of it, or to nothing.
export function sendWaiting() {
  sending ??= sendAll()
    .then((outcome) => {
      sayWaiting(outcome);
      if (outcome.sent) navigator.serviceWorker?.controller?.postMessage({ type: "refresh", now: true });
      if (outcome.waiting) askForSync();
      return outcome;
    })
    .catch(() => {})
    .finally(() => {
      sending = undefined;
    });
  return sending;
}

// The browser says that there is a network. For a moment that may be too early, or a network that leads nowhere: where
// something waits, whether it arrives tells.
const AGAIN_AFTER = [5000, 30_000];
async function online() {
  const mayWait = await tookOver; // It may say so before this page is ready to send.
  if (!mayWait) {
    sayNetwork(true);
    return;
  }
  await sending; // It began before.
  for (const pause of [...AGAIN_AFTER, undefined]) {
    const outcome = await sendWaiting();
    if (navigator.onLine === false) return;
    if (outcome?.why !== "later") {
      sayNetwork(true);
      return;
    }
    if (pause) await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

// Where the browser can, it wakes the worker once there is a network, also when no page is open.
export async function askForSync() {
  try {
    await (await navigator.serviceWorker.ready).sync?.register(SYNC);
  } catch {
    // Not allowed, or not there: the pages send by themselves.
  }
}

// Signed out while there was no network: the server hears of it first of all.
async function finishLeaving() {
  if (!(await read("meta", "leaving"))) return false;
  const answer = await fetch("/sign-out", { method: "POST", redirect: "manual" }).catch(() => undefined);
  if (answer) await remove("meta", "leaving");
  location.replace("/");
  return true;
}

// Where a lock is set, it comes first (guard.js); true when this page is locked, and goes.
const isGuarded = async () => !!(await read("meta", "lock")) && (await import("./guard.js")).guard();

// Resolves to whether this page may send what waits: not on a shared phone, and not where it goes to another page.
async function takeOver() {
  if (await finishLeaving()) return false;
  if (page.shared) {
    await forgetReadable();
    return false;
  }
  await belongTo(page.person);
  if (await isGuarded()) return false;
  document.addEventListener("visibilitychange", isGuarded);
  const waits = new URLSearchParams(location.search).get("waiting");
  if (waits && document.querySelector("form[data-later]")) await import("./waiting.js").then(({ edit }) => edit(waits)).catch(() => {});
  // Not after sending: on a network that hangs, words that are typed meanwhile would be kept nowhere.
  if (document.querySelector("textarea, form[data-draft]")) import("./drafts.js").then((drafts) => drafts.watch(page, { form: sentForm, ...sent })).catch(() => {});
  await sendWaiting(); // What the browser says of the network while this goes on is heard afterwards.
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && sendWaiting());
  return true;
}

// The browser's own sending, with the button that was pressed: by itself it would leave that out.
export function native(form, submitter) {
  const { name, value } = submitter ?? {};
  if (name) form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  sends();
  HTMLFormElement.prototype.submit.call(form);
}

function submitted(event) {
  const form = event.target;
  const kind = form.action.endsWith("/sign-out") ? "leaving" : form.dataset.later && page.person && !page.shared ? "later" : undefined;
  if (event.defaultPrevented) return;
  if (!kind) {
    if (form.method === "post") sends();
    return;
  }
  event.preventDefault();
  if (form.getAttribute("aria-busy") === "true") return; // A second tap.
  form.setAttribute("aria-busy", "true");
  const part = kind === "later" ? import("./later.js") : import("./leaving.js");
  part
    .then((module) => module.submit(form, event.submitter, page))
    .catch(() => native(form, event.submitter))
    .finally(() => form.removeAttribute("aria-busy"));
}

function useWorker() {
  const container = navigator.serviceWorker;
  if (!container) return;
  const rules = { createScriptURL: (address) => (address === "/sw.js" ? address : "") };
  const address = globalThis.trustedTypes?.createPolicy("tandem-worker", rules).createScriptURL("/sw.js") ?? "/sw.js";
  let asked = false;
  const offer = (worker) => {
    say("update");
    lines?.querySelector("[data-update]")?.addEventListener("click", () => {
      asked = true;
      worker.postMessage({ type: "use" });
    });
  };
  container
    .register(address, { scope: "/", updateViaCache: "none" })
    .then((registration) => {
      if (registration.waiting && container.controller) offer(registration.waiting);
      registration.addEventListener("updatefound", () => {
        const fresh = registration.installing;
        fresh?.addEventListener("statechange", () => fresh.state === "installed" && container.controller && offer(fresh));
      });
      return container.ready;
    })
    .then(({ active }) => active.postMessage({ type: "hello", face: document.documentElement.dataset.as ?? "own", language: document.documentElement.lang, keeps: !!page.keeps }))
    .catch(() => {});
  container.addEventListener("controllerchange", () => asked && location.reload());
  container.addEventListener("message", ({ data }) => data?.type === "sent" && sayWaiting(data.outcome));
}

// Somebody went back to a page whose form was sent, and the browser put their words into it again: under a fresh id they
// would be stored twice. `sent` is what is kept of that with this step of the browser's history: no words.
export const sentHere = (form, what) => history.replaceState({ ...history.state, sent: { action: new URL(form.action).pathname, ...what } }, "");
const { sent, ...state } = history.state ?? {};
const sentForm = sent && [...document.forms].find((form) => form.method === "post" && new URL(form.action).pathname === sent.action);
if (sent) {
  history.replaceState(state, "");
  history.scrollRestoration = "manual"; // What came of it is said at the top, and not where they pressed the button.
}
// Its words go, since they are safe; of whoever writes in it at this moment they stay.
export function sayStored(form, next) {
  if (!form.contains(document.activeElement)) form.reset();
  say("stored");
  lines?.querySelectorAll("[data-stored]").forEach((link) => {
    link.hidden = !next;
    if (next) link.href = next;
  });
  document.querySelector("h1")?.scrollIntoView();
}
if (sentForm && sent.next) sayStored(sentForm, sent.next);
// A page that the browser kept whole begins anew, too: what it shows and remembers is from before.
addEventListener("pageshow", ({ persisted }) => persisted && history.state?.sent && location.reload());

// What needs a network says so while there is none: on a page that was kept, and when the browser knows.
async function sayNeeds() {
  sayNetwork(false);
  const { hideNeeds, showNeeds } = await import("./needs_net.js");
  clearNeeds = hideNeeds;
  if (page.person && !page.shared) await showNeeds();
  if (hasNetwork) hideNeeds(); // It came back meanwhile.
}

const keptAt = document.querySelector('meta[name="kept"]')?.content;
if (keptAt) say("offline", true, [timeOf(Number(keptAt))]);
const needs = () => sayNeeds().catch(() => {});
if (keptAt || navigator.onLine === false) needs();
addEventListener("offline", needs);
// The id of an entry is made on this phone: a page that was kept for a while would bring the same one each time. A page
// that came back with messages keeps the id it was sent with, and so does a form that start.js sent without us.
if (!document.querySelector("[data-error-summary]")) {
  for (const id of document.querySelectorAll('form[data-later="new"]:not([data-under-way]) input[name="id"]')) id.value = newId();
}
const planAt = document.querySelector('meta[name="plan"]')?.content;
if (planAt) say("plan", true, [timeOf(Number(planAt))]);
const toPlan = document.querySelector("[data-to-plan]");
if (toPlan) {
  read("meta", "plan")
    .then((plan) => {
      toPlan.hidden = !plan;
    })
    .catch(() => {});
}
// A saved lesson stands whole on another page.
const isOfLesson = location.pathname.startsWith("/learn/lessons/") ? "yes" : "no";
document.querySelectorAll("[data-of-lesson]").forEach((part) => {
  part.hidden = part.dataset.ofLesson !== isOfLesson;
});
document.addEventListener("submit", submitted);
const tookOver = page.person ? takeOver().catch(() => false) : Promise.resolve(false);
addEventListener("online", online);
if (document.readyState === "complete") useWorker();
else addEventListener("load", () => (globalThis.requestIdleCallback ?? setTimeout)(useWorker));

