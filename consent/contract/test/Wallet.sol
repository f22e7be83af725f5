// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @dev A contract account whose answer can be set: yes, no, almost yes, or one of three ways of doing harm.
contract Wallet {
    enum Mood {
        Yes,
        No,
        AlmostYes,
        Short,
        Burner,
        Megabytes,
        Reverts
    }

    Mood public mood;

    function become(Mood mood_) external {
        mood = mood_;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        if (mood == Mood.Yes) return IERC1271.isValidSignature.selector;
        if (mood == Mood.Burner) while (true) {}
        if (mood == Mood.Reverts) revert("no");
        bytes32 almost = bytes32(IERC1271.isValidSignature.selector) | bytes32(uint256(1));
        if (mood == Mood.AlmostYes) {
            assembly {
                mstore(0, almost)
                return(0, 0x20)
            }
        }
        if (mood == Mood.Short) {
            assembly {
                mstore(0, almost)
                return(0, 0x04)
            }
        }
        if (mood == Mood.Megabytes) {
            assembly {
                return(0, 200000)
            }
        }
        return 0xffffffff;
    }

    function speak(address target, bytes calldata data) external returns (bool ok) {
        (ok,) = target.call(data);
    }
}

/// @dev Says yes to everything.
contract YesVerifier {
    function verify(bytes calldata, bytes32, bytes calldata) external pure returns (bytes4) {
        return this.verify.selector;
    }
}
