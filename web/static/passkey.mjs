// Creates passkeys and signs people in. The device signs a challenge of 64 bytes, which no permission
// has, or the enrolment or addition of the very key that signs it (services/accounts/registrations.py).
// A form with data-passkey="make" posts to its action: /begin, /passkey and /proof below it.
import { attempt, form, isJoining, send, status } from "./entrance.mjs";

const { parseCreationOptionsFromJSON: toCreate, parseRequestOptionsFromJSON: toGet } = window.PublicKeyCredential ?? {};
const isTooOld = !toCreate || !toGet || !window.isSecureContext;
const create = (options) => navigator.credentials.create({ publicKey: toCreate.call(PublicKeyCredential, options) });
const get = (options) => navigator.credentials.get({ publicKey: toGet.call(PublicKeyCredential, options) });
const fieldsOf = (challenge, credential) => ({ challenge, credential: JSON.stringify(credential.toJSON()) });

async function join() {
  const path = new URL(form.action).pathname;
  let request = await send(`${path}/begin`, {});
  if (request.step !== "prove") {
    status.textContent = status.dataset.make;
    request = await send(`${path}/passkey`, fieldsOf(request.challenge, await create(request.options)));
  }
  status.textContent = status.dataset.prove;
  return send(`${path}/proof`, fieldsOf(request.challenge, await get(request.options)));
}

async function signIn() {
  const request = await send("/sign-in/begin", {});
  const fields = fieldsOf(request.challenge, await get(request.options));
  return send("/sign-in/finish", { ...fields, next: form.elements.next.value });
}

// Browsers report a closed window, a missing passkey and a time-out by one and the same error.
function reasonOf(error) {
  if (error.name === "InvalidStateError") return form.dataset.exists; // the device has a passkey for this site
  if (error.status === undefined && error instanceof DOMException) return form.dataset.cancel;
  return error.status >= 500 || error instanceof TypeError ? form.dataset.away : form.dataset.failed;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (isTooOld) status.textContent = form.dataset.old;
  else attempt(isJoining ? join : signIn, reasonOf);
});
// A press before this script was there would send the form as it is.
for (const ready of form.querySelectorAll("[data-ready]")) ready.hidden = false;
