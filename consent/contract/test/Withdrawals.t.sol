// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConsentLedger} from "../ConsentLedger.sol";
import {Signers} from "../Signers.sol";
import {SubjectKeys} from "../SubjectKeys.sol";
import {LedgerTest} from "./LedgerTest.sol";

/// @dev Calls the ledger for whoever asks: a phishing site's contract.
contract Forwarder {
    function forward(address target, bytes calldata data) external returns (bool ok) {
        (ok,) = target.call(data);
    }
}

/// @title Withdrawals and stops: always possible, by the patient only, final.
contract WithdrawalsTest is LedgerTest {
    function setUp() public override {
        super.setUp();
        grant(grantOf(ALICE, ALICE_KEY, TERMS));
        grant(grantOf(BOB, BOB_KEY, TERMS));
    }

    function test_a_withdrawal_is_final() public {
        vm.expectEmit();
        emit ConsentLedger.Withdrawn(ALICE, TERMS);
        withdraw(withdrawalOf(ALICE, ALICE_KEY, TERMS));
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Withdrawn);
        assertStatus(BOB, TERMS, ConsentLedger.Status.Active);
        grant(grantOf(ALICE, ALICE_KEY, TERMS));
        vm.warp(NOW + 9 * YEAR);
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Withdrawn);
    }

    function test_a_withdrawal_needs_a_key_of_the_subject() public {
        expectRefused(ALICE, TERMS, SubjectKeys.KeyUnknown.selector);
        withdraw(withdrawalOf(ALICE, BOB_KEY, TERMS));
        ConsentLedger.SignedWithdrawal memory w = withdrawalOf(ALICE, BOB_KEY, TERMS);
        w.signer = account(ALICE_KEY);
        expectRefused(ALICE, TERMS, Signers.SignatureInvalid.selector);
        withdraw(w);
        w = withdrawalOf(ALICE, ALICE_KEY, keccak256("other"));
        w.termsHash = TERMS;
        expectRefused(ALICE, TERMS, Signers.SignatureInvalid.selector);
        withdraw(w);
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
    }

    function test_a_withdrawal_before_the_grant_leaves_a_tombstone() public {
        bytes32 termsHash = keccak256("signed, not sent");
        ConsentLedger.SignedGrant memory g = grantOf(ALICE, ALICE_KEY, termsHash);
        withdraw(withdrawalOf(ALICE, ALICE_KEY, termsHash));
        assertStatus(ALICE, termsHash, ConsentLedger.Status.Withdrawn);
        expectRefused(ALICE, termsHash, ConsentLedger.ConsentIdUsed.selector);
        grant(g);
        assertStatus(ALICE, termsHash, ConsentLedger.Status.Withdrawn);
    }

    function test_the_same_withdrawal_again_changes_nothing() public {
        ConsentLedger.SignedWithdrawal memory w = withdrawalOf(ALICE, ALICE_KEY, TERMS);
        withdraw(w);
        bytes32 before = tip();
        vm.recordLogs();
        withdraw(w);
        vm.prank(vm.addr(ALICE_KEY));
        ledger.withdrawOwn(ALICE, TERMS);
        vm.assertEq(tip(), before, "head");
        vm.assertEq(vm.getRecordedLogs().length, 0, "events");
    }

    function test_one_bad_withdrawal_does_not_stop_the_others() public {
        ConsentLedger.SignedWithdrawal[] memory batch = new ConsentLedger.SignedWithdrawal[](3);
        batch[0] = withdrawalOf(ALICE, BOB_KEY, TERMS);
        batch[1] = withdrawalOf(ALICE, ALICE_KEY, TERMS);
        batch[2] = withdrawalOf(BOB, BOB_KEY, TERMS);
        ledger.withdraw(batch);
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Withdrawn);
        assertStatus(BOB, TERMS, ConsentLedger.Status.Withdrawn);
    }

    function test_an_own_account_withdraws_without_a_signature() public {
        vm.prank(vm.addr(ALICE_KEY));
        ledger.withdrawOwn(ALICE, TERMS);
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Withdrawn);
    }

    function test_no_other_account_withdraws_or_stops() public {
        vm.expectRevert(SubjectKeys.KeyUnknown.selector);
        vm.prank(vm.addr(BOB_KEY));
        ledger.withdrawOwn(ALICE, TERMS);
        vm.expectRevert(SubjectKeys.KeyUnknown.selector);
        vm.prank(CUSTODIAN);
        ledger.stopOwn(ALICE);
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
    }

    function test_the_origin_of_a_transaction_counts_for_nothing() public {
        Forwarder forwarder = new Forwarder();
        vm.prank(vm.addr(ALICE_KEY), vm.addr(ALICE_KEY));
        bool ok = forwarder.forward(address(ledger), abi.encodeCall(ConsentLedger.withdrawOwn, (ALICE, TERMS)));
        vm.assertFalse(ok, "a forwarder spoke for its caller");
        vm.prank(vm.addr(ALICE_KEY), vm.addr(ALICE_KEY));
        ok = forwarder.forward(address(ledger), abi.encodeCall(ConsentLedger.stopOwn, (ALICE)));
        vm.assertFalse(ok, "a forwarder spoke for its caller");
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
    }

    function test_a_stop_voids_what_was_signed_up_to_it() public {
        grant(grantOf(ALICE, ALICE_KEY, keccak256("second"), NOW + 5, NOW + YEAR));
        vm.expectEmit();
        emit ConsentLedger.Stopped(ALICE, NOW + 4);
        stop(stopOf(ALICE, ALICE_KEY, NOW + 4));
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Stopped);
        assertStatus(ALICE, keccak256("second"), ConsentLedger.Status.Active);
        assertStatus(BOB, TERMS, ConsentLedger.Status.Active);
        stop(stopOf(ALICE, ALICE_KEY, NOW + 5));
        assertStatus(ALICE, keccak256("second"), ConsentLedger.Status.Stopped);
        (, uint40 stoppedAt) = ledger.subjectOf(ALICE);
        vm.assertEq(stoppedAt, NOW + 5, "stoppedAt");
    }

    function test_what_was_signed_before_a_stop_arrives_too_late() public {
        ConsentLedger.SignedGrant memory old = grantOf(ALICE, ALICE_KEY, keccak256("held back"), NOW, NOW + YEAR);
        stop(stopOf(ALICE, ALICE_KEY, NOW));
        expectRefused(ALICE, keccak256("held back"), ConsentLedger.StoppedSince.selector);
        grant(old);
        assertStatus(ALICE, keccak256("held back"), ConsentLedger.Status.None);
        grant(grantOf(ALICE, ALICE_KEY, keccak256("new"), NOW + 1, NOW + YEAR));
        assertStatus(ALICE, keccak256("new"), ConsentLedger.Status.Active);
    }

    function test_a_stop_only_moves_forward() public {
        ConsentLedger.SignedStop memory first = stopOf(ALICE, ALICE_KEY, NOW - 100);
        stop(stopOf(ALICE, ALICE_KEY, NOW));
        bytes32 before = tip();
        vm.recordLogs();
        stop(first);
        stop(stopOf(ALICE, ALICE_KEY, NOW));
        stop(stopOf(ALICE, ALICE_KEY, 0));
        vm.prank(vm.addr(ALICE_KEY));
        ledger.stopOwn(ALICE);
        vm.assertEq(tip(), before, "head");
        vm.assertEq(vm.getRecordedLogs().length, 0, "events");
    }

    function test_a_stop_is_not_of_the_future() public {
        uint40 skew = ledger.SKEW();
        expectRefused(ALICE, 0, ConsentLedger.TimeInFuture.selector);
        stop(stopOf(ALICE, ALICE_KEY, NOW + skew + 1));
        expectRefused(ALICE, 0, ConsentLedger.TimeInFuture.selector);
        stop(stopOf(ALICE, ALICE_KEY, type(uint40).max));
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
        stop(stopOf(ALICE, ALICE_KEY, NOW + skew));
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Stopped);
    }

    function test_a_stop_needs_a_key_of_the_subject() public {
        expectRefused(ALICE, 0, SubjectKeys.KeyUnknown.selector);
        stop(stopOf(ALICE, BOB_KEY, NOW));
        ConsentLedger.SignedStop memory s = stopOf(ALICE, ALICE_KEY, NOW - 1);
        s.issuedAt = NOW;
        expectRefused(ALICE, 0, Signers.SignatureInvalid.selector);
        stop(s);
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
    }

    function test_an_own_account_stops_as_of_now() public {
        vm.warp(NOW + 50);
        vm.prank(vm.addr(ALICE_KEY));
        ledger.stopOwn(ALICE);
        (, uint40 stoppedAt) = ledger.subjectOf(ALICE);
        vm.assertEq(stoppedAt, NOW + 50, "stoppedAt");
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Stopped);
    }

    function test_a_withdrawal_after_a_stop_says_withdrawn() public {
        stop(stopOf(ALICE, ALICE_KEY, NOW));
        withdraw(withdrawalOf(ALICE, ALICE_KEY, TERMS));
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Withdrawn);
    }

    /// @dev Grant, withdrawal and stop in any order end in the same state of the consent: never active.
    function testFuzz_order_does_not_matter(uint256 order) public {
        bytes32 termsHash = keccak256("any order");
        for (uint256 i = 0; i < 6; ++i) {
            uint256 pick = (order >> (i * 8)) % 3;
            if (pick == 0) grant(grantOf(ALICE, ALICE_KEY, termsHash));
            else if (pick == 1) withdraw(withdrawalOf(ALICE, ALICE_KEY, termsHash));
            else stop(stopOf(ALICE, ALICE_KEY, NOW));
        }
        grant(grantOf(ALICE, ALICE_KEY, termsHash));
        withdraw(withdrawalOf(ALICE, ALICE_KEY, termsHash));
        stop(stopOf(ALICE, ALICE_KEY, NOW));
        assertStatus(ALICE, termsHash, ConsentLedger.Status.Withdrawn);
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Stopped);
    }

    function testFuzz_a_stop_is_the_highest_accepted(uint40[8] calldata times) public {
        uint40 highest;
        for (uint256 i = 0; i < times.length; ++i) {
            stop(stopOf(ALICE, ALICE_KEY, times[i]));
            if (times[i] <= NOW + ledger.SKEW() && times[i] > highest) highest = times[i];
        }
        (, uint40 stoppedAt) = ledger.subjectOf(ALICE);
        vm.assertEq(stoppedAt, highest, "stoppedAt");
    }
}
