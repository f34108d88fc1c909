// On a phone one column fills the screen: a strip of stages shows which one and jumps to another.
import { useEffect, useState } from "react";
import { stageColor } from "./stage.js";

export function StageStrip({ stages, root }) {
  const [shown, setShown] = useState(0);
  useEffect(() => {
    const columns = [...(root.current?.querySelectorAll("[data-stage]") ?? [])];
    const watch = new IntersectionObserver((entries) => {
      for (const entry of entries) if (entry.intersectionRatio > 0.6) setShown(columns.indexOf(entry.target));
    }, { root: root.current?.querySelector(".bd"), threshold: [0.6, 0.9] });
    columns.forEach((column) => watch.observe(column));
    return () => watch.disconnect();
  }, [stages.length, root]);
  const go = (index) => root.current.querySelectorAll("[data-stage]")[index]?.scrollIntoView({ behavior: "smooth", inline: "start", block: "nearest" });
  return (
    <div className="bd-strip">
      {stages.map((stage, index) => (
        <button key={stage.id} type="button" className={`btn xs${index === shown ? " on" : ""}`} aria-pressed={index === shown} onClick={() => go(index)}>
          <i className="dot sq" style={{ "--d": stageColor(stage) }} /><span dir="auto">{stage.name}</span><span className="fnt num">{stage.count}</span>
        </button>
      ))}
    </div>
  );
}
