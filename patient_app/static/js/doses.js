// Pages of the dose log: the zone of the phone, and what of them still waits on it. Without scripts they work as they are.
import { readItem, waitingOf } from "./phone/outbox.js";

for (const zone of document.querySelectorAll('form input[name="zone"]')) {
  zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
}

// A tap that waits stands where it was made: nobody has to wonder, or to tap again.
async function showWaiting() {
  const { person } = document.body.dataset;
  const items = person ? await waitingOf(person) : [];
  const incomplete = document.querySelector("[data-maybe-incomplete]");
  if (incomplete) incomplete.hidden = items.length === 0;
  if (new URLSearchParams(location.search).has("waiting")) return; // It is being changed here.
  const said = await Promise.all(items.filter((item) => !item.refused).map(readItem));
  for (const form of document.querySelectorAll("form[data-part]")) {
    const waits = said.some((one) => one && one.part === form.dataset.part && one.action === new URL(form.action).pathname);
    const kept = form.parentElement.querySelector('[data-later-part="kept"]');
    if (!waits || !kept) continue;
    kept.hidden = false;
    form.hidden = true;
  }
}

// A page that the phone kept, or that lay open over night, is not today's: a tap on it would be taken for a dose of today.
function sayDay() {
  const list = document.querySelector("[data-day]");
  if (!list) return;
  // By the same clock as the page: the one where the person lives. This locale writes a day as the page does.
  const clock = new Intl.DateTimeFormat("en-CA", { timeZone: list.dataset.zone, year: "numeric", month: "2-digit", day: "2-digit" });
  const day = clock.format(Date.now() - Number(list.dataset.dayStarts) * 60000);
  const notice = list.querySelector("[data-another-day-notice]");
  if (day === list.dataset.day || !notice.hidden) return;
  const title = list.querySelector("[data-another-day]");
  const doses = list.querySelector("[data-day-list]");
  title.textContent = title.dataset.anotherDay;
  notice.hidden = false;
  doses.hidden = true;
  notice.querySelector("button").addEventListener("click", ({ currentTarget }) => {
    doses.hidden = false;
    currentTarget.hidden = true;
  });
}

sayDay();
document.addEventListener("visibilitychange", sayDay);
showWaiting().catch(() => {});
