// The settings of the lock. Everything here happens on the phone.
import { belongTo, lock as lockNow } from "./box.js";
import { guard } from "./guard.js";
import { addBody, changePin, lockAfter, removeBody, setLock, theLock, tryPin, turnOff, weakness } from "./lock.js";
import { onSubmit, sayBeside, sayTried, showWiped, valueOf } from "./pin_field.js";
import { allow, isOpen, takeBack } from "./plan.js";

const page = document.body.dataset;
const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`);

const tellWorker = (message) => navigator.serviceWorker?.controller?.postMessage(message);

function done(name) {
  document.querySelectorAll("[data-done]").forEach((line) => {
    line.hidden = line.dataset.done !== name;
  });
}

// Make the page true.
async function show() {
  const lock = await theLock();
  const { isThere } = await import("./body.js");
  const canCheck = !!lock?.body || (await isThere().catch(() => false));
  const holds = { on: !!lock, off: !lock, "body-on": !!lock?.body, "body-off": canCheck && !lock?.body, "body-none": !canCheck };
  document.querySelectorAll("[data-when]").forEach((part) => {
    part.hidden = !holds[part.dataset.when];
  });
  if (lock) document.querySelector(`input[name="after"][value="${lock.after}"]`).checked = true;
  document.querySelector("#open-plan").checked = await isOpen(page.person);
  document.querySelectorAll('#lock input[type="password"]').forEach((field) => {
    field.value = "";
    sayBeside(field.id);
  });
  document.querySelectorAll("#lock details").forEach((sheet) => {
    sheet.open = false;
  });
}

// Whether a new PIN can be taken; else it says why.
function isGood(id) {
  const wrong = weakness(valueOf(id));
  sayBeside(id, wrong);
  const isOther = !wrong && valueOf(id) !== valueOf(`${id}-again`);
  if (!wrong) sayBeside(`${id}-again`, isOther ? "other" : undefined);
  return !wrong && !isOther;
}

// What follows a PIN that was asked for: said beside it, or on to where it leads.
async function followed(id, answer, name) {
  if (answer.result === "wiped") await showWiped(document.querySelector("#lock"));
  else if (sayTried(id, answer)) {
    await show();
    done(name);
  }
}

async function set() {
  if (!isGood("new-pin")) return;
  await setLock(valueOf("new-pin"), Number(chosen("set-after").value));
  tellWorker({ type: "refresh", now: true });
  await guard();
  await show();
  done("on");
}

async function useBody() {
  const tried = await tryPin(valueOf("body-pin"), true);
  if (tried.key) {
    const { make } = await import("./body.js");
    const made = await make(document.querySelector('meta[name="apple-mobile-web-app-title"]').content);
    if (!made) {
      sayBeside("body-pin", "no-secret");
      return;
    }
    await addBody(tried, made);
  }
  await followed("body-pin", tried, "body");
}

async function choosePlan({ target }) {
  const isKept = !target.checked || (await allow());
  if (!target.checked) await takeBack();
  document.querySelector("#plan-not-kept").hidden = isKept;
  await show();
  done(isKept && (target.checked ? "plan-open" : "plan-shut"));
}

async function start() {
  if (!crypto.subtle || !navigator.serviceWorker) throw new Error("No lock is possible here.");
  await belongTo(page.person);
  onSubmit("set-lock", set, () => sayBeside("new-pin-again", "fault"));
  onSubmit("add-body", useBody, () => sayBeside("body-pin", "fault"));
  onSubmit("change-pin", async () => {
    if (!isGood("changed-pin")) return;
    await followed("old-pin", await changePin(valueOf("old-pin"), valueOf("changed-pin")), "changed");
  }, () => sayBeside("changed-pin-again", "fault"));
  onSubmit("turn-off", async () => {
    await followed("off-pin", await turnOff(valueOf("off-pin")), "off");
  }, () => sayBeside("off-pin", "fault"));
  document.querySelector("#choose-after").addEventListener("change", async ({ target }) => {
    await lockAfter(Number(target.value));
    done("after");
  });
  document.querySelector("#remove-body").addEventListener("click", async () => {
    await removeBody();
    await show();
    done("body");
  });
  document.querySelector("#lock-now").addEventListener("click", lockNow);
  document.querySelector("#open-plan").addEventListener("change", choosePlan);
  await show();
  document.querySelector("#lock").hidden = false;
}

start().catch(() => {
  document.querySelector("#cannot-lock").hidden = false;
});
