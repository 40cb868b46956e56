// Signing out without a network: what can be read here is gone already; the server hears of it before anything else.
import { endsAfter, read, remove, write } from "./db.js";

const WITHIN = 8000;

// Whether somebody signed out and the server does not know yet; tries once to tell it.
export async function isLeaving() {
  if (!(await read("meta", "leaving"))) return false;
  try {
    await tell(new Request("/sign-out", { method: "POST", credentials: "same-origin", redirect: "manual" }));
    return false;
  } catch {
    return true;
  }
}

// Send a request to sign out; rejects when it did not get through, and remembers that.
export async function tell(request) {
  try {
    const answer = await fetch(request, { signal: endsAfter(WITHIN) });
    await remove("meta", "leaving");
    return answer;
  } catch (fault) {
    await write("meta", { at: Date.now() }, "leaving");
    throw fault;
  }
}
