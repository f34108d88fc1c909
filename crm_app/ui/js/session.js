// Signing in and out: through the API, then by a full navigation, so that the websocket opens with the new cookie.
import { createElement as h, useSyncExternalStore } from "react";
import { applyBrand } from "$/utils/prumo/frame.js";
import { chooseLanguage } from "$/utils/prumo/locale.js";

let state = { busy: false, error: "", values: {} };
const listeners = new Set();

const change = (next) => {
  state = { ...state, ...next };
  listeners.forEach((listener) => listener());
};

/** The state of the login form: `busy`, and the catalogue key of what went wrong. */
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

const failureKey = async (response) => {
  if (response.status === 429) return "auth.error.too_many";
  if (response.status === 401 || response.status === 422) return "auth.error.wrong";
  const problem = await response.json().catch(() => ({}));
  return typeof problem.key === "string" ? problem.key : "auth.error.server";
};

/** Where to go after signing in: only a path of this very site is believed. */
const destination = () => {
  const wish = new URLSearchParams(window.location.search).get("next") ?? "";
  const url = new URL(wish || "/", window.location.origin);
  const inside = url.origin === window.location.origin && wish.startsWith("/") && !url.pathname.startsWith("/login");
  return inside ? url.pathname + url.search : "/";
};

/** Sends what stands in the form; what was typed stays when it fails. */
const submitSignIn = async (event) => {
  event.preventDefault();
  if (state.busy) return;
  const form = new FormData(event.currentTarget);
  change({ busy: true, error: "" });
  try {
    const response = await post("/api/auth/login", { email: form.get("email"), password: form.get("password") });
    if (!response.ok) {
      change({ busy: false, error: await failureKey(response) });
      return;
    }
    const { user, organization } = await response.json();
    applyBrand(organization.brand_hue, organization.brand_chroma);
    if (!document.cookie.includes("prumo_language=")) chooseLanguage(user.locale);
    sessionStorage.removeItem("token");
    window.location.assign(destination());
  } catch {
    change({ busy: false, error: "auth.error.offline" });
  }
};

/** The login form around its fields. */
export const SignInForm = ({ children, className }) => h("form", { className, onSubmit: submitSignIn }, children);

const leave = async (path) => {
  try {
    await post(path);
  } finally {
    sessionStorage.removeItem("token");
    window.location.assign("/login");
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
