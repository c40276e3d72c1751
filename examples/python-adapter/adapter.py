#!/usr/bin/env python3
"""Adapter endpoint for the test vectors, over a small resource server in Python.

It knows transport, signature, standard claims, capability match and delegation depth. What else a token or a request
holds it cannot decide, and denies. Usage: adapter.py [PORT]; prints its URL, on a free port where none is given.
"""
import base64, json, math, re, sys
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

CLAIMS = ("agent", "task", "capabilities", "oversight", "delegation", "context", "audit")
KEY_SHAPES = {"ES256": ("EC", "P-256"), "RS256": ("RSA", None), "EdDSA": ("OKP", "Ed25519")}
ACTION = r"[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z][A-Za-z0-9_-]*)*"
INVALID_REQUEST = (400, "invalid_request")
INVALID_TOKEN = (401, "invalid_token")
INVALID_CHAIN = (403, "aap_invalid_delegation_chain")
CANNOT_DECIDE = (403, "aap_constraint_violation")
# Members of a token that mean something and are not implemented. Ignored, they would restrict nothing, so they deny.
UNDECIDED = {
    "token": {"act"}, "claims": {"oversight", "context", "audit"}, "agent": {"model", "runtime", "runtime_context"},
    "task": {"created_at", "expires_at", "data_sensitivity", "created_by", "context"},
}
# Members of a case that are implemented, or matter only together with what is denied. Any other denies.
DECIDED = {
    "case": {"id", "title", "verifies", "flags", "server", "token", "jwt", "at", "prior", "request"},
    "server": {"issuer", "jwks", "otherIssuers", "audience", "clockTolerance", "algorithms", "tokenType", "countedPerRequest", "dpop", "mtls", "baseUrl"},
    "request": {"method", "url", "action", "facts", "headers", "encrypted", "contentLength", "remoteAddress", "clientCertificatePem"},
    "facts": {"target", "addresses", "region", "amount", "quantities", "zone", "country"},
}

class Denied(Exception):
    """Its arguments are the status and, where there is one, the error code."""

def demand(condition, denial=INVALID_TOKEN):
    if not condition:
        raise Denied(*denial)

def is_text(value, longest=math.inf):
    return isinstance(value, str) and 1 <= len(value) <= longest

def is_number(value, kind=(int, float)):
    return isinstance(value, kind) and not isinstance(value, bool)

def credentials(request, jwt):
    """TRN-1 to TRN-3: one Authorization header, and nothing else, carries the token. POP-4: at most one Host."""
    fields = request.get("headers", [["Authorization", "Bearer " + jwt]])
    values = [value for name, value in fields if name.lower() == "authorization"]
    demand(len(values) < 2 and sum(name.lower() == "host" for name, _ in fields) < 2, INVALID_REQUEST)
    scheme, _, rest = "".join(values).strip(" \t").partition(" ")
    demand(scheme.lower() in ("bearer", "dpop"), (401,))
    token = rest.strip(" ")
    demand(re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", token), INVALID_REQUEST)
    demand(len(token) <= 16384 and scheme.lower() == "bearer")
    return token

def base64url(text):
    """TOK-2: every value has one spelling, so no padding and no unused bits that are set."""
    demand(isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9_-]*", text) and len(text) % 4 != 1)
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    demand(base64.urlsafe_b64encode(data).decode().rstrip("=") == text)
    return data

def json_object(data):
    """TOK-7: JSON that everybody reads in one way."""
    def members(pairs):
        names = {name for name, _ in pairs}
        demand(len(names) == len(pairs) and "__proto__" not in names and not any(value is None for _, value in pairs))
        return dict(pairs)
    def number(text):
        value = float(text)
        demand(math.isfinite(value))
        return int(value) if value.is_integer() else value
    def depth(value):
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=members, parse_int=number, parse_float=number, parse_constant=number)
        demand(isinstance(value, dict) and depth(value) <= 32)
        return value
    except (ValueError, RecursionError):
        raise Denied(*INVALID_TOKEN) from None

def verifies(jwk, alg, data, signature):
    """TOK-1: whether this key is meant for this algorithm, and made the signature."""
    if (jwk.get("kty"), jwk.get("crv")) != KEY_SHAPES[alg] or jwk.get("alg", alg) != alg:
        return False
    if jwk.get("use", "sig") != "sig" or "verify" not in jwk.get("key_ops", ["verify"]):
        return False
    number = lambda name: int.from_bytes(base64url(jwk.get(name)), "big")
    try:
        if alg == "EdDSA":
            ed25519.Ed25519PublicKey.from_public_bytes(base64url(jwk.get("x"))).verify(signature, data)
        elif alg == "RS256":
            demand(2048 <= number("n").bit_length() <= 8192 and number("e") >= 3)
            rsa.RSAPublicNumbers(number("e"), number("n")).public_key().verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
        else:
            demand(len(signature) == 64)
            der = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
            ec.EllipticCurvePublicNumbers(number("x"), number("y"), ec.SECP256R1()).public_key().verify(der, data, ec.ECDSA(hashes.SHA256()))
        return True
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, Denied):
        return False

def verified_payload(token, server):
    """TOK-1 to TOK-4: the payload, once a key of its issuer has signed it."""
    demand(token.count(".") == 2)
    signed, _, signature = token.rpartition(".")
    header, payload = map(json_object, map(base64url, signed.split(".")))
    demand("crit" not in header and header.get("b64", True) is True)
    types = ("at+jwt", "application/at+jwt") if server.get("tokenType") == "at+jwt" else ("at+jwt", "application/at+jwt", "jwt")
    typ, alg, kid, iss = header.get("typ", "jwt"), header.get("alg"), header.get("kid", ""), payload.get("iss")
    demand(all(isinstance(each, str) for each in (typ, alg, kid, iss)))
    demand(typ.lower() in types and alg in KEY_SHAPES and alg in server.get("algorithms", KEY_SHAPES))
    issuers = {each["issuer"]: each["jwks"]["keys"] for each in (server, *server.get("otherIssuers", []))}
    candidates = [jwk for jwk in issuers.get(iss, []) if "kid" not in header or jwk.get("kid") == kid]
    demand(any(verifies(jwk, alg, signed.encode(), base64url(signature)) for jwk in candidates))
    return payload

def check_standard_claims(payload, server, now):
    """TOK-4 to TOK-6, TOK-9, POP-1: times, audience, subject, token id, and no binding to a key."""
    tolerance, exp, iat, nbf = server["clockTolerance"], payload.get("exp"), payload.get("iat"), payload.get("nbf", 0)
    demand(is_number(exp) and is_number(iat) and is_number(nbf))
    demand(now - exp <= tolerance and (tolerance > 0 or now < exp) and max(iat, nbf) <= now + tolerance)
    own, named = (each if isinstance(each, list) else [each] for each in (server["audience"], payload.get("aud")))
    demand(all(isinstance(name, str) for name in named) and any(name in own for name in named))
    demand(is_text(payload.get("sub")) and is_text(payload.get("jti"), 256) and is_text(payload.get("client_id", "absent")) and "cnf" not in payload)

def aap_claims(payload):
    """DIA-2, DIA-5, TOK-8: the claims in one of two spellings, with those that every token needs."""
    spellings = [{name: payload[prefix + name] for name in CLAIMS if prefix + name in payload} for prefix in ("aap_", "")]
    demand(not all(spellings))
    claims = spellings[0] or spellings[1]
    agent, task, capabilities = (claims.get(name) for name in CLAIMS[:3])
    demand(isinstance(agent, dict) and is_text(agent.get("id"), 128) and is_text(agent.get("type"), 64) and is_text(agent.get("operator"), 256))
    demand(isinstance(task, dict) and is_text(task.get("id"), 128) and is_text(task.get("purpose"), 256))
    demand(isinstance(capabilities, list) and capabilities and all(isinstance(each, dict) for each in capabilities))
    for capability in capabilities:
        demand(is_text(capability.get("action"), 128) and re.fullmatch(ACTION, capability["action"]))
        demand(isinstance(capability.get("constraints", {}), dict))
    return claims

def check_delegation(delegation):
    """DEL-1, DEL-2: depth within its maximum, then a chain of everybody or of the hops, as long as the depth implies."""
    demand(isinstance(delegation, dict) and is_text(delegation.get("parent_jti", "absent"), 256), INVALID_CHAIN)
    depth, most, chain = (delegation.get(name) for name in ("depth", "max_depth", "chain"))
    demand(all(is_number(each, int) and 0 <= each <= 10 for each in (depth, most)), INVALID_CHAIN)
    demand(depth <= most, (403, "aap_excessive_delegation"))
    if depth > 0 or "chain" in delegation:
        demand(isinstance(chain, list) and chain, INVALID_CHAIN)
        hops = [each for each in chain if isinstance(each, dict)]
        demand(len(hops) in (0, len(chain)) and len(chain) == depth + (0 if hops else 1), INVALID_CHAIN)
        demand(all(is_text(each.get("sub") if hops else each, 128) for each in chain), INVALID_CHAIN)
        times = [each["delegated_at"] for each in hops if "delegated_at" in each]
        demand(all(map(is_number, times)) and times == sorted(times), INVALID_CHAIN)

def decide(case):
    server, request = case["server"], case["request"]
    now = datetime.fromisoformat(case["at"].replace("Z", "+00:00")).timestamp()
    payload = verified_payload(credentials(request, case["jwt"]), server)
    check_standard_claims(payload, server, now)
    claims = aap_claims(payload)
    parts = {"token": payload, "claims": claims, "agent": claims["agent"], "task": claims["task"]}
    parts |= {"case": case, "server": server, "request": request, "facts": request.get("facts", {})}
    demand(not any(parts[part].keys() & names for part, names in UNDECIDED.items()), CANNOT_DECIDE)
    demand(all(parts[part].keys() <= names for part, names in DECIDED.items()), CANNOT_DECIDE)
    check_delegation(claims.get("delegation", {"depth": 0, "max_depth": 0}))
    matching = [capability for capability in claims["capabilities"] if capability["action"] == request.get("action")]
    demand(matching, (403, "aap_invalid_capability"))
    # CAP-5, CAP-8: no constraint is known here, so that only a capability without any can hold.
    demand(any(not any(map(each.get, ("constraints", "resources", "conditions"))) for each in matching), CANNOT_DECIDE)
    return {"outcome": "allow", "status": 200}

class Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    log_message = lambda *ignored: None

    def do_POST(self):
        try:  # Nothing is counted here, so that `prior` changes nothing.
            answer = decide(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        except Denied as denied:
            answer = {"outcome": "deny", **dict(zip(("status", "error"), denied.args))}
        except Exception:  # ERR-2: a mistake of ours denies as well.
            answer = {"outcome": "deny", "status": 500}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

if __name__ == "__main__":
    endpoint = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Endpoint)
    print(f"http://127.0.0.1:{endpoint.server_address[1]}/", flush=True)
    endpoint.serve_forever()
