// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConsentLedger} from "../ConsentLedger.sol";
import {SubjectKeys} from "../SubjectKeys.sol";
import {TypedData} from "../TypedData.sol";
import {HeadMirror} from "./HeadMirror.sol";
import {LedgerTest} from "./LedgerTest.sol";

/// @title Random people doing random things, and a plain model of what the ledger must then say.
/// @dev Three subjects, four keys that may become theirs, four terms; a quarter of all messages is signed by a wrong key.
contract Handler is LedgerTest {
    bytes32 public seen;
    uint256 public wrongs;
    uint256 public grantsTaken;

    mapping(uint256 subject => mapping(uint256 terms => bool)) private finalAt;
    mapping(uint256 subject => mapping(uint256 terms => uint40)) private signedAt;
    mapping(uint256 subject => mapping(uint256 key => uint256)) private keyState;
    mapping(uint256 subject => mapping(uint256 key => bool)) private isDelegate;
    mapping(uint256 subject => uint40) private stoppedAt;
    mapping(uint256 subject => bool) private enrolled;

    constructor() {
        vm.recordLogs();
        super.setUp();
        follow();
        (enrolled[0], enrolled[1]) = (true, true);
        (keyState[0][0], keyState[1][1]) = (1, 1);
    }

    function subjectAt(uint256 i) private pure returns (bytes32) {
        return [ALICE, BOB, keccak256("subject late")][i];
    }

    function keyAt(uint256 i) private pure returns (uint256) {
        return [ALICE_KEY, BOB_KEY, NEW_KEY, DELEGATE_KEY][i];
    }

    function termsAt(uint256 i) private pure returns (bytes32) {
        return keccak256(abi.encode("terms", i));
    }

    function follow() private {
        seen = HeadMirror.follow(seen, vm.getRecordedLogs(), address(ledger));
    }

    function say(bool right) private {
        if (!right) ++wrongs;
    }

    function enrolLate(uint256 k) external {
        k %= 4;
        enrol(subjectAt(2), keyAt(k));
        if (!enrolled[2]) (enrolled[2], keyState[2][k]) = (true, 1);
        follow();
    }

    function doGrant(uint256 s, uint256 k, uint256 t, uint40 ago, uint40 length) external {
        (s, k, t) = (s % 3, k % 4, t % 4);
        (uint40 begin, uint40 end) = (uint40(block.timestamp) - ago % 1000, 0);
        end = begin + length % 2000;
        bool taken = keyState[s][k] == 1 && begin > stoppedAt[s] && end > begin && !finalAt[s][t] && signedAt[s][t] == 0;
        uint40 before = ledger.count();
        grant(grantOf(subjectAt(s), keyAt(k), termsAt(t), begin, end));
        say(ledger.count() == before + (taken ? 1 : 0));
        if (taken) (signedAt[s][t], grantsTaken) = (begin, grantsTaken + 1);
        follow();
    }

    function doWithdraw(uint256 s, uint256 k, uint256 t, bool own) external {
        (s, k, t) = (s % 3, k % 4, t % 4);
        bool taken = keyState[s][k] == 1;
        if (own) {
            vm.prank(vm.addr(keyAt(k)));
            try ledger.withdrawOwn(subjectAt(s), termsAt(t)) {
                say(taken);
            } catch {
                say(!taken);
            }
        } else {
            withdraw(withdrawalOf(subjectAt(s), keyAt(k), termsAt(t)));
        }
        if (taken) finalAt[s][t] = true;
        follow();
    }

    function doStop(uint256 s, uint256 k, uint40 issuedAt) external {
        (s, k) = (s % 3, k % 4);
        issuedAt = uint40(block.timestamp) - 500 + issuedAt % 1000;
        stop(stopOf(subjectAt(s), keyAt(k), issuedAt));
        bool taken = keyState[s][k] == 1 && issuedAt <= block.timestamp + ledger.SKEW();
        if (taken && issuedAt > stoppedAt[s]) stoppedAt[s] = issuedAt;
        follow();
    }

    function doAddKey(uint256 s, uint256 k, uint256 by, bool delegate) external {
        (s, k, by) = (s % 3, k % 4, by % 4);
        bool taken = keyState[s][by] == 1 && !isDelegate[s][by] && keyState[s][k] == 0;
        try this.addKeyFor(subjectAt(s), keyAt(k), delegate ? 1 : 0, keyAt(by)) {
            say(taken);
            (keyState[s][k], isDelegate[s][k]) = (1, delegate);
        } catch {
            say(!taken);
        }
        follow();
    }

    function doRemoveKey(uint256 s, uint256 k, uint256 by, uint256 dice) external {
        (s, k, by) = (s % 3, k % 4, by % 4);
        if (dice % 4 != 0) return;
        bool taken = keyState[s][by] == 1 && !isDelegate[s][by];
        try this.removeKeyFor(subjectAt(s), keyAt(k), keyAt(by)) {
            say(taken);
            keyState[s][k] = 2;
        } catch {
            say(!taken);
        }
        follow();
    }

    function pass(uint40 time) external {
        vm.warp(block.timestamp + time % 700);
    }

    function addKeyFor(bytes32 subject, uint256 key, uint8 role, uint256 byKey) external {
        addKey(subject, key, role, 0, byKey);
    }

    function removeKeyFor(bytes32 subject, uint256 key, uint256 byKey) external {
        removeKey(subject, key, byKey);
    }

    function headIsSeen() external view returns (bool) {
        return tip() == seen;
    }

    /// @dev Final is final, never granted is never active, and all else follows the model.
    function statusesAreRight() external view returns (bool) {
        for (uint256 s = 0; s < 3; ++s) {
            for (uint256 t = 0; t < 4; ++t) {
                ConsentLedger.Status status = statusOf(subjectAt(s), termsAt(t));
                bool active = status == ConsentLedger.Status.Active || status == ConsentLedger.Status.Expired;
                if (finalAt[s][t] != (status == ConsentLedger.Status.Withdrawn)) return false;
                if (finalAt[s][t]) continue;
                if (active != (signedAt[s][t] > stoppedAt[s])) return false;
                if ((status == ConsentLedger.Status.None) != (signedAt[s][t] == 0)) return false;
            }
        }
        return true;
    }

    function keysAreRight() external view returns (bool) {
        for (uint256 s = 0; s < 3; ++s) {
            for (uint256 k = 0; k < 4; ++k) {
                (SubjectKeys.KeyState state, uint8 role,) = ledger.keyOf(subjectAt(s), account(keyAt(k)));
                if (uint256(state) != keyState[s][k] || (role == 1) != isDelegate[s][k]) return false;
            }
        }
        return true;
    }
}

/// @title What holds after any sequence of messages.
contract InvariantsTest is LedgerTest {
    Handler private handler;

    function setUp() public override {
        handler = new Handler();
    }

    function targetContracts() external view returns (address[] memory) {
        return list(address(handler));
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](7);
        selectors[0] = Handler.enrolLate.selector;
        selectors[1] = Handler.doGrant.selector;
        selectors[2] = Handler.doWithdraw.selector;
        selectors[3] = Handler.doStop.selector;
        selectors[4] = Handler.doAddKey.selector;
        selectors[5] = Handler.doRemoveKey.selector;
        selectors[6] = Handler.pass.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(handler), selectors);
    }

    /// @dev One property of four parts, since each run of a sequence costs more than the checks after it.
    function invariant_the_ledger_follows_its_model() external view {
        vm.assertTrue(handler.headIsSeen(), "head is not that of the events");
        vm.assertTrue(handler.statusesAreRight(), "a withdrawn or stopped consent is active, or an id has a wrong state");
        vm.assertTrue(handler.keysAreRight(), "a key changed that nobody allowed to change");
        vm.assertEq(handler.wrongs(), 0, "a call was taken that must not be, or the other way round");
    }
}
