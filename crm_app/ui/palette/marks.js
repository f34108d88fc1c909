// Comparing words as people type them, without accents and capitals, and showing where they stand.

const bare = (character) => character.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** Return a text without accents and capitals. */
export const fold = (text) => [...String(text ?? "")].map(bare).join("");

/** Tell whether every one of the typed words begins a word of the text. */
export const matches = (text, typed) => {
  const own = fold(text).split(/[^\p{L}\p{N}]+/u);
  return fold(typed).split(/\s+/).filter(Boolean).every((word) => own.some((one) => one.startsWith(word)));
};

/** Cut a text where the typed words stand in it: `[{text, hit}]`, in order, together the whole text. */
export const marked = (text, typed) => {
  const characters = [...String(text ?? "")];
  const folded = characters.map(bare);
  const place = folded.flatMap((piece, index) => Array(piece.length).fill(index)); // of each folded letter
  const line = folded.join("");
  const hits = new Set();
  for (const word of fold(typed).split(/\s+/).filter(Boolean)) {
    for (let at = line.indexOf(word); at >= 0; at = line.indexOf(word, at + word.length)) {
      place.slice(at, at + word.length).forEach((index) => hits.add(index));
    }
  }
  return characters.reduce((pieces, character, index) => {
    const hit = hits.has(index);
    const last = pieces.at(-1);
    if (last && last.hit === hit) last.text += character;
    else pieces.push({ text: character, hit });
    return pieces;
  }, []);
};
