// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A rolling hash over every change of state, and the number of changes (docs/spec/ledger.md, section 5).
/// @dev Whoever has read all events can compute `head` alone: equal heads mean that nothing was missed, doubled, invented
/// or reordered. It holds ids and signed values only, no block numbers, so the same changes in the same order always give
/// the same head.
abstract contract LedgerHead {
    uint256 internal constant ENROLLED = 1;
    uint256 internal constant KEY_ADDED = 2;
    uint256 internal constant KEY_REMOVED = 3;
    uint256 internal constant GRANTED = 4;
    uint256 internal constant WITHDRAWN = 5;
    uint256 internal constant STOPPED = 6;
    uint256 internal constant ANCHORED = 7;
    uint256 internal constant RECOVERY_PROPOSED = 8;
    uint256 internal constant RECOVERY_VETOED = 9;
    uint256 internal constant RECOVERED = 10;
    uint256 internal constant PAUSED = 11;
    uint256 internal constant UNPAUSED = 12;
    uint256 internal constant ROLE_GRANTED = 13;
    uint256 internal constant ROLE_REVOKED = 14;

    /// @dev Head in the left 27 bytes, count in the right 5: one slot, so that a call pays for one write.
    bytes32 private _tip;

    /// @notice The rolling hash over all changes so far.
    function head() external view returns (bytes27) {
        return bytes27(_tip);
    }

    /// @notice The number of changes so far.
    function count() external view returns (uint40) {
        return uint40(uint256(_tip));
    }

    /// @notice Both, read at one moment.
    function headAndCount() external view returns (bytes27, uint40) {
        return (bytes27(_tip), uint40(uint256(_tip)));
    }

    function _loadTip() internal view returns (bytes32) {
        return _tip;
    }

    function _saveTip(bytes32 tip) internal {
        _tip = tip;
    }

    function _rolled(bytes32 tip, uint256 op, bytes32 a) internal pure returns (bytes32) {
        return _next(tip, keccak256(abi.encode(bytes32(bytes27(tip)), op, a)));
    }

    function _rolled(bytes32 tip, uint256 op, bytes32 a, bytes32 b) internal pure returns (bytes32) {
        return _next(tip, keccak256(abi.encode(bytes32(bytes27(tip)), op, a, b)));
    }

    function _rolled(bytes32 tip, uint256 op, bytes32 a, bytes32 b, bytes32 c) internal pure returns (bytes32) {
        return _next(tip, keccak256(abi.encode(bytes32(bytes27(tip)), op, a, b, c)));
    }

    function _rolled(bytes32 tip, uint256 op, bytes32 a, bytes32 b, uint256 c, uint256 d)
        internal
        pure
        returns (bytes32)
    {
        return _next(tip, keccak256(abi.encode(bytes32(bytes27(tip)), op, a, b, c, d)));
    }

    /// @dev The checked addition reverts after 2^40 changes, which no chain will reach.
    function _next(bytes32 tip, bytes32 digest) internal pure returns (bytes32) {
        return bytes32(bytes27(digest)) | bytes32(uint256(uint40(uint256(tip)) + 1));
    }
}
