// Recording a voice note, where the browser can.
import { useEffect, useRef, useState } from "react";

const FORMATS = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];

/** `available` is false where MediaRecorder or the microphone's interface does not exist. */
export const useRecorder = () => {
  const [available, setAvailable] = useState(false);
  const [active, setActive] = useState(false);
  const [seconds, setSeconds] = useState(0);
  const [error, setError] = useState("");
  const session = useRef(null);

  useEffect(() => {
    setAvailable(typeof MediaRecorder !== "undefined" && Boolean(navigator.mediaDevices?.getUserMedia));
    return () => session.current?.end();
  }, []);
  useEffect(() => {
    if (!active) return undefined;
    const timer = setInterval(() => setSeconds((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, [active]);

  const start = async () => {
    setError("");
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const mimeType = FORMATS.find((format) => MediaRecorder.isTypeSupported(format));
      const recorder = new MediaRecorder(stream, mimeType ? { mimeType } : undefined);
      const parts = [];
      recorder.ondataavailable = (event) => event.data.size && parts.push(event.data);
      recorder.start();
      session.current = { recorder, parts, end: () => stream.getTracks().forEach((track) => track.stop()) };
      setSeconds(0);
      setActive(true);
    } catch {
      setError("inbox.composer.no_microphone");
    }
  };
  const finish = (kept) =>
    new Promise((resolve) => {
      const { recorder, parts, end } = session.current;
      recorder.onstop = () => {
        end();
        setActive(false);
        const type = recorder.mimeType.split(";")[0] || "audio/webm";
        resolve(kept ? new File(parts, `audio.${type.split("/")[1]}`, { type }) : null);
      };
      recorder.stop();
    });

  const length = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  return { available, active, length, error, start, stop: () => finish(true), cancel: () => finish(false) };
};
