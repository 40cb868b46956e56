// An exercise, one step at a time. Without scripts the page holds all its steps below each other, in one form that works.
import { soundsHeavy } from "./near_words.js";
import { pace } from "./skills/pacer.js";
import { keepTime } from "./skills/timer.js";

const form = document.querySelector("#exercise");
const steps = [...form.querySelectorAll(".step")];
const bar = form.querySelector(".save-bar");

// The time zone the phone is in, so that an exercise belongs to the day it was for the person.
const zone = form.querySelector('input[name="zone"]');
if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";

// Show one step; the others stay in the page with all their words. Each has its own place in the history of this page, so
// the phone's own way back leads to the step before.
function show(number, { focus = true } = {}) {
  const at = Math.min(Math.max(number, 1), steps.length);
  steps.forEach((step, index) => {
    step.hidden = index + 1 !== at;
  });
  form.querySelector("[data-step-count] [data-n]").textContent = at;
  bar.querySelector("[data-finish]").hidden = at !== steps.length;
  bar.querySelector('[data-step="next"]').hidden = at === steps.length;
  bar.querySelector('[data-step="back"]').hidden = at === 1;
  history.replaceState({ ...history.state, step: at }, "");
  if (focus) {
    steps[at - 1].querySelector("h2").focus();
    document.querySelector("h1").scrollIntoView();
  }
}

// Where a message says what to check, or where a link of the summary leads; 0 for what is in no step.
const stepOf = (element) => steps.findIndex((step) => step.contains(element)) + 1;

// Where an address leads, and what of a step it names, if it names anything. One that leads out of the steps, like that of
// the link past the menu, moves nobody; a page that is loaded again opens where it was.
const named = () => (location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null);
const asked = () => Number(/^#step-(\d+)$/.exec(location.hash)?.[1]) || stepOf(named()) || history.state?.step;

form.querySelectorAll("[data-waits]").forEach((part) => part.removeAttribute("data-waits"));
form.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-step]");
  if (!button) return;
  location.hash = `step-${steps.findIndex((step) => !step.hidden) + (button.dataset.step === "next" ? 2 : 0)}`;
});
addEventListener("hashchange", () => {
  const field = named();
  const within = stepOf(field);
  show(asked() || stepOf(steps.find((step) => !step.hidden)), { focus: !field });
  if (within) field.focus();
});
show(asked() || stepOf(form.querySelector(".has-error")) || 1, { focus: false });
form.removeAttribute("data-folded"); // The style held back all but one until now.

document.querySelectorAll("[data-timer]").forEach(keepTime);
document.querySelectorAll("[data-pacer]").forEach(pace);

// Words that suggest danger bring help nearer. They are looked at on this phone only, and nothing is sent.
const near = form.querySelector("#near");
const look = () => {
  if (near.hidden && [...form.querySelectorAll("textarea, input[type=text]")].some((field) => soundsHeavy(field.value))) near.hidden = false;
};
form.addEventListener("input", look);
look();
