// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Whether a signer signed a digest, at a bounded price (docs/spec/ledger.md, section 3).
/// @dev A signer is 20 bytes (an account) or 84 bytes (a verifier fixed at deployment, then qx and qy of a P-256 key).
/// OpenZeppelin's SignatureChecker is not used as it stands: it asks any verifier, with all gas, and copies any answer.
abstract contract Signers {
    /// @dev What asking a contract may cost: enough for P-256 in Solidity on a chain without the precompile (281k).
    uint256 private constant VERIFICATION_GAS = 400_000;

    address[] private _verifiers;

    error SignerMalformed();
    error SignatureInvalid();
    /// @dev An account with code can burn gas, so its message travels alone.
    error SignerNotAlone();
    error VerifierWithoutCode();
    /// @dev Reverts the whole call: a lack of gas must not look like a bad signature.
    error GasTooLow();

    constructor(address[] memory verifiers_) {
        for (uint256 i = 0; i < verifiers_.length; ++i) {
            if (verifiers_[i].code.length == 0) revert VerifierWithoutCode();
            _verifiers.push(verifiers_[i]);
        }
    }

    /// @notice The verifiers that this ledger accepts, fixed for ever.
    function verifiers() external view returns (address[] memory) {
        return _verifiers;
    }

    /// @dev Zero, or the selector of the error that says why not. `alone`: no other message in this call.
    function _checkSignature(bytes calldata signer, bytes32 digest, bytes calldata signature, bool alone)
        internal
        view
        returns (bytes4)
    {
        if (signer.length == 20) return _checkAccount(address(bytes20(signer)), digest, signature, alone);
        bytes4 reason = _checkForm(signer);
        if (reason != 0) return reason;
        bytes memory question = abi.encodeCall(IERC7913SignatureVerifier.verify, (signer[20:], digest, signature));
        return _ask(address(bytes20(signer)), question, IERC7913SignatureVerifier.verify.selector);
    }

    function _checkForm(bytes calldata signer) internal view returns (bytes4) {
        if (signer.length == 20) return 0;
        if (signer.length != 84) return SignerMalformed.selector;
        address verifier = address(bytes20(signer));
        for (uint256 i = 0; i < _verifiers.length; ++i) {
            if (_verifiers[i] == verifier) return 0;
        }
        return SignerMalformed.selector;
    }

    /// @dev The account's own key first: it holds whatever EIP-7702 code the account has put on, and most signers need no
    /// look at their code (2,600 gas). OpenZeppelin refuses high s and the zero address here.
    function _checkAccount(address account, bytes32 digest, bytes calldata signature, bool alone)
        private
        view
        returns (bytes4)
    {
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == account) return 0;
        if (account.code.length == 0) return SignatureInvalid.selector;
        if (!alone) return SignerNotAlone.selector;
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        return _ask(account, question, IERC1271.isValidSignature.selector);
    }

    /// @dev Yes is exactly the magic word. Gas is capped, and one word of the answer is copied, however long it is.
    function _ask(address target, bytes memory question, bytes4 magic) private view returns (bytes4) {
        // All but 1/64 of the gas can be handed on (EIP-150); the rest is for finishing the call.
        if (gasleft() < VERIFICATION_GAS + VERIFICATION_GAS / 32) revert GasTooLow();
        bool yes;
        assembly ("memory-safe") {
            let success :=
                staticcall(VERIFICATION_GAS, target, add(question, 0x20), mload(question), 0x00, 0x20)
            yes := and(success, and(gt(returndatasize(), 0x1f), eq(mload(0x00), magic)))
        }
        return yes ? bytes4(0) : SignatureInvalid.selector;
    }
}
