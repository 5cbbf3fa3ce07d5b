"""The certificate that all members of a cluster share: who holds its key is a member, nobody else is let in."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from cytoloop.core.clock import utc_now
from cytoloop.core.errors import ConflictError, InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from distributed.security import Security

VALID = timedelta(days=825)


@dataclass(frozen=True, slots=True)
class Certificates:
    """A self-signed certificate, trusted by itself alone, and its key, in a folder of the owner's only."""

    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "certificate.pem"

    @property
    def key(self) -> Path:
        return self.folder / "key.pem"

    def exist(self) -> bool:
        return self.certificate.is_file() and self.key.is_file()

    def make(self, *, renew: bool = False) -> None:
        """Write a new certificate and key, readable by their owner only."""
        if self.exist() and not renew:
            raise ConflictError(
                f"There is a certificate in {self.folder}. With --renew a new one takes its place: copy it to every "
                "machine of the cluster and start the cluster and the server anew."
            )
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key, certificate = _signed(utc_now())
        _write(self.key, key)
        _write(self.certificate, certificate)

    def security(self) -> "Security":
        """What Dask needs to speak TLS in both directions; errors where the files cannot be used."""
        from distributed.security import Security

        self.check()
        certificate, key = str(self.certificate), str(self.key)
        return Security(
            require_encryption=True,
            tls_ca_file=certificate,
            **{f"tls_{role}_cert": certificate for role in ("client", "scheduler", "worker")},
            **{f"tls_{role}_key": key for role in ("client", "scheduler", "worker")},
        )

    def check(self) -> None:
        """Raise unless the files are there, closed to others, and valid today."""
        if not self.exist():
            raise NotFoundError(
                f"There is no certificate of the cluster in {self.folder}. "
                "Make one with 'cytoloop cluster certificates', or copy the cluster's own there."
            )
        if self.key.stat().st_mode & 0o077:
            raise InvalidInputError(
                f"Others may read {self.key}, and with it give orders to the cluster. Close it: chmod 600 {self.key}"
            )
        ends = self.valid_until()
        if ends < utc_now():
            raise InvalidInputError(
                f"The certificate in {self.folder} ended on {ends:%Y-%m-%d}. "
                "Make a new one with 'cytoloop cluster certificates --renew'."
            )

    def valid_until(self) -> datetime:
        """When the certificate ends."""
        from cryptography import x509

        try:
            return x509.load_pem_x509_certificate(self.certificate.read_bytes()).not_valid_after_utc
        except ValueError:
            raise InvalidInputError(f"{self.certificate} is no certificate in PEM format.") from None


def _signed(now: datetime) -> tuple[bytes, bytes]:
    """A key and its self-signed certificate, PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Cytoloop cluster {uuid4()}")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - timedelta(hours=1))  # clocks of nodes differ
        .not_valid_after(now.astimezone(UTC) + VALID)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return secret, certificate.public_bytes(serialization.Encoding.PEM)


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, and never readable by others, not even for a moment."""
    staged = path.with_name(f".{path.name}.{uuid4().hex}")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    staged.replace(path)
