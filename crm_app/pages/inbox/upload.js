// Sends a file to our own authenticated endpoint and tells how far it has come.

const REASONS = { 413: "inbox.composer.too_large", 415: "inbox.composer.not_taken", 422: "inbox.composer.not_taken" };

/** Upload `blob`; `onShare` gets fractions from 0 to 1. Rejects with an error that carries a catalogue `key`. */
export const upload = (blob, onShare) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", blob, blob.name || "arquivo");
    const fail = (key) => reject(Object.assign(new Error(key), { key }));
    request.open("POST", "/api/media");
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && onShare(event.loaded / event.total);
    request.onload = () => (request.status < 300 ? resolve(request.response) : fail(REASONS[request.status] ?? "inbox.composer.upload_failed"));
    request.onerror = () => fail("inbox.composer.upload_failed");
    request.send(form);
  });
