// Pages of the phone's owner: the server's own HTML, encrypted, by address. They are given back when the network does not
// answer, with one word put in: when they were kept.
import { settings } from "./settings.js";
import { belongTo, clearPages, close, isLocked, open, owner, timesCleared, timesLeft } from "./box.js";
import { isPlan, renew } from "./plan.js";
import { endsAfter, read, readAll, within } from "./db.js";

const MOST = 100;
const LEFT = 90; // Where there are more, so many stay: the next few are kept without looking at all of them again.
const KEPT_FOR = 30 * 24 * 60 * 60 * 1000;
const GIVES_UP = 30_000; // On a network that hangs; else no other round could begin.
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

const forgetPages = () => within(["meta", "pages"], "readwrite", clearPages);

async function keep(response, url, tag) {
  const address = addressOf(url);
  const text = await response.text();
  const headers = Object.fromEntries(HEADERS.filter((name) => response.headers.has(name)).map((name) => [name, response.headers.get(name)]));
  const page = { address, tag, release: /\/static\/([0-9a-f]+)\//.exec(text)?.[1] ?? settings.release, at: Date.now() };
  const cleared = await timesCleared();
  if ((await owner()) !== tag) return;
  if (isPlan(url)) await renew({ text, headers }, page);
  const box = await close({ text, headers }, `page ${address}`);
  if (!box) return;
  let count = 0;
  await within(["meta", "pages"], "readwrite", (meta, pages) => {
    meta.get("owner").onsuccess = ({ target: { result: somebody } }) => {
      if (somebody?.tag !== tag) return;
      meta.get("cleared").onsuccess = ({ target: { result: now = 0 } }) => {
        if (now !== cleared) return; // Where a lock was set meanwhile, nothing would open this box any more.
        pages.put({ ...page, box }, address);
        pages.count().onsuccess = ({ target }) => {
          count = target.result;
        };
      };
    };
  });
  if (count > MOST) await letGo();
}

// Let go of what is old, and of the oldest where there are too many. It reads every page, so it is not done for each.
async function letGo() {
  const all = (await readAll("pages")).sort((one, other) => other.at - one.at);
  const most = all.length > MOST ? LEFT : MOST;
  const old = all.filter((page, number) => number >= most || page.at < Date.now() - KEPT_FOR);
  if (old.length) await drop(old.map((page) => page.address));
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

// Fetch the registered pages anew, where they are not fresh (or `now`, when something was just sent). One round at a time:
// each page asks for it as it opens, and sixty pages a few times over are slow for a phone with a bad network. What was sent
// while a round was under way may be missing in it, so another one follows, once.
let round, nextRound;
export function refresh({ now = false } = {}) {
  if (round && now) {
    nextRound ??= round
      .catch(() => {})
      .then(() => {
        nextRound = undefined;
        return refresh({ now });
      });
    return nextRound;
  }
  round ??= whole(now).finally(() => {
    round = undefined;
  });
  return round;
}

// Where all pages were let go of meanwhile (another person signed in, a lock was set), it begins anew.
async function whole(now) {
  let cleared;
  do {
    cleared = await timesCleared();
    await once(now, cleared);
  } while (cleared !== (await timesCleared()) && (await owner()));
}

async function once(now, cleared) {
  const last = await read("meta", "refreshed");
  const isFresh = last?.release === settings.release && Date.now() - last.at < REFRESHED_AFTER;
  if ((isFresh && !now) || (await isLocked())) return;
  const isNew = last?.release !== settings.release; // These pages change only with the release.
  const missing = [];
  for (const address of settings.lasting) if (isNew || !(await read("pages", address))) missing.push(address);
  const ahead = [...settings.keep, ...missing];
  const named = new Set();
  let isWhole = true; // Where a page did not come, what it would have named is not let go of.
  for (const address of ahead) {
    const answer = await fetched(address);
    if (!answer || cleared !== (await timesCleared())) return;
    if (!answer.ok) isWhole = false;
    for (const own of answer.ok ? namedBy(answer) : []) if (!named.has(own)) named.add(own) && ahead.push(own);
  }
  const before = last?.own ?? [];
  if (isWhole) await drop(before.filter((address) => !named.has(address)));
  await letGo();
  const own = [...new Set([...(isWhole ? [] : before), ...named])];
  await changeMeta((meta) => {
    meta.get("cleared").onsuccess = ({ target: { result: times = 0 } }) => {
      if (times === cleared) meta.put({ release: settings.release, at: Date.now(), own }, "refreshed"); // Else they are gone again.
    };
  });
}

const changeMeta = (work) => within(["meta"], "readwrite", work);

// Pages that this person has and others do not, as a page names them that was just opened: fetched where they are missing.
export async function follow(response) {
  const named = namedBy(response);
  if (!named.length || !(await read("meta", "refreshed")) || (await isLocked())) return;
  await changeMeta((meta) => {
    meta.get("refreshed").onsuccess = ({ target: { result: last } }) => {
      // So that they are let go of when they are named no more.
      if (last) meta.put({ ...last, own: [...new Set([...(last.own ?? []), ...named])] }, "refreshed");
    };
  });
  for (const address of named) if (!(await read("pages", address)) && !(await fetched(address))) return;
}

const namedBy = (answer) => (answer.headers.get("Tandem-Keep-Too") ?? "").split(" ").filter((address) => address.startsWith("/"));

// Fetch a page and look at it; undefined where somebody is leaving.
async function fetched(address) {
  const since = await timesLeft();
  if (await read("meta", "leaving")) return undefined;
  const url = new URL(address, location.origin);
  const answer = await fetch(url, { credentials: "same-origin", cache: "no-store", redirect: "manual", signal: endsAfter(GIVES_UP) });
  if (answer.ok) await note(answer, url, since);
  return answer;
}

const drop = (addresses) =>
  within(["pages"], "readwrite", (pages) => addresses.forEach((address) => pages.delete(address)));
