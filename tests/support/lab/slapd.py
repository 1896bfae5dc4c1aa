"""OpenLDAP's server as the directory of the administrators, with a folder of its own."""

import base64
import hashlib
import os
import pathlib
import shutil
import subprocess

from . import net
from .errors import LabError
from .process import PATH, Process

SUFFIX = "dc=example,dc=com"
USERS, GROUPS = f"ou=People,{SUFFIX}", f"ou=Groups,{SUFFIX}"
READER, READER_PASSWORD = f"cn=reader,{SUFFIX}", "reader-secret"
ROOT, ROOT_PASSWORD = f"cn=root,{SUFFIX}", "root-secret"
MODULES = pathlib.Path("/usr/lib/ldap")

# What Active Directory has and OpenLDAP does not, as far as signing in looks at it.
AD_SCHEMA = """\
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.656 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.662 NAME 'lockoutTime' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.159 NAME 'accountExpires' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.146 NAME 'objectSid' EQUALITY octetStringMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9999 NAME 'adLike' SUP top AUXILIARY
  MAY ( sAMAccountName $ userPrincipalName $ userAccountControl $ lockoutTime $
  accountExpires $ objectSid ) )
"""

CONFIG = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
include {home}/ad.schema
pidfile {home}/slapd.pid
modulepath {modules}
moduleload back_mdb
{loads}
{tls}
{global_lines}
database mdb
suffix "{suffix}"
rootdn "{root}"
rootpw {root_password}
directory {home}/data
maxsize 33554432
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by anonymous auth by self read
{overlays}
"""


def sid_bytes(text):
    """S-1-5-... as objectSid has it."""
    _, revision, authority, *parts = text.split("-")
    return (bytes([int(revision), len(parts)]) + int(authority).to_bytes(6, "big")
            + b"".join(int(p).to_bytes(4, "little") for p in parts))


def entry(dn, **attributes):
    """An entry as LDIF; values are texts, bytes, or lists of them."""
    lines = [f"dn:: {base64.b64encode(dn.encode()).decode()}"]
    for name, values in attributes.items():
        for value in values if isinstance(values, list) else [values]:
            value = value if isinstance(value, bytes) else str(value).encode()
            lines.append(f"{name}:: {base64.b64encode(value).decode()}")
    return "\n".join(lines) + "\n"


def password_hash(password):
    salt = os.urandom(8)
    digest = hashlib.sha1(password.encode() + salt).digest()
    return "{SSHA}" + base64.b64encode(digest + salt).decode()


def person(uid, password="secret", cn=None, classes=(), base=USERS, **more):
    return entry(
        "uid=%s,%s" % (uid.replace("\\", "\\5C"), base), objectClass=["inetOrgPerson", *classes], uid=uid, cn=cn or uid,
        sn=uid, userPassword=password_hash(password), **more)


def group(cn, *members, classes=(), base=GROUPS, **more):
    return entry(f"cn={cn},{base}", objectClass=["groupOfNames", *classes], cn=cn,
                 member=list(members), **more)


def base_entries():
    return "\n".join([
        entry(SUFFIX, objectClass=["dcObject", "organization"], dc="example", o="Example"),
        entry(USERS, objectClass="organizationalUnit", ou="People"),
        entry(GROUPS, objectClass="organizationalUnit", ou="Groups"),
        entry(READER, objectClass=["organizationalRole", "simpleSecurityObject"], cn="reader",
              userPassword=password_hash(READER_PASSWORD)),
    ])


class Slapd:
    def __init__(self, folder, entries, pair=None, ca=None, name="slapd", memberof=False,
                 ppolicy=False, lines=""):
        """entries: LDIF behind that of base_entries(). pair: of its certificate; without one it
        has no TLS. lines: of the global part of its configuration."""
        self.home, self.name, self.folder = pathlib.Path(folder) / name, name, folder
        self.entries, self.pair, self.ca = entries, pair, ca
        self.memberof, self.ppolicy, self.lines = memberof, ppolicy, lines
        self.port = net.free_port("127.0.0.1")
        self.tls_port = net.free_port("127.0.0.1")
        self.process = None

    @property
    def uri(self):
        """By address: "localhost" is to libldap the name of the machine."""
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def clear_uri(self):
        return f"ldap://127.0.0.1:{self.port}"

    def _write(self):
        (self.home / "data").mkdir(parents=True, exist_ok=True)
        (self.home / "ad.schema").write_text(AD_SCHEMA)
        tls, loads, overlays = "", "", ""
        if self.pair:
            tls = (f"TLSCACertificateFile {self.ca}\nTLSCertificateFile {self.pair.cert}\n"
                   f"TLSCertificateKeyFile {self.pair.key}")
        if self.memberof:
            loads += "moduleload memberof\n"
            overlays += "overlay memberof\n"
        if self.ppolicy:
            loads += "moduleload ppolicy\n"
            overlays += f"overlay ppolicy\nppolicy_default \"cn=policy,{SUFFIX}\"\n"
        (self.home / "slapd.conf").write_text(CONFIG.format(
            home=self.home, modules=MODULES, loads=loads, tls=tls, suffix=SUFFIX, root=ROOT,
            root_password=ROOT_PASSWORD, reader=READER, overlays=overlays,
            global_lines=self.lines))

    def _fill(self):
        policy = entry(
            f"cn=policy,{SUFFIX}", objectClass=["organizationalRole", "pwdPolicy"], cn="policy",
            pwdAttribute="userPassword", pwdLockout="TRUE", pwdMaxFailure=3,
            pwdLockoutDuration=0) if self.ppolicy else ""
        done = subprocess.run(
            [shutil.which("slapadd", path=PATH), "-q", "-f", self.home / "slapd.conf"],
            input="\n".join([base_entries(), policy, self.entries]), text=True,
            capture_output=True, check=False)
        if done.returncode != 0:
            raise LabError(f"slapadd: {done.stderr}")

    def start(self):
        if not self.home.exists():
            self._write()
            self._fill()
        urls = f"ldap://127.0.0.1:{self.port}"
        if self.pair:
            urls += f" ldaps://127.0.0.1:{self.tls_port}"
        self.process = Process(
            self.name, ["slapd", "-f", self.home / "slapd.conf", "-h", urls, "-d", "stats"],
            self.folder).start()
        net.wait_tcp("127.0.0.1", self.port, alive=self.process.check_running)
        return self

    def stop(self):
        return self.process.stop() if self.process else None

    def log(self, start=0):
        return self.process.log(start)

    def modify(self, ldif):
        """Changes entries as the directory's own administrator."""
        done = subprocess.run(
            ["ldapmodify", "-x", "-H", f"ldap://127.0.0.1:{self.port}", "-D", ROOT, "-w",
             ROOT_PASSWORD], input=ldif, text=True, capture_output=True, check=False,
            env={"PATH": PATH, "LDAPNOINIT": "1"})
        if done.returncode != 0:
            raise LabError(f"ldapmodify: {done.stderr}")

    def remove_member(self, cn, member):
        self.modify(f"dn: cn={cn},{GROUPS}\nchangetype: modify\ndelete: member\nmember: {member}\n")

    def add_member(self, cn, member):
        self.modify(f"dn: cn={cn},{GROUPS}\nchangetype: modify\nadd: member\nmember: {member}\n")
