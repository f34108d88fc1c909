// Signing in and out: through the API, then by a full navigation, so that the websocket opens with the new cookie.
import { createElement as h, useEffect, useSyncExternalStore } from "react";
import { applyBrand, showLogin } from "$/utils/prumo/frame.js";
import { chooseLanguage } from "$/utils/prumo/locale.js";
import { canUsePasskeys, withPasskey } from "$/utils/prumo/passkeys.js";

// `step` is "password" or "factor"; `using` says which factor is asked for, `kinds` which ones there are.
let state = { busy: false, error: "", step: "password", using: "", kinds: {} };
const listeners = new Set();

const change = (next) => {
  state = { ...state, ...next };
  listeners.forEach((listener) => listener());
};

/** The state of the login form: `busy`, the catalogue key of what went wrong, and how far one has come. */
export const useSignIn = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
    () => state,
  );

const post = (path, body) =>
  fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    credentials: "same-origin",
    body: body === undefined ? undefined : JSON.stringify(body),
  });

const SAID = new Set([
  "wrong_code", "entry_over", "bad_passkey", "cancelled", "unsupported", "offline", "too_many", "no_organization",
]);

const sentence = (code) => (SAID.has(code) ? `auth.error.${code}` : "auth.error.server");

/** Follow what the server said to a first factor: ask for the second one, or tell what is wrong. */
const follow = async (response) => {
  const problem = await response.json().catch(() => ({}));
  if (problem.code === "second_factor_needed") askForFactor(problem);
  else if (response.status === 429) change({ busy: false, error: "auth.error.too_many" });
  else if (problem.code === "no_organization") change({ busy: false, error: "auth.error.no_organization" });
  else if (response.status === 401 || response.status === 422) change({ busy: false, error: "auth.error.wrong" });
  else change({ busy: false, error: "auth.error.server" });
};

const askForFactor = ({ totp, passkey, recovery }) => {
  const kinds = { totp, passkey: passkey && canUsePasskeys(), recovery };
  const using = kinds.totp ? "totp" : kinds.passkey ? "passkey" : "recovery";
  change({ busy: false, error: "", step: "factor", using, kinds });
};

/** Go on with a sign-in that a link or another provider began: the address says `step=factor`. */
export const resumeSignIn = async () => {
  if (new URLSearchParams(window.location.search).get("step") !== "factor") return;
  const waiting = await fetch("/api/auth/factor", { credentials: "same-origin" }).catch(() => null);
  if (waiting?.ok) askForFactor(await waiting.json());
  else change({ error: "auth.error.entry_over" });
};

/** Where to go after signing in: only a path of this very site is believed. */
const destination = () => {
  const wish = new URLSearchParams(window.location.search).get("next") ?? "";
  const url = new URL(wish || "/", window.location.origin);
  const inside = url.origin === window.location.origin && wish.startsWith("/") && !url.pathname.startsWith("/login");
  return inside ? url.pathname + url.search : "/";
};

const goIn = async (response) => {
  const { user, organization } = await response.json();
  applyBrand(organization.brand_hue, organization.brand_chroma);
  if (!document.cookie.includes("prumo_language=")) chooseLanguage(user.locale);
  sessionStorage.removeItem("token");
  window.location.assign(destination());
};

/** Sends what stands in the form; what was typed stays when it fails. */
const submitSignIn = async (event) => {
  event.preventDefault();
  if (state.busy) return;
  const form = new FormData(event.currentTarget);
  change({ busy: true, error: "" });
  try {
    const response = await post("/api/auth/login", { email: form.get("email"), password: form.get("password") });
    await (response.ok ? goIn(response) : follow(response));
  } catch {
    change({ busy: false, error: "auth.error.offline" });
  }
};

/** The login form around its fields. */
export const SignInForm = ({ children, className }) => {
  useEffect(() => void resumeSignIn(), []);
  return h("form", { className, onSubmit: submitSignIn }, children);
};

const failed = (code) => {
  const over = code === "entry_over";
  change({ busy: false, error: sentence(code), ...(over ? { step: "password" } : {}) });
};

const submitFactor = async (event) => {
  event.preventDefault();
  if (state.busy) return;
  const code = new FormData(event.currentTarget).get("code");
  change({ busy: true, error: "" });
  try {
    const response = await post("/api/auth/factor", { kind: state.using, code });
    if (response.ok) return await goIn(response);
    const problem = await response.json().catch(() => ({}));
    failed(response.status === 429 ? "too_many" : problem.code);
  } catch {
    failed("offline");
  }
};

/** The form of the second factor around its field. */
export const FactorForm = ({ children, className }) => h("form", { className, onSubmit: submitFactor }, children);

const signInWith = async (way) => {
  if (state.busy) return;
  change({ busy: true, error: "" });
  try {
    await goIn(await withPasskey(way));
  } catch (error) {
    failed(error.code ?? "server");
  }
};

/** Sign in with a passkey alone. */
export const signInWithPasskey = () => signInWith("enter");

/** Finish a sign-in with a passkey. */
export const finishWithPasskey = () => signInWith("factor");

/** Ask for another of the person's factors: totp, passkey or recovery. */
export const chooseFactor = (using) => change({ using, error: "" });

/** Begin anew with e-mail and password. */
export const signInAnew = () => change({ step: "password", using: "", error: "", busy: false });

const leave = async (path) => {
  try {
    await post(path);
  } finally {
    showLogin();
  }
};

/** End this session. */
export const signOut = () => leave("/api/auth/logout");

/** End every session of this person, on every device. */
export const signOutEverywhere = () => leave("/api/auth/logout-everywhere");

/** Put a login of the demo into the form. */
export const fillSignIn = (email, password) => {
  const put = (name, value) => {
    const input = document.querySelector(`form input[name="${name}"]`);
    if (input) input.value = value;
  };
  put("email", email);
  put("password", password);
  change({ error: "" });
};

/** Show or hide the password. */
export const togglePassword = () => {
  const input = document.querySelector('form input[name="password"]');
  if (input) input.type = input.type === "password" ? "text" : "password";
};
