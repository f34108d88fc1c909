// Accepting an invitation. The link's secret stands behind the hash, so no server sees it before a button is pressed;
// it is kept in this tab while its owner signs in, and nowhere else.
import { createElement as h, useEffect, useSyncExternalStore } from "react";
import i18next from "i18next";

const KEPT = "prumo_invitation";
let state = { phase: "looking", offer: {}, error: "", busy: false };
const listeners = new Set();

const change = (next) => {
  state = { ...state, ...next };
  listeners.forEach((listener) => listener());
};

const readToken = () => {
  const fresh = window.location.hash.slice(1);
  if (fresh) {
    sessionStorage.setItem(KEPT, fresh);
    window.history.replaceState(window.history.state, "", window.location.pathname);
  }
  return sessionStorage.getItem(KEPT) ?? "";
};

const post = (path, body) =>
  fetch(`/api/access/invitation/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang || "pt-BR" },
    credentials: "same-origin",
    body: JSON.stringify({ token: readToken(), ...body }),
  });

/** The words of a failed call, those about a field first; the field itself gets the cursor. */
const sentence = async (response) => {
  const told = await response.json().catch(() => ({}));
  const field = told.fields?.[0];
  if (field) document.getElementById(field.field)?.focus();
  return field?.detail ?? told.detail ?? i18next.t("auth.error.server");
};

const phaseOf = (offer) => {
  if (offer.own && offer.own === offer.email) return "join";
  if (offer.own) return "wrong";
  return offer.has_account ? "sign_in" : "new";
};

const look = async () => {
  try {
    const response = await post("look", {});
    if (!response.ok) return change({ phase: "bad", error: await sentence(response) });
    const offer = await response.json();
    return change({ phase: phaseOf(offer), offer, error: "" });
  } catch {
    return change({ phase: "offline" });
  }
};

/** The state of the page: its phase, what the invitation says, and what went wrong. */
export const useInvitation = () => {
  useEffect(() => {
    look();
  }, []);
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
    () => state,
  );
};

const arrive = () => {
  sessionStorage.removeItem(KEPT);
  sessionStorage.removeItem("token");
  window.location.assign("/");
};

const send = async (path, body) => {
  if (state.busy) return;
  change({ busy: true, error: "" });
  try {
    const response = await post(path, body);
    if (response.ok) arrive();
    else change({ busy: false, error: await sentence(response) });
  } catch {
    change({ busy: false, phase: "offline" });
  }
};

/** Join with the account that is signed in. */
export const joinInvited = () => send("join", {});

/** Look again, after the connection was lost. */
export const lookAgain = () => look();

/** Sign out here and come back to sign in with the right account. */
export const changeAccount = async () => {
  await fetch("/api/auth/logout", { method: "POST", credentials: "same-origin" }).catch(() => {});
  sessionStorage.removeItem("token");
  window.location.assign("/login?next=/invite");
};

const submit = (event) => {
  event.preventDefault();
  const form = new FormData(event.currentTarget);
  send("accept", { name: form.get("name"), password: form.get("password") });
};

/** The form of a new account around its fields. */
export const InviteForm = ({ children, className }) => h("form", { className, onSubmit: submit }, children);
