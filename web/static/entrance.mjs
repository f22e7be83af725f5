// Joining and signing in: the page's form, requests to our own server, and one attempt at a time.
export const form = document.querySelector("form[data-passkey]");
export const status = form.querySelector("[data-said]");
export const isJoining = form.dataset.passkey === "make";

// Posts fields to a path of this site; returns the JSON, or throws an error with its HTTP status.
export async function send(path, fields) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? ""; // pages say times in it
  const body = new URLSearchParams({ ...fields, zone, csrf: form.elements.csrf.value });
  const response = await fetch(path, { method: "POST", body, redirect: "error" });
  if (!response.ok) throw Object.assign(new Error("refused"), { status: response.status });
  return response.json();
}

let isBusy = false;

// Runs an attempt unless another one runs, and leads to the page that it names; a failure is explained.
export async function attempt(act, reasonOf) {
  if (isBusy) return;
  isBusy = true;
  try {
    const { go } = await act();
    location.assign(go);
  } catch (error) {
    status.textContent = reasonOf(error);
    isBusy = false;
  }
}
