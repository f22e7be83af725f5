// Checks in the browser that the register's fingerprint covers a line of the history
// (docs/spec/evidence.md, 3.2 to 3.5): the act, the row made of it, and the path to the root.
import { bytesOf, digitsOf } from "./hex.mjs";

const text = new TextEncoder();

async function hash(...parts) {
  const bytes = new Blob(parts.map((part) => (typeof part === "string" ? bytesOf(part) : part)));
  return digitsOf(new Uint8Array(await crypto.subtle.digest("SHA-256", await bytes.arrayBuffer())));
}

function number(value, size) {
  return bytesOf(BigInt(value).toString(16).padStart(2 * size, "0"));
}

// The row's hash, from the act and the row before; subject and record are in it as commitments.
async function rowHash({ seq, line }) {
  const use = await hash(text.encode(line.use));
  return hash(
    line.before, number(seq, 8), use, line.commitments, number(line.version, 4), line.consent, text.encode(line.outcome),
  );
}

// RFC 6962: an odd last node moves up unchanged.
async function rootOf(proof) {
  let [node, index, width, siblings] = [await hash("00", proof.hash), proof.index, proof.size, [...proof.path]];
  while (width > 1) {
    if ((index ^ 1) < width) {
      const sibling = siblings.shift();
      if (sibling === undefined) return "";
      node = await (index & 1 ? hash("01", sibling, node) : hash("01", node, sibling));
    }
    [index, width] = [index >> 1, (width + 1) >> 1];
  }
  return siblings.length === 0 && proof.index < proof.size ? node : "";
}

const status = document.querySelector("[data-proof]");
status.hidden = false; // without a script, no page says that it checks
const proof = JSON.parse(document.querySelector("[data-proof-file]").textContent);
const isGood = (await rowHash(proof)) === proof.hash && (await rootOf(proof)) === proof.root;
status.textContent = isGood ? status.dataset.good : status.dataset.bad;
status.dataset.proof = isGood ? "good" : "bad";
document.querySelector("[data-proof-how]").hidden = !isGood;
