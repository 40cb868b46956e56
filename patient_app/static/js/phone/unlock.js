// The page that unlocks. It stands at the address that was asked for, or at its own with that address behind the #.
import { isLocked } from "./box.js";
import { MOST_TRIES, theLock, unlock, unlockWith } from "./lock.js";
import { onSubmit, sayBeside, sayTried, showWiped, valueOf } from "./pin_field.js";

const PIN = "unlock-pin";
const unlocking = document.querySelector("#unlocking");
const wasNotSent = !!document.querySelector('meta[name="not-sent"]');

// On to what was asked for; an address of this place only, and never this page again.
function goOn() {
  if (wasNotSent) history.back();
  else if (location.pathname !== "/locked") location.reload();
  else {
    const asked = new URL(location.hash.slice(1) || "/", location.origin);
    const isOurs = asked.origin === location.origin && asked.pathname !== "/locked";
    location.replace(isOurs ? asked.pathname + asked.search : "/");
  }
}

async function tried(answer) {
  if (answer.result === "open" || answer.result === "none") goOn();
  else if (answer.result === "wiped") await showWiped(unlocking);
  else sayTried(PIN, answer);
}

async function byBody() {
  sayBeside(PIN);
  const { secret } = await import("./body.js");
  await unlockWith(await secret((await theLock()).body));
  goOn();
}

async function start() {
  const lock = await theLock();
  if (!lock || !(await isLocked())) {
    goOn();
    return;
  }
  document.querySelector("#not-sent").hidden = !wasNotSent;
  onSubmit("unlock", async () => {
    if (!valueOf(PIN)) sayBeside(PIN, "empty");
    else await tried(await unlock(valueOf(PIN)));
  }, () => sayBeside(PIN, "fault"));
  const body = document.querySelector("#unlock-body");
  body.hidden = !lock.body;
  body.addEventListener("click", () => byBody().catch(() => sayBeside(PIN, "body")));
  unlocking.hidden = false;
  if (lock.tries >= MOST_TRIES) await tried(await unlock(""));
  else document.getElementById(PIN).focus();
}

// Unlocked on another page of this phone, or the lock is gone: then this one goes on too.
const look = async () => document.visibilityState === "visible" && !unlocking.hidden && !(await isLocked()) && goOn();
document.addEventListener("visibilitychange", look);
addEventListener("pageshow", ({ persisted }) => persisted && look());
navigator.serviceWorker?.addEventListener("message", ({ data }) => data?.type === "open" && look());
await start();
