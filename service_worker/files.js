// Files of a release, by addresses that name it, and the pages that are nobody's: help, and "no network".
import { settings } from "./settings.js";
import { read, readAll, write } from "./db.js";

const FILES = `files ${settings.release}`;
const PUBLIC = `public ${settings.release}`;

// Fetch all that this release needs; fails as a whole, so that a worker is either complete or not there.
export async function install() {
  const files = await caches.open(FILES);
  await files.addAll(settings.files.map((address) => new Request(address, { credentials: "omit" })));
  const shown = (key) => read("meta", key).catch(() => undefined);
  await keepPublic((await shown("face")) ?? "own", (await shown("language")) ?? "en");
}

// Keep the pages that are nobody's, under the name and in the language that this phone shows.
export async function keepPublic(face, language) {
  const pages = await caches.open(PUBLIC);
  for (const address of settings.public) {
    const answer = await fetch(`${address}?as=${face}&language=${language}`, { credentials: "omit", cache: "reload" });
    if (!answer.ok || answer.redirected) throw new Error(`${address} cannot be kept.`);
    await pages.put(address, answer);
  }
  await write("meta", face, "face").catch(() => {});
  await write("meta", language, "language").catch(() => {});
}

// A page that is nobody's, as it was when this release came.
export const publicPage = (address) => caches.match(address, { ignoreVary: true });

// A file: from what is kept of its release, else from the network.
export async function file(request) {
  return (await caches.match(request.url, { ignoreVary: true })) ?? fetch(request);
}

// Remove files of releases that no kept page names any more. The pages are read only where there are such files.
export async function tidy() {
  const others = (await caches.keys()).map((name) => name.split(" ")).filter(([, release]) => release !== settings.release);
  if (!others.length) return;
  const pages = await readAll("pages").catch(() => []);
  const plan = await read("meta", "plan").catch(() => undefined);
  const needed = new Set([plan?.release, ...pages.map((page) => page.release)]);
  for (const [kind, release] of others) {
    if (kind === "public" || !needed.has(release)) await caches.delete(`${kind} ${release}`);
  }
}
