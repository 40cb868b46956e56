// The lock of this phone: the reading key (box.js), wrapped by a PIN, and also by the phone's own check of a finger or a
// face where that was chosen (body.js). All of it lies on the phone; no PIN and nothing made of one is ever sent.
import { clearPages, closeWith, forgetReadable, isOver, open, owner } from "./box.js";
import { read, within } from "./db.js";

export const SHORTEST = 4;
export const MOST_TRIES = 10;
const ROUNDS = 600_000;
const MINUTE = 60_000;
// How long to wait after so many wrong tries.
const WAITS = { 5: MINUTE / 2, 6: MINUTE, 7: 2 * MINUTE, 8: 5 * MINUTE, 9: 10 * MINUTE };
const AES = { name: "AES-GCM", length: 256 };
const USES = ["encrypt", "decrypt"];
const ROWS = ["01234567890", "09876543210"];
const { subtle } = crypto;
const words = new TextEncoder();

export const theLock = () => read("meta", "lock");

// A PIN as it is meant: wide digits are digits, and a pasted one may bring spaces.
export const asMeant = (typed) => typed.normalize("NFKC").replace(/\s/g, "");

// What is wrong with a new PIN: "short", "simple", or nothing.
export function weakness(pin) {
  if ([...pin].length < SHORTEST) return "short";
  return /^(.)\1*$/u.test(pin) || ROWS.some((row) => row.includes(pin)) ? "simple" : undefined;
}

// How long the key stays usable without a touch. "At once" (0) is when the app is left, and that is seen in guard.js.
const lastsOf = ({ after }) => (after || 1) * MINUTE;

// --- keys that wrap the key ------------------------------------------------------------------------------------

async function keyOfPin(pin, { salt, rounds }) {
  const material = await subtle.importKey("raw", words.encode(pin), "PBKDF2", false, ["deriveKey"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds };
  return subtle.deriveKey(how, material, AES, false, ["wrapKey", "unwrapKey"]);
}

async function keyOfSecret(secret, { salt }) {
  const material = await subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt, info: words.encode("tandem lock 1") };
  return subtle.deriveKey(how, material, AES, false, ["wrapKey", "unwrapKey"]);
}

const bound = (iv, tag) => ({ name: "AES-GCM", iv, additionalData: words.encode(`lock ${tag}`) });

async function wrap(key, wrapping, tag) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, data: await subtle.wrapKey("raw", key, wrapping, bound(iv, tag)) };
}

// The key itself; one that can be wrapped again only where that is what it is for.
const unwrap = ({ iv, data }, wrapping, tag, again) => subtle.unwrapKey("raw", data, wrapping, bound(iv, tag), AES, again, USES);

async function wrappedByPin(key, pin, tag) {
  const made = { salt: crypto.getRandomValues(new Uint8Array(32)), rounds: ROUNDS };
  return { ...made, wrapped: await wrap(key, await keyOfPin(pin, made), tag) };
}

// --- setting it, changing it, taking it away -------------------------------------------------------------------

// Set a lock. What can be read here goes over to a new key, which only the PIN gives back; pages are fetched again.
export async function setLock(pin, after) {
  const tag = await owner();
  const key = await subtle.generateKey(AES, true, USES);
  const lock = { tag, after, tries: 0, next: 0, pin: await wrappedByPin(key, pin, tag) };
  const usable = await subtle.importKey("raw", await subtle.exportKey("raw", key), AES, false, USES);
  for (let tries = 0; tries < 3; tries += 1) {
    if (await turnOver(lock, usable)) return;
  }
  throw new Error("Something is being written here just now.");
}

// Put the readable sides of entries and drafts under the new key and set the lock: all of it, or nothing when one of them
// was changed meanwhile.
async function turnOver(lock, key) {
  const before = new Map();
  for (const store of ["outbox", "drafts"]) {
    await within([store], "readonly", (items) => {
      items.openCursor().onsuccess = ({ target: { result: cursor } }) => {
        if (!cursor) return;
        if (cursor.value.own) before.set(`${store.replace("drafts", "draft")} ${cursor.key}`, cursor.value.own);
        cursor.continue();
      };
    });
  }
  const after = new Map();
  for (const [place, own] of before) {
    const said = await open(own, place);
    if (said) after.set(place, await closeWith(key, said, place));
  }
  let isSame = true;
  await within(["meta", "keys", "pages", "outbox", "drafts"], "readwrite", (meta, keys, pages, outbox, drafts) => {
    const change = (store, kind, next) => {
      store.openCursor().onsuccess = ({ target: { result: cursor } }) => {
        if (!cursor) return next();
        const place = `${kind} ${cursor.key}`;
        const { own } = cursor.value;
        if (own && String(own.iv) !== String(before.get(place)?.iv)) isSame = false;
        if (own) cursor.update({ ...cursor.value, own: after.get(place) ?? null });
        cursor.continue();
      };
    };
    const finish = () => {
      if (!isSame) return meta.transaction.abort();
      meta.put(lock, "lock");
      clearPages(meta, pages);
      keys.put(usableFor(lock, key), "reading");
    };
    change(outbox, "outbox", () => change(drafts, "draft", finish));
  }).catch((fault) => {
    if (isSame) throw fault;
  });
  return isSame;
}

const usableFor = (lock, key) => ({ key, lasts: lastsOf(lock), until: Date.now() + lastsOf(lock) });

const change = (what) =>
  within(["meta"], "readwrite", (meta) => {
    meta.get("lock").onsuccess = ({ target: { result: lock } }) => lock && meta.put({ ...lock, ...what }, "lock");
  });

// Lock after another time; counts from the next touch.
export async function lockAfter(after) {
  await change({ after });
  await touch();
}

// These two ask for the PIN: they resolve with what `tryPin` says.
export async function changePin(pin, fresh) {
  const tried = await tryPin(pin, true);
  if (tried.key) await change({ pin: await wrappedByPin(tried.key, fresh, tried.lock.tag) });
  return tried;
}

export async function turnOff(pin) {
  const tried = await tryPin(pin);
  if (!tried.key) return tried;
  await within(["meta", "keys"], "readwrite", (meta, keys) => {
    meta.delete("lock");
    keys.put({ key: tried.key }, "reading");
  });
  return tried;
}

// Also unlock with a secret that the phone gives out once it has seen whose it is. The key is one that `tryPin` gave to be
// wrapped again.
export async function addBody({ key, lock }, { id, salt, secret }) {
  const wrapped = await wrap(key, await keyOfSecret(secret, { salt }), lock.tag);
  await change({ body: { id, salt, wrapped } });
}

export const removeBody = () => change({ body: undefined });

// --- unlocking -------------------------------------------------------------------------------------------------

// Try a PIN. It is counted on the disk before it is looked at, so that no try is free: {key, lock} when it is right, else
// {result}: "wrong" with how many are left, "wait" with until when, "wiped", or "none" where no lock is set.
export async function tryPin(pin, again = false) {
  const { lock, ...refused } = await count();
  if (refused.result === "wiped") await wipe();
  if (refused.result) return refused;
  try {
    const key = await unwrap(lock.pin.wrapped, await keyOfPin(pin, lock.pin), lock.tag, again);
    await change({ tries: 0, next: 0 });
    return { key, lock };
  } catch (fault) {
    if (fault?.name !== "OperationError") throw fault;
  }
  if (lock.tries >= MOST_TRIES) {
    await wipe();
    return { result: "wiped" };
  }
  return { result: "wrong", left: MOST_TRIES - lock.tries, next: lock.next };
}

async function count() {
  let told = { result: "none" };
  await within(["meta"], "readwrite", (meta) => {
    meta.get("lock").onsuccess = ({ target: { result: lock } }) => {
      if (!lock) return;
      const now = Date.now();
      const wait = Math.min(lock.next - now, WAITS[lock.tries] ?? 0); // A clock that was set back makes no wait longer.
      if (lock.tries >= MOST_TRIES) told = { result: "wiped" };
      else if (wait > 0) told = { result: "wait", next: now + wait };
      else {
        const tries = lock.tries + 1;
        told = { lock: { ...lock, tries, next: WAITS[tries] ? now + WAITS[tries] : 0 } };
        meta.put(told.lock, "lock");
      }
    };
  });
  return told;
}

// Too many wrong tries: what can be read here is gone, and whoever holds the phone is signed out. Entries that wait stay
// sealed, and a plan that was to open for anybody who holds the phone still does.
const wipe = () => forgetReadable({ keepsPlan: true, leaves: true });

// Unlock with a PIN; resolves with {result: "open"}, or what `tryPin` says.
export async function unlock(pin) {
  const tried = await tryPin(pin);
  if (!tried.key) return tried;
  await within(["keys"], "readwrite", (keys) => keys.put(usableFor(tried.lock, tried.key), "reading"));
  return { result: "open" };
}

// Unlock with the phone's secret. Wrong tries at it are counted by the phone, not here.
export async function unlockWith(secret) {
  const lock = await theLock();
  const key = await unwrap(lock.body.wrapped, await keyOfSecret(secret, lock.body), lock.tag, false);
  await change({ tries: 0, next: 0 });
  await within(["keys"], "readwrite", (keys) => keys.put(usableFor(lock, key), "reading"));
}

// --- while it is unlocked --------------------------------------------------------------------------------------

// Somebody is here: the key stays usable for its time from now on, or at most for `most`. Resolves with until when;
// undefined when it is locked by now.
export async function touch(most = Infinity) {
  let until;
  await within(["meta", "keys"], "readwrite", (meta, keys) => {
    meta.get("lock").onsuccess = ({ target: { result: lock } }) => {
      keys.get("reading").onsuccess = ({ target: { result: kept } }) => {
        if (!lock || !kept || isOver(kept)) return;
        const usable = usableFor(lock, kept.key);
        until = Math.min(usable.until, Date.now() + most);
        keys.put({ ...usable, until }, "reading");
      };
    };
  });
  return until;
}

// Until when it is unlocked, as things are; undefined when it is locked.
export async function unlockedUntil() {
  const kept = await read("keys", "reading");
  return kept && !isOver(kept) ? kept.until : undefined;
}
