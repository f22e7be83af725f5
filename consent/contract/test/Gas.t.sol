// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConsentLedger} from "../ConsentLedger.sol";
import {SubjectKeys} from "../SubjectKeys.sol";
import {TypedData} from "../TypedData.sol";
import {LedgerTest} from "./LedgerTest.sol";

/// @title What each operation costs, calldata and base included: each call is a transaction of its own (isolate).
/// @dev Printed with -vv and kept in docs/spec/ledger.md; the limits below are promises of DESIGN.md.
/// forge-config: default.isolate = true
contract GasTest is LedgerTest {
    uint256 private constant MANY = 100;

    function used() private view returns (uint256) {
        return vm.lastCallGas().gasTotalUsed;
    }

    /// @dev The promise is about what is shipped, not about forge's own build.
    function assertCheap(uint256 gas, string memory what) private view {
        if (!vm.envOr("LEDGER_FROM_SOURCE", false)) vm.assertLe(gas, 40_000, what);
    }

    function spread(uint256 i) private pure returns (bytes32) {
        return keccak256(abi.encode("spread", i));
    }

    /// @dev `size` subjects of their own, each with a key of its own.
    function enrolMany(uint256 size, bool byPasskey) private returns (uint256) {
        SubjectKeys.SignedEnrolment[] memory batch = new SubjectKeys.SignedEnrolment[](size);
        for (uint256 i = 0; i < size; ++i) {
            bytes memory signer = byPasskey ? passkey(1000 + i) : account(1000 + i);
            bytes32 structHash = TypedData.hashEnrolment(spread(i), CUSTODIAN, keccak256(signer));
            bytes memory signature = byPasskey ? signedByPasskey(1000 + i, structHash) : signed(1000 + i, structHash);
            batch[i] = SubjectKeys.SignedEnrolment(spread(i), signer, signature);
        }
        vm.prank(CUSTODIAN);
        ledger.enrol(batch);
        return used() / size;
    }

    function grantMany(uint256 size, bool byPasskey) private returns (uint256) {
        ConsentLedger.SignedGrant[] memory batch = new ConsentLedger.SignedGrant[](size);
        for (uint256 i = 0; i < size; ++i) {
            batch[i] = grantOf(spread(i), 1000 + i, spread(i + 500), NOW, NOW + YEAR);
            if (!byPasskey) continue;
            batch[i].signer = passkey(1000 + i);
            bytes32 structHash = TypedData.hashGrant(spread(i), spread(i + 500), NOW, NOW + YEAR);
            batch[i].signature = signedByPasskey(1000 + i, structHash);
        }
        ledger.grant(batch);
        uint256 each = used() / size;
        assertStatus(spread(size - 1), spread(size + 499), ConsentLedger.Status.Active);
        return each;
    }

    function test_enrol_and_grant_by_account() public {
        emit log_named_uint("enrolment, account, in 100", enrolMany(MANY, false));
        uint256 each = grantMany(MANY, false);
        emit log_named_uint("grant, account, in 100", each);
        assertCheap(each, "a grant in a batch of 100");
    }

    function test_enrol_and_grant_by_passkey() public {
        emit log_named_uint("enrolment, passkey, in 100", enrolMany(MANY, true));
        emit log_named_uint("grant, passkey, in 100", grantMany(MANY, true));
    }

    function test_grant_alone_and_in_ten() public {
        enrolMany(10, false);
        emit log_named_uint("grant, account, in 10", grantMany(10, false));
        grant(grantOf(ALICE, ALICE_KEY, TERMS));
        emit log_named_uint("grant, account, alone", used());
    }

    function test_grant_by_passkey_alone() public {
        enrolMany(1, true);
        emit log_named_uint("grant, passkey, alone", grantMany(1, true));
    }

    function test_withdrawal_alone() public {
        grant(grantOf(ALICE, ALICE_KEY, TERMS));
        withdraw(withdrawalOf(ALICE, ALICE_KEY, TERMS));
        emit log_named_uint("withdrawal, signed, alone", used());
    }

    function test_withdrawal_by_own_account() public {
        grant(grantOf(ALICE, ALICE_KEY, TERMS));
        vm.prank(vm.addr(ALICE_KEY));
        ledger.withdrawOwn(ALICE, TERMS);
        emit log_named_uint("withdrawal, own account", used());
        assertCheap(used(), "a withdrawal by the own account");
    }

    function test_withdrawals_in_a_hundred() public {
        enrolMany(MANY, false);
        grantMany(MANY, false);
        ConsentLedger.SignedWithdrawal[] memory batch = new ConsentLedger.SignedWithdrawal[](MANY);
        for (uint256 i = 0; i < MANY; ++i) {
            batch[i] = withdrawalOf(spread(i), 1000 + i, spread(i + 500));
        }
        ledger.withdraw(batch);
        emit log_named_uint("withdrawal, signed, in 100", used() / MANY);
        assertCheap(used() / MANY, "a withdrawal in a batch of 100");
    }

    function test_two_withdrawals() public {
        enrolMany(2, false);
        grantMany(2, false);
        ConsentLedger.SignedWithdrawal[] memory batch = new ConsentLedger.SignedWithdrawal[](2);
        for (uint256 i = 0; i < 2; ++i) {
            batch[i] = withdrawalOf(spread(i), 1000 + i, spread(i + 500));
        }
        ledger.withdraw(batch);
        emit log_named_uint("withdrawal, signed, in 2", used() / 2);
        assertCheap(used() / 2, "a withdrawal in a batch of 2");
    }

    function test_stop_alone() public {
        stop(stopOf(ALICE, ALICE_KEY, NOW));
        emit log_named_uint("stop, signed, alone", used());
    }

    function test_stop_by_own_account() public {
        vm.prank(vm.addr(ALICE_KEY));
        ledger.stopOwn(ALICE);
        emit log_named_uint("stop, own account", used());
        assertCheap(used(), "a stop by the own account");
    }

    function test_stops_in_a_hundred() public {
        enrolMany(MANY, false);
        ConsentLedger.SignedStop[] memory batch = new ConsentLedger.SignedStop[](MANY);
        for (uint256 i = 0; i < MANY; ++i) {
            batch[i] = stopOf(spread(i), 1000 + i, NOW);
        }
        ledger.stop(batch);
        emit log_named_uint("stop, signed, in 100", used() / MANY);
        assertCheap(used() / MANY, "a stop in a batch of 100");
    }

    function test_anchor_and_keys() public {
        vm.prank(ANCHORER);
        ledger.anchor("journal", keccak256("root"), 1000);
        emit log_named_uint("anchor", used());
        addKey(ALICE, NEW_KEY, 0, 0, ALICE_KEY);
        emit log_named_uint("addKey", used());
        removeKey(ALICE, NEW_KEY, ALICE_KEY);
        emit log_named_uint("removeKey", used());
    }
}
