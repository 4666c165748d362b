"""Makes a key pair for an issuer of tokens: the private half beside the folder that is served, the public half in it."""

import base64
import json
import pathlib
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def number(value: int) -> str:
    octets = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def main(private: pathlib.Path, served: pathlib.Path) -> None:
    # API Gateway accepts RSA signatures only.
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    public = key.public_key().public_numbers()
    jwk = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "e2e", "n": number(public.n), "e": number(public.e)}
    well_known = served / ".well-known"
    well_known.mkdir(parents=True)
    (well_known / "jwks.json").write_text(json.dumps({"keys": [jwk]}))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
