// The phone's own check of a finger or a face (WebAuthn, with the extension "prf"): it gives out a secret that only this
// phone has, and only after it has seen whose it is. The server has no part in it.
const SECONDS = 60_000;
const random = (length) => crypto.getRandomValues(new Uint8Array(length));
const evaluated = (salt) => ({ prf: { eval: { first: salt } } });
const secretOf = (credential) => credential?.getClientExtensionResults().prf?.results?.first;

// Whether this phone may be able to; whether it is, only trying tells.
export async function isThere() {
  const known = globalThis.PublicKeyCredential;
  if (!known || !(await known.isUserVerifyingPlatformAuthenticatorAvailable())) return false;
  return (await known.getClientCapabilities?.())?.["extension:prf"] !== false;
}

// Make a key in the phone; resolves with {id, salt, secret}, or undefined where the phone gives out no secret. `name` is
// how the phone lists it.
export async function make(name) {
  const salt = random(32);
  const credential = await navigator.credentials.create({
    publicKey: {
      challenge: random(32),
      rp: { id: location.hostname, name },
      user: { id: random(32), name, displayName: name },
      pubKeyCredParams: [-7, -257].map((alg) => ({ type: "public-key", alg })),
      authenticatorSelection: { authenticatorAttachment: "platform", userVerification: "required", residentKey: "preferred" },
      attestation: "none",
      timeout: SECONDS,
      extensions: evaluated(salt),
    },
  });
  if (!credential.getClientExtensionResults().prf?.enabled) return undefined;
  const id = new Uint8Array(credential.rawId);
  return { id, salt, secret: secretOf(credential) ?? (await secret({ id, salt })) };
}

// Ask the phone for its secret; rejects when it does not give it.
export async function secret({ id, salt }) {
  const credential = await navigator.credentials.get({
    publicKey: {
      challenge: random(32),
      rpId: location.hostname,
      allowCredentials: [{ type: "public-key", id }],
      userVerification: "required",
      timeout: SECONDS,
      extensions: evaluated(salt),
    },
  });
  const found = secretOf(credential);
  if (!found) throw new Error("The phone gave no secret.");
  return found;
}
