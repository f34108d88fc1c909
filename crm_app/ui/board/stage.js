// Stage hues of the palette by number; they never follow the brand.
const HUES = ["lead", "contato", "proposta", "negociacao", "fechado", "perdido"];

/** Return the CSS colour of a stage. */
export const stageColor = (stage) => `var(--pr-stage-${HUES[stage.color] ?? HUES[0]})`;
