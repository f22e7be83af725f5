// Has a patient's device sign what this page shows, and nothing else (docs/architecture.md, web/).
// The server prepares a message; this script trusts neither it nor the page: it computes the digest
// from the message's own fields, refuses when what is shown or asked for is something else, and lets
// the device sign the digest that it computed itself.
import { digest, fromHex, toHex } from "./digest.mjs";

const forms = document.querySelectorAll("form[data-sign]");

// Carries which of the page's texts says why nothing was signed: cancel, changed or away.
class Unsigned extends Error {
  constructor(word) {
    super(word);
    this.word = word;
  }
}

const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

// A field of the message by its name: the terms' fields count as the message's.
function fieldOf(message, name) {
  const owner = message.terms && name in message.terms ? message.terms : message;
  if (!(name in owner)) throw new Unsigned("changed");
  return owner[name];
}

const same = (some, others) => JSON.stringify([...some].sort()) === JSON.stringify([...others].sort());

// What a page must show of each kind of message. The rest is no choice of the patient's: subject, salt, times.
const TERMS = {
  Grant: [
    "decision", "recipient", "purposes", "categories", "records", "dataFrom", "dataTo", "obligations", "statement",
    "notAfter",
  ],
  Withdrawal: ["termsHash"],
  Stop: [],
  KeyAddition: ["signer"],
  KeyRemoval: ["signer"],
  RecoveryVeto: ["signer"],
};

// The message must be of the kind that the form says, and what the page shows as terms must be the message's:
// texts word for word; the others by the codes that their elements carry, none missing and none too many.
function requireShown(typed, kind) {
  if (typed.primaryType !== kind || !(kind in TERMS)) throw new Unsigned("changed");
  const shown = new Map();
  for (const element of document.querySelectorAll("[data-term]")) {
    const name = element.dataset.term;
    const value = element.dataset.code ?? element.textContent.trim();
    shown.set(name, [...(shown.get(name) ?? []), value]);
  }
  for (const name of new Set([...TERMS[kind], ...shown.keys()])) {
    const field = fieldOf(typed.message, name);
    const values = shown.get(name) ?? [];
    if (!same(values, Array.isArray(field) ? field : [String(field)])) throw new Unsigned("changed");
  }
}

// The digest of the message, if the device is asked to sign just that.
function computed(typed, options) {
  let hash;
  try {
    hash = digest(typed.domain, typed.primaryType, typed.message);
  } catch {
    throw new Unsigned("changed"); // a field that we do not know, or none where one must be
  }
  if (options.challenge !== base64url(hash)) throw new Unsigned("changed");
  return hash;
}

async function byPasskey(form, options, hash) {
  const challenge = base64url(hash);
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON({ ...options, challenge });
  const credential = await navigator.credentials.get({ publicKey });
  if (base64url(new Uint8Array(credential.rawId)) !== credential.id) throw new Unsigned("changed");
  form.elements.credential.value = JSON.stringify(credential.toJSON());
}

// EIP-1193: the wallet shows the typed data itself, and signs it for one of its accounts.
async function byWallet(form, typed) {
  const [address] = await window.ethereum.request({ method: "eth_requestAccounts" });
  const request = { method: "eth_signTypedData_v4", params: [address, JSON.stringify(typed)] };
  const signature = toHex(fromHex(await window.ethereum.request(request)));
  form.elements.credential.value = JSON.stringify({ wallet: address, signature });
}

// Browsers report a closed window, a missing passkey and a time-out alike; so does a wallet a refusal.
const why = (error) => (error instanceof Unsigned ? error.word : "cancel");

async function sign(form, button) {
  const { typed_data: typed, options } = JSON.parse(form.querySelector("[data-typed]").textContent);
  requireShown(typed, form.dataset.kind);
  const hash = computed(typed, options);
  if (button?.hasAttribute("data-wallet")) await byWallet(form, typed);
  else await byPasskey(form, options, hash);
}

for (const form of forms) {
  const status = form.querySelector("[data-said]");
  let isAsking = false;
  let isSigned = false;
  for (const button of form.querySelectorAll("[data-wallet]")) button.hidden = !window.ethereum;
  for (const hint of form.querySelectorAll("[data-no-wallet]")) hint.hidden = Boolean(window.ethereum);
  form.addEventListener("submit", async (event) => {
    if (isSigned) return; // press.mjs now says "Recording…" and lets it be sent once
    event.preventDefault();
    if (isAsking) return;
    isAsking = true;
    status.textContent = "";
    try {
      await sign(form, event.submitter);
      isSigned = true;
      form.requestSubmit(event.submitter);
    } catch (error) {
      status.textContent = form.dataset[why(error)];
    } finally {
      isAsking = false;
    }
  });
  // A press before this script was there would send the form unsigned.
  for (const ready of form.querySelectorAll("[data-ready]")) ready.hidden = false;
  // A page that comes back from the browser's memory holds no signature that could be sent again.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    isSigned = false;
    form.elements.credential.value = "";
  });
}
