// What was written in this browser and has not been confirmed by the server yet. It is shown at once with a
// clock tick, survives a reload (texts, and files that were already uploaded), and goes out again until the
// server has said yes or no: every item carries the key by which the server knows it again.
import { useSyncExternalStore } from "react";

const listeners = new Set();
let owner = "";
let items = [];
let quoted = null;

const place = () => `prumo.outbox.${owner}`;
const tell = () => listeners.forEach((listener) => listener());

const keep = (next) => {
  items = next;
  try {
    const lasting = items.map(({ sentAt, ...item }) => ({
      ...item,
      files: item.files.map(({ preview, ...file }) => file),
    }));
    if (lasting.length) localStorage.setItem(place(), JSON.stringify(lasting));
    else localStorage.removeItem(place());
  } catch {
    // A full or forbidden storage costs the survival of a reload, nothing else.
  }
  tell();
};

const change = (key, fields) => keep(items.map((item) => (item.key === key ? { ...item, ...fields } : item)));

/** Read what this person left behind on this device. */
export const openOutbox = (person) => {
  if (!person || owner === person) return;
  owner = person;
  try {
    items = JSON.parse(localStorage.getItem(place()) ?? "[]");
  } catch {
    items = [];
  }
  tell();
};

export const newKey = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;
export const post = (item) => keep([...items, { ...item, state: "waiting" }]);
export const drop = (key) => keep(items.filter((item) => item.key !== key));
export const retry = (key) => change(key, { state: "waiting", error: "", sentAt: 0 });
export const refuse = (key, error) => {
  if (items.some((item) => item.key === key && item.state !== "failed")) change(key, { state: "failed", error });
};
export const confirm = (keys) => {
  const known = new Set(keys);
  if (items.some((item) => known.has(item.key))) keep(items.filter((item) => !known.has(item.key)));
};
/** Note that an item has left for the server; not kept over a reload, so that it leaves again then. */
export const markSent = (key, sentAt) => {
  items = items.map((item) => (item.key === key ? { ...item, sentAt } : item));
  tell();
};

const subscribe = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
const NONE = [];
export const useOutbox = () => useSyncExternalStore(subscribe, () => items, () => NONE);

// ── the message that the next one will answer ────────────────────────────────────────────────────
export const quote = (message) => {
  quoted = message;
  tell();
  if (message) document.getElementById("composer-text")?.focus();
};
export const useQuoted = () => useSyncExternalStore(subscribe, () => quoted, () => null);
