// Messages: each is shown, at once and always, but to nobody else than the person it is for; what is tapped on one is done without opening the application. Nothing is
// read for it, and nothing that tells is shown: all words come with the message, which only this browser can open.
import { endsAfter, read, write } from "./db.js";
import { owner } from "./box.js";
import { newId } from "./ids.js";
import { seal } from "./letter.js";
import { alone, discard, keep, sendItem } from "./outbox.js";
import { settings } from "./settings.js";
import { agree, asked, giveUp, isAnothers, subscribe } from "./subscribed.js";

const ACT = "/reminders/act";
const OPENS = "/today";
const WITHIN = 8000;
const LOOKED_AFTER = 12 * 60 * 60 * 1000;

// What is said of a message that says nothing itself, in the language of the page that this phone last showed.
async function plain() {
  const language = await read("meta", "language").catch(() => undefined);
  const [title, body] = settings.plain[language] ?? settings.plain.en;
  return { title, body: `${body}.` };
}

// Show a message. One that cannot be read is shown too: a browser that is given nothing to show takes the right away. One
// for another person than the phone is now is not: the right is given up instead, so that it was the last.
export async function show(data) {
  let told = {};
  try {
    told = data?.json() ?? {};
  } catch {
    // Not ours, or of another release: what it says is not shown.
  }
  const { notification: said = {}, act, person = act?.person } = told;
  if (await isForAnother(person)) return giveUp(registration.pushManager);
  const unsaid = await plain();
  const room = self.Notification?.maxActions ?? 2;
  const actions = (act?.buttons ?? []).slice(0, room).map(([action, title]) => ({ action, title }));
  return registration.showNotification(said.title ?? unsaid.title, {
    body: said.body ?? unsaid.body,
    lang: said.lang ?? "",
    dir: said.dir ?? "auto",
    tag: said.tag ?? "",
    renotify: !!said.tag,
    actions,
    data: { path: pathOf(said.navigate), act },
  });
}

// Whether a message is for somebody who left this phone, or whose it is not any more.
async function isForAnother(person) {
  const [tag, leaving] = await Promise.all([owner(), read("meta", "leaving")]).catch(() => []);
  return !!leaving || (!!person && !!tag && person !== tag);
}

// Only ever a page of our own.
function pathOf(address) {
  try {
    const url = new URL(address, location.origin);
    return url.origin === location.origin ? url.pathname + url.search : OPENS;
  } catch {
    return OPENS;
  }
}

// A tap: on a button, or on the notification itself.
export async function tapped({ action, notification }) {
  notification.close();
  const { path = OPENS, act } = notification.data ?? {};
  if (action && act) await answer(action, notification, act);
  else await open(path);
}

async function open(path) {
  const [page] = await clients.matchAll({ type: "window" });
  try {
    await (await page.focus()).navigate(path);
  } catch {
    await clients.openWindow(path);
  }
}

// Send what was tapped; it is kept on this phone first, like an entry, and goes when the server has it. What is for another
// person, or comes after signing out, does nothing, and says so.
async function answer(wish, notification, { token, person, says = {} }) {
  const { title, lang, dir, tag: about } = notification;
  const say = (why) => says[why] && registration.showNotification(title, { body: says[why], tag: `${about} said`, lang, dir, data: { path: OPENS } });
  const fields = [["token", token], ["do", wish]];
  const [tag, leaving, phone] = await Promise.all([owner(), read("meta", "leaving"), asked()]).catch(() => []);
  if (leaving || (tag && tag !== person)) return say("signed-out");
  if (!tag || !phone) return say(await sendPlain(fields));
  const id = newId();
  const sent = await alone(id, async () => {
    const item = await keep(id, { action: ACT, fields, title }, { letterbox: phone.letterbox, tag }, seal).catch(() => undefined);
    return item && sendItem(item);
  });
  if (!sent) return say(await sendPlain(fields)); // Nothing can be kept here.
  const { result } = sent;
  if (result === "stored") return undefined;
  if (result === "later") {
    await registration.sync?.register("tandem-outbox").catch(() => {});
    return say("waits");
  }
  await discard(id); // Said at once: it need not stand among what waits.
  return say(result === "refused" ? "over" : "signed-out");
}

// Send it without keeping it; resolves with what is to be said, undefined when it was done.
async function sendPlain(fields) {
  try {
    const body = new URLSearchParams(fields);
    const response = await fetch(ACT, { method: "POST", body, credentials: "same-origin", redirect: "error", signal: endsAfter(WITHIN) });
    const { result } = await response.json();
    if (result === "stored") return undefined;
    return ["signed-out", "over"].includes(result) ? result : "lost";
  } catch {
    return "lost";
  }
}

// The browser made the subscription anew, or wants it made.
export async function changed({ oldSubscription, newSubscription }) {
  const { pushManager } = registration;
  if (!(await asked())) return;
  const key = oldSubscription?.options?.applicationServerKey;
  const fresh = newSubscription ?? (await pushManager.getSubscription()) ?? (key && (await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })));
  if (fresh) await agree(pushManager, "renewed", fresh, oldSubscription?.endpoint);
}

// Say now and then that this phone is still there, where messages were turned on; a browser without `changed` tells by this.
// What got lost here (the browser dropped it, and said nothing) is made anew in its place; what is another person's ends.
export async function report() {
  const { pushManager } = registration;
  const found = await pushManager?.getSubscription();
  if (await isAnothers()) {
    if (found) await agree(pushManager, "seen", found); // So that the server knows at once.
    return giveUp(pushManager);
  }
  const phone = await asked();
  if (!phone || !pushManager) return undefined;
  if (!found) {
    if (!phone.key || self.Notification?.permission !== "granted") return undefined;
    return agree(pushManager, "renewed", await subscribe(pushManager, phone.key), phone.endpoint);
  }
  if (Date.now() - phone.at < LOOKED_AFTER) return undefined;
  await write("meta", { ...phone, at: Date.now() }, "push");
  return agree(pushManager, "seen", found);
}
