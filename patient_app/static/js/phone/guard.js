// Where a lock is set: covers the page while it is hidden, keeps the key usable while somebody is here, and leads to the
// page that unlocks once nobody was for a while. Help stays as it is.
import { isLocked, lock } from "./box.js";
import { theLock, touch, unlockedUntil } from "./lock.js";
import { isSending } from "./main.js";
import { isOpen, isPlan } from "./plan.js";

const EVERY = 5_000;
const FOR_THE_NEXT_PAGE = 20_000;
const SIGNS = ["pointerdown", "keydown", "input", "scroll"];
const STAYS = ["/help", "/locked"].includes(location.pathname);
const root = document.documentElement;
let isOn = false;
let isGoing = false;
let isGone = false;
let timer;
let touched = 0;

const cover = (covers) => root.classList.toggle("covered", covers && !STAYS);

// Guard this page, where a lock is set; resolves with whether it is locked by now, and then it goes.
export async function guard() {
  if (isOn || !(await theLock())) return false;
  isOn = true;
  if (await isLocked()) {
    await go();
    return !STAYS;
  }
  watch(await touch());
  SIGNS.forEach((sign) => addEventListener(sign, isHere, { passive: true, capture: true }));
  document.addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? hidden() : seen()));
  addEventListener("pageshow", ({ persisted }) => persisted && seen());
  addEventListener("pagehide", leftFor);
  addEventListener("leavequickly", () => {
    isGone = true;
    lock().catch(() => {});
  });
  new BroadcastChannel("tandem lock").addEventListener("message", go);
  if (document.visibilityState === "hidden") cover(true);
  return false;
}

const watch = (until) => {
  clearTimeout(timer);
  timer = setTimeout(check, Math.max(until - Date.now(), 0) + 50);
};

// The time may be over; another page may have had a touch since.
async function check() {
  const until = await unlockedUntil();
  if (until) watch(until);
  else if (await theLock()) await close();
}

async function isHere() {
  if (Date.now() - touched < EVERY) return;
  touched = Date.now();
  const until = await touch();
  if (until) watch(until);
  else await check();
}

// Covered before the picture for the list of apps is taken, as far as a page can.
async function hidden() {
  cover(true);
  if (!isGoing && (await theLock())?.after === 0) await close();
}

async function seen() {
  isGoing = false;
  await check();
  if (await isLocked()) return;
  cover(false);
  await isHere();
}

// To the next page, or for good: the next page is only a moment away.
function leftFor() {
  isGoing = true;
  theLock().then((kept) => kept?.after === 0 && touch(FOR_THE_NEXT_PAGE)).catch(() => {});
}

// Lock. Words that were being typed are put away first, while there is still a key for them.
async function close() {
  cover(true);
  if (document.querySelector("textarea")) await (await import("./drafts.js")).store().catch(() => {});
  await lock();
  await go();
}

// Away from what can be read here, to the page that unlocks.
async function go() {
  if (STAYS || !(await isLocked()) || isGone) return;
  cover(true);
  if (isSending) { // What is being sent is not broken off: the answer says what became of the words.
    setTimeout(go, 16_000);
    return;
  }
  const goesOn = isPlan(location) && navigator.serviceWorker?.controller && (await isOpen());
  const { pathname, search } = location;
  location.replace(goesOn ? pathname : `/locked#${pathname}${search}`);
}
