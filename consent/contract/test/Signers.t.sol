// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConsentLedger} from "../ConsentLedger.sol";
import {Signers} from "../Signers.sol";
import {SubjectKeys} from "../SubjectKeys.sol";
import {TypedData} from "../TypedData.sol";
import {LedgerTest} from "./LedgerTest.sol";
import {Wallet, YesVerifier} from "./Wallet.sol";

/// @title Signers: accounts, contract accounts, passkeys, and everything that is none of these.
contract SignersTest is LedgerTest {
    bytes32 private constant PAT = keccak256("subject pat");
    bytes32 private constant WALLET = keccak256("subject wallet");

    Wallet private wallet;

    function setUp() public override {
        super.setUp();
        wallet = new Wallet();
        enrol(SubjectKeys.SignedEnrolment(WALLET, abi.encodePacked(wallet), ""), CUSTODIAN);
        bytes32 structHash = TypedData.hashEnrolment(PAT, CUSTODIAN, keccak256(passkey(PASSKEY)));
        enrol(SubjectKeys.SignedEnrolment(PAT, passkey(PASSKEY), signedByPasskey(PASSKEY, structHash)), CUSTODIAN);
    }

    function walletGrant(bytes32 termsHash) private view returns (ConsentLedger.SignedGrant memory) {
        return ConsentLedger.SignedGrant(WALLET, termsHash, NOW, NOW + YEAR, abi.encodePacked(wallet), hex"01");
    }

    function passkeyGrant(bytes memory signature) private view returns (ConsentLedger.SignedGrant memory) {
        return ConsentLedger.SignedGrant(PAT, TERMS, NOW, NOW + YEAR, passkey(PASSKEY), signature);
    }

    function grantDigest() private view returns (bytes32) {
        return digestOf(TypedData.hashGrant(PAT, TERMS, NOW, NOW + YEAR));
    }

    function assertRefused(ConsentLedger.SignedGrant memory g, bytes4 reason) private {
        bytes32 before = tip();
        expectRefused(g.subject, g.termsHash, reason);
        grant(g);
        vm.assertEq(tip(), before, "head");
    }

    // Accounts.

    function test_the_twin_of_a_signature_is_refused() public {
        ConsentLedger.SignedGrant memory g = grantOf(ALICE, ALICE_KEY, TERMS);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ALICE_KEY, digestOf(TypedData.hashGrant(ALICE, TERMS, NOW, NOW + YEAR)));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        g.signature = abi.encodePacked(r, bytes32(order - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        assertRefused(g, Signers.SignatureInvalid.selector);
        g.signature = abi.encodePacked(r, s, v - 27);
        assertRefused(g, Signers.SignatureInvalid.selector);
        g.signature = abi.encodePacked(r, s, v, uint8(0));
        assertRefused(g, Signers.SignatureInvalid.selector);
        g.signature = abi.encodePacked(r, s, v);
        grant(g);
    }

    function test_the_zero_address_is_no_signer() public {
        bytes32 subject = keccak256("subject zero");
        expectRefused(subject, 0, Signers.SignatureInvalid.selector);
        enrol(SubjectKeys.SignedEnrolment(subject, new bytes(20), new bytes(65)), CUSTODIAN);
        expectRefused(subject, 0, Signers.SignatureInvalid.selector);
        enrol(SubjectKeys.SignedEnrolment(subject, new bytes(20), ""), CUSTODIAN);
    }

    function test_a_signer_is_20_bytes_or_84_of_a_fixed_verifier() public {
        bytes32 subject = keccak256("subject odd");
        uint8[8] memory lengths = [0, 1, 19, 21, 65, 83, 85, 200];
        for (uint256 i = 0; i < lengths.length; ++i) {
            expectRefused(subject, 0, Signers.SignerMalformed.selector);
            enrol(SubjectKeys.SignedEnrolment(subject, new bytes(lengths[i]), new bytes(65)), CUSTODIAN);
        }
    }

    /// @dev An account that puts on EIP-7702 code keeps its own key; its code is asked only when the key did not sign.
    function test_an_account_with_code_signs_with_its_own_key() public {
        ConsentLedger.SignedGrant memory g = grantOf(ALICE, ALICE_KEY, TERMS);
        vm.etch(vm.addr(ALICE_KEY), abi.encodePacked(hex"ef0100", address(wallet)));
        grant(g);
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Active);
        withdraw(withdrawalOf(ALICE, ALICE_KEY, TERMS));
        stop(stopOf(ALICE, ALICE_KEY, NOW));
        (, uint40 stoppedAt) = ledger.subjectOf(ALICE);
        vm.assertEq(stoppedAt, NOW, "stoppedAt");
    }

    // Contract accounts.

    function test_a_contract_account_grants_alone() public {
        grant(walletGrant(TERMS));
        assertStatus(WALLET, TERMS, ConsentLedger.Status.Active);
    }

    function test_a_contract_account_that_does_not_say_yes_is_refused() public {
        for (uint8 mood = 1; mood <= uint8(type(Wallet.Mood).max); ++mood) {
            wallet.become(Wallet.Mood(mood));
            assertRefused(walletGrant(TERMS), Signers.SignatureInvalid.selector);
        }
    }

    function test_a_consent_stands_when_its_wallet_changes_its_mind() public {
        grant(walletGrant(TERMS));
        wallet.become(Wallet.Mood.No);
        assertStatus(WALLET, TERMS, ConsentLedger.Status.Active);
        wallet.speak(address(ledger), abi.encodeCall(ConsentLedger.withdrawOwn, (WALLET, TERMS)));
        assertStatus(WALLET, TERMS, ConsentLedger.Status.Withdrawn);
    }

    function test_99_good_grants_and_one_burner() public {
        wallet.become(Wallet.Mood.Burner);
        ConsentLedger.SignedGrant[] memory batch = new ConsentLedger.SignedGrant[](100);
        for (uint256 i = 0; i < 100; ++i) {
            bytes32 termsHash = keccak256(abi.encode(i));
            batch[i] = i == 50 ? walletGrant(termsHash) : grantOf(ALICE, ALICE_KEY, termsHash);
        }
        uint40 before = ledger.count();
        expectRefused(WALLET, keccak256(abi.encode(50)), Signers.SignerNotAlone.selector);
        ledger.grant{gas: 10_000_000}(batch);
        vm.assertEq(ledger.count(), before + 99, "granted");
    }

    function test_a_burner_alone_burns_no_more_than_the_cap() public {
        wallet.become(Wallet.Mood.Burner);
        ConsentLedger.SignedGrant[] memory batch = new ConsentLedger.SignedGrant[](1);
        batch[0] = walletGrant(TERMS);
        uint256 start = gasleft();
        ledger.grant{gas: 1_000_000}(batch);
        vm.assertLe(start - gasleft(), 450_000, "gas");
        wallet.become(Wallet.Mood.Megabytes);
        start = gasleft();
        ledger.grant{gas: 1_000_000}(batch);
        vm.assertLe(start - gasleft(), 450_000, "gas");
    }

    function test_contract_accounts_come_alone_in_every_batch() public {
        ConsentLedger.SignedWithdrawal[] memory w = new ConsentLedger.SignedWithdrawal[](2);
        w[0] = ConsentLedger.SignedWithdrawal(WALLET, TERMS, abi.encodePacked(wallet), "");
        w[1] = withdrawalOf(ALICE, ALICE_KEY, TERMS);
        expectRefused(WALLET, TERMS, Signers.SignerNotAlone.selector);
        ledger.withdraw(w);
        assertStatus(ALICE, TERMS, ConsentLedger.Status.Withdrawn);
        withdraw(w[0]);
        assertStatus(WALLET, TERMS, ConsentLedger.Status.Withdrawn);

        ConsentLedger.SignedStop[] memory s = new ConsentLedger.SignedStop[](2);
        s[0] = ConsentLedger.SignedStop(WALLET, NOW, abi.encodePacked(wallet), "");
        s[1] = stopOf(ALICE, ALICE_KEY, NOW);
        expectRefused(WALLET, 0, Signers.SignerNotAlone.selector);
        ledger.stop(s);
        stop(s[0]);
        (, uint40 stoppedAt) = ledger.subjectOf(WALLET);
        vm.assertEq(stoppedAt, NOW, "stoppedAt");

        SubjectKeys.SignedEnrolment[] memory e = new SubjectKeys.SignedEnrolment[](2);
        e[0] = SubjectKeys.SignedEnrolment(keccak256("subject wallet 2"), abi.encodePacked(wallet), "");
        e[1] = enrolmentOf(keccak256("subject new"), CUSTODIAN, NEW_KEY);
        expectRefused(e[0].subject, 0, Signers.SignerNotAlone.selector);
        vm.prank(CUSTODIAN);
        ledger.enrol(e);
        assertKey(keccak256("subject new"), account(NEW_KEY), SubjectKeys.KeyState.Active);
    }

    /// @dev Too little gas undoes the call; it never makes a good signature look bad.
    function test_a_lack_of_gas_is_not_a_bad_signature() public {
        ConsentLedger.SignedGrant[] memory batch = new ConsentLedger.SignedGrant[](1);
        batch[0] = walletGrant(TERMS);
        vm.expectRevert(Signers.GasTooLow.selector);
        ledger.grant{gas: 350_000}(batch);
        batch[0] = passkeyGrant(assertion(PASSKEY, grantDigest(), 0x05));
        vm.expectRevert(Signers.GasTooLow.selector);
        ledger.grant{gas: 350_000}(batch);
    }

    // Passkeys.

    function test_a_passkey_grants_withdraws_and_stops() public {
        grant(passkeyGrant(assertion(PASSKEY, grantDigest(), 0x05)));
        assertStatus(PAT, TERMS, ConsentLedger.Status.Active);
        bytes memory signature = signedByPasskey(PASSKEY, TypedData.hashWithdrawal(PAT, TERMS));
        withdraw(ConsentLedger.SignedWithdrawal(PAT, TERMS, passkey(PASSKEY), signature));
        assertStatus(PAT, TERMS, ConsentLedger.Status.Withdrawn);
        signature = signedByPasskey(PASSKEY, TypedData.hashStop(PAT, NOW));
        stop(ConsentLedger.SignedStop(PAT, NOW, passkey(PASSKEY), signature));
        (, uint40 stoppedAt) = ledger.subjectOf(PAT);
        vm.assertEq(stoppedAt, NOW, "stoppedAt");
    }

    function test_an_assertion_for_another_digest_or_by_another_key_is_refused() public {
        assertRefused(passkeyGrant(assertion(PASSKEY, keccak256("sign-in"), 0x05)), Signers.SignatureInvalid.selector);
        assertRefused(passkeyGrant(assertion(PASSKEY + 1, grantDigest(), 0x05)), Signers.SignatureInvalid.selector);
    }

    function test_an_assertion_needs_presence_and_verification() public {
        bytes1[5] memory flags = [bytes1(0x00), 0x01, 0x04, 0x15, 0x80];
        for (uint256 i = 0; i < flags.length; ++i) {
            assertRefused(passkeyGrant(assertion(PASSKEY, grantDigest(), flags[i])), Signers.SignatureInvalid.selector);
        }
        grant(passkeyGrant(assertion(PASSKEY, grantDigest(), 0x1d)));
        assertStatus(PAT, TERMS, ConsentLedger.Status.Active);
    }

    function test_a_high_s_of_a_passkey_is_refused() public {
        bytes memory signature = assertion(PASSKEY, grantDigest(), 0x05);
        assembly {
            let place := add(signature, 0x40)
            mstore(place, sub(P256_ORDER, mload(place)))
        }
        assertRefused(passkeyGrant(signature), Signers.SignatureInvalid.selector);
    }

    /// @dev The identity precompile echoes its input, whose first word is the expected answer: an open verifier is a forge.
    function test_only_the_fixed_verifiers_are_asked() public {
        bytes32 subject = keccak256("subject forged");
        address[4] memory foreign = [address(0x04), address(0), address(new YesVerifier()), address(ledger)];
        for (uint256 i = 0; i < foreign.length; ++i) {
            bytes memory signer = abi.encodePacked(foreign[i], uint256(1), uint256(2));
            expectRefused(subject, 0, Signers.SignerMalformed.selector);
            enrol(SubjectKeys.SignedEnrolment(subject, signer, "anything"), CUSTODIAN);
        }
    }

    function test_a_second_verifier_may_be_fixed_at_deployment() public {
        address[] memory two = new address[](2);
        (two[0], two[1]) = (verifier, address(new YesVerifier()));
        ledger = deploy(ADMIN, list(CUSTODIAN), list(ANCHORER), two);
        bytes memory signer = abi.encodePacked(two[1], uint256(1), uint256(2));
        enrol(SubjectKeys.SignedEnrolment(ALICE, signer, ""), CUSTODIAN);
        assertKey(ALICE, signer, SubjectKeys.KeyState.Active);
    }

    function testFuzz_a_changed_assertion_is_refused(uint256 place, uint8 bit) public {
        bytes memory signature = assertion(PASSKEY, grantDigest(), 0x05);
        // Up to the end of the signed parts; what follows is padding, which nobody signs.
        place = place % 64;
        signature[place] = signature[place] ^ bytes1(uint8(1) << (bit % 8));
        assertRefused(passkeyGrant(signature), Signers.SignatureInvalid.selector);
    }

    function testFuzz_garbage_for_a_passkey_is_refused(bytes calldata garbage) public {
        assertRefused(passkeyGrant(garbage), Signers.SignatureInvalid.selector);
    }

    function testFuzz_any_passkey_may_grant(uint256 key, bytes32 subject) public {
        key = 1 + key % (P256_ORDER - 1);
        vm.assume(subject != ALICE && subject != BOB && subject != PAT && subject != WALLET);
        bytes memory proof = signedByPasskey(key, TypedData.hashEnrolment(subject, CUSTODIAN, keccak256(passkey(key))));
        enrol(SubjectKeys.SignedEnrolment(subject, passkey(key), proof), CUSTODIAN);
        bytes memory signature = signedByPasskey(key, TypedData.hashGrant(subject, TERMS, NOW, NOW + 1));
        grant(ConsentLedger.SignedGrant(subject, TERMS, NOW, NOW + 1, passkey(key), signature));
        assertStatus(subject, TERMS, ConsentLedger.Status.Active);
    }
}
