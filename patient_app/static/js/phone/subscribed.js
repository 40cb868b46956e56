// This browser's subscription to messages, and the server's word about it. Shared by the page about notifications and the
// worker: neither asks a person anything, nor subscribes where it was not asked for.
import { owner } from "./box.js";
import { endsAfter, read, remove, write } from "./db.js";
import { toText } from "./letter.js";

const TOLD_AT = "/settings/notifications/device";
const WITHIN = 8000;

const bytesOf = (key) => {
  const text = atob(key.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(text, (one) => one.charCodeAt(0));
};

export const subscribe = (manager, key) => manager.subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(key) });

// Tell the server of a subscription: "on" (asked for just now), "seen", or "renewed" in place of the address `before`.
// Resolves with its answer; {result: "later"} for all that is no answer of ours.
async function tell(what, subscription, before) {
  const { endpoint, keys } = subscription.toJSON();
  const key = toText(new Uint8Array(subscription.options.applicationServerKey));
  try {
    const response = await fetch(TOLD_AT, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ do: what, before, endpoint, p256dh: keys.p256dh, auth: keys.auth, key }),
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      signal: endsAfter(WITHIN),
    });
    if (!response.headers.get("Content-Type")?.startsWith("application/json")) return { result: "later" };
    return await response.json();
  } catch {
    return { result: "later" };
  }
}

// Tell, and do what the answer says: give the subscription up, or make it anew with the key of now, once.
export async function agree(manager, what, subscription, before, isAgain = false) {
  const answer = await tell(what, subscription, before);
  if (answer.result === "new-key" && answer.key && !isAgain) {
    const old = before ?? subscription.endpoint;
    await subscription.unsubscribe();
    const fresh = await subscribe(manager, answer.key);
    return agree(manager, what === "on" ? "on" : "renewed", fresh, old, true);
  }
  if (answer.result === "on") {
    const { letterbox, key } = answer;
    await write("meta", { tag: await owner(), letterbox, key, endpoint: subscription.endpoint, at: Date.now() }, "push");
  } else if (["off", "refused", "new-key"].includes(answer.result)) {
    await remove("meta", "push");
    await subscription.unsubscribe();
  }
  return answer;
}

// Whether this browser gets messages for the person whose phone this is: {tag, letterbox, key, endpoint, at}, or undefined.
export async function asked() {
  const kept = await read("meta", "push");
  return kept && kept.tag === (await owner()) ? kept : undefined;
}

// Whether this browser's subscription is of somebody else than the person whose phone this is now.
export async function isAnothers() {
  const [kept, tag] = await Promise.all([read("meta", "push"), owner()]);
  return !!kept?.tag && !!tag && kept.tag !== tag;
}

// Give the subscription up here, whoever's it was, without asking the server.
export async function giveUp(manager) {
  await remove("meta", "push");
  await (await manager?.getSubscription())?.unsubscribe();
}
