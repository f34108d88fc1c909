// The palette's rules, without a browser. Run by test_palette.py.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

// The sources are browser modules beside a Python package, so they are loaded as text.
const folder = new URL("../../crm_app/ui/palette/", import.meta.url);
const address = (source) => `data:text/javascript;base64,${Buffer.from(source).toString("base64")}`;
const marksAt = address(await readFile(new URL("marks.js", folder), "utf-8"));
const marks = await import(marksAt);
const { NOTHING, sections, understood } = await import(
  address((await readFile(new URL("sections.js", folder), "utf-8")).replace("./marks.js", marksAt))
);

const locale = { t: (key, values) => (values?.words ? `${key} ${values.words}` : key), money: String, stamp: String, phone: String };
const commands = [
  { words: "Contatos", href: "/contacts" },
  { words: "Novo negócio", act: "make", make: "new_deal", about: "deal" },
  { name: "Usar tema escuro", act: "dark" },
];
const found = {
  ...NOTHING,
  contacts: [{ id: "c", name: "Ana", company: "", phone: "+55" }],
  deals: [{ id: "d", title: "Site", stage_name: "Lead", contact_name: null, value_cents: 5 }],
  messages: [{ message_id: "m", conversation_id: "v", contact_name: "Ana", excerpt: "oi", occurred_at: "t" }],
};
const ids = (typed, answer = found) => sections(typed, answer, commands, locale).map((one) => one.items.map((item) => item.id));

const hits = (text, typed) => marks.marked(text, typed).map(({ text: piece, hit }) => (hit ? `[${piece}]` : piece)).join("");

for (const [text, typed, expected] of [
  ["Clínica Bem Viver", "clinica", "[Clínica] Bem Viver"],
  ["Clínica Bem Viver", "viver cli", "[Clí]nica Bem [Viver]"],
  ["banana", "an", "b[anan]a"],
  ["Ana", "", "Ana"],
  ["", "x", ""],
  ["👩‍👩‍👧 família", "familia", "👩‍👩‍👧 [família]"],
  ["ŒUVRE ﬁm", "uvre", "Œ[UVRE] ﬁm"],
  ["a.b*c", ".b*", "a[.b*]c"],
]) {
  test(`"${typed}" stands in "${text}"`, () => assert.equal(hits(text, typed), expected));
}

test("words begin words, without accents and capitals", () => {
  assert.ok(marks.matches("Novo negócio", "NEG nov"));
  assert.ok(!marks.matches("Novo negócio", "gocio"));
  assert.ok(marks.matches("anything", ""));
});

test("a first sign says what is asked for alone", () => {
  assert.deepEqual(understood(" > tema "), { only: "commands", words: "tema" });
  assert.deepEqual(understood("@ana"), { only: "people", words: "ana" });
  assert.deepEqual(understood("ana@x.com"), { only: "", words: "ana@x.com" });
  assert.deepEqual(understood(""), { only: "", words: "" });
});

test("records come before commands, and a command about the words last", () => {
  assert.deepEqual(ids("ana"), [["contact-c"], ["deal-d"], ["message-m"], ["new_deal-about"]]);
  assert.deepEqual(ids("novo"), [["contact-c"], ["deal-d"], ["message-m"], ["new_deal", "new_deal-about"]]);
  assert.deepEqual(ids("@ana"), [["contact-c"]]);
  assert.deepEqual(ids(">tema"), [["dark"]]);
  assert.deepEqual(ids(">zzz"), []);
  assert.deepEqual(ids(""), [["/contacts", "new_deal", "dark"]]);
});
