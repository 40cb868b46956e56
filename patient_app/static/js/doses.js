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

showWaiting().catch(() => {});
