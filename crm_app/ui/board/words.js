// Words and formats for the board's parts: the house's locale, and what only a board asks.
import { useMemo } from "react";
import { hue, initials, useLocale, useNow } from "$/utils/prumo/locale.js";

/** Return `t`, the formats of the reader's language, and questions about days; renews itself every half minute. */
export function useWords(currency) {
  const locale = useLocale();
  const now = useNow();
  return useMemo(
    () => ({
      t: locale.t,
      money: (cents) => locale.money(cents, false, currency),
      day: (iso) => locale.dayShort(iso),
      relative: (iso) => locale.relative(iso, now),
      daysUntil: (iso) => locale.daysUntil(iso, now),
      hoursSince: (iso) => Math.max(0, Math.floor((now - Date.parse(iso)) / 3_600_000)),
    }),
    [locale, now, currency],
  );
}

/** Give each person the letters and the colour that they have everywhere. */
export function asPeople(members) {
  return Object.fromEntries(members.map((one) => [one.id, { ...one, initials: initials(one.name), hue: hue(one.id) }]));
}
