// What the palette shows for what was typed, as plain data: `[{title, items, records}]`.
import { matches } from "./marks.js";

export const NOTHING = { asked: "", contacts: [], deals: [], conversations: [], messages: [] };

/** Read what was typed: `>` asks for commands alone, `@` for people alone. */
export const understood = (typed) => {
  const only = { ">": "commands", "@": "people" }[typed.trimStart()[0]] ?? "";
  return { only, words: (only ? typed.trimStart().slice(1) : typed).trim() };
};

const detail = (...parts) => parts.filter(Boolean).join(" · ");

const people = ({ contacts }, { phone }) =>
  contacts.map((one) => ({ id: `contact-${one.id}`, face: one, text: one.name, detail: detail(one.company, phone(one.phone)), href: `/contacts/${one.id}` }));

const deals = ({ deals: found }, { money }) =>
  found.map((one) => ({ id: `deal-${one.id}`, icon: "deal", text: one.title, detail: detail(one.stage_name, one.contact_name, money(one.value_cents)), href: `/board?deal=${one.id}` }));

const talks = ({ conversations, messages }, { t, stamp }) => [
  ...conversations.map((one) => ({ id: `talk-${one.id}`, icon: "talk", text: one.contact_name, detail: detail(one.last_message_preview || t("shell.palette.talk"), stamp(one.last_message_at)), href: `/inbox/${one.id}` })),
  ...messages.map((one) => ({ id: `message-${one.message_id}`, icon: "message", text: `“${one.excerpt}”`, detail: detail(one.contact_name, stamp(one.occurred_at)), href: `/inbox/${one.conversation_id}` })),
];

const named = (command, { t }) => ({
  ...command, about: "", id: command.href ?? command.make ?? command.act, text: command.name ?? t(command.words), detail: "",
});

const making = (commands, words, { t }) =>
  commands
    .filter((one) => one.about)
    .map((one) => ({ ...one, id: `${one.make}-about`, text: t(one.about, { words }), detail: "" }));

/** Return what to show, the best first. `commands` are those that the person may use here. */
export const sections = (typed, found, commands, locale) => {
  const { only, words } = understood(typed);
  const { t } = locale;
  const usable = commands.map((one) => named(one, locale)).filter((one) => matches(one.text, words));
  const records = only === "commands" || !words ? [] : [
    { records: true, title: t("shell.palette.people"), items: people(found, locale) },
    ...(only === "people" ? [] : [
      { records: true, title: t("shell.palette.deals"), items: deals(found, locale) },
      { records: true, title: t("shell.palette.talks"), items: talks(found, locale) },
    ]),
  ];
  const orders = only === "people" ? [] : [
    { title: t("shell.palette.commands"), items: words && !only ? [...usable, ...making(commands, words, locale)] : usable },
  ];
  return [...records, ...orders].filter((section) => section.items.length > 0);
};
