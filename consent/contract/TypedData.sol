// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The EIP-712 messages that a patient signs, and their hashes (docs/spec/ledger.md, section 2).
/// @dev EIP-712 encodes a nested struct as its hash, so the contract sees `termsHash` where the patient signs `Terms`.
library TypedData {
    // forgefmt: disable-start
    bytes32 internal constant TERMS_TYPEHASH = keccak256(
        "Terms(string decision,string recipient,string[] purposes,string[] categories,string[] records,string dataFrom,string dataTo,string[] obligations,string statement,string policyUri,bytes32 policyHash,bytes32 salt)"
    );
    bytes32 internal constant GRANT_TYPEHASH = keccak256(
        "Grant(bytes32 subject,Terms terms,uint40 signedAt,uint40 notAfter)Terms(string decision,string recipient,string[] purposes,string[] categories,string[] records,string dataFrom,string dataTo,string[] obligations,string statement,string policyUri,bytes32 policyHash,bytes32 salt)"
    );
    bytes32 internal constant WITHDRAWAL_TYPEHASH = keccak256("Withdrawal(bytes32 subject,bytes32 termsHash)");
    bytes32 internal constant STOP_TYPEHASH = keccak256("Stop(bytes32 subject,uint40 issuedAt)");
    bytes32 internal constant ENROLMENT_TYPEHASH = keccak256("Enrolment(bytes32 subject,address custodian,bytes signer)");
    bytes32 internal constant KEY_ADDITION_TYPEHASH = keccak256("KeyAddition(bytes32 subject,bytes signer,uint8 role,uint40 until)");
    bytes32 internal constant KEY_REMOVAL_TYPEHASH = keccak256("KeyRemoval(bytes32 subject,bytes signer)");
    bytes32 internal constant RECOVERY_VETO_TYPEHASH = keccak256("RecoveryVeto(bytes32 subject,bytes signer)");
    // forgefmt: disable-end

    /// @dev The name of a consent: one subject, one set of terms.
    function consentId(bytes32 subject, bytes32 termsHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(subject, termsHash));
    }

    function hashGrant(bytes32 subject, bytes32 termsHash, uint40 signedAt, uint40 notAfter)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(GRANT_TYPEHASH, subject, termsHash, signedAt, notAfter));
    }

    function hashWithdrawal(bytes32 subject, bytes32 termsHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(WITHDRAWAL_TYPEHASH, subject, termsHash));
    }

    function hashStop(bytes32 subject, uint40 issuedAt) internal pure returns (bytes32) {
        return keccak256(abi.encode(STOP_TYPEHASH, subject, issuedAt));
    }

    function hashEnrolment(bytes32 subject, address custodian, bytes32 keyHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(ENROLMENT_TYPEHASH, subject, custodian, keyHash));
    }

    function hashKeyAddition(bytes32 subject, bytes32 keyHash, uint8 role, uint40 until)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(KEY_ADDITION_TYPEHASH, subject, keyHash, role, until));
    }

    function hashKeyRemoval(bytes32 subject, bytes32 keyHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(KEY_REMOVAL_TYPEHASH, subject, keyHash));
    }

    function hashRecoveryVeto(bytes32 subject, bytes32 keyHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(RECOVERY_VETO_TYPEHASH, subject, keyHash));
    }
}
