// What is kept readable on this phone: encrypted under one key, bound to the person it belongs to. The key cannot be
// taken out of the browser, but whoever holds the unlocked phone can use it: docs/privacy.md says what this is worth.
import { read, within } from "./db.js";

const words = new TextEncoder();

// The tag of the person whose phone this is at present, or undefined.
export const owner = async () => (await read("meta", "owner"))?.tag;

// How often somebody left this phone. What was asked for in a person's name before that is not kept any more.
export const timesLeft = async () => (await read("meta", "left")) ?? 0;

const READABLE = ["meta", "keys", "pages", "outbox", "drafts"];

// Make the phone this person's. What another person could read here is gone at once; what they wrote and nobody
// received yet stays, sealed, until they come back. One transaction: a page and the worker may both come to this. An answer
// tells by `since` how often the phone was left before it was asked for; one from before the last time says nothing.
export const belongTo = (tag, since) =>
  within(READABLE, "readwrite", (meta, ...stores) => {
    meta.get("owner").onsuccess = ({ target: { result: kept } }) => {
      if (kept?.tag === tag) return;
      meta.get("left").onsuccess = ({ target: { result: left = 0 } }) => {
        if (since !== undefined && since !== left) return;
        meta.get("plan").onsuccess = ({ target: { result: plan } }) => {
          empty([meta, ...stores], { keepsPlan: plan?.tag === tag });
          meta.put({ tag }, "owner");
        };
      };
    };
  });

// Destroy all that can be read on this phone: pages, the key, the lock, and the readable side of entries and drafts. What
// waits to be sent keeps its sealed side. `stays`: the phone stays this person's, under the lock it has. `keepsPlan`: a
// safety plan that was to open without signing in still does (plan.js). `leaves`: the server is told before anything else.
export const forgetReadable = (how = {}) => within(READABLE, "readwrite", (...stores) => empty(stores, how));

// Let go of all kept pages, in a transaction with these stores. It is counted: what was fetched, or closed under the key of
// before, is then not put in any more (the worker's pages.js).
export function clearPages(meta, pages) {
  pages.clear();
  meta.delete("refreshed");
  meta.get("cleared").onsuccess = ({ target }) => meta.put((target.result ?? 0) + 1, "cleared");
}

export const timesCleared = async () => (await read("meta", "cleared")) ?? 0;

function empty([meta, keys, pages, outbox, drafts], { stays = false, keepsPlan = false, leaves = false }) {
  clearPages(meta, pages);
  if (leaves) meta.put({ at: Date.now() }, "leaving");
  if (!stays) {
    meta.get("left").onsuccess = ({ target }) => meta.put((target.result ?? 0) + 1, "left");
    meta.delete("owner");
    meta.delete("lock");
    keys.delete("reading");
  }
  if (!keepsPlan) {
    meta.delete("plan");
    keys.delete("plan");
  }
  for (const store of [outbox, drafts]) {
    store.openCursor().onsuccess = ({ target: { result: cursor } }) => {
      if (!cursor) return;
      cursor.update({ ...cursor.value, own: null });
      cursor.continue();
    };
  }
}

// Whether the time of an unlocked key is over. One that lasts longer than it should was kept before the clock was set back.
export function isOver({ until, lasts }) {
  const left = until - Date.now();
  return until !== undefined && !(left > 0 && left <= lasts);
}

// The key of the phone's owner; made when there is none. Undefined while it is locked, and when the phone is nobody's.
export async function readingKey() {
  const kept = await read("keys", "reading");
  if (kept) return isOver(kept) ? undefined : kept.key;
  if (await read("meta", "lock")) return undefined;
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  await within(["meta", "keys"], "readwrite", (meta, keys) => {
    meta.get("owner").onsuccess = ({ target: { result: somebody } }) => {
      keys.get("reading").onsuccess = ({ target }) => target.result || (somebody && keys.put({ key }, "reading"));
    };
  });
  return (await read("keys", "reading"))?.key; // Another tab may have been first.
}

// Whether a lock is set and closed. A key whose time is over goes as soon as that is noticed.
export async function isLocked() {
  if (!(await read("meta", "lock"))) return false;
  const kept = await read("keys", "reading");
  if (kept && !isOver(kept)) return false;
  if (kept) {
    await within(["keys"], "readwrite", (keys) => {
      keys.get("reading").onsuccess = ({ target }) => target.result && isOver(target.result) && keys.delete("reading");
    });
  }
  return true;
}

// Lock, where a lock is set: from now on nothing is read here without the PIN. Other pages hear of it.
export async function lock() {
  await within(["meta", "keys"], "readwrite", (meta, keys) => {
    meta.get("lock").onsuccess = ({ target }) => target.result && keys.delete("reading");
  });
  const others = new BroadcastChannel("tandem lock");
  others.postMessage("locked");
  others.close();
}

// Encrypt a value (anything JSON holds) for one place; `open` gives it back there and nowhere else.
export async function close(value, place) {
  const key = await readingKey();
  return key ? closeWith(key, value, place) : null;
}

// Decrypt what `close` made for this place; undefined when it cannot be read (any more).
export async function open(kept, place) {
  const key = kept && (await readingKey());
  return key ? openWith(key, kept, place) : undefined;
}

// The same under another key.
export async function closeWith(key, value, place) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const bound = { name: "AES-GCM", iv, additionalData: words.encode(place) };
  return { iv, data: await crypto.subtle.encrypt(bound, key, words.encode(JSON.stringify(value))) };
}

export async function openWith(key, kept, place) {
  try {
    const bound = { name: "AES-GCM", iv: kept.iv, additionalData: words.encode(place) };
    return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(bound, key, kept.data)));
  } catch {
    return undefined;
  }
}
