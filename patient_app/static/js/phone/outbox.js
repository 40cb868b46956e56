// Entries that wait to be sent. Each lies here twice: sealed to the server (that is what is sent, locked or not, signed
// out or not), and readable for its writer, as long as the phone is theirs. An entry goes away only when the server
// names it as stored, or when its writer takes it away. Shared by the pages and the worker.
import { close, open } from "./box.js";
import { endsAfter, read, readAll, remove, within } from "./db.js";

export const SEND_WITHIN = 8000;
const place = (id) => `outbox ${id}`;

// All entries of this person that wait, oldest first.
export async function waitingOf(tag) {
  const items = (await readAll("outbox")).filter((item) => item.tag === tag);
  return items.sort((one, other) => one.seq - other.seq);
}

// What the writer said, when it can be read here: {action, fields, title, errors}.
export const readItem = (item) => open(item.own, place(item.id));

// This phone's own id, and a number for the next entry: the order of writing survives a wrong clock.
async function numbered() {
  let device;
  await within(["meta"], "readwrite", (meta) => {
    meta.get("device").onsuccess = ({ target }) => {
      device = target.result ?? { id: crypto.randomUUID(), seq: 0 };
      device.seq += 1;
      meta.put(device, "device");
    };
  });
  return device;
}

// Keep an entry; resolves once it is on the disk. `said` is {action, fields, title}, with `made` when it was written
// before and is changed now, and with `part` and `at` where its page has several forms, or is not always kept here. A second one with the same id takes the place of the first.
export async function keep(id, said, { letterbox, tag }, seal) {
  const now = new Date();
  const device = await numbered();
  const made = said.made ?? {
    made_at: now.toISOString(),
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone || "",
    offset: -now.getTimezoneOffset(),
  };
  const letter = await seal(
    {
      action: said.action,
      fields: said.fields,
      ...made,
      device: device.id,
      device_seq: device.seq,
    },
    { letterbox, tag, id },
  );
  const own = await close({ ...said, made }, place(id));
  const item = { id, tag, seq: device.seq, at: Date.parse(made.made_at), letter, own, refused: false };
  await within(["outbox"], "readwrite", (outbox) => outbox.put(item, id));
  return item;
}

export const discard = (id) => remove("outbox", id);

// Have an entry to oneself while it is kept and sent, over all pages and the worker, so that what comes of it is handled
// once. Whoever only sends what waits (`isIdle`) leaves one that is under way: nothing resolves. Without locks (before
// March 2022) the same holds on one page.
const underWay = new Map();
export async function alone(id, work, { isIdle = false } = {}) {
  if (navigator.locks) return navigator.locks.request(`tandem ${place(id)}`, { ifAvailable: isIdle }, (lock) => (lock ? work() : undefined));
  const before = underWay.get(id);
  if (before && isIdle) return undefined;
  const turn = (before ?? Promise.resolve()).then(work);
  const over = turn.catch(() => {});
  underWay.set(id, over);
  over.then(() => underWay.get(id) === over && underWay.delete(id));
  return turn;
}

// Send one entry, which its sender has `alone`, and say what came of it: "stored", "refused", "signed-out", "other-person", or "later" for all that is
// no answer of ours (no network, a login page of a hotel, a fault of the server).
export async function sendItem(item, within_ms = SEND_WITHIN) {
  const body = { v: 1, person: item.tag, sent_at: new Date().toISOString(), id: item.id, letter: item.letter };
  let answer;
  try {
    const response = await fetch("/outbox", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      signal: endsAfter(within_ms),
    });
    if (!response.headers.get("Content-Type")?.startsWith("application/json")) return { result: "later" };
    answer = await response.json();
  } catch {
    return { result: "later" };
  }
  if (answer.id !== item.id) return { result: ["signed-out", "other-person"].includes(answer.result) ? answer.result : "later" };
  if (answer.result === "stored") await putAway(item);
  if (answer.result === "refused" || answer.result === "unreadable") {
    await markRefused(item, answer);
    return { ...answer, result: "refused" };
  }
  return ["stored", "signed-out", "other-person"].includes(answer.result) ? answer : { result: "later" };
}

// Only if it is still the same: its writer may have changed it while it was on its way.
const putAway = (item) =>
  within(["outbox"], "readwrite", (outbox) => {
    outbox.get(item.id).onsuccess = ({ target }) => target.result?.letter === item.letter && outbox.delete(item.id);
  });

async function markRefused(item, { errors, entry }) {
  const said = { ...((await readItem(item)) ?? entry), errors };
  const own = said.action ? await close(said, place(item.id)) : null;
  if (!own) return; // While it is locked nobody could read why; it is asked again later.
  await within(["outbox"], "readwrite", (outbox) => {
    outbox.get(item.id).onsuccess = ({ target }) =>
      target.result?.letter === item.letter && outbox.put({ ...target.result, own, refused: true }, item.id);
  });
}

// Send one of all that wait, unless it is gone, or under way as it is: then nothing resolves.
const sendOne = ({ id }, within_ms) =>
  alone(
    id,
    async () => {
      const item = await read("outbox", id);
      if (!item || item.refused) return undefined;
      return within_ms > 0 ? sendItem(item, within_ms) : { result: "later" };
    },
    { isIdle: true },
  );

// Send all that waits, in the order of writing, one sender at a time. Returns {sent, pages, next, waiting, refused,
// why}; `pages` tells where each that was stored can be read, by its id, `next` is that of the newest, `why` tells what
// stopped it, if anything did. What a form is sending at this
// moment is the form's to tell of.
export async function sendAll(give_up_after = Infinity) {
  const one = navigator.locks ? (work) => navigator.locks.request("tandem outbox", work) : (work) => work();
  return one(async () => {
    const tag = (await read("meta", "owner"))?.tag;
    const until = Date.now() + give_up_after;
    const others = new Set();
    const pages = {};
    let sent = 0;
    let why, next;
    for (const item of tag ? await waitingOf(tag) : []) {
      if (item.refused) continue;
      const answer = await sendOne(item, Math.min(until - Date.now(), SEND_WITHIN));
      if (!answer) {
        others.add(item.id);
        continue;
      }
      if (answer.result === "stored") {
        sent += 1;
        next = pages[item.id] = answer.next;
      } else if (answer.result !== "refused") {
        why = answer.result;
        break;
      }
    }
    const left = tag ? (await waitingOf(tag)).filter((item) => item.refused || !others.has(item.id)) : [];
    return { sent, pages, next, why, waiting: left.filter((item) => !item.refused).length, refused: left.filter((item) => item.refused).length };
  });
}
