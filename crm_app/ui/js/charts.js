// Dresses a figure from the server for Plotly: writes its texts in the chosen language and fills in the colours
// of the theme. See crm_app/pages/dashboard/figures.py for what a figure may hold.
const DAY = 86_400_000;

const daysFrom = (first, count) =>
  Array.from({ length: count }, (_, place) =>
    new Date(Date.parse(`${first}T00:00:00Z`) + place * DAY).toISOString().slice(0, 10),
  );

const write = (method, value, rest, currency, locale) => {
  if (method === "signed") {
    return value === 0 ? "" : `${value > 0 ? "+" : "−"}${locale.number(Math.abs(value))}`;
  }
  if (method === "money") return locale.money(value, false, currency);
  if (method === "moneyCompact") return locale.moneyCompact(value, currency);
  return locale[method](value, ...(rest ?? []));
};

const dressed = (node, colors, currency, locale) => {
  const go = (part) => dressed(part, colors, currency, locale);
  if (typeof node === "string") return node.startsWith("@") ? (colors[node.slice(1)] ?? node) : node;
  if (Array.isArray(node)) return typeof node[0] === "number" ? node : node.map(go);
  if (node === null || typeof node !== "object") return node;
  if ("$days" in node) return daysFrom(node.$days, node.n);
  if ("$join" in node) return node.$join.map(go).join("");
  if ("$t" in node) return locale.t(node.$t, node.values);
  if ("$ts" in node) return node.$ts.map((key) => locale.t(key));
  if ("$" in node) return write(node.$, node.v, node.a, currency, locale);
  if ("$each" in node) return node.v.map((value) => write(node.$each, value, node.a, currency, locale));
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, go(value)]));
};

const PHONE = "(max-width: 639px)";
const onPhone = () => typeof window !== "undefined" && window.matchMedia(PHONE).matches;

// React asks again at every render; Plotly redraws only when it gets other objects.
const memory = new WeakMap();

/** The figure with its texts and colours, the same object until figure, look or language change. */
export const dress = (figure, look, currency, locale) => {
  if (!figure?.data || !look?.colors) return { data: [], layout: {} };
  const phone = onPhone();
  const asked = [look, currency, locale, phone];
  const known = memory.get(figure);
  if (known && known.asked.every((one, place) => one === asked[place])) return known.result;
  const { data, layout } = dressed(figure, look.colors, currency, locale);
  const font = phone ? { font: { size: 12 } } : {};
  const result = { data, layout: { ...font, ...layout, template: look.template, autosize: true } };
  memory.set(figure, { asked, result });
  return result;
};

const configs = new Map();

/** Plotly's configuration, with the names of days and months in the language. */
export const chartConfig = (locale) => {
  if (!configs.has(locale.language)) {
    const names = (options, dates) =>
      dates.map((date) =>
        new Intl.DateTimeFormat(locale.language, { timeZone: "UTC", ...options }).format(date).replace(".", ""),
      );
    const months = Array.from({ length: 12 }, (_, place) => new Date(Date.UTC(2026, place, 15)));
    const days = Array.from({ length: 7 }, (_, place) => new Date(Date.UTC(2026, 1, 1 + place)));
    const format = {
      days: names({ weekday: "long" }, days),
      shortDays: names({ weekday: "short" }, days),
      months: names({ month: "long" }, months),
      shortMonths: names({ month: "short" }, months),
      date: "%d/%m/%Y",
    };
    configs.set(locale.language, {
      displayModeBar: false,
      responsive: true,
      scrollZoom: false,
      doubleClick: false,
      showTips: false,
      locale: locale.language,
      locales: { [locale.language]: { dictionary: {}, format } },
    });
  }
  return configs.get(locale.language);
};

/** The days from one ISO date to another: 1 a 17 de julho, 23 de agosto a 20 de novembro. */
export const dayRange = (start, end, locale) => {
  const [from, to] = [start, end].map((day) => new Date(`${day}T12:00:00Z`));
  if (Number.isNaN(from.getTime()) || Number.isNaN(to.getTime())) return "";
  const format = new Intl.DateTimeFormat(locale.language, { timeZone: "UTC", day: "numeric", month: "long" });
  const word = ` ${locale.t("dashboard.period.to")} `;
  return format
    .formatRangeToParts(from, to)
    .map((part) => (part.source === "shared" && /[–-]/.test(part.value) ? word : part.value))
    .join("");
};
