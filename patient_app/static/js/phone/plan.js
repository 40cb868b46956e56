// The safety plan, readable without a PIN and without signing in: only where its owner chose that. It is kept a second
// time, under a key of its own that nothing locks, and goes when the choice is taken back or another person signs in.
import { closeWith, open, openWith, owner } from "./box.js";
import { read, within } from "./db.js";

const ADDRESS = "/safety";
const PLACE = `open ${ADDRESS}`;
// What tells the page's scripts whose it is. Here they are to do nothing in a person's name.
const SAYS_WHOSE = /( data-(?:person|letterbox|keeps)="[^"]*")+/;

export const isPlan = (url) => url.pathname === ADDRESS;

// Whether this person chose so; without a tag, whether anybody did.
export async function isOpen(tag) {
  const plan = await read("meta", "plan");
  return !!plan && (!tag || plan.tag === tag);
}

// Choose so, with the plan as it is kept now; false where it is not kept yet.
export async function allow() {
  const tag = await owner();
  const page = await read("pages", ADDRESS);
  const found = page?.tag === tag && (await open(page.box, `page ${ADDRESS}`));
  if (!found) return false;
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const plan = await closed(key, found, page);
  await within(["meta", "keys"], "readwrite", (meta, keys) => {
    keys.put({ key }, "plan");
    meta.put(plan, "plan");
  });
  return true;
}

async function closed(key, found, { tag, release, at }) {
  const box = await closeWith(key, { ...found, text: found.text.replace(SAYS_WHOSE, "") }, PLACE);
  return { tag, box, release, at };
}

// Keep the plan as it is now, where that was chosen, and was not taken back meanwhile.
export async function renew(found, page) {
  const kept = await read("keys", "plan");
  const plan = kept && (await isOpen(page.tag)) && (await closed(kept.key, found, page));
  if (!plan) return;
  await within(["meta"], "readwrite", (meta) => {
    meta.get("plan").onsuccess = ({ target }) => target.result?.tag === page.tag && meta.put(plan, "plan");
  });
}

export const takeBack = () =>
  within(["meta", "keys"], "readwrite", (meta, keys) => {
    meta.delete("plan");
    keys.delete("plan");
  });

// Its page, for its address, where that was chosen; else undefined.
export async function openPlan(url) {
  if (!isPlan(url)) return undefined;
  const kept = await read("keys", "plan").catch(() => undefined);
  const plan = kept && (await read("meta", "plan"));
  const found = plan && (await openWith(kept.key, plan.box, PLACE));
  if (!found) return undefined;
  const text = found.text.replace("<head>", `<head><meta name="plan" content="${plan.at}">`);
  return new Response(text, { headers: { ...found.headers, "Cache-Control": "no-store" } });
}
