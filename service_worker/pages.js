// Pages of the phone's owner: the server's own HTML, encrypted, by address. They are given back when the network does not
// answer, with one word put in: when they were kept.
import { settings } from "./settings.js";
import { belongTo, close, isLocked, open, owner } from "./box.js";
import { isPlan, renew } from "./plan.js";
import { read, readAll, within, write } from "./db.js";

const MOST = 60;
const KEPT_FOR = 30 * 24 * 60 * 60 * 1000;
const REFRESHED_AFTER = 6 * 60 * 60 * 1000;
const NOT_PART_OF_IT = ["done", "waiting"];
const HEADERS = ["content-type", "content-security-policy", "referrer-policy", "cross-origin-opener-policy", "permissions-policy", "x-content-type-options", "x-frame-options"];

// Under which address a page is kept.
export function addressOf(url) {
  const kept = new URL(url);
  NOT_PART_OF_IT.forEach((name) => kept.searchParams.delete(name));
  return kept.pathname === "/" ? settings.start : kept.pathname + kept.search;
}

// Look at an answer from the network: whose is it, and may it be kept? Nobody's page in place of one's own says that the
// session is over: then pages are forgotten; what waits, and drafts, are not.
export async function note(response, url) {
  const tag = response.headers.get("Tandem-Person");
  if (!tag) {
    if (response.ok && url.pathname === settings.signIn) await forgetPages();
    return;
  }
  await belongTo(tag);
  if (response.headers.get("Tandem-Keep")) await keep(response, url, tag);
}

const forgetPages = () =>
  within(["pages", "meta"], "readwrite", (pages, meta) => {
    pages.clear();
    meta.delete("refreshed");
  });

async function keep(response, url, tag) {
  const address = addressOf(url);
  const text = await response.text();
  const headers = Object.fromEntries(HEADERS.filter((name) => response.headers.has(name)).map((name) => [name, response.headers.get(name)]));
  const page = { address, tag, release: /\/static\/([0-9a-f]+)\//.exec(text)?.[1] ?? settings.release, at: Date.now() };
  if (isPlan(url)) await renew({ text, headers }, page);
  const box = await close({ text, headers }, `page ${address}`);
  if (!box || (await owner()) !== tag) return;
  await write("pages", { ...page, box }, address);
  const all = (await readAll("pages")).sort((one, other) => other.at - one.at);
  const old = all.filter((page, number) => number >= MOST || page.at < Date.now() - KEPT_FOR);
  if (old.length) await within(["pages"], "readwrite", (pages) => old.forEach((page) => pages.delete(page.address)));
}

// The kept page of an address, or undefined.
export async function kept(url) {
  const address = addressOf(url);
  const page = await read("pages", address);
  if (!page || page.tag !== (await owner())) return undefined;
  const found = await open(page.box, `page ${address}`);
  if (!found) return undefined;
  const text = found.text.replace("<head>", `<head><meta name="kept" content="${page.at}">`);
  return new Response(text, { headers: { ...found.headers, "Cache-Control": "no-store" } });
}

// Fetch the registered pages anew, where they are not fresh (or `now`, when something was just sent).
export async function refresh({ now = false } = {}) {
  const last = await read("meta", "refreshed");
  const isFresh = last?.release === settings.release && Date.now() - last.at < REFRESHED_AFTER;
  if ((isFresh && !now) || (await isLocked())) return;
  for (const address of settings.keep) {
    const url = new URL(address, location.origin);
    const answer = await fetch(url, { credentials: "same-origin", cache: "no-store", redirect: "manual" });
    if (answer.ok) await note(answer, url);
  }
  await write("meta", { release: settings.release, at: Date.now() }, "refreshed");
}
