// Joins and signs in with a patient's own wallet (EIP-1193), which shows itself what it signs.
// The enrolment is typed data, the sign-in a text (ERC-4361): neither can be a permission.
import { toHex } from "./digest.mjs";
import { attempt, form, isJoining, send } from "./entrance.mjs";

const button = form.querySelector("[data-wallet]");
const { ethereum } = window;

const ask = (method, ...params) => ethereum.request({ method, params });

async function join(address) {
  const path = `${new URL(form.action).pathname}/wallet`;
  const { typed_data: typed } = await send(path, { address });
  const signature = await ask("eth_signTypedData_v4", address, JSON.stringify(typed));
  return send(`${path}/proof`, { address, signature });
}

async function signIn(address) {
  const { message, ...fields } = await send("/sign-in/wallet", { address });
  // Text goes to a wallet as the hex of its UTF-8.
  const signature = await ask("personal_sign", toHex(new TextEncoder().encode(message)), address);
  return send("/sign-in/wallet/finish", { ...fields, address, signature, next: form.elements.next.value });
}

function reasonOf(error) {
  const { away } = form.dataset;
  if (error.status === undefined) return error instanceof TypeError ? away : button.dataset.cancel;
  return error.status >= 500 ? away : button.dataset.failed;
}

if (button && ethereum) {
  button.hidden = false;
  button.addEventListener("click", () =>
    attempt(async () => {
      const [address] = await ask("eth_requestAccounts");
      return isJoining ? join(address) : signIn(address);
    }, reasonOf),
  );
}
