// Links by e-mail and sign-up. A link's token stands behind the `#` of the address: it reaches the server only in the
// body of a POST, when a person presses the button.
import { createElement as h, useEffect, useSyncExternalStore } from "react";
import i18next from "i18next";
import { applyBrand } from "$/utils/prumo/frame.js";
import { chooseLanguage } from "$/utils/prumo/locale.js";

const FRESH = { busy: false, problem: "", broken: false, done: false, held: false, email: "", score: -1, reason: "" };
const PAUSE = 350;

let state = FRESH;
const listeners = new Set();

const change = (next) => {
  state = { ...state, ...next };
  listeners.forEach((listener) => listener());
};

/** The state of the form that is open: `busy`, `problem` (words), `done`, whose the link is, how good the password. */
export const useAccess = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
    () => FRESH,
  );

const heldToken = () => window.location.hash.slice(1);

const post = (path, body) =>
  fetch(`/api/access/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Accept-Language": i18next.language },
    credentials: "same-origin",
    body: JSON.stringify(body),
  });

const offline = () => i18next.t("auth.error.offline");

/** The words of a failed call, those about a field first; the field itself gets the cursor. */
const explain = async (response, form) => {
  const told = await response.json().catch(() => ({}));
  const field = told.fields?.[0];
  form?.elements.namedItem(field?.field ?? "")?.focus?.();
  return field?.detail ?? told.detail ?? i18next.t("auth.error.server");
};

const goIn = async (response) => {
  const { user, organization } = await response.json();
  applyBrand(organization.brand_hue, organization.brand_chroma);
  if (!document.cookie.includes("prumo_language=")) chooseLanguage(user.locale);
  sessionStorage.removeItem("token");
  window.location.assign("/");
};

const needsFactor = async (response) =>
  response.status === 401 && (await response.clone().json().catch(() => ({}))).code === "second_factor_needed";

const send = async (form, { action, holds, then }) => {
  const body = Object.fromEntries(new FormData(form));
  if (holds) body.token = heldToken();
  if (action === "signup/finish") body.language = i18next.language;
  change({ busy: true, problem: "" });
  const response = await post(action, body);
  if (response.ok && then === "enter") return goIn(response);
  if (response.ok) return change({ busy: false, done: true });
  if (await needsFactor(response)) return window.location.assign("/login?step=factor");
  return change({ busy: false, problem: await explain(response, form) });
};

// ── while one types ──────────────────────────────────────────────────────────────────────────────
let pause;
const afterPause = (work) => {
  clearTimeout(pause);
  pause = setTimeout(() => work().catch(() => {}), PAUSE);
};

const judge = async (form) => {
  const password = form.elements.namedItem("password").value;
  if (!password) return change({ score: -1, reason: "" });
  const personal = ["name", "organization"].map((name) => form.elements.namedItem(name)?.value ?? "");
  const response = await post("strength", { password, personal: [...personal, state.email].map((text) => text.slice(0, 320)) });
  if (!response.ok || form.elements.namedItem("password").value !== password) return;
  const { score, good, reason } = await response.json();
  change({ score: good ? Math.max(score, 3) : Math.min(score, 2), reason });
};

const suggestSlug = async (form) => {
  const name = form.elements.namedItem("organization").value;
  const slug = form.elements.namedItem("slug");
  if (!name.trim() || slug.dataset.own) return;
  const response = await post("slug", { name: name.slice(0, 200) });
  if (response.ok && !slug.dataset.own) slug.value = (await response.json()).slug;
};

const onInput = ({ target, currentTarget: form }) => {
  if (target.name === "slug") target.dataset.own = "yes";
  if (target.name === "password" && form.dataset.judges) afterPause(() => judge(form));
  if (target.name === "organization") afterPause(() => suggestSlug(form));
};

const ownTimeZone = (form) => {
  const choice = form?.elements.namedItem("time_zone");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (choice && [...choice.options].some((option) => option.value === zone)) choice.value = zone;
};

/** A form whose fields go to `/api/access/<action>`; with `holds`, together with the link's token. */
export const AccessForm = ({ action, holds, judges, then, children, className }) =>
  h(
    "form",
    {
      className,
      "data-judges": judges ? "yes" : undefined,
      ref: ownTimeZone,
      onInput,
      onSubmit: (event) => {
        event.preventDefault();
        if (!state.busy) send(event.currentTarget, { action, holds, then }).catch(() => change({ busy: false, problem: offline() }));
      },
    },
    children,
  );

const look = async (kind) => {
  const token = heldToken();
  change({ ...FRESH, held: token !== "" });
  if (!token || !kind) return;
  const response = await post("look", { kind, token });
  if (response.ok) change({ email: (await response.json()).email });
  else change({ broken: true, problem: await explain(response) });
};

/** Begins a screen anew, and asks whose the link in the address is, if there is one. Nothing is used up by that. */
export const LinkCheck = ({ kind }) => {
  useEffect(() => {
    const begin = () => look(kind).catch(() => change({ problem: offline() }));
    begin();
    window.addEventListener("hashchange", begin);
    return () => window.removeEventListener("hashchange", begin);
  }, [kind]);
  return null;
};

/** Ask for the letter that confirms one's own address. */
export const askToVerify = async () => {
  change({ busy: true, problem: "" });
  const response = await post("verify/send", {}).catch(() => null);
  change({ busy: false, done: Boolean(response?.ok), problem: response?.ok ? "" : response ? await explain(response) : offline() });
};

/** Show or hide what is typed into the password's field. */
export const togglePassword = () => {
  const input = document.querySelector('form input[name="password"]');
  if (input) input.type = input.type === "password" ? "text" : "password";
};
