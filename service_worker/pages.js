// Pages of the phone's owner: the server's own HTML, encrypted, by address. They are given back when the network does not
// answer, with one word put in: when they were kept.
import { settings } from "./settings.js";
import { belongTo, close, isLocked, open, owner, timesLeft } from "./box.js";
import { isPlan, renew } from "./plan.js";
import { read, readAll, within, write } from "./db.js";

const MOST = 90;
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
// session is over: then pages are forgotten; what waits, and drafts, are not. `since` says how often the phone had been left
// when it was asked for: an answer that was on its way while somebody signed out is not kept.
export async function note(response, url, since) {
  const tag = response.headers.get("Tandem-Person");
  if (!tag) {
    if (response.ok && url.pathname === settings.signIn) await forgetPages();
    return;
  }
  await belongTo(tag, since);
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
  if ((await owner()) !== tag) return;
  if (isPlan(url)) await renew({ text, headers }, page);
  const box = await close({ text, headers }, `page ${address}`);
  if (!box) return;
  await within(["meta", "pages"], "readwrite", (meta, pages) => {
    meta.get("owner").onsuccess = ({ target: { result: somebody } }) => {
      if (somebody?.tag === tag) pages.put({ ...page, box }, address);
    };
  });
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
  const isNew = last?.release !== settings.release; // These pages change only with the release.
  const missing = [];
  for (const address of settings.lasting) if (isNew || !(await read("pages", address))) missing.push(address);
  const ahead = [...settings.keep, ...missing];
  const own = new Set(); // What pages name that this person has, and others do not.
  for (const address of ahead) {
    const since = await timesLeft();
    if (await read("meta", "leaving")) return;
    const url = new URL(address, location.origin);
    const answer = await fetch(url, { credentials: "same-origin", cache: "no-store", redirect: "manual" });
    if (!answer.ok) continue;
    await note(answer, url, since);
    for (const named of namedBy(answer)) if (!own.has(named)) own.add(named) && ahead.push(named);
  }
  const over = (last?.own ?? []).filter((address) => !own.has(address));
  if (over.length) await within(["pages"], "readwrite", (pages) => over.forEach((address) => pages.delete(address)));
  await write("meta", { release: settings.release, at: Date.now(), own: [...own] }, "refreshed");
}

// Which pages an answer says that are to be kept with it.
const namedBy = (answer) => (answer.headers.get("Tandem-Keep-Too") ?? "").split(" ").filter((address) => address.startsWith("/"));
