// A field for a PIN, what is said beside it, and what is said when there were too many tries.
import { remove } from "./db.js";
import { asMeant } from "./lock.js";
import { timeOf } from "./main.js";

const MINUTE = 60_000;

export const valueOf = (id) => asMeant(document.getElementById(id).value);

// Say things beside a field, by name and with what goes into their place, or one by its name, or nothing. What was typed
// is then marked, so that typing takes its place.
export function sayBeside(id, said = {}) {
  const field = document.getElementById(id);
  const all = typeof said === "string" ? { [said]: "" } : said;
  for (const line of document.getElementById(`${id}-said`).children) {
    const { said: name } = line.dataset;
    line.querySelector("[data-n]")?.replaceChildren(all[name] ?? "");
    line.hidden = !(name in all);
  }
  if (Object.keys(all).length) {
    field.setAttribute("aria-invalid", "true");
    field.focus();
    field.select();
  } else field.removeAttribute("aria-invalid");
}

// Say what came of a PIN that was tried; true when it was right.
export function sayTried(id, { result, left, next }) {
  const wait = next > Date.now() ? { wait: timeOf(Math.ceil(next / MINUTE) * MINUTE) } : {};
  const said = { wrong: { wrong: left, ...wait }, wait }[result];
  sayBeside(id, said);
  return !said;
}

// Have a form do `work` when it is sent, once at a time; `fault` is for what goes wrong.
export function onSubmit(id, work, fault) {
  const form = document.getElementById(id);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.getAttribute("aria-busy") === "true") return;
    form.setAttribute("aria-busy", "true");
    try {
      await work();
    } catch {
      fault();
    } finally {
      form.removeAttribute("aria-busy");
    }
  });
}

// Ten wrong tries: nothing can be read here any more, and the server ends the session, now or once it can be reached.
export async function showWiped(instead) {
  instead.hidden = true;
  document.querySelector("#wiped").hidden = false;
  document.querySelector("#wiped h2").focus();
  const answer = await fetch("/sign-out", { method: "POST", redirect: "manual" }).catch(() => undefined);
  if (answer) await remove("meta", "leaving");
}
