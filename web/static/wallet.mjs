// Joins and signs in with a patient's own signing program (EIP-1193); it shows itself what it signs.
// The enrolment is typed data, the sign-in a text (ERC-4361): neither can be a permission.
const form = document.querySelector("form[data-passkey]");
const button = form.querySelector("[data-wallet]");
const said = form.querySelector("[data-said]");
const { ethereum } = window;

async function send(path, fields) {
  const body = new URLSearchParams({ ...fields, csrf: form.elements.csrf.value });
  const answer = await fetch(path, { method: "POST", body, redirect: "error" });
  if (!answer.ok) throw Object.assign(new Error("refused"), { status: answer.status });
  return answer.json();
}

const ask = (method, ...params) => ethereum.request({ method, params });

// Text goes to a signing program as the hex of its UTF-8.
const hexOf = (text) =>
  "0x" + Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, "0")).join("");

async function join(address) {
  const path = `${new URL(form.action).pathname}/wallet`;
  const { typed_data: typed } = await send(path, { address });
  const signature = await ask("eth_signTypedData_v4", address, JSON.stringify(typed));
  return send(`${path}/proof`, { address, signature });
}

async function signIn(address) {
  const { message, ...asked } = await send("/sign-in/wallet", { address });
  const signature = await ask("personal_sign", hexOf(message), address);
  return send("/sign-in/wallet/finish", { ...asked, address, signature, next: form.elements.next.value });
}

function why(error) {
  if (error.status === undefined) return error instanceof TypeError ? form.dataset.away : form.dataset.cancel;
  return error.status >= 500 ? form.dataset.away : form.dataset.failed;
}

let busy = false;
if (button && ethereum) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (busy) return;
    busy = true;
    try {
      const [address] = await ask("eth_requestAccounts");
      const { go } = await (form.dataset.passkey === "make" ? join(address) : signIn(address));
      location.assign(go);
    } catch (error) {
      said.textContent = why(error);
      busy = false;
    }
  });
}
