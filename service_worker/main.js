// The worker: gives each page from the network where that answers in time, else what is kept. Whatever fails in here, a
// request still goes its ordinary way.
import { sendAll } from "./outbox.js";
import { isLocked, lock, timesLeft } from "./box.js";
import { openPlan } from "./plan.js";
import { file, install, keepPublic, publicPage, tidy } from "./files.js";
import { follow, kept, note, refresh } from "./pages.js";
import { gated } from "./gate.js";
import { isLeaving, tell } from "./leaving.js";
import { changed, report, show, tapped } from "./notices.js";
import { read } from "./db.js";

const HELP = "/help";
const NO_NETWORK = "/offline";
const SIGN_OUT = "/sign-out";
const PATIENCE = 4000;
const PATIENCE_FOR_HELP = 2000;
const BAD_GATEWAY = [502, 503, 504];

addEventListener("install", (event) => event.waitUntil(install()));

addEventListener("activate", (event) => {
  const start = async () => {
    await registration.navigationPreload?.enable();
    await clients.claim();
    await tidy();
  };
  event.waitUntil(start());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(file(request));
  else if (request.mode === "navigate") event.respondWith(navigate(event, url));
});

async function navigate(event, url) {
  if (await read("meta", "leaving").catch(() => undefined)) {
    const leaving = isLeaving().catch(() => false);
    const inNeed = url.pathname === HELP ? await publicPage(HELP) : await openPlan(url);
    event.waitUntil(leaving); // Help waits for nothing.
    if (inNeed) return inNeed;
    if (await leaving) return (await publicPage(NO_NETWORK)) ?? Response.error();
    event.waitUntil(Promise.resolve(event.preloadResponse).catch(() => {}));
    return fetch(event.request).catch(() => publicPage(NO_NETWORK)); // What was fetched ahead is from before that.
  }
  const instead = await gated(event.request, url).catch(() => publicPage(NO_NETWORK));
  if (instead) {
    event.waitUntil(look(event, url).catch(() => {}));
    return instead;
  }
  if (event.request.method === "GET") return page(event, url);
  try {
    return url.pathname === SIGN_OUT ? await tell(event.request) : await fetch(event.request);
  } catch {
    return (await publicPage(NO_NETWORK)) ?? Response.error();
  }
}

// A page: from the network, or what is kept when that fails, or does not answer while we have something to show.
async function page(event, url) {
  const isHelp = url.pathname === HELP;
  const since = timesLeft().catch(() => undefined);
  const network = fromNetwork(event);
  event.waitUntil(network.then((response) => noted(response, url, since)).catch(() => {}));
  const patience = new Promise((resolve) => setTimeout(resolve, isHelp ? PATIENCE_FOR_HELP : PATIENCE));
  const first = await Promise.race([network.catch(() => undefined), patience]);
  if (first?.type === "opaqueredirect") return (await openPlan(url)) ?? first;
  if (first && !BAD_GATEWAY.includes(first.status)) return first;
  const instead = (await kept(url).catch(() => undefined)) ?? (isHelp ? await publicPage(HELP) : await openPlan(url));
  if (instead) return instead;
  return network.catch(async () => (await publicPage(NO_NETWORK)) ?? Response.error());
}

// What the network says meanwhile is not shown, only looked at: it may be that another person signed in here, and then the
// lock is gone, with all that it guarded.
async function look(event, url) {
  const since = timesLeft().catch(() => undefined);
  const response = await event.preloadResponse;
  if (response) await noted(response, url, since);
  if (await isLocked()) return;
  for (const client of await clients.matchAll()) client.postMessage({ type: "open" });
}

const fromNetwork = async (event) => (await event.preloadResponse) ?? fetch(event.request);

async function noted(response, url, since) {
  if (response.type === "opaqueredirect") return;
  const copy = response.clone(); // At once: the page reads the other.
  await note(copy, url, await since);
  await follow(copy);
}

addEventListener("sync", (event) => {
  const send = async () => {
    const outcome = await sendAll();
    for (const client of await clients.matchAll()) client.postMessage({ type: "sent", outcome });
    if (outcome.sent) await refresh({ now: true }).catch(() => {});
    if (outcome.why === "later") throw new Error("Not yet."); // The browser tries again.
  };
  event.waitUntil(send());
});

addEventListener("push", (event) => event.waitUntil(show(event.data)));
addEventListener("notificationclick", (event) => event.waitUntil(tapped(event)));
addEventListener("pushsubscriptionchange", (event) => event.waitUntil(changed(event)));

const MESSAGES = {
  use: () => skipWaiting(),
  lock: () => lock(),
  refresh: ({ now }) => refresh({ now }),
  hello: async ({ face, language, keeps }) => {
    const isNew = (await read("meta", "face")) !== face || ((await read("meta", "language")) ?? "en") !== language;
    if (isNew && /^[a-z]+$/.test(face) && /^[A-Za-z_-]+$/.test(language)) await keepPublic(face, language);
    if (keeps) await refresh();
    await tidy();
    await report();
  },
};

addEventListener("message", (event) => {
  const wanted = MESSAGES[event.data?.type];
  if (wanted) event.waitUntil(Promise.resolve(wanted(event.data)).catch(() => {}));
});

