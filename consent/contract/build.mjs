#!/usr/bin/env node
// Compiles the ledger and the passkey verifier with the pinned npm solc and writes consent/ledger.json, the same bytes
// every time. `node build.mjs [FILE]`; the forge tests run on that file, so what is tested is what is shipped.
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const solc = createRequire(import.meta.url)("solc");
const { keccak256, id } = await import("ethers");

const VERIFIER = "@openzeppelin/contracts/utils/cryptography/verifiers/ERC7913WebAuthnVerifier.sol";
const LEDGER = "ConsentLedger.sol";

const read = (path) => readFileSync(join(here, path.startsWith("@") ? join("node_modules", path) : path), "utf8");

// The IR pipeline and 10,000 runs: the cheapest grant of those measured (docs/spec/ledger.md, section 7). No metadata at
// the end of the code, so that a comment does not change its hash.
const SETTINGS = {
  evmVersion: "osaka",
  viaIR: true,
  optimizer: { enabled: true, runs: 10000 },
  metadata: { appendCBOR: false, bytecodeHash: "none" },
};

function compile(file, name) {
  const input = {
    language: "Solidity",
    sources: { [file]: { content: read(file) } },
    settings: {
      ...SETTINGS,
      outputSelection: { [file]: { [name]: ["abi", "evm.bytecode.object", "evm.deployedBytecode"] } },
    },
  };
  const imports = (path) => {
    try {
      return { contents: read(path) };
    } catch (error) {
      return { error: String(error) };
    }
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: imports }));
  const errors = (output.errors ?? []).filter((e) => e.severity === "error");
  if (errors.length) throw new Error(errors.map((e) => e.formattedMessage).join("\n"));
  const { abi, evm } = output.contracts[file][name];
  const runtime = "0x" + evm.deployedBytecode.object;
  const immutables = Object.values(evm.deployedBytecode.immutableReferences ?? {}).flat();
  return {
    abi,
    bytecode: "0x" + evm.bytecode.object,
    runtime, // the constructor writes the immutables into these zeros
    runtimeCodeHash: keccak256(runtime),
    immutableReferences: immutables.map(({ start, length }) => ({ start, length })).sort((a, b) => a.start - b.start),
  };
}

/** EIP-712 type hashes, from the strings that the contract hashes. */
function typeHashes() {
  const strings = [...read("TypedData.sol").matchAll(/keccak256\(\s*"([^"]+)"\s*\)/g)].map((m) => m[1]);
  return Object.fromEntries(strings.map((text) => [text.slice(0, text.indexOf("(")), id(text)]));
}

const ledger = {
  ...compile(LEDGER, "ConsentLedger"),
  verifier: compile(VERIFIER, "ERC7913WebAuthnVerifier"),
  compiler: {
    solc: solc.version(),
    openzeppelin: JSON.parse(read("@openzeppelin/contracts/package.json")).version,
    ...SETTINGS,
  },
  typeHashes: typeHashes(),
};
writeFileSync(process.argv[2] ?? join(here, "..", "ledger.json"), JSON.stringify(ledger, null, 1) + "\n");
