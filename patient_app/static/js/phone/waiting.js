// The page of entries that wait on this phone: each can be looked at, changed, or taken away; and the form in which one
// is changed.
import { belongTo } from "./box.js";
import { write } from "./db.js";
import { fill } from "./drafts.js";
import { newId } from "./ids.js";
import { sayWaiting, sendWaiting, timeOf } from "./main.js";
import { discard, readItem, waitingOf } from "./outbox.js";

const page = document.body.dataset;
const list = document.querySelector("#waiting-list");
const row = document.querySelector("#waiting-row");
let undone;

const noteOf = (said) => said?.fields.find(([name]) => name === "note" || name === "text")?.[1] ?? "";

function drawn(item, said) {
  const drawing = row.content.firstElementChild.cloneNode(true);
  const put = (name, text) => {
    const place = drawing.querySelector(`[data-put="${name}"]`);
    place.textContent = text;
    place.hidden = !text;
  };
  put("title", said?.title ?? drawing.dataset.untitled);
  put("when", timeOf(item.at));
  put("words", noteOf(said).slice(0, 140));
  put("why", (said?.errors ?? []).map(([, message]) => message).join(" "));
  const edit = drawing.querySelector("[data-edit]");
  edit.hidden = !said;
  // What was tapped today stands on a page that is kept here, too; later only on its own.
  const isOfToday = new Date(item.at).toDateString() === new Date().toDateString();
  if (said) edit.href = `${(isOfToday && said.at) || said.action}?waiting=${item.id}`;
  drawing.querySelector("[data-discard]").addEventListener("click", async () => {
    undone = item;
    await discard(item.id);
    await show();
    document.querySelector("#taken-away").hidden = false;
    document.querySelector("#taken-away button").focus();
  });
  return drawing;
}

async function show() {
  const items = await waitingOf(page.person);
  const said = await Promise.all(items.map(readItem));
  list.replaceChildren(...items.map((item, number) => drawn(item, said[number])));
  list.hidden = items.length === 0; // Else it moves when the line above it comes.
  document.querySelector("#nothing-waits").hidden = items.length > 0;
  document.querySelector("#send-now").hidden = items.every((item) => item.refused);
  const refused = items.filter((item) => item.refused).length;
  sayWaiting({ waiting: items.length - refused, refused });
}

// Put an entry that waits into its form; what is saved then takes its place. A refused one gets an id of its own.
export async function edit(id) {
  const item = (await waitingOf(page.person)).find((one) => one.id === id);
  const said = item && (await readItem(item));
  const form = [...document.querySelectorAll("form[data-later]")].find(
    (one) => one.dataset.part === said?.part && (!said?.part || new URL(one.action).pathname === said.action),
  );
  if (!form || !said) return;
  Object.assign(form.dataset, { edits: id, made: JSON.stringify(said.made), waitingId: item.refused ? newId() : id });
  fill(form, said.fields);
  const own = form.querySelector('input[name="id"]');
  if (own && form.dataset.later === "new") own.value = item.refused ? newId() : id;
}

if (list && page.person) {
  document.querySelector("#send-now button").addEventListener("click", async () => {
    await sendWaiting();
    await show();
  });
  document.querySelector("#taken-away button").addEventListener("click", async () => {
    if (undone) await write("outbox", undone, undone.id);
    document.querySelector("#taken-away").hidden = true;
    await show();
  });
  await belongTo(page.person);
  await sendWaiting();
  await show();
}
