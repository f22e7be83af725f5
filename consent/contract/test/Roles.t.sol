// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import {ConsentLedger} from "../ConsentLedger.sol";
import {Signers} from "../Signers.sol";
import {HeadMirror} from "./HeadMirror.sol";
import {LedgerTest} from "./LedgerTest.sol";

/// @title Deployment, roles, anchors, pause: what the operators may do, and that each of it is in the head.
contract RolesTest is LedgerTest {
    function expectUnauthorized(address caller, bytes32 role) private {
        vm.expectRevert(abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, caller, role));
        vm.prank(caller);
    }

    function test_a_deployment_is_what_its_constructor_says() public {
        vm.recordLogs();
        ConsentLedger fresh = deploy();
        vm.assertTrue(fresh.hasRole(fresh.DEFAULT_ADMIN_ROLE(), ADMIN), "admin");
        vm.assertTrue(fresh.hasRole(fresh.PAUSER_ROLE(), ADMIN), "pauser");
        vm.assertTrue(fresh.hasRole(fresh.CUSTODIAN_ROLE(), CUSTODIAN), "custodian");
        vm.assertTrue(fresh.hasRole(fresh.CUSTODIAN_ROLE(), OTHER_CUSTODIAN), "other custodian");
        vm.assertTrue(fresh.hasRole(fresh.ANCHOR_ROLE(), ANCHORER), "anchorer");
        vm.assertFalse(fresh.hasRole(fresh.DEFAULT_ADMIN_ROLE(), address(this)), "the deployer has a role");
        vm.assertEq(fresh.RECOVERY_DELAY(), DELAY, "delay");
        vm.assertEq(fresh.verifiers().length, 1, "verifiers");
        vm.assertEq(fresh.verifiers()[0], verifier, "verifier");
        vm.assertEq(fresh.count(), 5, "count");
        bytes32 seen = HeadMirror.follow(0, vm.getRecordedLogs(), address(fresh));
        vm.assertEq(bytes32(fresh.head()) | bytes32(uint256(fresh.count())), seen, "head");
    }

    function test_a_verifier_has_code() public {
        address[] memory none = new address[](0);
        vm.expectRevert(Signers.VerifierWithoutCode.selector);
        this.deployFor(none, list(address(0x04)));
        vm.expectRevert(Signers.VerifierWithoutCode.selector);
        this.deployFor(none, list(address(0)));
        vm.assertEq(this.deployFor(none, none).verifiers().length, 0, "no verifier at all");
    }

    function deployFor(address[] memory people, address[] memory verifiers) external returns (ConsentLedger) {
        return deploy(ADMIN, people, people, verifiers);
    }

    function test_an_anchorer_anchors() public {
        vm.expectEmit();
        emit ConsentLedger.Anchored("journal", keccak256("root"), 7);
        vm.prank(ANCHORER);
        ledger.anchor("journal", keccak256("root"), 7);
        bytes32 before = tip();
        vm.prank(ANCHORER);
        ledger.anchor("journal", keccak256("root"), 7);
        vm.assertTrue(tip() != before, "the same root twice is two anchors");
    }

    function test_nobody_else_anchors() public {
        expectUnauthorized(CUSTODIAN, ledger.ANCHOR_ROLE());
        ledger.anchor("journal", keccak256("root"), 7);
    }

    function test_a_pauser_pauses_and_nobody_else() public {
        bytes32 role = ledger.PAUSER_ROLE();
        expectUnauthorized(CUSTODIAN, role);
        ledger.pause();
        vm.expectRevert(Pausable.ExpectedPause.selector);
        vm.prank(ADMIN);
        ledger.unpause();
        vm.prank(ADMIN);
        ledger.pause();
        vm.assertTrue(ledger.paused(), "paused");
        vm.expectRevert(Pausable.EnforcedPause.selector);
        vm.prank(ADMIN);
        ledger.pause();
        expectUnauthorized(CUSTODIAN, role);
        ledger.unpause();
        vm.prank(ADMIN);
        ledger.unpause();
        vm.assertFalse(ledger.paused(), "unpaused");
    }

    function test_an_admin_names_and_dismisses() public {
        bytes32 role = ledger.CUSTODIAN_ROLE();
        bytes32 before = tip();
        vm.prank(ADMIN);
        ledger.grantRole(role, RELAYER);
        vm.prank(ADMIN);
        ledger.grantRole(role, RELAYER);
        vm.assertTrue(ledger.hasRole(role, RELAYER), "named");
        vm.prank(ADMIN);
        ledger.revokeRole(role, RELAYER);
        vm.prank(ADMIN);
        ledger.revokeRole(role, RELAYER);
        vm.assertFalse(ledger.hasRole(role, RELAYER), "dismissed");
        vm.assertEq(uint256(ledger.count()), uint40(uint256(before)) + 2, "what changes nothing is not counted");
        expectUnauthorized(CUSTODIAN, bytes32(0));
        ledger.grantRole(role, RELAYER);
    }

    function test_a_role_can_be_given_up() public {
        bytes32 role = ledger.CUSTODIAN_ROLE();
        vm.expectRevert(IAccessControl.AccessControlBadConfirmation.selector);
        vm.prank(CUSTODIAN);
        ledger.renounceRole(role, ADMIN);
        vm.prank(CUSTODIAN);
        ledger.renounceRole(role, CUSTODIAN);
        vm.assertFalse(ledger.hasRole(role, CUSTODIAN), "renounced");
    }

    /// @dev The admin can touch no consent and no key: it is a stranger to every subject.
    function test_an_admin_is_a_stranger_to_subjects() public {
        grant(grantOf(ALICE, ALICE_KEY, TERMS));
        vm.expectRevert();
        vm.prank(ADMIN);
        ledger.withdrawOwn(ALICE, TERMS);
        vm.expectRevert();
        vm.prank(ADMIN);
        ledger.stopOwn(ALICE);
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
    }

    function test_the_domain_can_be_asked() public view {
        (bytes1 fields, string memory name, string memory version, uint256 chainId, address contract_,,) =
            ledger.eip712Domain();
        vm.assertEq(uint8(fields), 0x0f, "fields");
        vm.assertEq(bytes(name), "Vouchsafe", "name");
        vm.assertEq(bytes(version), "1", "version");
        vm.assertEq(chainId, block.chainid, "chain");
        vm.assertEq(contract_, address(ledger), "contract");
    }

    function test_the_head_is_the_same_in_another_block() public {
        uint256 snapshot = vm.snapshotState();
        ConsentLedger.SignedGrant memory g = grantOf(ALICE, ALICE_KEY, TERMS);
        grant(g);
        bytes32 first = tip();
        vm.revertToState(snapshot);
        vm.warp(NOW + 9 * YEAR);
        vm.roll(1_000_000);
        grant(g);
        vm.assertEq(tip(), first, "head");
    }
}
