// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

import {ConsentLedger} from "../ConsentLedger.sol";
import {Signers} from "../Signers.sol";
import {SubjectKeys} from "../SubjectKeys.sol";
import {TypedData} from "../TypedData.sol";
import {LedgerTest} from "./LedgerTest.sol";

/// @title Recovery: public, slow, and ended by any of the patient's own keys.
contract RecoveryTest is LedgerTest {
    function propose(bytes32 subject, uint256 key) private {
        propose(subject, key, CUSTODIAN);
    }

    function propose(bytes32 subject, uint256 key, address custodian) private {
        bytes memory proof = signed(key, TypedData.hashEnrolment(subject, custodian, keccak256(account(key))));
        vm.prank(custodian);
        ledger.proposeRecovery(subject, account(key), proof);
    }

    function veto(bytes32 subject, uint256 key, uint256 byKey) private {
        bytes memory by = signed(byKey, TypedData.hashRecoveryVeto(subject, keccak256(account(key))));
        ledger.vetoRecovery(subject, account(key), account(byKey), by);
    }

    function proposeFor(bytes32 subject, uint256 key, address custodian) external {
        propose(subject, key, custodian);
    }

    function vetoFor(bytes32 subject, uint256 key, uint256 byKey) external {
        veto(subject, key, byKey);
    }

    function test_a_recovery_adds_the_key_after_the_delay() public {
        grant(grantOf(ALICE, ALICE_KEY, TERMS));
        vm.expectEmit();
        emit SubjectKeys.RecoveryProposed(ALICE, account(NEW_KEY), NOW + DELAY);
        propose(ALICE, NEW_KEY);
        (bytes memory signer, uint40 readyAt) = ledger.recoveryOf(ALICE);
        vm.assertEq(signer, account(NEW_KEY), "signer");
        vm.assertEq(readyAt, NOW + DELAY, "readyAt");
        assertKey(ALICE, account(NEW_KEY), SubjectKeys.KeyState.None);
        vm.warp(NOW + DELAY - 1);
        vm.expectRevert(SubjectKeys.RecoveryTooEarly.selector);
        ledger.completeRecovery(ALICE);
        vm.warp(NOW + DELAY);
        vm.expectEmit();
        emit SubjectKeys.Recovered(ALICE, account(NEW_KEY));
        ledger.completeRecovery(ALICE);
        assertKey(ALICE, account(NEW_KEY), SubjectKeys.KeyState.Active);
        assertKey(ALICE, account(ALICE_KEY), SubjectKeys.KeyState.Active);
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
        removeKey(ALICE, ALICE_KEY, NEW_KEY);
        vm.expectRevert(SubjectKeys.RecoveryNotPending.selector);
        ledger.completeRecovery(ALICE);
    }

    function test_only_the_own_custodian_proposes() public {
        bytes32 role = ledger.CUSTODIAN_ROLE();
        vm.expectRevert(abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, RELAYER, role));
        this.proposeFor(ALICE, NEW_KEY, RELAYER);
        vm.expectRevert(SubjectKeys.NotTheCustodian.selector);
        this.proposeFor(ALICE, NEW_KEY, OTHER_CUSTODIAN);
        vm.expectRevert(SubjectKeys.NotEnrolled.selector);
        this.proposeFor(keccak256("nobody"), NEW_KEY, CUSTODIAN);
    }

    function test_a_proposed_key_proves_that_it_is_held() public {
        bytes memory proof = signed(BOB_KEY, TypedData.hashEnrolment(ALICE, CUSTODIAN, keccak256(account(NEW_KEY))));
        vm.expectRevert(Signers.SignatureInvalid.selector);
        vm.prank(CUSTODIAN);
        ledger.proposeRecovery(ALICE, account(NEW_KEY), proof);
    }

    function test_any_own_key_vetoes() public {
        propose(ALICE, NEW_KEY);
        vm.expectEmit();
        emit SubjectKeys.RecoveryVetoed(ALICE, account(NEW_KEY));
        veto(ALICE, NEW_KEY, ALICE_KEY);
        vm.warp(NOW + DELAY);
        vm.expectRevert(SubjectKeys.RecoveryNotPending.selector);
        ledger.completeRecovery(ALICE);
        assertKey(ALICE, account(NEW_KEY), SubjectKeys.KeyState.Removed);
    }

    function test_a_vetoed_key_is_never_proposed_again() public {
        propose(ALICE, NEW_KEY);
        veto(ALICE, NEW_KEY, ALICE_KEY);
        vm.expectRevert(SubjectKeys.KeyUsed.selector);
        this.proposeFor(ALICE, NEW_KEY, CUSTODIAN);
        vm.expectRevert(SubjectKeys.RecoveryNotPending.selector);
        this.vetoFor(ALICE, NEW_KEY, ALICE_KEY);
    }

    function test_nobody_else_vetoes() public {
        addKey(ALICE, DELEGATE_KEY, 1, 0, ALICE_KEY);
        propose(ALICE, NEW_KEY);
        vm.expectRevert(SubjectKeys.RoleForbids.selector);
        this.vetoFor(ALICE, NEW_KEY, DELEGATE_KEY);
        vm.expectRevert(SubjectKeys.KeyUnknown.selector);
        this.vetoFor(ALICE, NEW_KEY, BOB_KEY);
        vm.expectRevert(SubjectKeys.KeyUnknown.selector);
        this.vetoFor(ALICE, NEW_KEY, NEW_KEY);
        bytes memory by = signed(BOB_KEY, TypedData.hashRecoveryVeto(ALICE, keccak256(account(NEW_KEY))));
        vm.expectRevert(Signers.SignatureInvalid.selector);
        ledger.vetoRecovery(ALICE, account(NEW_KEY), account(ALICE_KEY), by);
    }

    function test_a_veto_is_for_the_key_that_is_proposed() public {
        vm.expectRevert(SubjectKeys.RecoveryNotPending.selector);
        this.vetoFor(ALICE, NEW_KEY, ALICE_KEY);
        propose(ALICE, NEW_KEY);
        vm.expectRevert(SubjectKeys.RecoveryNotPending.selector);
        this.vetoFor(ALICE, DELEGATE_KEY, ALICE_KEY);
    }

    function test_a_newer_proposal_starts_the_delay_again() public {
        propose(ALICE, NEW_KEY);
        vm.warp(NOW + DELAY - 1);
        propose(ALICE, DELEGATE_KEY);
        vm.warp(NOW + DELAY);
        vm.expectRevert(SubjectKeys.RecoveryTooEarly.selector);
        ledger.completeRecovery(ALICE);
        vm.warp(NOW + 2 * DELAY - 1);
        ledger.completeRecovery(ALICE);
        assertKey(ALICE, account(DELEGATE_KEY), SubjectKeys.KeyState.Active);
        assertKey(ALICE, account(NEW_KEY), SubjectKeys.KeyState.None);
    }

    function test_a_used_key_recovers_nothing() public {
        vm.expectRevert(SubjectKeys.KeyUsed.selector);
        this.proposeFor(ALICE, ALICE_KEY, CUSTODIAN);
        propose(ALICE, NEW_KEY);
        removeKey(ALICE, NEW_KEY, ALICE_KEY);
        vm.warp(NOW + DELAY);
        vm.expectRevert(SubjectKeys.KeyUsed.selector);
        ledger.completeRecovery(ALICE);
    }

    function test_a_veto_leaves_a_key_that_the_patient_added() public {
        propose(ALICE, NEW_KEY);
        addKey(ALICE, NEW_KEY, 0, 0, ALICE_KEY);
        veto(ALICE, NEW_KEY, ALICE_KEY);
        assertKey(ALICE, account(NEW_KEY), SubjectKeys.KeyState.Active);
    }

    function test_a_custodian_cannot_grant_while_it_waits() public {
        propose(ALICE, NEW_KEY);
        vm.warp(NOW + DELAY);
        expectRefused(ALICE, TERMS, SubjectKeys.KeyUnknown.selector);
        grant(grantOf(ALICE, NEW_KEY, TERMS));
    }
}
