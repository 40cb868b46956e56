// While a lock is set and closed, no page of the phone's owner is given out, from the network or from here. What a person
// in need, and one who forgot the PIN, has to reach stays open.
import { settings } from "./settings.js";
import { isLocked } from "./box.js";
import { publicPage } from "./files.js";
import { openPlan } from "./plan.js";

const LOCKED = "/locked";
const WITHOUT_UNLOCKING = /^\/(?:sign-in|sign-out|join|forgot|reset|install|manifest\.webmanifest)(?:\/|$)/;

// What is given in place of an address while it is locked; undefined when it is to go its ordinary way.
export async function gated(request, url) {
  const { pathname } = url;
  if (pathname !== LOCKED) {
    if (WITHOUT_UNLOCKING.test(pathname) || !(await isLocked().catch(() => false))) return undefined;
    const plan = request.method === "GET" && (await openPlan(url));
    if (plan) return plan;
  }
  const isPublic = settings.public.includes(pathname);
  const page = (await publicPage(isPublic ? pathname : LOCKED)) ?? (await fetch(LOCKED, { credentials: "omit" }));
  if (request.method === "GET") return page;
  const text = (await page.text()).replace("<head>", '<head><meta name="not-sent" content="yes">');
  return new Response(text, { headers: page.headers });
}
