// Signing out: what waits is sent first, if that is quick; else the person decides. Then nothing of theirs can be read on
// this phone, with or without a network.
import { forgetReadable } from "./box.js";
import { remove, within, write } from "./db.js";
import { sendAll, waitingOf } from "./outbox.js";
import { giveUp } from "./subscribed.js";

const FIRST_SEND_WITHIN = 5000;

// Ask what to do with entries that wait; resolves with "keep", "stay" or "delete".
function ask(count) {
  const question = document.querySelector("#leaving");
  question.querySelectorAll("[data-n]").forEach((place) => place.replaceChildren(count));
  question.showModal();
  return new Promise((resolve) => {
    question.addEventListener("close", () => resolve(question.returnValue || "stay"), { once: true });
  });
}

// What is shown goes, and nothing more comes.
async function closeNotifications() {
  const registration = await navigator.serviceWorker?.getRegistration();
  await giveUp(registration?.pushManager).catch(() => {});
  for (const shown of (await registration?.getNotifications?.()) ?? []) shown.close();
}

export async function submit(form, _submitter, { person: tag }) {
  try {
    const waiting = tag ? await waitingOf(tag) : [];
    if (waiting.length) {
      await sendAll(FIRST_SEND_WITHIN);
      const left = await waitingOf(tag);
      const choice = left.length ? await ask(left.length) : "keep";
      if (choice === "stay") return;
      if (choice === "delete") await Promise.all(left.map((item) => remove("outbox", item.id)));
    }
    await write("meta", { at: Date.now() }, "leaving");
    await forgetReadable({ keepsPlan: true });
    await closeNotifications();
  } catch {
    // Where nothing can be kept there is nothing to forget.
  }
  HTMLFormElement.prototype.submit.call(form);
}

// Take everything away from this phone, what waits too.
export async function forgetAll() {
  await forgetReadable({ stays: true });
  await within(["outbox", "drafts"], "readwrite", (outbox, drafts) => {
    outbox.clear();
    drafts.clear();
  });
}

