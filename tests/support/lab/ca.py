"""A throwaway certificate authority and the certificates, good and bad, that tests ask of it."""

import dataclasses
import datetime
import ipaddress
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ON_DNS_SRV = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.7")
ON_XMPP_ADDR = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.5")
IA5_STRING, UTF8_STRING = 0x16, 0x0C

USAGES = {
    "both": [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH],
    "server": [ExtendedKeyUsageOID.SERVER_AUTH],
    "client": [ExtendedKeyUsageOID.CLIENT_AUTH],
    "none": None,
}


@dataclasses.dataclass(frozen=True)
class Pair:
    """Files of one certificate: its chain and its key, in PEM."""

    cert: pathlib.Path
    key: pathlib.Path


def _der_string(tag, text):
    data = text.encode()
    assert len(data) < 128
    return bytes([tag, len(data)]) + data


def _alt_names(dns, srv, xmpp_addr, addresses):
    names = [x509.DNSName(n) for n in dns]
    names += [x509.IPAddress(ipaddress.ip_address(a)) for a in addresses]
    names += [x509.OtherName(ON_DNS_SRV, _der_string(IA5_STRING, n)) for n in srv]
    names += [x509.OtherName(ON_XMPP_ADDR, _der_string(UTF8_STRING, n)) for n in xmpp_addr]
    return names


def _write_key(path, key):
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    path.chmod(0o600)


class Authority:
    def __init__(self, folder, name="Entente lab CA", issuer=None):
        """issuer: the authority above it; without one it is a root."""
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.days = 20
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = self.folder / "ca.pem"
        own = self._own_certificate(issuer or self)
        self.file.write_bytes(own.public_bytes(serialization.Encoding.PEM))

    def intermediate(self, name):
        """An authority below this one; its certificate is in its file."""
        return Authority(self.folder / name, name, self)

    def _own_certificate(self, issuer):
        now = datetime.datetime.utcnow()
        key_usage = x509.KeyUsage(
            digital_signature=False, content_commitment=False, key_encipherment=False,
            data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True,
            encipher_only=False, decipher_only=False,
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(self._name)
            .issuer_name(issuer._name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=2))
            .not_valid_after(now + datetime.timedelta(days=90))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(key_usage, critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False
            )
        )
        return builder.sign(issuer._key, hashes.SHA256())

    def issue(self, file, dns=(), srv=(), xmpp_addr=(), usage="both", days=None,
              self_signed=False, common_name=None, seconds=None, addresses=()):
        """Makes FILE.crt and FILE.key.

        days: first and last day of validity, counted from now; without them since yesterday, for
        self.days. seconds: how long it is valid from now on, instead of the last day. Names may be
        text that no certificate should carry: nothing is checked here.
        """
        days = days or (-1, self.days)
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [x509.NameAttribute(NameOID.COMMON_NAME, common_name or file)]
        )
        now = datetime.datetime.utcnow()
        life = datetime.timedelta(days=days[1]) if seconds is None else (
            datetime.timedelta(seconds=seconds))
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if self_signed else self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=days[0]))
            .not_valid_after(now + life)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        )
        names = _alt_names(dns, srv, xmpp_addr, addresses)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if USAGES[usage]:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage(USAGES[usage]), critical=False
            )
        certificate = builder.sign(key if self_signed else self._key, hashes.SHA256())
        pair = Pair(self.folder / f"{file}.crt", self.folder / f"{file}.key")
        pair.cert.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        _write_key(pair.key, key)
        return pair

    def server(self, domain, file=None, **more):
        """The ordinary certificate of an XMPP server: dNSName and SRVName."""
        return self.issue(file or domain, dns=[domain], srv=[f"_xmpp-server.{domain}"], **more)

    def revoke(self, *pairs):
        """Writes the revocation list with these on it, over the last one; returns its file."""
        now = datetime.datetime.utcnow()
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._name)
            .last_update(now - datetime.timedelta(days=1))
            .next_update(now + datetime.timedelta(days=7))
        )
        for pair in pairs:
            serial = x509.load_pem_x509_certificate(pair.cert.read_bytes()).serial_number
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build())
        written = self.folder / "written.crl"
        written.write_bytes(
            builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return written.rename(self.folder / "ca.crl")
