// Computes the EIP-712 digest of what the page shows, so that the page signs that and nothing else (docs/spec/ledger.md).
import { bytesOf, digitsOf } from "./hex.mjs";
import { keccak_256 } from "./vendor/keccak.min.mjs";

const TYPES = {
  EIP712Domain: [["string", "name"], ["string", "version"], ["uint256", "chainId"], ["address", "verifyingContract"]],
  Terms: [
    ["string", "decision"], ["string", "recipient"], ["string[]", "purposes"], ["string[]", "categories"],
    ["string[]", "records"], ["string", "dataFrom"], ["string", "dataTo"], ["string[]", "obligations"],
    ["string", "statement"], ["string", "policyUri"], ["bytes32", "policyHash"], ["bytes32", "salt"],
  ],
  Grant: [["bytes32", "subject"], ["Terms", "terms"], ["uint40", "signedAt"], ["uint40", "notAfter"]],
  Withdrawal: [["bytes32", "subject"], ["bytes32", "termsHash"]],
  Stop: [["bytes32", "subject"], ["uint40", "issuedAt"]],
  Enrolment: [["bytes32", "subject"], ["address", "custodian"], ["bytes", "signer"]],
  KeyAddition: [["bytes32", "subject"], ["bytes", "signer"], ["uint8", "role"], ["uint40", "until"]],
  KeyRemoval: [["bytes32", "subject"], ["bytes", "signer"]],
  RecoveryVeto: [["bytes32", "subject"], ["bytes", "signer"]],
};

const text = new TextEncoder();

export function fromHex(hex) {
  if (!/^0x([0-9a-fA-F]{2})*$/.test(hex)) throw new TypeError("not a hex string");
  return bytesOf(hex.slice(2));
}

export const toHex = (bytes) => "0x" + digitsOf(bytes);

function join(parts) {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function leftPadded(bytes) {
  if (bytes.length > 32) throw new RangeError("a word holds at most 32 bytes");
  return join([new Uint8Array(32 - bytes.length), bytes]);
}

function number(value, bits) {
  const whole = BigInt(value);
  if (whole < 0n || whole >> BigInt(bits)) throw new RangeError(`not a number of ${bits} bits`);
  return fromHex("0x" + whole.toString(16).padStart(64, "0"));
}

// A nested struct's type string names its members' structs after it, in alphabetical order; ours has one.
function typeString(name) {
  const own = (type) => `${type}(${TYPES[type].map(([kind, field]) => `${kind} ${field}`).join(",")})`;
  const nested = TYPES[name].map(([kind]) => kind).filter((kind) => kind in TYPES);
  return [name, ...nested.sort()].map(own).join("");
}

function word(kind, value) {
  if (kind in TYPES) return hashStruct(kind, value);
  if (kind === "string") return keccak_256(text.encode(value));
  if (kind === "bytes") return keccak_256(fromHex(value));
  if (kind === "string[]") return keccak_256(join(value.map((item) => word("string", item))));
  if (kind === "bytes32" && value.length !== 66) throw new RangeError("not 32 bytes");
  if (kind === "address" && value.length !== 42) throw new RangeError("not 20 bytes");
  if (kind === "bytes32" || kind === "address") return leftPadded(fromHex(value));
  return number(value, Number(kind.slice(4)));
}

export function hashStruct(name, value) {
  const fields = TYPES[name];
  const known = new Set(fields.map(([, field]) => field));
  for (const field of Object.keys(value)) if (!known.has(field)) throw new TypeError(`${name} has no ${field}`);
  return keccak_256(join([
    keccak_256(text.encode(typeString(name))),
    ...fields.map(([kind, field]) => {
      if (value[field] === undefined) throw new TypeError(`${name}.${field} is missing`);
      return word(kind, value[field]);
    }),
  ]));
}

export function digest(domain, name, message) {
  return keccak_256(join([
    Uint8Array.of(0x19, 0x01), hashStruct("EIP712Domain", domain), hashStruct(name, message),
  ]));
}
