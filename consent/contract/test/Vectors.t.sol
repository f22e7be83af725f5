// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConsentLedger} from "../ConsentLedger.sol";
import {TypedData} from "../TypedData.sol";
import {HeadMirror} from "./HeadMirror.sol";
import {LedgerTest} from "./LedgerTest.sol";
import {Vm} from "./Vm.sol";

/// @title The shared vectors of tests/vectors/typed_data, which ethers and noble made (docs/spec/ledger.md, section 8).
contract VectorsTest is LedgerTest {
    string private json;
    string private place;

    function setUp() public override {
        load("domain");
        vm.chainId(vm.parseJsonUint(json, ".chainId"));
        verifier = vm.parseJsonAddress(json, ".verifier");
        vm.etch(verifier, created(shipped(".verifier.bytecode")).code);
        ledger = ConsentLedger(vm.parseJsonAddress(json, ".verifyingContract"));
    }

    /// @dev A ledger built at the address that the vectors name, by running its constructor there.
    function build() private {
        load("history");
        bytes memory arguments = abi.encode(
            vm.parseJsonAddress(json, ".admin"),
            vm.parseJsonAddressArray(json, ".custodians"),
            vm.parseJsonAddressArray(json, ".anchorers"),
            vm.parseJsonAddressArray(json, ".verifiers"),
            uint40(vm.parseJsonUint(json, ".recoveryDelay"))
        );
        vm.etch(address(ledger), bytes.concat(ledgerCode(), arguments));
        (bool ok, bytes memory runtime) = address(ledger).call("");
        vm.assertTrue(ok, "constructor");
        vm.etch(address(ledger), runtime);
    }

    function load(string memory name) private {
        json = vm.readFile(string.concat(vm.projectRoot(), "/../../tests/vectors/typed_data/", name, ".json"));
    }

    function next(string memory listName, uint256 i) private returns (bool) {
        place = string.concat(listName, "[", vm.toString(i), "]");
        return vm.keyExistsJson(json, place);
    }

    function word(string memory key) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, string.concat(place, key));
    }

    function number(string memory key) private view returns (uint256) {
        return vm.parseJsonUint(json, string.concat(place, key));
    }

    function text(string memory key) private view returns (string memory) {
        return vm.parseJsonString(json, string.concat(place, key));
    }

    function data(string memory key) private view returns (bytes memory) {
        return vm.parseJsonBytes(json, string.concat(place, key));
    }

    function listHash(string memory key) private view returns (bytes32) {
        string memory path = string.concat(place, key);
        string[] memory items =
            vm.keyExistsJson(json, string.concat(path, "[0]")) ? vm.parseJsonStringArray(json, path) : new string[](0);
        bytes32[] memory hashes = new bytes32[](items.length);
        for (uint256 i = 0; i < items.length; ++i) {
            hashes[i] = keccak256(bytes(items[i]));
        }
        return keccak256(abi.encodePacked(hashes));
    }

    function textHash(string memory key) private view returns (bytes32) {
        return keccak256(bytes(text(key)));
    }

    function test_type_hashes() public {
        load("domain");
        bytes32[8] memory hashes = [
            TypedData.TERMS_TYPEHASH,
            TypedData.GRANT_TYPEHASH,
            TypedData.WITHDRAWAL_TYPEHASH,
            TypedData.STOP_TYPEHASH,
            TypedData.ENROLMENT_TYPEHASH,
            TypedData.KEY_ADDITION_TYPEHASH,
            TypedData.KEY_REMOVAL_TYPEHASH,
            TypedData.RECOVERY_VETO_TYPEHASH
        ];
        for (uint256 i = 0; i < hashes.length; ++i) {
            vm.assertTrue(next(".types", i), "a type is missing");
            vm.assertEq(word(".typeHash"), hashes[i], text(".name"));
            vm.assertEq(textHash(".encodeType"), hashes[i], text(".name"));
        }
        vm.assertFalse(next(".types", hashes.length), "one type too many");
    }

    function test_terms() public {
        load("terms");
        uint256 i;
        for (; next(".cases", i); ++i) {
            bytes memory head = abi.encode(
                TypedData.TERMS_TYPEHASH,
                textHash(".terms.decision"),
                textHash(".terms.recipient"),
                listHash(".terms.purposes"),
                listHash(".terms.categories"),
                listHash(".terms.records")
            );
            bytes memory tail = abi.encode(
                textHash(".terms.dataFrom"),
                textHash(".terms.dataTo"),
                listHash(".terms.obligations"),
                textHash(".terms.statement"),
                textHash(".terms.policyUri"),
                word(".terms.policyHash"),
                word(".terms.salt")
            );
            vm.assertEq(keccak256(bytes.concat(head, tail)), word(".termsHash"), text(".name"));
        }
        vm.assertTrue(i >= 12, "cases");
    }

    function test_messages() public {
        build();
        load("messages");
        uint256 i;
        for (; next(".cases", i); ++i) {
            bytes32 structHash = hashOf(textHash(".type"));
            vm.assertEq(structHash, word(".structHash"), text(".name"));
            vm.assertEq(digestOf(structHash), word(".digest"), text(".name"));
            if (!vm.keyExistsJson(json, string.concat(place, ".consentId"))) continue;
            vm.assertEq(TypedData.consentId(word(".subject"), word(".termsHash")), word(".consentId"), text(".name"));
        }
        vm.assertTrue(i >= 17, "cases");
    }

    function hashOf(bytes32 kind) private view returns (bytes32) {
        bytes32 subject = word(".subject");
        if (kind == keccak256("Grant")) {
            return TypedData.hashGrant(
                subject, word(".termsHash"), uint40(number(".signedAt")), uint40(number(".notAfter"))
            );
        }
        if (kind == keccak256("Withdrawal")) return TypedData.hashWithdrawal(subject, word(".termsHash"));
        if (kind == keccak256("Stop")) return TypedData.hashStop(subject, uint40(number(".issuedAt")));
        bytes32 keyHash = keccak256(data(".signer"));
        if (kind == keccak256("Enrolment")) {
            return TypedData.hashEnrolment(
                subject, vm.parseJsonAddress(json, string.concat(place, ".custodian")), keyHash
            );
        }
        if (kind == keccak256("KeyAddition")) {
            return TypedData.hashKeyAddition(subject, keyHash, uint8(number(".role")), uint40(number(".until")));
        }
        if (kind == keccak256("KeyRemoval")) return TypedData.hashKeyRemoval(subject, keyHash);
        return TypedData.hashRecoveryVeto(subject, keyHash);
    }

    /// @dev The calls of the history, run on the contract: the same head after each, by storage and by events.
    function test_history() public {
        play(0);
        load("history");
        vm.warp(vm.parseJsonUint(json, ".statusTime"));
        for (uint256 i = 0; next(".statuses", i); ++i) {
            assertStatus(word(".subject"), word(".termsHash"), ConsentLedger.Status(number(".status")));
        }
    }

    /// @dev Years later, on a chain built anew, the same calls give the same heads (stopOwn carries the block's time).
    function test_history_of_a_rebuilt_chain() public {
        play(3650 days);
    }

    function play(uint256 late) private {
        vm.recordLogs();
        vm.warp(vm.parseJsonUint(vm.readFile(historyPath()), ".calls[0].time") + late);
        build();
        bytes32 seen = HeadMirror.follow(0, vm.getRecordedLogs(), address(ledger));
        uint256 i;
        for (; next(".calls", i); ++i) {
            bytes memory payload = data(".calldata");
            // A stopOwn is taken up to the time of its block, so it alone must run at its own time.
            uint256 shift = bytes4(payload) == ConsentLedger.stopOwn.selector ? 0 : late;
            if (payload.length > 0) run(payload, shift);
            seen = HeadMirror.follow(seen, vm.getRecordedLogs(), address(ledger));
            vm.assertEq(tip(), seen, string.concat(text(".name"), ": events"));
            vm.assertEq(uint256(ledger.count()), number(".count"), string.concat(text(".name"), ": count"));
            vm.assertEq(
                uint256(uint216(ledger.head())), uint256(uint216(bytes27(data(".head")))), string.concat(text(".name"), ": head")
            );
        }
        vm.assertTrue(i >= 26, "calls");
    }

    function run(bytes memory payload, uint256 late) private {
        vm.warp(number(".time") + late);
        vm.prank(vm.parseJsonAddress(json, string.concat(place, ".from")));
        (bool ok,) = address(ledger).call(payload);
        vm.assertTrue(ok, text(".name"));
    }

    function historyPath() private view returns (string memory) {
        return string.concat(vm.projectRoot(), "/../../tests/vectors/typed_data/history.json");
    }

    /// @dev Each call's refusals, as the vectors name them.
    function test_refusals_of_the_history() public {
        build();
        for (uint256 i = 1; next(".calls", i); ++i) {
            if (next(string.concat(".calls[", vm.toString(i), "].refused"), 0)) {
                expectRefused(word(".subject"), word(".termsHash"), bytes4(data(".reason")));
            }
            next(".calls", i);
            run(data(".calldata"), 0);
        }
    }
}
