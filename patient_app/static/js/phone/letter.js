// Seal words to the server's public key: from then on nobody can read them here, the person who wrote them neither.
// The same steps stand in patient_app/core/letterbox.py.
const text = new TextEncoder();
const CONTEXT = "tandem letter 1";

export const toText = (bytes) => {
  let found = "";
  for (const byte of bytes) found += String.fromCharCode(byte);
  return btoa(found).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
};
const toBytes = (coded) => Uint8Array.from(atob(coded.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));

const joined = (...parts) => {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

// The sealed value as base64url, for one person and one entry.
export async function seal(value, { letterbox, tag, id }) {
  const subtle = crypto.subtle;
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const own = toBytes(letterbox);
  const server = await subtle.importKey("raw", own, curve, false, []);
  const once = await subtle.generateKey(curve, false, ["deriveBits"]);
  const point = new Uint8Array(await subtle.exportKey("raw", once.publicKey));
  const secret = await subtle.deriveBits({ name: "ECDH", public: server }, once.privateKey, 256);
  const material = await subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: joined(point, own), info: text.encode(CONTEXT) };
  const key = await subtle.deriveKey(how, material, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const additionalData = text.encode([CONTEXT, tag, id].join("\0"));
  const sealed = await subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, text.encode(JSON.stringify(value)));
  const keyId = new Uint8Array(await subtle.digest("SHA-256", own)).slice(0, 8);
  return toText(joined(new Uint8Array([1]), keyId, point, iv, new Uint8Array(sealed)));
}
