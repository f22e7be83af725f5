// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {ConsentLedger} from "../ConsentLedger.sol";
import {SubjectKeys} from "../SubjectKeys.sol";
import {TypedData} from "../TypedData.sol";
import {Vm} from "./Vm.sol";

/// @title A ledger, its people, and the messages that they sign: what every test starts from.
abstract contract LedgerTest {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint40 internal constant NOW = 1_800_000_000;
    uint40 internal constant YEAR = 365 days;
    uint40 internal constant DELAY = 7 days;
    uint256 internal constant P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551;

    bytes32 internal constant ALICE = keccak256("subject alice");
    bytes32 internal constant BOB = keccak256("subject bob");
    bytes32 internal constant TERMS = keccak256("terms");
    uint256 internal constant ALICE_KEY = 0xA11CE;
    uint256 internal constant BOB_KEY = 0xB0B;
    uint256 internal constant NEW_KEY = 0x2222;
    uint256 internal constant DELEGATE_KEY = 0xDE1E;
    uint256 internal constant PASSKEY = 0x9A55;

    address internal constant ADMIN = address(0xAD);
    address internal constant CUSTODIAN = address(0xC1);
    address internal constant OTHER_CUSTODIAN = address(0xC2);
    address internal constant ANCHORER = address(0xA9);
    address internal constant RELAYER = address(0x9E1A);

    ConsentLedger internal ledger;
    address internal verifier;

    event log_named_uint(string key, uint256 value);

    function setUp() public virtual {
        vm.warp(NOW);
        verifier = created(shipped(".verifier.bytecode"));
        ledger = deploy();
        enrol(ALICE, ALICE_KEY);
        enrol(BOB, BOB_KEY);
    }

    function deploy() internal returns (ConsentLedger) {
        address[] memory custodians = new address[](2);
        (custodians[0], custodians[1]) = (CUSTODIAN, OTHER_CUSTODIAN);
        return deploy(ADMIN, custodians, list(ANCHORER), list(verifier));
    }

    function deploy(
        address admin,
        address[] memory custodians,
        address[] memory anchorers,
        address[] memory verifiers
    ) internal returns (ConsentLedger) {
        bytes memory arguments = abi.encode(admin, custodians, anchorers, verifiers, DELAY);
        return ConsentLedger(created(bytes.concat(ledgerCode(), arguments)));
    }

    function ledgerCode() internal view returns (bytes memory) {
        if (vm.envOr("LEDGER_FROM_SOURCE", false)) return vm.getCode("ConsentLedger.sol:ConsentLedger");
        return shipped(".bytecode");
    }

    function shipped(string memory key) internal view returns (bytes memory) {
        return vm.parseJsonBytes(vm.readFile(string.concat(vm.projectRoot(), "/../ledger.json")), key);
    }

    function created(bytes memory creation) internal returns (address made) {
        assembly ("memory-safe") {
            made := create(0, add(creation, 0x20), mload(creation))
            if iszero(made) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
    }

    function list(address one) internal pure returns (address[] memory all) {
        all = new address[](1);
        all[0] = one;
    }

    // Signers and signatures.

    function account(uint256 key) internal pure returns (bytes memory) {
        return abi.encodePacked(vm.addr(key));
    }

    function passkey(uint256 key) internal view returns (bytes memory) {
        (uint256 x, uint256 y) = vm.publicKeyP256(key);
        return abi.encodePacked(verifier, x, y);
    }

    function digestOf(bytes32 structHash) internal view returns (bytes32) {
        (, string memory name, string memory version, uint256 chainId, address contract_,,) = ledger.eip712Domain();
        bytes32 separator = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                chainId,
                contract_
            )
        );
        return MessageHashUtils.toTypedDataHash(separator, structHash);
    }

    function signed(uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digestOf(structHash));
        return abi.encodePacked(r, s, v);
    }

    function assertion(uint256 key, bytes32 digest, bytes1 flags) internal pure returns (bytes memory) {
        bytes memory data = abi.encodePacked(sha256("consent.example.org"), flags, uint32(0));
        string memory client = string.concat(
            '{"type":"webauthn.get","challenge":"',
            Base64.encodeURL(abi.encodePacked(digest)),
            '","origin":"https://consent.example.org","crossOrigin":false}'
        );
        (bytes32 r, bytes32 s) = vm.signP256(key, sha256(abi.encodePacked(data, sha256(bytes(client)))));
        if (uint256(s) > P256_ORDER / 2) s = bytes32(P256_ORDER - uint256(s));
        return abi.encode(r, s, uint256(23), uint256(1), data, client);
    }

    function signedByPasskey(uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        return assertion(key, digestOf(structHash), 0x05);
    }

    // Messages.

    function grantOf(bytes32 subject, uint256 key, bytes32 termsHash, uint40 signedAt, uint40 notAfter)
        internal
        view
        returns (ConsentLedger.SignedGrant memory)
    {
        bytes memory signature = signed(key, TypedData.hashGrant(subject, termsHash, signedAt, notAfter));
        return ConsentLedger.SignedGrant(subject, termsHash, signedAt, notAfter, account(key), signature);
    }

    function grantOf(bytes32 subject, uint256 key, bytes32 termsHash)
        internal
        view
        returns (ConsentLedger.SignedGrant memory)
    {
        return grantOf(subject, key, termsHash, uint40(block.timestamp), uint40(block.timestamp) + YEAR);
    }

    function withdrawalOf(bytes32 subject, uint256 key, bytes32 termsHash)
        internal
        view
        returns (ConsentLedger.SignedWithdrawal memory)
    {
        bytes memory signature = signed(key, TypedData.hashWithdrawal(subject, termsHash));
        return ConsentLedger.SignedWithdrawal(subject, termsHash, account(key), signature);
    }

    function stopOf(bytes32 subject, uint256 key, uint40 issuedAt)
        internal
        view
        returns (ConsentLedger.SignedStop memory)
    {
        return ConsentLedger.SignedStop(
            subject, issuedAt, account(key), signed(key, TypedData.hashStop(subject, issuedAt))
        );
    }

    function enrolmentOf(bytes32 subject, address custodian, uint256 key)
        internal
        view
        returns (SubjectKeys.SignedEnrolment memory)
    {
        bytes32 structHash = TypedData.hashEnrolment(subject, custodian, keccak256(account(key)));
        return SubjectKeys.SignedEnrolment(subject, account(key), signed(key, structHash));
    }

    // Calls with one message.

    function enrol(bytes32 subject, uint256 key) internal {
        enrol(enrolmentOf(subject, CUSTODIAN, key), CUSTODIAN);
    }

    function enrol(SubjectKeys.SignedEnrolment memory one, address custodian) internal {
        SubjectKeys.SignedEnrolment[] memory batch = new SubjectKeys.SignedEnrolment[](1);
        batch[0] = one;
        vm.prank(custodian);
        ledger.enrol(batch);
    }

    function grant(ConsentLedger.SignedGrant memory one) internal {
        ConsentLedger.SignedGrant[] memory batch = new ConsentLedger.SignedGrant[](1);
        batch[0] = one;
        ledger.grant(batch);
    }

    function withdraw(ConsentLedger.SignedWithdrawal memory one) internal {
        ConsentLedger.SignedWithdrawal[] memory batch = new ConsentLedger.SignedWithdrawal[](1);
        batch[0] = one;
        ledger.withdraw(batch);
    }

    function stop(ConsentLedger.SignedStop memory one) internal {
        ConsentLedger.SignedStop[] memory batch = new ConsentLedger.SignedStop[](1);
        batch[0] = one;
        ledger.stop(batch);
    }

    function addKey(bytes32 subject, uint256 key, uint8 role, uint40 until, uint256 byKey) internal {
        bytes32 structHash = TypedData.hashKeyAddition(subject, keccak256(account(key)), role, until);
        bytes memory bySignature = signed(byKey, structHash);
        ledger.addKey(subject, account(key), role, until, account(byKey), bySignature, signed(key, structHash));
    }

    function removeKey(bytes32 subject, uint256 key, uint256 byKey) internal {
        bytes32 structHash = TypedData.hashKeyRemoval(subject, keccak256(account(key)));
        ledger.removeKey(subject, account(key), account(byKey), signed(byKey, structHash));
    }

    // What is, and what must be.

    function statusOf(bytes32 subject, bytes32 termsHash) internal view returns (ConsentLedger.Status) {
        ConsentLedger.ConsentRef[] memory refs = new ConsentLedger.ConsentRef[](1);
        refs[0] = ConsentLedger.ConsentRef(subject, termsHash);
        return ledger.status(refs)[0];
    }

    function assertStatus(bytes32 subject, bytes32 termsHash, ConsentLedger.Status expected) internal view {
        vm.assertEq(uint256(statusOf(subject, termsHash)), uint256(expected), "status");
    }

    function assertKey(bytes32 subject, bytes memory signer, SubjectKeys.KeyState expected) internal view {
        (SubjectKeys.KeyState state,,) = ledger.keyOf(subject, signer);
        vm.assertEq(uint256(state), uint256(expected), "key state");
    }

    /// @dev The next call refuses one message with this reason.
    function expectRefused(bytes32 subject, bytes32 termsHash, bytes4 reason) internal {
        vm.expectEmit();
        emit SubjectKeys.Refused(subject, termsHash, reason);
    }

    function tip() internal view returns (bytes32) {
        (bytes27 head, uint40 count) = ledger.headAndCount();
        return bytes32(head) | bytes32(uint256(count));
    }
}
