// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {LedgerHead} from "./LedgerHead.sol";
import {Signers} from "./Signers.sol";
import {TypedData} from "./TypedData.sol";

/// @title Whose keys may speak for a subject: enrolment, own keys, delegates, recovery (docs/spec/ledger.md, section 4).
/// @dev A key is used once: what was removed never comes back, so an old signature replayed changes nothing.
abstract contract SubjectKeys is AccessControl, EIP712, Signers, LedgerHead {
    enum KeyState {
        None,
        Active,
        Removed
    }

    struct SignedEnrolment {
        bytes32 subject;
        bytes signer;
        bytes signature;
    }

    struct Subject {
        address custodian;
        uint40 stoppedAt;
    }

    struct Key {
        KeyState state;
        uint8 role;
        uint40 until;
    }

    struct Recovery {
        uint40 readyAt;
        bytes signer;
    }

    bytes32 public constant CUSTODIAN_ROLE = keccak256("CUSTODIAN_ROLE");
    /// @notice The patient's own key: everything.
    uint8 public constant ROLE_OWN = 0;
    /// @notice A delegate: may grant, withdraw and stop; may not touch keys.
    uint8 public constant ROLE_DELEGATE = 1;
    /// @notice How long the patient has to veto a recovery, in seconds.
    uint40 public immutable RECOVERY_DELAY;

    mapping(bytes32 subject => Subject) internal _subjects;
    mapping(bytes32 subject => mapping(bytes32 keyHash => Key)) internal _keys;
    mapping(bytes32 subject => Recovery) private _recoveries;

    error NotEnrolled();
    error AlreadyEnrolled();
    error KeyUnknown();
    error KeyUsed();
    error KeyNotEnded();
    error RoleInvalid();
    error RoleForbids();
    error NotTheCustodian();
    error RecoveryNotPending();
    error RecoveryTooEarly();

    event Enrolled(bytes32 indexed subject, address indexed custodian, bytes signer);
    event KeyAdded(bytes32 indexed subject, bytes signer, uint8 role, uint40 until);
    event KeyRemoved(bytes32 indexed subject, bytes signer);
    event RecoveryProposed(bytes32 indexed subject, bytes signer, uint40 readyAt);
    event RecoveryVetoed(bytes32 indexed subject, bytes signer);
    event Recovered(bytes32 indexed subject, bytes signer);
    /// @notice One message of a batch was refused; `reason` is the selector of an error. Nothing changed.
    event Refused(bytes32 indexed subject, bytes32 termsHash, bytes4 reason);

    constructor(uint40 recoveryDelay) {
        RECOVERY_DELAY = recoveryDelay;
    }

    /// @notice Sets the first key of new subjects. Each key signs that it belongs to this subject at the caller.
    function enrol(SignedEnrolment[] calldata enrolments) external onlyRole(CUSTODIAN_ROLE) {
        bytes32 tip = _loadTip();
        for (uint256 i = 0; i < enrolments.length; ++i) {
            SignedEnrolment calldata e = enrolments[i];
            bytes4 reason = _checkEnrolment(e, enrolments.length == 1);
            if (reason != 0) {
                emit Refused(e.subject, 0, reason);
                continue;
            }
            bytes32 keyHash = keccak256(e.signer);
            _subjects[e.subject].custodian = msg.sender;
            _keys[e.subject][keyHash].state = KeyState.Active;
            tip = _rolled(tip, ENROLLED, e.subject, bytes32(uint256(uint160(msg.sender))), keyHash);
            emit Enrolled(e.subject, msg.sender, e.signer);
        }
        _saveTip(tip);
    }

    /// @notice Adds a key. One of the patient's own keys and the new key sign the same KeyAddition.
    function addKey(
        bytes32 subject,
        bytes calldata signer,
        uint8 role,
        uint40 until,
        bytes calldata bySigner,
        bytes calldata bySignature,
        bytes calldata newKeySignature
    ) external {
        bytes32 keyHash = keccak256(signer);
        bytes32 digest = _requireAddable(subject, keyHash, role, until);
        _requireOwnKey(subject, bySigner, digest, bySignature);
        _require(_checkSignature(signer, digest, newKeySignature, true));
        _addKey(subject, keyHash, role, until);
        emit KeyAdded(subject, signer, role, until);
    }

    /// @notice Removes a key for ever, or bars one that was never added. One of the patient's own keys signs.
    function removeKey(bytes32 subject, bytes calldata signer, bytes calldata bySigner, bytes calldata bySignature)
        external
    {
        _require(_checkForm(signer));
        bytes32 keyHash = keccak256(signer);
        bytes32 digest = _hashTypedDataV4(TypedData.hashKeyRemoval(subject, keyHash));
        _requireOwnKey(subject, bySigner, digest, bySignature);
        if (_keys[subject][keyHash].state != KeyState.Removed) _removeKey(subject, signer, keyHash);
    }

    /// @notice Removes a delegate's key whose end has passed. Anyone may: it only carries out what the patient signed.
    function endKey(bytes32 subject, bytes calldata signer) external {
        bytes32 keyHash = keccak256(signer);
        Key memory key = _keys[subject][keyHash];
        if (key.state != KeyState.Active) revert KeyUnknown();
        if (key.until == 0 || block.timestamp <= key.until) revert KeyNotEnded();
        _removeKey(subject, signer, keyHash);
    }

    /// @notice Proposes a new key for a patient who lost all. Only the subject's custodian; the new key signs an Enrolment.
    /// A newer proposal replaces an older one, and the delay starts again.
    function proposeRecovery(bytes32 subject, bytes calldata signer, bytes calldata newKeySignature)
        external
        onlyRole(CUSTODIAN_ROLE)
    {
        address custodian = _subjects[subject].custodian;
        if (custodian == address(0)) revert NotEnrolled();
        if (custodian != msg.sender) revert NotTheCustodian();
        bytes32 keyHash = keccak256(signer);
        _requireUnused(subject, keyHash);
        bytes32 digest = _hashTypedDataV4(TypedData.hashEnrolment(subject, msg.sender, keyHash));
        _require(_checkSignature(signer, digest, newKeySignature, true));
        uint40 readyAt = uint40(block.timestamp) + RECOVERY_DELAY;
        _recoveries[subject] = Recovery(readyAt, signer);
        _saveTip(_rolled(_loadTip(), RECOVERY_PROPOSED, subject, keyHash));
        emit RecoveryProposed(subject, signer, readyAt);
    }

    /// @notice Ends a proposed recovery; its key can never be proposed or added again. One of the patient's own keys signs.
    function vetoRecovery(bytes32 subject, bytes calldata signer, bytes calldata bySigner, bytes calldata bySignature)
        external
    {
        bytes32 keyHash = keccak256(signer);
        Recovery storage recovery = _recoveries[subject];
        if (recovery.readyAt == 0 || keccak256(recovery.signer) != keyHash) revert RecoveryNotPending();
        bytes32 digest = _hashTypedDataV4(TypedData.hashRecoveryVeto(subject, keyHash));
        _requireOwnKey(subject, bySigner, digest, bySignature);
        delete _recoveries[subject];
        // A patient who has added this very key since keeps it; otherwise a replayed veto could meet a later proposal.
        Key storage key = _keys[subject][keyHash];
        if (key.state == KeyState.None) key.state = KeyState.Removed;
        _saveTip(_rolled(_loadTip(), RECOVERY_VETOED, subject, keyHash));
        emit RecoveryVetoed(subject, signer);
    }

    /// @notice Makes the proposed key one of the patient's own, once the delay has passed. Anyone may; other keys stay.
    function completeRecovery(bytes32 subject) external {
        Recovery memory recovery = _recoveries[subject];
        if (recovery.readyAt == 0) revert RecoveryNotPending();
        if (block.timestamp < recovery.readyAt) revert RecoveryTooEarly();
        bytes32 keyHash = keccak256(recovery.signer);
        _requireUnused(subject, keyHash);
        delete _recoveries[subject];
        _keys[subject][keyHash].state = KeyState.Active;
        _saveTip(_rolled(_loadTip(), RECOVERED, subject, keyHash));
        emit Recovered(subject, recovery.signer);
    }

    /// @notice The custodian that enrolled a subject (zero: nobody), and the time up to which its grants are void.
    function subjectOf(bytes32 subject) external view returns (address custodian, uint40 stoppedAt) {
        return (_subjects[subject].custodian, _subjects[subject].stoppedAt);
    }

    /// @notice What a key may do for a subject.
    function keyOf(bytes32 subject, bytes calldata signer)
        external
        view
        returns (KeyState state, uint8 role, uint40 until)
    {
        Key memory key = _keys[subject][keccak256(signer)];
        return (key.state, key.role, key.until);
    }

    /// @notice The recovery that waits for its time (`readyAt` zero: none).
    function recoveryOf(bytes32 subject) external view returns (bytes memory signer, uint40 readyAt) {
        return (_recoveries[subject].signer, _recoveries[subject].readyAt);
    }

    function _checkEnrolment(SignedEnrolment calldata e, bool alone) private view returns (bytes4) {
        if (_subjects[e.subject].custodian != address(0)) return AlreadyEnrolled.selector;
        bytes32 structHash = TypedData.hashEnrolment(e.subject, msg.sender, keccak256(e.signer));
        return _checkSignature(e.signer, _hashTypedDataV4(structHash), e.signature, alone);
    }

    function _requireAddable(bytes32 subject, bytes32 keyHash, uint8 role, uint40 until)
        private
        view
        returns (bytes32 digest)
    {
        if (role > ROLE_DELEGATE || (role == ROLE_OWN && until != 0)) revert RoleInvalid();
        _requireUnused(subject, keyHash);
        return _hashTypedDataV4(TypedData.hashKeyAddition(subject, keyHash, role, until));
    }

    function _addKey(bytes32 subject, bytes32 keyHash, uint8 role, uint40 until) private {
        _keys[subject][keyHash] = Key(KeyState.Active, role, until);
        _saveTip(_rolled(_loadTip(), KEY_ADDED, subject, keyHash, role, until));
    }

    function _removeKey(bytes32 subject, bytes calldata signer, bytes32 keyHash) private {
        _keys[subject][keyHash].state = KeyState.Removed;
        _saveTip(_rolled(_loadTip(), KEY_REMOVED, subject, keyHash));
        emit KeyRemoved(subject, signer);
    }

    function _requireUnused(bytes32 subject, bytes32 keyHash) private view {
        if (_keys[subject][keyHash].state != KeyState.None) revert KeyUsed();
    }

    function _requireOwnKey(bytes32 subject, bytes calldata signer, bytes32 digest, bytes calldata signature)
        private
        view
    {
        Key memory key = _keys[subject][keccak256(signer)];
        if (key.state != KeyState.Active) revert KeyUnknown();
        if (key.role != ROLE_OWN) revert RoleForbids();
        _require(_checkSignature(signer, digest, signature, true));
    }

    /// @dev Reverts with the error whose selector is `reason`, if there is one: batches and single calls share their checks.
    function _require(bytes4 reason) internal pure {
        if (reason == 0) return;
        assembly ("memory-safe") {
            mstore(0x00, reason)
            revert(0x00, 0x04)
        }
    }
}
