// Checks in the browser that a line of the history is what the register's fingerprint covers
// (docs/spec/evidence.md, 3.2 to 3.5): the act, the row made of it, and the way up to the root.
const text = new TextEncoder();
const fromHex = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

async function hashed(...parts) {
  const bytes = new Blob(parts.map((part) => (typeof part === "string" ? fromHex(part) : part)));
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", await bytes.arrayBuffer())));
}

function number(value, bytes) {
  return fromHex(BigInt(value).toString(16).padStart(2 * bytes, "0"));
}

// The row's hash, from the act and the row before; subject and record stand in it as commitments.
async function rowHash({ seq, line }) {
  const use = await hashed(text.encode(line.use));
  return hashed(
    line.before, number(seq, 8), use, line.commitments, number(line.version, 4), line.consent, text.encode(line.outcome),
  );
}

// RFC 6962: an odd last node moves up unchanged.
async function root({ index, size, path, hash }) {
  let [found, place, width, left] = [await hashed("00", hash), index, size, [...path]];
  while (width > 1) {
    if ((place ^ 1) < width) {
      const sister = left.shift();
      if (sister === undefined) return "";
      found = await (place & 1 ? hashed("01", sister, found) : hashed("01", found, sister));
    }
    [place, width] = [place >> 1, (width + 1) >> 1];
  }
  return left.length === 0 && index < size ? found : "";
}

const said = document.querySelector("[data-proof]");
const proof = JSON.parse(document.querySelector("[data-proof-file]").textContent);
const good = (await rowHash(proof)) === proof.hash && (await root(proof)) === proof.root;
said.textContent = good ? said.dataset.good : said.dataset.bad;
said.dataset.proof = good ? "good" : "bad";
