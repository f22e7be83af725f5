// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

import {ConsentLedger} from "../ConsentLedger.sol";
import {Signers} from "../Signers.sol";
import {SubjectKeys} from "../SubjectKeys.sol";
import {TypedData} from "../TypedData.sol";
import {LedgerTest} from "./LedgerTest.sol";

/// @title Enrolment, own keys, delegates: a key speaks for its subject from its addition to its removal, once.
contract KeysTest is LedgerTest {
    bytes32 private constant CAROL = keccak256("subject carol");

    function test_enrolment_sets_the_first_key() public {
        vm.expectEmit();
        emit SubjectKeys.Enrolled(CAROL, CUSTODIAN, account(NEW_KEY));
        enrol(CAROL, NEW_KEY);
        (address custodian, uint40 stoppedAt) = ledger.subjectOf(CAROL);
        vm.assertEq(custodian, CUSTODIAN, "custodian");
        vm.assertEq(stoppedAt, 0, "stoppedAt");
        (SubjectKeys.KeyState state, uint8 role, uint40 until) = ledger.keyOf(CAROL, account(NEW_KEY));
        vm.assertEq(uint256(state), uint256(SubjectKeys.KeyState.Active), "state");
        vm.assertEq(role, 0, "role");
        vm.assertEq(until, 0, "until");
        grant(grantOf(CAROL, NEW_KEY, TERMS));
        assertStatus(CAROL, TERMS, ConsentLedger.Status.Active);
    }

    function test_only_a_custodian_enrols() public {
        bytes32 role = ledger.CUSTODIAN_ROLE();
        SubjectKeys.SignedEnrolment memory e = enrolmentOf(CAROL, RELAYER, NEW_KEY);
        vm.expectRevert(abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, RELAYER, role));
        enrol(e, RELAYER);
    }

    function test_a_key_enrols_only_at_the_custodian_that_it_signed_for() public {
        expectRefused(CAROL, 0, Signers.SignatureInvalid.selector);
        enrol(enrolmentOf(CAROL, CUSTODIAN, NEW_KEY), OTHER_CUSTODIAN);
        SubjectKeys.SignedEnrolment memory e = enrolmentOf(CAROL, CUSTODIAN, NEW_KEY);
        e.subject = keccak256("subject dan");
        expectRefused(e.subject, 0, Signers.SignatureInvalid.selector);
        enrol(e, CUSTODIAN);
        assertKey(CAROL, account(NEW_KEY), SubjectKeys.KeyState.None);
    }

    function test_a_custodian_enrols_no_key_without_its_own_proof() public {
        SubjectKeys.SignedEnrolment memory e = enrolmentOf(CAROL, CUSTODIAN, NEW_KEY);
        e.signer = account(ALICE_KEY);
        expectRefused(CAROL, 0, Signers.SignatureInvalid.selector);
        enrol(e, CUSTODIAN);
    }

    function test_a_subject_is_enrolled_once() public {
        expectRefused(ALICE, 0, SubjectKeys.AlreadyEnrolled.selector);
        enrol(ALICE, NEW_KEY);
        expectRefused(ALICE, 0, SubjectKeys.AlreadyEnrolled.selector);
        enrol(enrolmentOf(ALICE, OTHER_CUSTODIAN, NEW_KEY), OTHER_CUSTODIAN);
        assertKey(ALICE, account(NEW_KEY), SubjectKeys.KeyState.None);
    }

    function test_one_bad_enrolment_does_not_stop_the_others() public {
        SubjectKeys.SignedEnrolment[] memory batch = new SubjectKeys.SignedEnrolment[](3);
        batch[0] = enrolmentOf(ALICE, CUSTODIAN, NEW_KEY);
        batch[1] = enrolmentOf(CAROL, CUSTODIAN, NEW_KEY);
        batch[2] = enrolmentOf(CAROL, CUSTODIAN, DELEGATE_KEY);
        expectRefused(ALICE, 0, SubjectKeys.AlreadyEnrolled.selector);
        expectRefused(CAROL, 0, SubjectKeys.AlreadyEnrolled.selector);
        vm.prank(CUSTODIAN);
        ledger.enrol(batch);
        assertKey(CAROL, account(NEW_KEY), SubjectKeys.KeyState.Active);
        assertKey(CAROL, account(DELEGATE_KEY), SubjectKeys.KeyState.None);
    }

    function test_an_own_key_adds_an_own_key() public {
        vm.expectEmit();
        emit SubjectKeys.KeyAdded(ALICE, account(NEW_KEY), 0, 0);
        addKey(ALICE, NEW_KEY, 0, 0, ALICE_KEY);
        grant(grantOf(ALICE, NEW_KEY, TERMS));
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
        removeKey(ALICE, ALICE_KEY, NEW_KEY);
        assertKey(ALICE, account(ALICE_KEY), SubjectKeys.KeyState.Removed);
    }

    function test_nobody_else_adds_a_key() public {
        vm.expectRevert(SubjectKeys.KeyUnknown.selector);
        this.addKeyFor(ALICE, NEW_KEY, 0, 0, BOB_KEY);
        vm.expectRevert(SubjectKeys.KeyUnknown.selector);
        this.addKeyFor(ALICE, NEW_KEY, 0, 0, NEW_KEY);
        vm.expectRevert(SubjectKeys.KeyUnknown.selector);
        this.addKeyFor(CAROL, NEW_KEY, 0, 0, ALICE_KEY);
        assertKey(ALICE, account(NEW_KEY), SubjectKeys.KeyState.None);
    }

    function test_a_new_key_proves_that_it_is_held() public {
        bytes32 structHash = TypedData.hashKeyAddition(ALICE, keccak256(account(NEW_KEY)), 0, 0);
        bytes memory by = signed(ALICE_KEY, structHash);
        vm.expectRevert(Signers.SignatureInvalid.selector);
        ledger.addKey(ALICE, account(NEW_KEY), 0, 0, account(ALICE_KEY), by, by);
        bytes memory proof = signed(NEW_KEY, structHash);
        vm.expectRevert(Signers.SignatureInvalid.selector);
        ledger.addKey(ALICE, account(NEW_KEY), 0, 0, account(ALICE_KEY), proof, proof);
        ledger.addKey(ALICE, account(NEW_KEY), 0, 0, account(ALICE_KEY), by, proof);
        assertKey(ALICE, account(NEW_KEY), SubjectKeys.KeyState.Active);
    }

    function test_role_and_end_are_signed() public {
        bytes32 structHash = TypedData.hashKeyAddition(ALICE, keccak256(account(NEW_KEY)), 1, NOW);
        (bytes memory by, bytes memory proof) = (signed(ALICE_KEY, structHash), signed(NEW_KEY, structHash));
        vm.expectRevert(Signers.SignatureInvalid.selector);
        ledger.addKey(ALICE, account(NEW_KEY), 0, 0, account(ALICE_KEY), by, proof);
        vm.expectRevert(Signers.SignatureInvalid.selector);
        ledger.addKey(ALICE, account(NEW_KEY), 1, 0, account(ALICE_KEY), by, proof);
    }

    function test_roles_are_own_without_an_end_or_delegate() public {
        vm.assertEq(ledger.ROLE_OWN(), 0, "own");
        vm.assertEq(ledger.ROLE_DELEGATE(), 1, "delegate");
        vm.expectRevert(SubjectKeys.RoleInvalid.selector);
        this.addKeyFor(ALICE, NEW_KEY, 2, 0, ALICE_KEY);
        vm.expectRevert(SubjectKeys.RoleInvalid.selector);
        this.addKeyFor(ALICE, NEW_KEY, 0, NOW + YEAR, ALICE_KEY);
        addKey(ALICE, NEW_KEY, 1, NOW + YEAR, ALICE_KEY);
        addKey(ALICE, DELEGATE_KEY, 1, 0, ALICE_KEY);
    }

    function test_a_removed_key_is_silent_for_ever() public {
        addKey(ALICE, NEW_KEY, 0, 0, ALICE_KEY);
        vm.expectEmit();
        emit SubjectKeys.KeyRemoved(ALICE, account(NEW_KEY));
        removeKey(ALICE, NEW_KEY, ALICE_KEY);
        expectRefused(ALICE, TERMS, SubjectKeys.KeyUnknown.selector);
        grant(grantOf(ALICE, NEW_KEY, TERMS));
        expectRefused(ALICE, TERMS, SubjectKeys.KeyUnknown.selector);
        withdraw(withdrawalOf(ALICE, NEW_KEY, TERMS));
        expectRefused(ALICE, 0, SubjectKeys.KeyUnknown.selector);
        stop(stopOf(ALICE, NEW_KEY, NOW));
        vm.expectRevert(SubjectKeys.KeyUnknown.selector);
        vm.prank(vm.addr(NEW_KEY));
        ledger.stopOwn(ALICE);
        vm.expectRevert(SubjectKeys.KeyUnknown.selector);
        this.removeKeyFor(ALICE, ALICE_KEY, NEW_KEY);
        vm.expectRevert(SubjectKeys.KeyUsed.selector);
        this.addKeyFor(ALICE, NEW_KEY, 0, 0, ALICE_KEY);
        vm.expectRevert(SubjectKeys.KeyUsed.selector);
        this.addKeyFor(ALICE, NEW_KEY, 1, 0, ALICE_KEY);
    }

    function test_what_a_key_granted_outlives_it() public {
        addKey(ALICE, NEW_KEY, 0, 0, ALICE_KEY);
        grant(grantOf(ALICE, NEW_KEY, TERMS));
        removeKey(ALICE, NEW_KEY, ALICE_KEY);
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
    }

    function test_a_removal_bars_a_key_that_was_never_added() public {
        removeKey(ALICE, NEW_KEY, ALICE_KEY);
        assertKey(ALICE, account(NEW_KEY), SubjectKeys.KeyState.Removed);
        vm.expectRevert(SubjectKeys.KeyUsed.selector);
        this.addKeyFor(ALICE, NEW_KEY, 0, 0, ALICE_KEY);
    }

    function test_the_same_removal_again_changes_nothing() public {
        removeKey(ALICE, NEW_KEY, ALICE_KEY);
        bytes32 before = tip();
        removeKey(ALICE, NEW_KEY, ALICE_KEY);
        vm.assertEq(tip(), before, "head");
    }

    function test_a_removal_needs_an_own_key_and_a_signer() public {
        vm.expectRevert(SubjectKeys.KeyUnknown.selector);
        this.removeKeyFor(ALICE, ALICE_KEY, BOB_KEY);
        bytes memory by = signed(BOB_KEY, TypedData.hashKeyRemoval(ALICE, keccak256(account(ALICE_KEY))));
        vm.expectRevert(Signers.SignatureInvalid.selector);
        ledger.removeKey(ALICE, account(ALICE_KEY), account(ALICE_KEY), by);
        by = signed(ALICE_KEY, TypedData.hashKeyRemoval(ALICE, keccak256("x")));
        vm.expectRevert(Signers.SignerMalformed.selector);
        ledger.removeKey(ALICE, "x", account(ALICE_KEY), by);
    }

    function test_a_patient_may_remove_the_last_key() public {
        removeKey(ALICE, ALICE_KEY, ALICE_KEY);
        expectRefused(ALICE, TERMS, SubjectKeys.KeyUnknown.selector);
        grant(grantOf(ALICE, ALICE_KEY, TERMS));
    }

    function test_a_delegate_grants_withdraws_and_stops() public {
        addKey(ALICE, DELEGATE_KEY, 1, NOW + 100, ALICE_KEY);
        grant(grantOf(ALICE, DELEGATE_KEY, TERMS));
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
        withdraw(withdrawalOf(ALICE, DELEGATE_KEY, TERMS));
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Withdrawn);
        stop(stopOf(ALICE, DELEGATE_KEY, NOW));
        vm.prank(vm.addr(DELEGATE_KEY));
        ledger.withdrawOwn(ALICE, keccak256("another"));
    }

    function test_a_delegate_touches_no_key() public {
        addKey(ALICE, DELEGATE_KEY, 1, 0, ALICE_KEY);
        vm.expectRevert(SubjectKeys.RoleForbids.selector);
        this.addKeyFor(ALICE, NEW_KEY, 1, 0, DELEGATE_KEY);
        vm.expectRevert(SubjectKeys.RoleForbids.selector);
        this.removeKeyFor(ALICE, ALICE_KEY, DELEGATE_KEY);
        vm.expectRevert(SubjectKeys.RoleForbids.selector);
        this.removeKeyFor(ALICE, DELEGATE_KEY, DELEGATE_KEY);
    }

    /// @dev `until` is held against signedAt, so that the grant can be replayed on a chain built anew years later.
    function test_a_delegate_signs_no_grant_after_its_end() public {
        addKey(ALICE, DELEGATE_KEY, 1, NOW + 100, ALICE_KEY);
        vm.warp(NOW + 5 * YEAR);
        grant(grantOf(ALICE, DELEGATE_KEY, TERMS, NOW + 100, NOW + 9 * YEAR));
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
        bytes32 late = keccak256("late");
        expectRefused(ALICE, late, ConsentLedger.KeyEnded.selector);
        grant(grantOf(ALICE, DELEGATE_KEY, late, NOW + 101, NOW + 9 * YEAR));
        assertStatus(ALICE, late, ConsentLedger.Status.None);
    }

    function test_anyone_ends_a_key_that_is_over_and_no_other() public {
        addKey(ALICE, DELEGATE_KEY, 1, NOW + 100, ALICE_KEY);
        vm.expectRevert(SubjectKeys.KeyNotEnded.selector);
        ledger.endKey(ALICE, account(ALICE_KEY));
        vm.warp(NOW + 100);
        vm.expectRevert(SubjectKeys.KeyNotEnded.selector);
        ledger.endKey(ALICE, account(DELEGATE_KEY));
        vm.warp(NOW + 101);
        vm.prank(RELAYER);
        ledger.endKey(ALICE, account(DELEGATE_KEY));
        assertKey(ALICE, account(DELEGATE_KEY), SubjectKeys.KeyState.Removed);
        vm.expectRevert(SubjectKeys.KeyUnknown.selector);
        ledger.endKey(ALICE, account(DELEGATE_KEY));
        expectRefused(ALICE, TERMS, SubjectKeys.KeyUnknown.selector);
        grant(grantOf(ALICE, DELEGATE_KEY, TERMS, NOW, NOW + YEAR));
    }

    function test_every_key_message_again_changes_nothing() public {
        addKey(ALICE, NEW_KEY, 0, 0, ALICE_KEY);
        vm.expectRevert(SubjectKeys.KeyUsed.selector);
        this.addKeyFor(ALICE, NEW_KEY, 0, 0, ALICE_KEY);
        removeKey(ALICE, NEW_KEY, ALICE_KEY);
        bytes32 before = tip();
        vm.expectRevert(SubjectKeys.KeyUsed.selector);
        this.addKeyFor(ALICE, NEW_KEY, 0, 0, ALICE_KEY);
        removeKey(ALICE, NEW_KEY, ALICE_KEY);
        enrol(ALICE, ALICE_KEY);
        vm.assertEq(tip(), before, "head");
    }

    function testFuzz_a_delegate_grants_up_to_its_end(uint40 until, uint40 signedAt) public {
        addKey(ALICE, DELEGATE_KEY, 1, until, ALICE_KEY);
        if (signedAt == 0 || signedAt == type(uint40).max) signedAt = 1;
        vm.warp(signedAt);
        grant(grantOf(ALICE, DELEGATE_KEY, TERMS, signedAt, type(uint40).max));
        bool permitted = until == 0 || signedAt <= until;
        assertStatus(ALICE, TERMS, permitted ? ConsentLedger.Status.Active : ConsentLedger.Status.None);
    }

    // Calls that must revert go through these, since the helpers make several calls.

    function addKeyFor(bytes32 subject, uint256 key, uint8 role, uint40 until, uint256 byKey) external {
        addKey(subject, key, role, until, byKey);
    }

    function removeKeyFor(bytes32 subject, uint256 key, uint256 byKey) external {
        removeKey(subject, key, byKey);
    }
}
