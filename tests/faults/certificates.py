"""An authority of the test's own, and what a server on this machine shows of it: good, or expired yesterday."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


class Authority:
    """Signs certificates for 127.0.0.1; whoever is to trust it reads `file`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority for a test")])
        own = self._certificate(self._name, self._key, DAY).add_extension(x509.BasicConstraints(True, None), True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(_pem(own.sign(self._key, hashes.SHA256())))

    def shown(self, *, is_good: bool) -> ssl.SSLContext:
        """What the server shows, as its end of TLS."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        signed = self._certificate(name, key, DAY if is_good else -DAY).add_extension(here, False)
        file = self._folder / f"{is_good}.pem"
        plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        file.write_bytes(
            _pem(signed.sign(self._key, hashes.SHA256())) + key.private_bytes(serialization.Encoding.PEM, *plain)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def trusting(self) -> ssl.SSLContext:
        """The other end, of somebody who trusts this authority and looks at everything."""
        return ssl.create_default_context(cafile=str(self.file))

    def _certificate(
        self, name: x509.Name, key: ec.EllipticCurvePrivateKey, good_for: timedelta
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)  # noqa: TID251  the libraries look at the machine's own clock
        until = now + good_for
        named = x509.CertificateBuilder().subject_name(name).issuer_name(self._name).public_key(key.public_key())
        return named.serial_number(x509.random_serial_number()).not_valid_before(now - 9 * DAY).not_valid_after(until)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
