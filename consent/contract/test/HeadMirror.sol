// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConsentLedger} from "../ConsentLedger.sol";
import {SubjectKeys} from "../SubjectKeys.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Vm} from "./Vm.sol";

/// @title The head computed from events alone, as a reader of the chain does it.
library HeadMirror {
    error UnknownEvent(bytes32 topic);

    function follow(bytes32 tip, Vm.Log[] memory logs, address ledger) internal pure returns (bytes32) {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter != ledger || logs[i].topics[0] == SubjectKeys.Refused.selector) continue;
            tip = step(tip, wordsOf(logs[i]));
        }
        return tip;
    }

    function step(bytes32 tip, bytes memory words) internal pure returns (bytes32) {
        bytes27 head = bytes27(keccak256(abi.encodePacked(bytes27(tip), bytes5(0), words)));
        return bytes32(head) | bytes32(uint256(uint40(uint256(tip)) + 1));
    }

    function wordsOf(Vm.Log memory log) internal pure returns (bytes memory) {
        bytes32 topic = log.topics[0];
        bytes32 a = log.topics.length > 1 ? log.topics[1] : bytes32(0);
        if (topic == SubjectKeys.Enrolled.selector) return abi.encode(1, a, log.topics[2], signerIn(log.data, 0));
        if (topic == SubjectKeys.KeyAdded.selector) {
            return abi.encode(2, a, signerIn(log.data, 0), wordIn(log.data, 1), wordIn(log.data, 2));
        }
        if (topic == SubjectKeys.KeyRemoved.selector) return abi.encode(3, a, signerIn(log.data, 0));
        if (topic == ConsentLedger.Granted.selector) return bytes.concat(abi.encode(4, a), log.data);
        if (topic == ConsentLedger.Withdrawn.selector) return bytes.concat(abi.encode(5, a), log.data);
        if (topic == ConsentLedger.Stopped.selector) return bytes.concat(abi.encode(6, a), log.data);
        if (topic == ConsentLedger.Anchored.selector) return bytes.concat(abi.encode(7, a), log.data);
        if (topic == SubjectKeys.RecoveryProposed.selector) return abi.encode(8, a, signerIn(log.data, 0));
        if (topic == SubjectKeys.RecoveryVetoed.selector) return abi.encode(9, a, signerIn(log.data, 0));
        if (topic == SubjectKeys.Recovered.selector) return abi.encode(10, a, signerIn(log.data, 0));
        if (topic == Pausable.Paused.selector) return bytes.concat(abi.encode(11), log.data);
        if (topic == Pausable.Unpaused.selector) return bytes.concat(abi.encode(12), log.data);
        if (topic == IAccessControl.RoleGranted.selector) return abi.encode(13, a, log.topics[2]);
        if (topic == IAccessControl.RoleRevoked.selector) return abi.encode(14, a, log.topics[2]);
        revert UnknownEvent(topic);
    }

    function wordIn(bytes memory data, uint256 index) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 0x20), mul(index, 0x20)))
        }
    }

    /// @dev keccak of the `bytes` argument whose offset is at `index`.
    function signerIn(bytes memory data, uint256 index) private pure returns (bytes32 hash) {
        uint256 offset = uint256(wordIn(data, index));
        assembly ("memory-safe") {
            let start := add(add(data, 0x20), offset)
            hash := keccak256(add(start, 0x20), mload(start))
        }
    }
}
