// Without a network some links and buttons would only lead to a page that says so. They say it themselves, before they are
// pressed: what is not kept on this phone, and forms whose entries do not wait here.
import { within } from "./db.js";

const HERE = ["/help", "/offline"]; // Kept for everybody.
const words = document.querySelector("#needs-net")?.content.textContent.trim() ?? "";
let kept = new Set();

function isHere(link) {
  const url = new URL(link.href);
  if (url.origin !== location.origin || HERE.includes(url.pathname) || url.pathname.startsWith("/static/")) return true;
  ["done", "waiting"].forEach((name) => url.searchParams.delete(name));
  const address = url.pathname + url.search;
  return url.pathname === "/" || address === location.pathname + location.search || kept.has(address);
}

const waitsHere = ({ form }) => !form || form.method === "dialog" || form.dataset.later || form.action.endsWith("/sign-out");

function mark(control) {
  if (control.dataset.needsNet) return;
  control.dataset.needsNet = "yes";
  const isButton = control.matches("button, .button");
  control.append(Object.assign(document.createElement("small"), { textContent: isButton ? words : ` (${words})`, className: isButton ? "" : "visually-hidden" }));
  if (isButton) control.setAttribute("aria-disabled", "true");
}

function clear(control) {
  delete control.dataset.needsNet;
  control.lastElementChild.remove();
  control.removeAttribute("aria-disabled");
}

// A button that says so does nothing; a link still leads to the page that says what works.
function pressed(event) {
  const control = event.target.closest?.("[data-needs-net][aria-disabled]");
  if (!control) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

export async function showNeeds() {
  kept = new Set(await within(["pages"], "readonly", (pages) => pages.getAllKeys()));
  for (const link of document.querySelectorAll("main a[href], .nav a[href]")) if (!isHere(link)) mark(link);
  for (const button of document.querySelectorAll("main button:not([type=button])")) if (!waitsHere(button)) mark(button);
  addEventListener("click", pressed, { capture: true });
}

// There is a network again.
export function hideNeeds() {
  removeEventListener("click", pressed, { capture: true });
  document.querySelectorAll("[data-needs-net]").forEach(clear);
}
