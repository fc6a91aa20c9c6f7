"""A decoder of QR codes, CWTs and status lists over cbor2 and cryptography: it shares no code with what it judges.

Standard input: JSON {"what": "offline-qr" | "status-cwt" | "make-offline-qr" | "make-status-cwt", ...}, standard output: JSON.
"""
import hashlib
import json
import sys
import zlib

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def b45decode(text):
    out = bytearray()
    for i in range(0, len(text), 3):
        group = [ALPHABET.index(c) for c in text[i : i + 3]]
        value = sum(v * 45**n for n, v in enumerate(group))
        out += value.to_bytes(len(group) - 1, "big")
    return bytes(out)


def b45encode(data):
    text = ""
    for i in range(0, len(data), 2):
        part = data[i : i + 2]
        value = int.from_bytes(part, "big")
        for _ in range(len(part) + 1):
            value, digit = divmod(value, 45)
            text += ALPHABET[digit]
    return text


def point(raw):
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)


def sig_structure(protected, payload):
    return cbor2.dumps(["Signature1", protected, b"", payload])


def open_sign1(message, key):
    """Header and payload, and whether the signature is right."""
    tag = cbor2.loads(message)
    assert tag.tag == 18, "not tagged as COSE_Sign1"
    protected, unprotected, payload, signature = tag.value
    header = cbor2.loads(protected)
    assert header[1] == -7 and unprotected == {}
    if callable(key):
        key = key(cbor2.loads(payload))
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        key.verify(encode_dss_signature(r, s), sig_structure(protected, payload), ec.ECDSA(hashes.SHA256()))
        valid = True
    except InvalidSignature:
        valid = False
    return header, cbor2.loads(payload), valid


def make_sign1(header, claims, private):
    protected, payload = cbor2.dumps(header, canonical=True), cbor2.dumps(claims, canonical=True)
    r, s = decode_dss_signature(private.sign(sig_structure(protected, payload), ec.ECDSA(hashes.SHA256())))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]))


def private_key(text):
    return ec.derive_private_key(int(text, 16), ec.SECP256R1())


def raw_point(private):
    n = private.public_key().public_numbers()
    return b"\x04" + n.x.to_bytes(32, "big") + n.y.to_bytes(32, "big")


def key_id(private):
    return hashlib.sha256(raw_point(private)).digest()[:8]


def offline_qr(request):
    text = request["text"]
    assert text.startswith("VT1:")
    message = zlib.decompress(b45decode(text[4:]))
    inner_claims = {}

    def holder(outer):
        header, claims, valid = open_sign1(outer[-65538], point(bytes.fromhex(request["issuerKey"])))
        inner_claims.update(header=header, claims=claims, valid=valid)
        cose_key = claims[8][1]
        assert cose_key[1] == 2 and cose_key[-1] == 1
        return point(b"\x04" + cose_key[-2] + cose_key[-3])

    header, outer, valid = open_sign1(message, holder)
    claims = inner_claims["claims"]
    return {
        "holderSignature": valid,
        "issuerSignature": inner_claims["valid"],
        "types": [header[16], inner_claims["header"][16]],
        "keyIds": [header[4].hex(), inner_claims["header"][4].hex()],
        "issuedAt": outer[6],
        "expires": outer[4],
        "tokenId": outer[7].hex(),
        "issuer": claims[1],
        "cardIssuedAt": claims[6],
        "cardExpires": claims[4],
        "status": claims[65535]["status_list"],
        "activation": claims[-65537][1],
        "affiliation": claims[-65537][2],
        "people": claims[-65537][3],
        "canonical": cbor2.dumps(outer, canonical=True) == cbor2.loads(message).value[2],
    }


def make_offline_qr(request):
    """The same QR code, made without our code: what a phone of another maker would show."""
    issuer, holder = private_key(request["issuerPrivate"]), private_key(request["holderPrivate"])
    holder_point = raw_point(holder)
    inner = make_sign1(
        {1: -7, 4: key_id(issuer), 16: "application/vitap-card+cwt"},
        {
            1: request["issuer"],
            4: request["cardExpires"],
            6: request["cardIssuedAt"],
            8: {1: {1: 2, -1: 1, -2: holder_point[1:33], -3: holder_point[33:]}},
            65535: {"status_list": request["status"]},
            -65537: {1: request["activation"], 2: request["affiliation"], 3: request["people"]},
        },
        issuer,
    )
    outer = make_sign1(
        {1: -7, 4: key_id(holder), 16: "application/vitap-present+cwt"},
        {4: request["issuedAt"] + 60, 6: request["issuedAt"], 7: bytes.fromhex(request["tokenId"]), -65538: inner},
        holder,
    )
    return {"text": "VT1:" + b45encode(zlib.compress(outer, 9))}


def status_cwt(request):
    header, claims, valid = open_sign1(bytes.fromhex(request["token"]), point(bytes.fromhex(request["key"])))
    packed, bits = zlib.decompress(claims[65533]["lst"]), claims[65533]["bits"]
    per_byte = 8 // bits
    statuses = [packed[i // per_byte] >> (i % per_byte * bits) & (2**bits - 1) for i in request["indices"]]
    return {
        "signature": valid,
        "type": header[16],
        "claims": {str(k): v for k, v in claims.items() if k != 65533},
        "bits": bits,
        "length": len(packed),
        "statuses": statuses,
    }


def make_status_cwt(request):
    private = private_key(request["private"])
    token = make_sign1(
        {1: -7, 16: "application/statuslist+cwt"},
        {
            2: request["uri"],
            6: request["issuedAt"],
            4: request["expires"],
            65534: request["timeToLive"],
            65533: {"bits": request["bits"], "lst": zlib.compress(bytes.fromhex(request["bytes"]))},
        },
        private,
    )
    return {"token": token.hex()}


JUDGES = {
    "offline-qr": offline_qr,
    "make-offline-qr": make_offline_qr,
    "status-cwt": status_cwt,
    "make-status-cwt": make_status_cwt,
}
job = json.load(sys.stdin)
json.dump(JUDGES[job["what"]](job), sys.stdout)
