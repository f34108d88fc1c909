// One stage: header with count, value and forecast, the cards, the open slot while dragging, and the next page on scroll.
import { memo, useDeferredValue, useEffect, useRef, useState } from "react";
import { useDroppable } from "@dnd-kit/core";
import { Card, CardFace } from "./card.jsx";
import { Draft, QuickAdd } from "./quick-add.jsx";
import { Icon } from "./icons.jsx";
import { stageColor } from "./stage.js";

/** So many cards of a column are drawn at first; the others follow when the browser has a moment. */
const AT_FIRST = 8;

function Header({ stage, words, canWrite, onAdd, collapsible, onCollapse }) {
  const { t, money } = words;
  const over = stage.wip_limit !== null && stage.count > stage.wip_limit;
  return (
    <header className="col-h">
      <div className="t">
        <i className="dot sq" style={{ "--d": stageColor(stage) }} />
        <h2 className="tr" id={`bd-h-${stage.id}`} dir="auto">{stage.name}</h2>
        {over
          ? <span className="chip wa num">{t("board.column.wip", { count: stage.count, limit: stage.wip_limit })}</span>
          : <span className="mi fnt num" aria-label={t("board.column.count", { count: stage.count })}>{stage.count}</span>}
        <span className="f1" />
        {collapsible && <button type="button" className="btn ico xs" aria-label={t("board.column.collapse", { stage: stage.name })} onClick={onCollapse}><Icon name="x" /></button>}
        {canWrite && stage.kind === "open" && (
          <button type="button" className="btn ico xs" aria-label={t("board.add.in", { stage: stage.name })} title={t("board.add.in", { stage: stage.name })} onClick={onAdd}><Icon name="plus" /></button>
        )}
      </div>
      <div className="v num">
        <b key={stage.amount_cents} className="tick">{money(stage.amount_cents)}</b>
        {stage.kind === "open" && <span className="fnt sm" title={t("board.column.forecast_how", { percent: stage.probability })}>{t("board.column.forecast", { amount: money(Math.round((stage.amount_cents * stage.probability) / 100)) })}</span>}
        {stage.kind !== "lost" && <span className="mi fnt ml">{stage.probability}%</span>}
      </div>
      <div className="wbar" aria-hidden="true"><i style={{ width: `${stage.probability}%`, background: stageColor(stage) }} /></div>
      {over && <p className="r g1 mi wa wip"><Icon name="warn" size={13} />{t("board.column.over", { count: stage.count - stage.wip_limit })}</p>}
    </header>
  );
}

function Slot({ drag, stage, words, people }) {
  if (drag.mode === "pointer") return <li className="slot" style={{ "--slot": `${drag.height}px` }} aria-hidden="true" />;
  return (
    <li aria-hidden="true"><article className="cd lifted" data-lifted><CardFace card={drag.card} stage={stage} words={words} people={people} /></article></li>
  );
}

function More({ stage, onMore, root }) {
  const ref = useRef(null);
  useEffect(() => {
    if (!stage.has_more || stage.loading) return undefined;
    const watch = new IntersectionObserver((entries) => entries.some((e) => e.isIntersecting) && onMore(stage.id), { root: root.current, rootMargin: "400px 0px" });
    watch.observe(ref.current);
    return () => watch.disconnect();
  }, [stage.id, stage.has_more, stage.loading, onMore, root]);
  return <li ref={ref} className="sk-card" aria-hidden="true" />;
}

/** The closed rail of lost deals: a narrow target that opens on a click. */
function Rail({ stage, words, over, onOpen, droppable }) {
  return (
    <section className={`col rail-col${over ? " over" : ""}`} data-stage={stage.id} ref={droppable}>
      <button type="button" className="rail-b" onClick={onOpen} aria-expanded="false" aria-label={words.t("board.column.expand", { stage: stage.name, count: stage.count })} title={words.t("board.column.drop_lost")}>
        <i className="dot sq" style={{ "--d": stageColor(stage) }} /><span>{stage.name}</span><b className="mi num">{stage.count}</b>
      </button>
    </section>
  );
}

export const Column = memo(function Column({ stage, ids, cards, drag, words, people, canWrite, tabId, peer, pending, drafts, adding, actions, closed }) {
  const { setNodeRef } = useDroppable({ id: stage.id });
  const [open, setOpen] = useState(false);
  const scroller = useRef(null);
  const all = useDeferredValue(true, false);
  const over = drag?.stage === stage.id;
  if (closed && !open) return <Rail stage={stage} words={words} over={over} onOpen={() => setOpen(true)} droppable={setNodeRef} />;
  const wrong = drafts.find((draft) => draft.error);
  const rows = [];
  let seat = 0;
  for (const id of all ? ids : ids.slice(0, AT_FIRST)) {
    const lifted = drag?.id === id;
    if (over && !lifted && seat === drag.index) rows.push(<Slot key="slot" drag={drag} stage={stage} words={words} people={people} />);
    if (!lifted) seat += 1;
    rows.push(
      <li key={id}>
        <Card card={cards[id]} stage={stage} words={words} people={people} canWrite={canWrite} ghost={lifted} peer={peer?.id === id ? peer.actor : null}
          unsaved={Boolean(pending[id]?.unsaved)} tabStop={tabId === id} actions={actions} position={seat + (lifted ? 1 : 0)} />
      </li>,
    );
  }
  if (over && seat === drag.index) rows.push(<Slot key="slot" drag={drag} stage={stage} words={words} people={people} />);
  return (
    <section className={`col${over ? " over" : ""}`} data-stage={stage.id} aria-labelledby={`bd-h-${stage.id}`}>
      <Header stage={stage} words={words} canWrite={canWrite} onAdd={() => actions.add(stage.id)} collapsible={closed} onCollapse={() => setOpen(false)} />
      <ul className="cards" role="list" aria-busy={!all} ref={(node) => { scroller.current = node; setNodeRef(node); }}>
        {(adding === stage.id || wrong) && (
          <li><QuickAdd key={wrong?.token ?? "new"} stage={stage} words={words} draft={wrong} onSubmit={actions.submit} onClose={() => actions.closeAdd(wrong?.token)} /></li>
        )}
        {drafts.filter((draft) => !draft.error).map((draft) => <li key={draft.token}><Draft draft={draft} words={words} /></li>)}
        {rows}
        {rows.length === 0 && drafts.length === 0 && adding !== stage.id && <li className="none mi fnt">{words.t("board.column.empty")}</li>}
        {stage.has_more && <More stage={stage} onMore={actions.more} root={scroller} />}
        {canWrite && stage.kind === "open" && !stage.has_more && adding !== stage.id && (
          <li><button type="button" className="more" onClick={() => actions.add(stage.id)}><Icon name="plus" size={13} />{words.t("board.add.new")}</button></li>
        )}
      </ul>
    </section>
  );
});
