// Passkeys (WebAuthn): asks the server what is to be signed, has the device sign it, and sends the answer back.
import { createElement as h, useState } from "react";

const toBytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

const withIds = (list) => (list ?? []).map((one) => ({ ...one, id: toBytes(one.id) }));

/** Whether this browser, at this address, can use passkeys at all. */
export const canUsePasskeys = () => typeof window !== "undefined" && Boolean(window.PublicKeyCredential);

const create = async (options) => {
  const publicKey = {
    ...options,
    challenge: toBytes(options.challenge),
    user: { ...options.user, id: toBytes(options.user.id) },
    excludeCredentials: withIds(options.excludeCredentials),
  };
  const made = await navigator.credentials.create({ publicKey });
  return asJson(made, {
    attestationObject: toText(made.response.attestationObject),
    transports: made.response.getTransports?.() ?? [],
  });
};

const get = async (options) => {
  const publicKey = {
    ...options,
    challenge: toBytes(options.challenge),
    allowCredentials: withIds(options.allowCredentials),
  };
  const { response, ...made } = await navigator.credentials.get({ publicKey }).then((one) => ({
    id: one.id,
    rawId: one.rawId,
    type: one.type,
    response: one.response,
  }));
  return asJson({ ...made, response }, {
    authenticatorData: toText(response.authenticatorData),
    signature: toText(response.signature),
    userHandle: response.userHandle ? toText(response.userHandle) : null,
  });
};

const asJson = (made, answer) => ({
  id: made.id,
  rawId: toText(made.rawId),
  type: made.type,
  response: { clientDataJSON: toText(made.response.clientDataJSON), ...answer },
});

const post = (path, body) =>
  fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    credentials: "same-origin",
    body: body === undefined ? undefined : JSON.stringify(body),
  });

/** What went wrong, as the name of a sentence: the server's own code, or why the device gave no answer. */
class Failure extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

const refusal = async (response) => {
  if (response.status === 429) return new Failure("too_many");
  const problem = await response.json().catch(() => ({}));
  return new Failure(problem.code ?? "server");
};

const ofDevice = (error) => {
  if (error instanceof Failure) return error;
  if (error instanceof TypeError) return new Failure("offline");
  if (error?.name === "InvalidStateError") return new Failure("already_here");
  return new Failure("cancelled");
};

const WAYS = {
  enter: ["/api/auth/passkey/options", get, "/api/auth/passkey"],
  factor: ["/api/auth/factor/passkey/options", get, "/api/auth/factor/passkey"],
  prove: ["/api/auth/prove/passkey/options", get, "/api/auth/prove/passkey"],
  add: ["/api/auth/passkeys/options", create, "/api/auth/passkeys"],
};

/** Runs one ceremony and returns the server's answer. Throws a failure with a `code`. */
export const withPasskey = async (way, extra = {}) => {
  if (!canUsePasskeys()) throw new Failure("unsupported");
  const [ask, sign, send] = WAYS[way];
  try {
    const asked = await post(ask);
    if (!asked.ok) throw await refusal(asked);
    const { options } = await asked.json();
    const answered = await post(send, { credential: await sign(options), ...extra });
    if (!answered.ok) throw await refusal(answered);
    return answered;
  } catch (error) {
    throw ofDevice(error);
  }
};

/** A button that runs a ceremony of a signed-in person; `onDone` gets an empty text, or the code of a failure. */
export const PasskeyButton = ({ way, nameFrom, onDone, className, children }) => {
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    const name = nameFrom ? (document.getElementById(nameFrom)?.value ?? "") : "";
    try {
      await withPasskey(way, way === "add" ? { name } : {});
      onDone("");
    } catch (error) {
      onDone(error.code ?? "server");
    } finally {
      setBusy(false);
    }
  };
  return h("button", { type: "button", className, onClick: run, disabled: busy, "aria-busy": busy }, children);
};
