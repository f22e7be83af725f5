// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {Signers} from "./Signers.sol";
import {SubjectKeys} from "./SubjectKeys.sol";
import {TypedData} from "./TypedData.sol";

/// @title Who may use which record, for what, until when: signed by the patient, kept as commitments.
/// @notice Anyone may bring what a patient has signed. An id is granted once, ever; withdrawals and stops are final.
/// @dev The rules are docs/spec/ledger.md. Every check against the clock asks that a time has come, never that it has not
/// passed, so whatever was accepted once is accepted again when a lost chain is built anew in the same order.
contract ConsentLedger is SubjectKeys, Pausable {
    enum Status {
        None,
        Active,
        Withdrawn,
        Stopped,
        Expired
    }

    struct SignedGrant {
        bytes32 subject;
        bytes32 termsHash;
        uint40 signedAt;
        uint40 notAfter;
        bytes signer;
        bytes signature;
    }

    struct SignedWithdrawal {
        bytes32 subject;
        bytes32 termsHash;
        bytes signer;
        bytes signature;
    }

    struct SignedStop {
        bytes32 subject;
        uint40 issuedAt;
        bytes signer;
        bytes signature;
    }

    struct ConsentRef {
        bytes32 subject;
        bytes32 termsHash;
    }

    /// @dev A consent is one word, written at once: signedAt (40 bits), notAfter (the next 40), WITHDRAWN. `signedAt` is not
    /// zero once granted, since a grant is signed later than the last stop, which is zero or more.
    uint256 private constant WITHDRAWN_FLAG = 1 << 80;

    bytes32 public constant ANCHOR_ROLE = keccak256("ANCHOR_ROLE");
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");
    /// @notice How far a signer's clock may run ahead of the block's, in seconds.
    uint40 public constant SKEW = 120;

    mapping(bytes32 consentId => uint256) private _consents;

    error ConsentIdUsed();
    error KeyEnded();
    error PeriodEmpty();
    error StoppedSince();
    error TimeInFuture();

    event Granted(bytes32 indexed subject, bytes32 termsHash, bytes32 keyHash, uint40 signedAt, uint40 notAfter);
    event Withdrawn(bytes32 indexed subject, bytes32 termsHash);
    event Stopped(bytes32 indexed subject, uint40 issuedAt);
    event Anchored(bytes32 indexed kind, bytes32 root, uint64 count);

    /// @dev The admin says who may enrol, anchor and pause, and can touch no consent and no key. It may be a multisig.
    constructor(
        address admin,
        address[] memory custodians,
        address[] memory anchorers,
        address[] memory verifiers_,
        uint40 recoveryDelay
    ) EIP712("Vouchsafe", "1") Signers(verifiers_) SubjectKeys(recoveryDelay) {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(PAUSER_ROLE, admin);
        for (uint256 i = 0; i < custodians.length; ++i) {
            _grantRole(CUSTODIAN_ROLE, custodians[i]);
        }
        for (uint256 i = 0; i < anchorers.length; ++i) {
            _grantRole(ANCHOR_ROLE, anchorers[i]);
        }
    }

    /// @notice Records grants that patients or their delegates signed. A bad one is refused by event; the others stand.
    function grant(SignedGrant[] calldata grants) external whenNotPaused {
        bytes32 tip = _loadTip();
        for (uint256 i = 0; i < grants.length; ++i) {
            SignedGrant calldata g = grants[i];
            bytes32 id = TypedData.consentId(g.subject, g.termsHash);
            bytes32 keyHash = keccak256(g.signer);
            bytes4 reason = _checkGrant(g, id, keyHash, grants.length == 1);
            if (reason != 0) {
                emit Refused(g.subject, g.termsHash, reason);
                continue;
            }
            _consents[id] = uint256(g.signedAt) | uint256(g.notAfter) << 40;
            tip = _rolledGrant(tip, g, keyHash);
            emit Granted(g.subject, g.termsHash, keyHash, g.signedAt, g.notAfter);
        }
        _saveTip(tip);
    }

    /// @notice Withdraws consents for ever, also those whose grant has not arrived yet. Never paused.
    function withdraw(SignedWithdrawal[] calldata withdrawals) external {
        bytes32 tip = _loadTip();
        for (uint256 i = 0; i < withdrawals.length; ++i) {
            SignedWithdrawal calldata w = withdrawals[i];
            bytes32 structHash = TypedData.hashWithdrawal(w.subject, w.termsHash);
            bytes4 reason = _checkSigned(w.subject, w.signer, structHash, w.signature, withdrawals.length == 1);
            if (reason == 0) tip = _withdraw(tip, w.subject, w.termsHash);
            else emit Refused(w.subject, w.termsHash, reason);
        }
        _saveTip(tip);
    }

    /// @notice Withdraws a consent by the account of one of the subject's keys, with no signature and no relayer.
    function withdrawOwn(bytes32 subject, bytes32 termsHash) external {
        _requireOwnAccount(subject);
        _saveTip(_withdraw(_loadTip(), subject, termsHash));
    }

    /// @notice Voids every grant signed up to the stop's time, whatever their number. Never paused.
    function stop(SignedStop[] calldata stops) external {
        bytes32 tip = _loadTip();
        for (uint256 i = 0; i < stops.length; ++i) {
            SignedStop calldata s = stops[i];
            bytes4 reason = s.issuedAt > block.timestamp + SKEW ? TimeInFuture.selector : bytes4(0);
            bytes32 structHash = TypedData.hashStop(s.subject, s.issuedAt);
            if (reason == 0) reason = _checkSigned(s.subject, s.signer, structHash, s.signature, stops.length == 1);
            if (reason == 0) tip = _stop(tip, s.subject, s.issuedAt);
            else emit Refused(s.subject, 0, reason);
        }
        _saveTip(tip);
    }

    /// @notice Stops as of now, by the account of one of the subject's keys.
    function stopOwn(bytes32 subject) external {
        _requireOwnAccount(subject);
        _saveTip(_stop(_loadTip(), subject, uint40(block.timestamp)));
    }

    /// @notice Puts a Merkle root of something kept elsewhere (`kind`) on the record, with its number of leaves.
    function anchor(bytes32 kind, bytes32 root, uint64 leaves) external onlyRole(ANCHOR_ROLE) {
        _saveTip(_rolled(_loadTip(), ANCHORED, kind, root, bytes32(uint256(leaves))));
        emit Anchored(kind, root, leaves);
    }

    /// @notice Holds up new grants, and nothing else.
    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
        _saveTip(_rolled(_loadTip(), PAUSED, bytes32(uint256(uint160(msg.sender)))));
    }

    function unpause() external onlyRole(PAUSER_ROLE) {
        _unpause();
        _saveTip(_rolled(_loadTip(), UNPAUSED, bytes32(uint256(uint160(msg.sender)))));
    }

    /// @notice The state of consents at this block's time. `notAfter` is the last second of a consent.
    function status(ConsentRef[] calldata refs) external view returns (Status[] memory statuses) {
        statuses = new Status[](refs.length);
        for (uint256 i = 0; i < refs.length; ++i) {
            uint256 consent = _consents[TypedData.consentId(refs[i].subject, refs[i].termsHash)];
            if (consent & WITHDRAWN_FLAG != 0) statuses[i] = Status.Withdrawn;
            else if (consent == 0) statuses[i] = Status.None;
            else if (uint40(consent) <= _subjects[refs[i].subject].stoppedAt) statuses[i] = Status.Stopped;
            else if (block.timestamp > uint40(consent >> 40)) statuses[i] = Status.Expired;
            else statuses[i] = Status.Active;
        }
    }

    function _checkGrant(SignedGrant calldata g, bytes32 id, bytes32 keyHash, bool alone)
        private
        view
        returns (bytes4)
    {
        Subject storage subject = _subjects[g.subject];
        if (subject.custodian == address(0)) return NotEnrolled.selector;
        if (g.notAfter <= g.signedAt) return PeriodEmpty.selector;
        if (g.signedAt > block.timestamp + SKEW) return TimeInFuture.selector;
        if (g.signedAt <= subject.stoppedAt) return StoppedSince.selector;
        if (_consents[id] != 0) return ConsentIdUsed.selector;
        Key storage key = _keys[g.subject][keyHash];
        if (key.state != KeyState.Active) return KeyUnknown.selector;
        if (key.until != 0 && g.signedAt > key.until) return KeyEnded.selector;
        bytes32 structHash = TypedData.hashGrant(g.subject, g.termsHash, g.signedAt, g.notAfter);
        return _checkSignature(g.signer, _hashTypedDataV4(structHash), g.signature, alone);
    }

    /// @dev For withdrawals and stops, which carry no time that a delegate's end could be held against.
    function _checkSigned(
        bytes32 subject,
        bytes calldata signer,
        bytes32 structHash,
        bytes calldata signature,
        bool alone
    ) private view returns (bytes4) {
        if (_keys[subject][keccak256(signer)].state != KeyState.Active) return KeyUnknown.selector;
        return _checkSignature(signer, _hashTypedDataV4(structHash), signature, alone);
    }

    function _requireOwnAccount(bytes32 subject) private view {
        if (_keys[subject][keccak256(abi.encodePacked(msg.sender))].state != KeyState.Active) revert KeyUnknown();
    }

    function _withdraw(bytes32 tip, bytes32 subject, bytes32 termsHash) private returns (bytes32) {
        bytes32 id = TypedData.consentId(subject, termsHash);
        uint256 consent = _consents[id];
        if (consent & WITHDRAWN_FLAG != 0) return tip;
        _consents[id] = consent | WITHDRAWN_FLAG;
        emit Withdrawn(subject, termsHash);
        return _rolled(tip, WITHDRAWN, subject, termsHash);
    }

    function _stop(bytes32 tip, bytes32 subject, uint40 issuedAt) private returns (bytes32) {
        if (issuedAt <= _subjects[subject].stoppedAt) return tip;
        _subjects[subject].stoppedAt = issuedAt;
        emit Stopped(subject, issuedAt);
        return _rolled(tip, STOPPED, subject, bytes32(uint256(issuedAt)));
    }

    function _rolledGrant(bytes32 tip, SignedGrant calldata g, bytes32 keyHash) private pure returns (bytes32) {
        bytes32 oldHead = bytes32(bytes27(tip));
        return _next(
            tip, keccak256(abi.encode(oldHead, GRANTED, g.subject, g.termsHash, keyHash, g.signedAt, g.notAfter))
        );
    }

    function _grantRole(bytes32 role, address account) internal override returns (bool granted) {
        granted = super._grantRole(role, account);
        if (granted) _saveTip(_rolled(_loadTip(), ROLE_GRANTED, role, bytes32(uint256(uint160(account)))));
    }

    function _revokeRole(bytes32 role, address account) internal override returns (bool revoked) {
        revoked = super._revokeRole(role, account);
        if (revoked) _saveTip(_rolled(_loadTip(), ROLE_REVOKED, role, bytes32(uint256(uint160(account)))));
    }
}
