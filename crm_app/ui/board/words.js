// Words from the catalogue and formats of the reader's language, for the board's own parts.
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

const DAY = 86_400_000;

/** Return `t` for keys such as "board.card.open" and formatters in the chosen language. */
export function useWords(currency, timeZone) {
  const { i18n } = useTranslation();
  const locale = i18n.language;
  return useMemo(() => {
    const t = (key, data) => {
      const [namespace, ...path] = key.split(".");
      return i18n.t(path.join("."), { ns: namespace, ...data });
    };
    return { t, locale, ...formats(locale, currency, timeZone) };
  }, [i18n, locale, currency, timeZone]);
}

function formats(locale, currency, timeZone) {
  const whole = new Intl.NumberFormat(locale, { style: "currency", currency, maximumFractionDigits: 0 });
  const exact = new Intl.NumberFormat(locale, { style: "currency", currency });
  const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" });
  const moment = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone });
  const today = new Intl.DateTimeFormat("en-CA", { timeZone });
  return {
    money: (cents) => (Math.abs(cents) >= 100_000 || cents % 100 === 0 ? whole : exact).format(cents / 100),
    day: (iso) => day.format(new Date(`${iso}T00:00:00Z`)).replace(".", ""),
    moment: (iso) => moment.format(new Date(iso)).replace(".", ""),
    daysUntil: (iso) => Math.round((Date.parse(`${iso}T00:00:00Z`) - Date.parse(`${today.format(new Date())}T00:00:00Z`)) / DAY),
    daysSince: (iso) => Math.max(0, Math.floor((Date.now() - Date.parse(iso)) / DAY)),
    hoursSince: (iso) => Math.max(0, Math.floor((Date.now() - Date.parse(iso)) / 3_600_000)),
  };
}
