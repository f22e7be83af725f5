// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import {ConsentLedger} from "../ConsentLedger.sol";
import {Signers} from "../Signers.sol";
import {SubjectKeys} from "../SubjectKeys.sol";
import {TypedData} from "../TypedData.sol";
import {LedgerTest} from "./LedgerTest.sol";

/// @title Grants: who may, when, once.
contract GrantsTest is LedgerTest {
    function assertRefused(ConsentLedger.SignedGrant memory g, bytes4 reason) private {
        bytes32 before = tip();
        ConsentLedger.Status status = statusOf(g.subject, g.termsHash);
        expectRefused(g.subject, g.termsHash, reason);
        grant(g);
        vm.assertEq(tip(), before, "a refused grant changed the head");
        assertStatus(g.subject, g.termsHash, status);
    }

    function test_a_grant_signed_by_the_patient_is_active() public {
        assertStatus(ALICE, TERMS, ConsentLedger.Status.None);
        vm.expectEmit();
        emit ConsentLedger.Granted(ALICE, TERMS, keccak256(account(ALICE_KEY)), NOW, NOW + YEAR);
        grant(grantOf(ALICE, ALICE_KEY, TERMS));
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
        assertStatus(BOB, TERMS, ConsentLedger.Status.None);
    }

    function test_anyone_may_relay_and_the_relayer_gains_nothing() public {
        ConsentLedger.SignedGrant[] memory batch = new ConsentLedger.SignedGrant[](1);
        batch[0] = grantOf(ALICE, ALICE_KEY, TERMS);
        vm.prank(RELAYER, vm.addr(BOB_KEY));
        ledger.grant(batch);
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
    }

    function test_a_grant_needs_an_enrolled_subject() public {
        assertRefused(grantOf(keccak256("nobody"), ALICE_KEY, TERMS), SubjectKeys.NotEnrolled.selector);
    }

    function test_a_grant_needs_a_key_of_this_subject() public {
        assertRefused(grantOf(ALICE, BOB_KEY, TERMS), SubjectKeys.KeyUnknown.selector);
        assertRefused(grantOf(ALICE, NEW_KEY, TERMS), SubjectKeys.KeyUnknown.selector);
    }

    function test_a_grant_needs_the_signature_of_its_signer() public {
        ConsentLedger.SignedGrant memory g = grantOf(ALICE, BOB_KEY, TERMS);
        g.signer = account(ALICE_KEY);
        assertRefused(g, Signers.SignatureInvalid.selector);
    }

    function test_every_part_of_a_grant_is_signed() public {
        ConsentLedger.SignedGrant memory g = grantOf(ALICE, ALICE_KEY, TERMS);
        g.termsHash = keccak256("other");
        assertRefused(g, Signers.SignatureInvalid.selector);
        (g.termsHash, g.signedAt) = (TERMS, NOW - 1);
        assertRefused(g, Signers.SignatureInvalid.selector);
        (g.signedAt, g.notAfter) = (NOW, NOW + YEAR + 1);
        assertRefused(g, Signers.SignatureInvalid.selector);
        g.notAfter = NOW + YEAR;
        grant(g);
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
    }

    function test_a_grant_moves_to_no_other_subject() public {
        addKey(BOB, ALICE_KEY, 1, 0, BOB_KEY);
        ConsentLedger.SignedGrant memory g = grantOf(ALICE, ALICE_KEY, TERMS);
        g.subject = BOB;
        assertRefused(g, Signers.SignatureInvalid.selector);
    }

    function test_a_grant_ends_after_it_begins() public {
        assertRefused(grantOf(ALICE, ALICE_KEY, TERMS, NOW, NOW), ConsentLedger.PeriodEmpty.selector);
        assertRefused(grantOf(ALICE, ALICE_KEY, TERMS, NOW, 0), ConsentLedger.PeriodEmpty.selector);
        grant(grantOf(ALICE, ALICE_KEY, TERMS, NOW, NOW + 1));
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
    }

    function test_a_grant_is_active_up_to_its_last_second() public {
        grant(grantOf(ALICE, ALICE_KEY, TERMS, NOW, NOW + 10));
        vm.warp(NOW + 10);
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
        vm.warp(NOW + 11);
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Expired);
    }

    function test_a_grant_may_last_to_the_end_of_time() public {
        grant(grantOf(ALICE, ALICE_KEY, TERMS, NOW, type(uint40).max));
        vm.warp(type(uint40).max);
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
    }

    function test_a_grant_that_is_over_is_still_recorded() public {
        grant(grantOf(ALICE, ALICE_KEY, TERMS, NOW - 20, NOW - 10));
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Expired);
    }

    function test_a_grant_is_not_signed_in_the_future() public {
        uint40 skew = ledger.SKEW();
        assertRefused(grantOf(ALICE, ALICE_KEY, TERMS, NOW + skew + 1, NOW + YEAR), ConsentLedger.TimeInFuture.selector);
        grant(grantOf(ALICE, ALICE_KEY, TERMS, NOW + skew, NOW + YEAR));
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
    }

    function test_a_grant_signed_at_zero_is_refused() public {
        assertRefused(grantOf(ALICE, ALICE_KEY, TERMS, 0, NOW), ConsentLedger.StoppedSince.selector);
        grant(grantOf(ALICE, ALICE_KEY, TERMS, 1, NOW));
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
    }

    function test_an_id_is_granted_once_ever() public {
        ConsentLedger.SignedGrant memory g = grantOf(ALICE, ALICE_KEY, TERMS);
        grant(g);
        assertRefused(g, ConsentLedger.ConsentIdUsed.selector);
        assertRefused(grantOf(ALICE, ALICE_KEY, TERMS, NOW, NOW + 9 * YEAR), ConsentLedger.ConsentIdUsed.selector);
        vm.warp(NOW + 2 * YEAR);
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Expired);
        assertRefused(grantOf(ALICE, ALICE_KEY, TERMS), ConsentLedger.ConsentIdUsed.selector);
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Expired);
    }

    function test_one_bad_grant_does_not_stop_the_others() public {
        ConsentLedger.SignedGrant[] memory batch = new ConsentLedger.SignedGrant[](4);
        batch[0] = grantOf(ALICE, ALICE_KEY, TERMS);
        batch[1] = grantOf(ALICE, BOB_KEY, keccak256("stolen"));
        batch[2] = batch[0];
        batch[3] = grantOf(BOB, BOB_KEY, TERMS);
        expectRefused(ALICE, keccak256("stolen"), SubjectKeys.KeyUnknown.selector);
        expectRefused(ALICE, TERMS, ConsentLedger.ConsentIdUsed.selector);
        ledger.grant(batch);
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
        assertStatus(BOB, TERMS, ConsentLedger.Status.Active);
        assertStatus(ALICE, keccak256("stolen"), ConsentLedger.Status.None);
    }

    function test_an_empty_batch_changes_nothing() public {
        bytes32 before = tip();
        ledger.grant(new ConsentLedger.SignedGrant[](0));
        ledger.withdraw(new ConsentLedger.SignedWithdrawal[](0));
        ledger.stop(new ConsentLedger.SignedStop[](0));
        vm.prank(CUSTODIAN);
        ledger.enrol(new SubjectKeys.SignedEnrolment[](0));
        vm.assertEq(tip(), before, "head");
        vm.assertEq(ledger.status(new ConsentLedger.ConsentRef[](0)).length, 0, "status of nothing");
    }

    function test_a_grant_is_for_one_chain_and_one_contract() public {
        ConsentLedger.SignedGrant memory g = grantOf(ALICE, ALICE_KEY, TERMS);
        ConsentLedger first = ledger;
        ledger = deploy();
        enrol(ALICE, ALICE_KEY);
        assertRefused(g, Signers.SignatureInvalid.selector);
        ledger = first;
        vm.chainId(31338);
        assertRefused(g, Signers.SignatureInvalid.selector);
        vm.chainId(31337);
        grant(g);
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
    }

    function test_a_pause_holds_up_grants_only() public {
        grant(grantOf(ALICE, ALICE_KEY, TERMS));
        grant(grantOf(BOB, BOB_KEY, TERMS));
        vm.prank(ADMIN);
        ledger.pause();
        ConsentLedger.SignedGrant memory g = grantOf(ALICE, ALICE_KEY, keccak256("later"));
        vm.expectRevert(Pausable.EnforcedPause.selector);
        grant(g);
        withdraw(withdrawalOf(ALICE, ALICE_KEY, TERMS));
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Withdrawn);
        stop(stopOf(BOB, BOB_KEY, NOW));
        assertStatus(BOB, TERMS, ConsentLedger.Status.Stopped);
        enrol(keccak256("new"), NEW_KEY);
        addKey(ALICE, NEW_KEY, 0, 0, ALICE_KEY);
        vm.prank(vm.addr(ALICE_KEY));
        ledger.withdrawOwn(ALICE, keccak256("own"));
        vm.prank(vm.addr(ALICE_KEY));
        ledger.stopOwn(ALICE);
        vm.prank(ADMIN);
        ledger.unpause();
        grant(grantOf(ALICE, ALICE_KEY, keccak256("later"), NOW + 1, NOW + YEAR));
        assertStatus(ALICE, keccak256("later"), ConsentLedger.Status.Active);
    }

    function testFuzz_a_stranger_grants_nothing(uint256 key, bytes32 termsHash, uint40 signedAt, uint40 notAfter) public {
        key = 1 + key % (type(uint128).max);
        vm.assume(key != ALICE_KEY);
        bytes32 before = tip();
        grant(grantOf(ALICE, key, termsHash, signedAt, notAfter));
        ConsentLedger.SignedGrant memory forged = grantOf(ALICE, key, termsHash, signedAt, notAfter);
        forged.signer = account(ALICE_KEY);
        grant(forged);
        vm.assertEq(tip(), before, "head");
        assertStatus(ALICE, termsHash, ConsentLedger.Status.None);
    }

    function testFuzz_a_grant_counts_exactly_in_its_time(uint40 signedAt, uint40 notAfter, uint40 now_) public {
        grant(grantOf(ALICE, ALICE_KEY, TERMS, signedAt, notAfter));
        bool accepted = signedAt != 0 && signedAt <= NOW + ledger.SKEW() && notAfter > signedAt;
        now_ = now_ < NOW ? NOW : now_;
        vm.warp(now_);
        ConsentLedger.Status expected = !accepted
            ? ConsentLedger.Status.None
            : now_ > notAfter ? ConsentLedger.Status.Expired : ConsentLedger.Status.Active;
        assertStatus(ALICE, TERMS, expected);
    }

    function testFuzz_garbage_is_refused(bytes calldata signer, bytes calldata signature, uint8 length) public {
        bytes32 before = tip();
        grant(ConsentLedger.SignedGrant(ALICE, TERMS, NOW, NOW + YEAR, signer, signature));
        grant(ConsentLedger.SignedGrant(ALICE, TERMS, NOW, NOW + YEAR, account(ALICE_KEY), signature));
        grant(ConsentLedger.SignedGrant(ALICE, TERMS, NOW, NOW + YEAR, account(ALICE_KEY), new bytes(length)));
        vm.assertEq(tip(), before, "head");
    }

    function test_struct_hash_is_the_digest_that_is_signed() public view {
        bytes32 structHash = TypedData.hashGrant(ALICE, TERMS, NOW, NOW + YEAR);
        vm.assertEq(grantOf(ALICE, ALICE_KEY, TERMS).signature, signed(ALICE_KEY, structHash), "signature");
    }
}
