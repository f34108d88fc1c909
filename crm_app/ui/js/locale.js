// The one place in the browser that knows the language, the organization's time zone and how to write
// numbers, dates and money. Components reach it through the hook `useLocale`, so that a change of language
// renders them again without a reload.
import i18next from "i18next";
import { useSyncExternalStore } from "react";
import catalogue from "$/utils/prumo/catalogue.js";

const FALLBACK = "pt-BR";
const COOKIE = "prumo_language";
const inBrowser = typeof document !== "undefined";

const chosenLanguage = () => {
  if (!inBrowser) return FALLBACK;
  const found = document.cookie.split("; ").find((row) => row.startsWith(`${COOKIE}=`));
  const value = found?.slice(COOKIE.length + 1);
  return value in catalogue ? value : FALLBACK;
};

i18next.init({
  lng: FALLBACK, // as the pages were built; the chosen language follows once they have come alive
  fallbackLng: FALLBACK,
  resources: Object.fromEntries(
    Object.entries(catalogue).map(([language, words]) => [language, { translation: words }]),
  ),
  initAsync: false,
  interpolation: { escapeValue: false }, // React escapes what it renders
  returnNull: false,
});

/** Put the language in place that this device has chosen; the frame calls it once, when the page has come alive. */
export const applyChosenLanguage = () => {
  const language = chosenLanguage();
  const show = () => document.documentElement.classList.remove("wait-words");
  document.documentElement.lang = language;
  if (language === i18next.language) show();
  else i18next.changeLanguage(language).then(() => requestAnimationFrame(show));
  (window.requestIdleCallback ?? setTimeout)(warmFormats);
};

/** Switch the language of the whole page at once and remember it on this device for a year. */
export const chooseLanguage = (language) => {
  if (!(language in catalogue)) return;
  document.cookie = `${COOKIE}=${language}; path=/; max-age=31536000; samesite=lax`;
  document.documentElement.lang = language;
  i18next.changeLanguage(language);
};

// ── the organization's time zone ─────────────────────────────────────────────────────────────────
let zone = "America/Sao_Paulo";
const zoneListeners = new Set();

/** Set the IANA time zone that dates are written in; an unknown name is ignored. */
export const chooseTimeZone = (name) => {
  if (!name || name === zone) return;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
  } catch {
    return;
  }
  zone = name;
  zoneListeners.forEach((listener) => listener());
};

// ── a clock that ticks every half minute, for "há 6 min" ─────────────────────────────────────────
const TICK = 30_000;
let tick = Math.floor(Date.now() / TICK) * TICK;
const tickListeners = new Set();
let timer;

const startTicking = (listener) => {
  tickListeners.add(listener);
  timer ??= setInterval(() => {
    tick = Math.floor(Date.now() / TICK) * TICK;
    tickListeners.forEach((notify) => notify());
  }, TICK);
  return () => {
    tickListeners.delete(listener);
    if (tickListeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
};

/** The present moment, rounded to the half minute; components that use it render again as it passes. */
export const useNow = () =>
  useSyncExternalStore(
    startTicking,
    () => tick,
    () => tick,
  );

// ── writing ──────────────────────────────────────────────────────────────────────────────────────
const formatters = new Map();
const cached = (kind, language, options) => {
  const key = kind.name + language + JSON.stringify(options);
  let formatter = formatters.get(key);
  if (!formatter) formatters.set(key, (formatter = new kind(language, options)));
  return formatter;
};

const DAY = 86_400_000;

const moment = (iso) => {
  if (iso === null || iso === undefined || iso === "") return null;
  // A bare date has no moment: noon UTC keeps its day in every zone that Brazil knows.
  const value = new Date(/^\d{4}-\d{2}-\d{2}$/.test(iso) ? `${iso}T12:00:00Z` : iso);
  return Number.isNaN(value.getTime()) ? null : value;
};

class Locale {
  constructor(language, timeZone) {
    this.language = language;
    this.timeZone = timeZone;
    const translate = i18next.getFixedT(language);
    const plain = new Map(); // sentences without values: most are said over and over
    this.t = (key, values) => {
      const name = String(key ?? "");
      if (values) return translate(name, values);
      if (!plain.has(name)) plain.set(name, translate(name));
      return plain.get(name);
    };
  }
  #number(options, value) {
    return cached(Intl.NumberFormat, this.language, options).format(Number(value ?? 0));
  }
  #date(options, date) {
    return cached(Intl.DateTimeFormat, this.language, { timeZone: this.timeZone, ...options }).format(date);
  }
  /** The day of a moment in the organization's zone, as days since 1970. One language's data are enough for it. */
  #dayNumber(date) {
    const options = { timeZone: this.timeZone, year: "numeric", month: "numeric", day: "numeric" };
    const parts = cached(Intl.DateTimeFormat, this.language, options).formatToParts(date);
    const part = (name) => Number(parts.find((one) => one.type === name).value);
    return Math.round(Date.UTC(part("year"), part("month") - 1, part("day")) / DAY);
  }
  #daysAgo(date) {
    return this.#dayNumber(new Date()) - this.#dayNumber(date);
  }
  /** How many days there are from the moment `now` to a bare date; negative when it has passed. */
  daysUntil(day, now) {
    return Math.round(Date.parse(`${day}T00:00:00Z`) / DAY) - this.#dayNumber(now);
  }
  #sameYear(date) {
    return this.#date({ year: "numeric" }, date) === this.#date({ year: "numeric" }, new Date());
  }
  number(value, digits = 0) {
    return this.#number({ maximumFractionDigits: digits }, value);
  }
  compact(value) {
    return this.#number({ notation: "compact", maximumFractionDigits: 1 }, value);
  }
  percent(fraction, digits = 1) {
    return this.#number({ style: "percent", maximumFractionDigits: digits }, fraction);
  }
  /** Cents to reais. Without `exact`, cents are left out when there are none or from R$ 1.000 up. */
  money(cents, exact = false, currency = "BRL") {
    const value = Number(cents ?? 0) / 100;
    const whole = !exact && (Math.abs(value) >= 1000 || Number.isInteger(value));
    const digits = whole ? 0 : 2;
    const options = { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits };
    return this.#number(options, value);
  }
  moneyCompact(cents, currency = "BRL") {
    const options = { style: "currency", currency, notation: "compact", maximumFractionDigits: 1 };
    return this.#number(options, Number(cents ?? 0) / 100);
  }
  clock(iso) {
    const date = moment(iso);
    return date ? this.#date({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, date) : "";
  }
  day(iso) {
    const date = moment(iso);
    if (!date) return "";
    const year = this.#sameYear(date) ? {} : { year: "numeric" };
    return this.#date({ day: "numeric", month: "long", ...year }, date);
  }
  dayShort(iso) {
    const date = moment(iso);
    if (!date) return "";
    const year = this.#sameYear(date) ? {} : { year: "numeric" };
    return this.#date({ day: "numeric", month: "short", ...year }, date).replace(".", "");
  }
  dateTime(iso) {
    return moment(iso) ? `${this.day(iso)}, ${this.clock(iso)}` : "";
  }
  /** For a separator between days: Hoje, Ontem, sexta-feira, 17 de julho. */
  dayHeading(iso) {
    const date = moment(iso);
    if (!date) return "";
    const ago = this.#daysAgo(date);
    if (ago === 0) return this.t("common.time.today");
    if (ago === 1) return this.t("common.time.yesterday");
    if (ago > 1 && ago < 7) return this.#date({ weekday: "long" }, date);
    return this.day(iso);
  }
  /** For the corner of a list row: 14:02, Ontem, seg., 17/07. */
  stamp(iso) {
    const date = moment(iso);
    if (!date) return "";
    const ago = this.#daysAgo(date);
    if (ago === 0) return this.clock(iso);
    if (ago === 1) return this.t("common.time.yesterday");
    if (ago > 1 && ago < 7) return this.#date({ weekday: "short" }, date).replace(".", "");
    const year = this.#sameYear(date) ? {} : { year: "2-digit" };
    return this.#date({ day: "2-digit", month: "2-digit", ...year }, date);
  }
  /** há 6 min, em 2 dias. `now` comes from useNow, so that the words keep moving. */
  relative(iso, now) {
    const date = moment(iso);
    if (!date) return "";
    const seconds = Math.round((date.getTime() - Math.max(now, Date.now() - TICK)) / 1000);
    const size = Math.abs(seconds);
    if (size < 60) return this.t("common.time.now");
    const [unit, length] =
      size < 3600 ? ["minute", 60] : size < 86_400 ? ["hour", 3600] : size < 2_592_000 ? ["day", 86_400] :
      size < 31_536_000 ? ["month", 2_592_000] : ["year", 31_536_000];
    const options = { numeric: "always", style: unit === "minute" || unit === "hour" ? "short" : "long" };
    return cached(Intl.RelativeTimeFormat, this.language, options).format(Math.trunc(seconds / length), unit).replace(/\.$/, "");
  }
  /** A length of time in seconds: 45 s, 6 min, 2 h 10 min, 3 dias. */
  duration(seconds) {
    const total = Math.max(0, Math.round(Number(seconds ?? 0)));
    const unit = (value, name, display = "short") =>
      cached(Intl.NumberFormat, this.language, { style: "unit", unit: name, unitDisplay: display }).format(value);
    if (total < 60) return unit(total, "second");
    if (total < 3600) return unit(Math.round(total / 60), "minute");
    if (total < 172_800) {
      const minutes = Math.round((total % 3600) / 60);
      const hours = unit(Math.floor(total / 3600), "hour");
      return minutes ? `${hours} ${unit(minutes, "minute")}` : hours;
    }
    return unit(Math.round(total / 86_400), "day", "long");
  }
  bytes(size) {
    const value = Number(size ?? 0);
    if (value < 1024 * 1024) return `${this.number(Math.max(1, Math.round(value / 1024)))} KB`;
    return `${this.number(value / 1024 / 1024, 1)} MB`;
  }
}

const locales = new Map();
const currentLocale = () => {
  const language = i18next.resolvedLanguage ?? FALLBACK;
  const key = `${language} ${zone}`;
  let locale = locales.get(key);
  if (!locale) locales.set(key, (locale = new Locale(language, zone)));
  return locale;
};

const followLocale = (listener) => {
  i18next.on("languageChanged", listener);
  zoneListeners.add(listener);
  return () => {
    i18next.off("languageChanged", listener);
    zoneListeners.delete(listener);
  };
};

/** The words and formats of the chosen language, as one object that is stable until something changes. */
export const useLocale = () => useSyncExternalStore(followLocale, currentLocale, currentLocale);

/** Make the formats that every screen needs while the page waits for the server: the first of each takes its time. */
const warmFormats = () => {
  const locale = currentLocale();
  const now = new Date();
  locale.money(1);
  locale.money(100);
  locale.stamp(now.toISOString());
  locale.dayShort(now.toISOString());
  locale.relative(new Date(now - DAY).toISOString(), now.getTime());
};

// ── people ───────────────────────────────────────────────────────────────────────────────────────
/** (41) 99999-0101 for a Brazilian number in E.164, the number itself for any other. */
export const phone = (e164) => {
  const found = /^\+?55(\d{2})(\d{4,5})(\d{4})$/.exec(String(e164 ?? ""));
  return found ? `(${found[1]}) ${found[2]}-${found[3]}` : String(e164 ?? "");
};

/** The first letters of the first and the last name. */
export const initials = (name) => {
  const words = String(name ?? "").trim().split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  if (words.length === 0) return "?";
  const letters = words.length === 1 ? [words[0]] : [words[0], words[words.length - 1]];
  return letters.map((word) => [...word.replace(/^[^\p{L}\p{N}]+/u, "")][0] ?? "").join("").toUpperCase();
};

/** A hue from 0 to 359 that is always the same for the same person. */
export const hue = (seed) => {
  let sum = 7;
  for (const character of String(seed ?? "")) sum = (sum * 31 + character.codePointAt(0)) % 9973;
  return (sum * 47) % 360;
};
