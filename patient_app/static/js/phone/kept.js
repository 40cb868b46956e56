// The page that tells what is kept on this phone, and takes it away.
import { belongTo, forgetReadable } from "./box.js";
import { read, readAll } from "./db.js";
import { forgetAll } from "./leaving.js";

const page = document.body.dataset;
const inKilobytes = (bytes) => new Intl.NumberFormat(document.documentElement.lang).format(Math.ceil(bytes / 1024));
const sizeOf = (...parts) => parts.reduce((sum, part) => sum + (part?.data?.byteLength ?? part?.length ?? 0), 0);

function put(name, count, bytes) {
  const place = document.querySelector(`[data-kept="${name}"]`);
  const [number, size] = place.querySelectorAll("[data-n]");
  number.textContent = count;
  if (size) size.textContent = inKilobytes(bytes);
}

async function show() {
  const [pages, outbox, drafts] = await Promise.all(["pages", "outbox", "drafts"].map(readAll));
  const mine = (items) => items.filter((item) => item.tag === page.person);
  const others = [...outbox, ...drafts].filter((item) => item.tag !== page.person);
  put("pages", pages.length, pages.reduce((sum, one) => sum + sizeOf(one.box), 0));
  const plan = await read("meta", "plan");
  document.querySelector("[data-kept=plan]").hidden = !plan;
  put("plan", 1, sizeOf(plan?.box));
  put("outbox", mine(outbox).length, mine(outbox).reduce((sum, one) => sum + sizeOf(one.own, one.letter), 0));
  put("drafts", mine(drafts).length, mine(drafts).reduce((sum, one) => sum + sizeOf(one.own, one.letter), 0));
  document.querySelector("[data-kept=others]").hidden = others.length === 0;
  put("others", others.length);
  put("all", "", (await navigator.storage?.estimate?.())?.usage ?? 0);
  const isSafe = await navigator.storage?.persisted?.();
  document.querySelector("#persisted").hidden = !isSafe;
  document.querySelector("#not-persisted").hidden = isSafe !== false;
  document.querySelector("#kept").hidden = false;
}

document.querySelector("#not-persisted button").addEventListener("click", async () => {
  await navigator.storage.persist();
  await show();
});
document.querySelector("#forget-readable").addEventListener("click", async () => {
  await forgetReadable({ stays: true });
  await belongTo(page.person);
  await show();
  document.querySelector("#forgotten").hidden = false;
});
document.querySelector("#forget-all").addEventListener("click", async () => {
  await forgetAll();
  await belongTo(page.person);
  await show();
  document.querySelector("#forgotten").hidden = false;
});
await show();
