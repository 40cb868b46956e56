// The one database on this phone. What goes in is durable once the promise resolves: an entry is called saved only then.
const DATABASE = "tandem";
const STORES = ["meta", "keys", "pages", "outbox", "drafts"];
let opened;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => STORES.forEach((name) => request.result.createObjectStore(name));
    request.onblocked = () => reject(new Error("The database is in use."));
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const database = request.result;
      const forget = () => {
        database.close();
        opened = undefined;
      };
      database.onversionchange = database.onclose = forget;
      resolve(database);
    };
  });
  opened.catch(() => {
    opened = undefined;
  });
  return opened;
}

function once(database, names, mode, work) {
  return new Promise((resolve, reject) => {
    const changes = database.transaction(names, mode, { durability: mode === "readwrite" ? "strict" : "default" });
    const found = work(...names.map((name) => changes.objectStore(name)));
    changes.oncomplete = () => resolve(found instanceof IDBRequest ? found.result : found);
    changes.onabort = changes.onerror = () => reject(changes.error ?? new Error("The database gave up."));
  });
}

// Do `work(store, ...)` with the named stores in one transaction. Resolves with what it returned (of a request, its
// result), once all is on the disk. Safari drops a connection in the background: then it is opened once more.
export async function within(names, mode, work) {
  try {
    return await once(await open(), names, mode, work);
  } catch (fault) {
    if (fault?.name !== "InvalidStateError" && fault?.name !== "UnknownError") throw fault;
    opened = undefined;
    return once(await open(), names, mode, work);
  }
}

export const read = (name, key) => within([name], "readonly", (store) => store.get(key));
export const readAll = (name) => within([name], "readonly", (store) => store.getAll());
export const write = (name, value, key) => within([name], "readwrite", (store) => store.put(value, key));
export const remove = (name, key) => within([name], "readwrite", (store) => store.delete(key));

// A signal that ends a request after so long. No part of the database: it stands where all that send get their words from,
// since one more file is one more request. Browsers of before 2022 have no AbortSignal.timeout.
export function endsAfter(milliseconds) {
  if (AbortSignal.timeout) return AbortSignal.timeout(milliseconds);
  const ending = new AbortController();
  setTimeout(() => ending.abort(), milliseconds);
  return ending.signal;
}
