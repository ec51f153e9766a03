"""A certificate authority of the test's own."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = datetime.timedelta(days=1)
PEM = serialization.Encoding.PEM


class Authority:
    def __init__(self, name):
        self.name = named(name)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self.certify(self.name, self.key, x509.BasicConstraints(ca=True, path_length=None))

    def write(self, file):
        file.write_bytes(self.certificate.public_bytes(PEM))

    def write_pair(self, name, file, address=None):
        """A new key and its certificate, in one file; a server's has an address."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.IPAddress(ipaddress.ip_address(address))] if address else [x509.DNSName(name)]
        certificate = self.certify(named(name), key, x509.SubjectAlternativeName(names))
        plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file.write_bytes(key.private_bytes(PEM, *plain) + certificate.public_bytes(PEM))

    def certify(self, name, key, extension):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(self.name).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - DAY).not_valid_after(now + DAY)
        return builder.add_extension(extension, critical=False).sign(self.key, hashes.SHA256())


def named(name):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
