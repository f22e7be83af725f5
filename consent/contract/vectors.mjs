#!/usr/bin/env node
// Writes tests/vectors/typed_data/*.json with ethers and noble, apart from our Solidity and Python: both must agree with it.
// `node vectors.mjs [FOLDER]`; the format is docs/spec/ledger.md, section 8. The keys in it are public: never use them.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { p256 } from "@noble/curves/nist.js";
import { AbiCoder, Interface, TypedDataEncoder, Wallet, concat, dataSlice, getAddress, getBytes, hexlify, id, keccak256,
  sha256, toBeHex, toUtf8Bytes, zeroPadValue } from "ethers";

const folder = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), "../../tests/vectors/typed_data");
const address = (label) => getAddress(dataSlice(id(label), 12));
const wallet = (label) => new Wallet(id(label));
const coder = AbiCoder.defaultAbiCoder();

const DOMAIN = { name: "Vouchsafe", version: "1", chainId: 990001, verifyingContract: address("vector ledger") };
const VERIFIER = address("vector verifier");
const START = 1800000000;
const DELAY = 604800;

const fields = (text) => text.split(",").map((f) => ({ type: f.split(" ")[0], name: f.split(" ")[1] }));
const TERMS = fields("string decision,string recipient,string[] purposes,string[] categories,string[] records,string dataFrom,string dataTo,string[] obligations,string statement,string policyUri,bytes32 policyHash,bytes32 salt");
const TYPES = {
  Terms: { Terms: TERMS },
  Grant: { Grant: fields("bytes32 subject,Terms terms,uint40 signedAt,uint40 notAfter"), Terms: TERMS },
  Withdrawal: { Withdrawal: fields("bytes32 subject,bytes32 termsHash") },
  Stop: { Stop: fields("bytes32 subject,uint40 issuedAt") },
  Enrolment: { Enrolment: fields("bytes32 subject,address custodian,bytes signer") },
  KeyAddition: { KeyAddition: fields("bytes32 subject,bytes signer,uint8 role,uint40 until") },
  KeyRemoval: { KeyRemoval: fields("bytes32 subject,bytes signer") },
  RecoveryVeto: { RecoveryVeto: fields("bytes32 subject,bytes signer") },
};
const structHash = (type, message) => TypedDataEncoder.from(TYPES[type]).hash(message);
const digest = (type, message) => TypedDataEncoder.hash(DOMAIN, TYPES[type], message);
const consentId = (subject, termsHash) => keccak256(coder.encode(["bytes32", "bytes32"], [subject, termsHash]));

// Signers: a label names a key. An account signs by secp256k1, a passkey by P-256 inside a WebAuthn assertion.
const account = (label) => ({
  signer: wallet(label).address.toLowerCase(),
  privateKey: wallet(label).privateKey,
  sign: (hash) => wallet(label).signingKey.sign(hash).serialized,
});
function passkey(label) {
  const secret = getBytes(id(label));
  const publicKey = p256.getPublicKey(secret, false).slice(1);
  return {
    signer: concat([VERIFIER, publicKey]),
    privateKey: hexlify(secret),
    sign(hash) {
      const challenge = Buffer.from(getBytes(hash)).toString("base64url");
      const client = `{"type":"webauthn.get","challenge":"${challenge}","origin":"https://consent.example.org","crossOrigin":false}`;
      const data = concat([sha256(toUtf8Bytes("consent.example.org")), "0x05", "0x00000000"]);
      const hashed = getBytes(sha256(concat([data, sha256(toUtf8Bytes(client))])));
      const rs = p256.sign(hashed, secret, { prehash: false, lowS: true });
      const [r, s] = [hexlify(rs.slice(0, 32)), hexlify(rs.slice(32))];
      return coder.encode(["bytes32", "bytes32", "uint256", "uint256", "bytes", "string"], [r, s, 23, 1, data, client]);
    },
  };
}
const signed = (key, type, message) => key.sign(digest(type, message));

// Terms.
const terms = (changes = {}) => ({
  decision: "permit", recipient: "study:lung-2026", purposes: ["HRESCH"], categories: ["LAB"], records: [],
  dataFrom: "", dataTo: "", obligations: [], statement: "I allow the use of my laboratory results for this study.",
  policyUri: "https://example.org/policies/research/3", policyHash: id("policy 3"), salt: id("salt 1"), ...changes,
});
const termsCases = [
  ["plain", terms()],
  ["all_lists_empty", terms({ purposes: [], categories: [], records: [], obligations: [] })],
  ["all_empty", terms({ decision: "", recipient: "", purposes: [], categories: [], statement: "", policyUri: "",
    policyHash: zeroPadValue("0x", 32), salt: zeroPadValue("0x", 32) })],
  ["deny", terms({ decision: "deny", salt: id("salt 2") })],
  ["unicode", terms({ recipient: "Universit\u00e9 de Gen\u00e8ve", statement: "\u540c\u610f \u2713 \u{1F44D} \u0627\u0644\u0645\u0648\u0627\u0641\u0642\u0629" })],
  ["one_empty_string_in_a_list", terms({ records: [""] })],
  ["split_of_a_list", terms({ purposes: ["HRESCH", "MLTRAINING"] })],
  ["joined_list", terms({ purposes: ["HRESCHMLTRAINING"] })],
  ["order_of_a_list", terms({ purposes: ["MLTRAINING", "HRESCH"] })],
  ["many_records", terms({ records: Array.from({ length: 300 }, (_, i) => id(`record ${i}`)) })],
  ["dates_and_obligations", terms({ dataFrom: "2020-01-01", dataTo: "2026-12-31", obligations: ["DEID", "NORDSCLCD"] })],
  ["other_salt", terms({ salt: id("salt 3") })],
].map(([name, t]) => ({ name, terms: t, termsHash: structHash("Terms", t) }));
const T = Object.fromEntries(termsCases.map((c) => [c.name, c]));

// Messages.
const alice = account("alice"), alice2 = account("alice 2"), alice3 = account("alice 3"), carer = account("carer");
const bob = passkey("bob"), bob2 = passkey("bob 2");
const subjectA = id("subject a"), subjectB = id("subject b"), custodian = address("custodian");
const grantMessage = (subject, name, signedAt, notAfter) => ({ subject, terms: T[name].terms, signedAt, notAfter });
const messageCases = [
  ["grant", alice, "Grant", grantMessage(subjectA, "plain", START, START + 31536000)],
  ["grant_unicode", alice, "Grant", grantMessage(subjectA, "unicode", START, START + 1)],
  ["grant_many_records", alice, "Grant", grantMessage(subjectA, "many_records", START, 1099511627775)],
  ["grant_empty_terms", alice, "Grant", grantMessage(subjectA, "all_empty", 1, 2)],
  ["grant_by_passkey", bob, "Grant", grantMessage(subjectB, "dates_and_obligations", START, START + 86400)],
  ["withdrawal", alice, "Withdrawal", { subject: subjectA, termsHash: T.plain.termsHash }],
  ["withdrawal_by_passkey", bob, "Withdrawal", { subject: subjectB, termsHash: T.plain.termsHash }],
  ["stop", alice, "Stop", { subject: subjectA, issuedAt: START }],
  ["stop_by_passkey", bob, "Stop", { subject: subjectB, issuedAt: START }],
  ["enrolment", alice, "Enrolment", { subject: subjectA, custodian, signer: alice.signer }],
  ["enrolment_by_passkey", bob, "Enrolment", { subject: subjectB, custodian, signer: bob.signer }],
  ["key_addition_own", alice, "KeyAddition", { subject: subjectA, signer: alice2.signer, role: 0, until: 0 }],
  ["key_addition_delegate", alice, "KeyAddition", { subject: subjectA, signer: carer.signer, role: 1, until: START + 1000 }],
  ["key_addition_passkey", bob, "KeyAddition", { subject: subjectB, signer: bob2.signer, role: 0, until: 0 }],
  ["key_removal", alice, "KeyRemoval", { subject: subjectA, signer: alice2.signer }],
  ["key_removal_passkey", bob, "KeyRemoval", { subject: subjectB, signer: bob2.signer }],
  ["recovery_veto", alice, "RecoveryVeto", { subject: subjectA, signer: alice3.signer }],
].map(([name, key, type, message]) => ({
  name, type, ...flat(message), signedBy: key.signer, privateKey: key.privateKey,
  structHash: structHash(type, message), digest: digest(type, message), signature: signed(key, type, message),
}));
function flat(message) {
  if (!message.terms) return message.termsHash ? { ...message, consentId: consentId(message.subject, message.termsHash) } : message;
  const { name, termsHash } = termsCases.find((c) => c.terms === message.terms);
  const { subject, signedAt, notAfter } = message;
  return { subject, terms: name, termsHash, consentId: consentId(subject, termsHash), signedAt, notAfter };
}

// A history: calls, the changes that each makes, and the head after each change.
const OPS = ["", "Enrolled", "KeyAdded", "KeyRemoved", "Granted", "Withdrawn", "Stopped", "Anchored", "RecoveryProposed",
  "RecoveryVetoed", "Recovered", "Paused", "Unpaused", "RoleGranted", "RoleRevoked"];
const word = (value) => (typeof value === "string" ? zeroPadValue(value, 32) : toBeHex(value, 32));
const abi = new Interface([
  "function enrol((bytes32 subject,bytes signer,bytes signature)[])",
  "function grant((bytes32 subject,bytes32 termsHash,uint40 signedAt,uint40 notAfter,bytes signer,bytes signature)[])",
  "function withdraw((bytes32 subject,bytes32 termsHash,bytes signer,bytes signature)[])",
  "function stop((bytes32 subject,uint40 issuedAt,bytes signer,bytes signature)[])",
  "function withdrawOwn(bytes32,bytes32)", "function stopOwn(bytes32)", "function endKey(bytes32,bytes)",
  "function addKey(bytes32,bytes,uint8,uint40,bytes,bytes,bytes)", "function removeKey(bytes32,bytes,bytes,bytes)",
  "function proposeRecovery(bytes32,bytes,bytes)", "function vetoRecovery(bytes32,bytes,bytes,bytes)",
  "function completeRecovery(bytes32)", "function anchor(bytes32,bytes32,uint64)", "function pause()", "function unpause()",
  "function grantRole(bytes32,address)", "function revokeRole(bytes32,address)",
]);
let head = "0x" + "00".repeat(27), count = 0;
function change(event, args) {
  const values = Object.entries(args).filter(([name]) => name !== "readyAt");
  const words = values.map(([name, value]) => word(name === "signer" ? keccak256(value) : value));
  head = dataSlice(keccak256(concat([head, "0x" + "00".repeat(5), word(OPS.indexOf(event)), ...words])), 0, 27);
  count += 1;
  return { event, op: OPS.indexOf(event), args, words, head, count };
}
const calls = [];
function call(name, from, time, method, args, changes, refused = []) {
  const calldata = method ? abi.encodeFunctionData(method, args) : "0x";
  calls.push({ name, from, time, calldata, changes: changes.map(([e, a]) => change(e, a)),
    refused: refused.map(([subject, termsHash, error]) => ({ subject, termsHash, error, reason: dataSlice(id(`${error}()`), 0, 4) })),
    head, count });
}
const relayer = address("relayer"), admin = address("admin"), anchorer = address("anchorer"), extra = address("extra custodian");
const ROLE = { admin: zeroPadValue("0x", 32), pauser: id("PAUSER_ROLE"), custodian: id("CUSTODIAN_ROLE"), anchorer: id("ANCHOR_ROLE") };
const ended = START + 1000;

function history() {
  call("constructor", relayer, START, null, [], [["RoleGranted", { role: ROLE.admin, account: admin }], ["RoleGranted", { role: ROLE.pauser, account: admin }],
    ["RoleGranted", { role: ROLE.custodian, account: custodian }], ["RoleGranted", { role: ROLE.anchorer, account: anchorer }]]);
  const enrolment = (subject, key) => [subject, key.signer, signed(key, "Enrolment", { subject, custodian, signer: key.signer })];
  call("enrol_two", custodian, START, "enrol", [[enrolment(subjectA, alice), enrolment(subjectB, bob)]],
    [["Enrolled", { subject: subjectA, custodian, signer: alice.signer }], ["Enrolled", { subject: subjectB, custodian, signer: bob.signer }]]);
  call("enrol_again", custodian, START, "enrol", [[enrolment(subjectA, alice2)]], [], [[subjectA, word(0), "AlreadyEnrolled"]]);
  const grant = (subject, key, name, at, end) => [subject, T[name].termsHash, at, end, key.signer, signed(key, "Grant", grantMessage(subject, name, at, end))];
  const granted = (subject, key, name, signedAt, notAfter) => ["Granted", { subject, termsHash: T[name].termsHash, keyHash: keccak256(key.signer), signedAt, notAfter }];
  const end = START + 31536000;
  call("grant_three_one_refused", relayer, START + 1, "grant",
    [[grant(subjectA, alice, "plain", START, end), grant(subjectA, alice, "plain", START, end), grant(subjectB, bob, "unicode", START, end)]],
    [granted(subjectA, alice, "plain", START, end), granted(subjectB, bob, "unicode", START, end)], [[subjectA, T.plain.termsHash, "ConsentIdUsed"]]);
  const addition = (by, key, subject, role, until) => {
    const message = { subject, signer: key.signer, role, until };
    return [subject, key.signer, role, until, by.signer, signed(by, "KeyAddition", message), signed(key, "KeyAddition", message)];
  };
  call("add_own_key", relayer, START + 2, "addKey", addition(alice, alice2, subjectA, 0, 0), [["KeyAdded", { subject: subjectA, signer: alice2.signer, role: 0, until: 0 }]]);
  call("add_delegate", relayer, START + 2, "addKey", addition(alice2, carer, subjectA, 1, ended), [["KeyAdded", { subject: subjectA, signer: carer.signer, role: 1, until: ended }]]);
  call("add_passkey", relayer, START + 2, "addKey", addition(bob, bob2, subjectB, 0, 0), [["KeyAdded", { subject: subjectB, signer: bob2.signer, role: 0, until: 0 }]]);
  call("grant_by_delegate", relayer, START + 3, "grant", [[grant(subjectA, carer, "deny", START + 3, end)]], [granted(subjectA, carer, "deny", START + 3, end)]);
  const withdrawal = (subject, key, termsHash) => [subject, termsHash, key.signer, signed(key, "Withdrawal", { subject, termsHash })];
  const gone = withdrawal(subjectA, alice, T.plain.termsHash);
  call("withdraw", relayer, START + 4, "withdraw", [[gone]], [["Withdrawn", { subject: subjectA, termsHash: T.plain.termsHash }]]);
  call("withdraw_again", relayer, START + 4, "withdraw", [[gone]], []);
  call("withdraw_before_grant", relayer, START + 4, "withdraw", [[withdrawal(subjectB, bob2, T.other_salt.termsHash)]], [["Withdrawn", { subject: subjectB, termsHash: T.other_salt.termsHash }]]);
  call("grant_after_withdrawal", relayer, START + 5, "grant", [[grant(subjectB, bob, "other_salt", START + 5, end)]], [], [[subjectB, T.other_salt.termsHash, "ConsentIdUsed"]]);
  call("withdraw_own", wallet("alice 2").address, START + 5, "withdrawOwn", [subjectA, T.deny.termsHash], [["Withdrawn", { subject: subjectA, termsHash: T.deny.termsHash }]]);
  call("stop", relayer, START + 6, "stop", [[[subjectB, START + 6, bob.signer, signed(bob, "Stop", { subject: subjectB, issuedAt: START + 6 })]]], [["Stopped", { subject: subjectB, issuedAt: START + 6 }]]);
  call("stop_own", wallet("alice").address, START + 7, "stopOwn", [subjectA], [["Stopped", { subject: subjectA, issuedAt: START + 7 }]]);
  call("end_key", relayer, ended + 1, "endKey", [subjectA, carer.signer], [["KeyRemoved", { subject: subjectA, signer: carer.signer }]]);
  call("remove_key", relayer, ended + 2, "removeKey", [subjectA, alice2.signer, alice.signer, signed(alice, "KeyRemoval", { subject: subjectA, signer: alice2.signer })], [["KeyRemoved", { subject: subjectA, signer: alice2.signer }]]);
  const propose = (key, at) => call(`propose_recovery_${at}`, custodian, at, "proposeRecovery",
    [subjectA, key.signer, signed(key, "Enrolment", { subject: subjectA, custodian, signer: key.signer })], [["RecoveryProposed", { subject: subjectA, signer: key.signer, readyAt: at + DELAY }]]);
  propose(alice3, ended + 3);
  call("veto_recovery", relayer, ended + 4, "vetoRecovery", [subjectA, alice3.signer, alice.signer, signed(alice, "RecoveryVeto", { subject: subjectA, signer: alice3.signer })], [["RecoveryVetoed", { subject: subjectA, signer: alice3.signer }]]);
  const fresh = account("alice 4");
  propose(fresh, ended + 5);
  call("complete_recovery", relayer, ended + 5 + DELAY, "completeRecovery", [subjectA], [["Recovered", { subject: subjectA, signer: fresh.signer }]]);
  const later = ended + 6 + DELAY;
  call("anchor", anchorer, later, "anchor", [id("journal"), id("a root"), 12345], [["Anchored", { kind: id("journal"), root: id("a root"), count: 12345 }]]);
  call("pause", admin, later, "pause", [], [["Paused", { account: admin }]]);
  call("unpause", admin, later, "unpause", [], [["Unpaused", { account: admin }]]);
  call("grant_role", admin, later, "grantRole", [ROLE.custodian, extra], [["RoleGranted", { role: ROLE.custodian, account: extra }]]);
  call("revoke_role", admin, later, "revokeRole", [ROLE.custodian, extra], [["RoleRevoked", { role: ROLE.custodian, account: extra }]]);
  call("grant_after_stop", relayer, later, "grant",
    [[grant(subjectB, bob2, "order_of_a_list", later, later + 31536000), grant(subjectB, bob2, "many_records", later, later + 1)]],
    [granted(subjectB, bob2, "order_of_a_list", later, later + 31536000), granted(subjectB, bob2, "many_records", later, later + 1)]);
  return later + 10;
}
const statusTime = history();
const statuses = [[subjectA, "plain", 2], [subjectA, "deny", 2], [subjectB, "unicode", 3], [subjectB, "other_salt", 2], [subjectB, "plain", 0],
  [subjectB, "order_of_a_list", 1], [subjectB, "many_records", 4]].map(([subject, name, status]) => ({ subject, termsHash: T[name].termsHash, status }));

const separator = TypedDataEncoder.hashDomain(DOMAIN);
const types = Object.keys(TYPES).map((name) => {
  const encodeType = TypedDataEncoder.from(TYPES[name]).encodeType(name);
  return { name, encodeType, typeHash: id(encodeType) };
});
mkdirSync(folder, { recursive: true });
const write = (name, value) => writeFileSync(join(folder, `${name}.json`), JSON.stringify(value, null, 1) + "\n");
write("domain", { ...DOMAIN, separator, verifier: VERIFIER, types });
write("terms", { cases: termsCases });
write("messages", { cases: messageCases });
write("history", { admin, custodians: [custodian], anchorers: [anchorer], verifiers: [VERIFIER], recoveryDelay: DELAY, calls, statusTime, statuses });
