// The parts of the demo phone that live in the browser.
import { useEffect, useRef, useState } from "react";
import { Paperclip } from "lucide-react";
import { useLocale } from "$/utils/prumo/locale.js";

/** Chooses a file on this device and sends it as the customer. */
export function Attach({ phone }) {
  const prumo = useLocale();
  const picker = useRef(null);
  const [failed, setFailed] = useState(false);
  const send = async (event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (!file) return;
    const form = new FormData();
    form.append("file", file, file.name);
    const answer = await fetch(`/api/simulator/phones/${phone}/files`, { method: "POST", body: form }).catch(() => null);
    setFailed(!answer?.ok);
  };
  const words = prumo.t(failed ? "simulator.upload_failed" : "simulator.upload");
  return (
    <>
      <input ref={picker} type="file" hidden data-testid="phone-file" onChange={send} />
      <button type="button" className={failed ? "btn ico da" : "btn ico"} aria-label={words} title={words} onClick={() => picker.current.click()}>
        <Paperclip size={17} />
      </button>
    </>
  );
}

/** Shows its children for some seconds after each new `stamp`; nothing while it is empty. */
export function Fleeting({ stamp, seconds, children }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    setShown(Boolean(stamp));
    if (!stamp) return undefined;
    const timer = setTimeout(() => setShown(false), seconds * 1000);
    return () => clearTimeout(timer);
  }, [stamp, seconds]);
  return shown ? children : null;
}
