// Makes passkeys and signs people in. What it has a device sign is a challenge of 64 bytes, which no
// permission has, or the enrolment or addition of the very key that signs it (web/people/joining.py).
// A form with data-passkey="make" posts to its action: /begin, /passkey and /proof below it.
const form = document.querySelector("form[data-passkey]");
const said = form.querySelector("[data-said]");

// A path of ours, a form's fields; the answer's JSON, or an error that names its status.
async function send(path, fields) {
  const body = new URLSearchParams({ ...fields, csrf: form.elements.csrf.value });
  const answer = await fetch(path, { method: "POST", body, redirect: "error" });
  if (!answer.ok) throw Object.assign(new Error("refused"), { status: answer.status });
  return answer.json();
}

const { parseCreationOptionsFromJSON: toMake, parseRequestOptionsFromJSON: toUse } = window.PublicKeyCredential ?? {};
const isTooOld = !toMake || !toUse || !window.isSecureContext;
const make = (options) => navigator.credentials.create({ publicKey: toMake.call(PublicKeyCredential, options) });
const use = (options) => navigator.credentials.get({ publicKey: toUse.call(PublicKeyCredential, options) });
const told = (challenge, credential) => ({ challenge, credential: JSON.stringify(credential.toJSON()) });

async function join() {
  const path = new URL(form.action).pathname;
  let asked = await send(`${path}/begin`, {});
  if (asked.step !== "prove") {
    said.textContent = said.dataset.make;
    asked = await send(`${path}/passkey`, told(asked.challenge, await make(asked.options)));
  }
  said.textContent = said.dataset.prove;
  return send(`${path}/proof`, told(asked.challenge, await use(asked.options)));
}

async function signIn() {
  const asked = await send("/sign-in/begin", {});
  const answer = told(asked.challenge, await use(asked.options));
  return send("/sign-in/finish", { ...answer, next: form.elements.next.value });
}

// Browsers tell closing the window, no passkey and taking too long by one and the same error.
function why(error) {
  if (error.name === "InvalidStateError") return form.dataset.exists; // it holds one of ours already
  if (error.status === undefined && error instanceof DOMException) return form.dataset.cancel;
  return error.status >= 500 || error instanceof TypeError ? form.dataset.away : form.dataset.failed;
}

let busy = false;
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (isTooOld) said.textContent = form.dataset.old;
  if (busy || isTooOld) return;
  busy = true;
  try {
    const { go } = await (form.dataset.passkey === "make" ? join() : signIn());
    location.assign(go);
  } catch (error) {
    said.textContent = why(error);
    busy = false;
  }
});
// A press before this script was there would send the form as it is.
for (const ready of form.querySelectorAll("[data-ready]")) ready.hidden = false;
