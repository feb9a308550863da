"""Fills a moto server with an organization and tells the truth about it.

    fill_moto.py ENDPOINT ACCOUNTS REGIONS CERTIFICATES

ACCOUNTS counts the management account; REGIONS is a list with commas; CERTIFICATES is a number for each region of
each account. Prints one JSON document: the management account, the accounts, and of each certificate ARN and PEM.
Each certificate is real: signed by an authority, with a key of its own or, where it is RSA, of a small pool (moto checks each
RSA key at length).
"""

import datetime
import ipaddress
import json
import sys

import boto3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
ROLE = "OrganizationAccountAccessRole"


def name(common_name):
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


class Authority:
    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = name("Example Test Authority")
        builder = self.builder(self.name, self.key, 3650)
        basic = x509.BasicConstraints(ca=True, path_length=0)
        self.certificate = builder.add_extension(basic, critical=True).sign(self.key, hashes.SHA256())
        self.pool = [rsa.generate_private_key(65537, bits) for bits in (2048, 3072)]

    def builder(self, subject, key, days):
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - datetime.timedelta(days=1))
            .not_valid_after(NOW + datetime.timedelta(days=days))
        )

    def key_for(self, index):
        curves = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
        if index % 12 == 0:
            return self.pool[index // 12 % len(self.pool)]
        return ec.generate_private_key(curves[index % 3]())

    def issue(self, index, domain):
        key = self.key_for(index)
        names = [x509.DNSName(domain), x509.DNSName("*." + domain)]
        if index % 7 == 0:
            names.append(x509.IPAddress(ipaddress.ip_address("192.0.2.7")))
        certificate = (
            self.builder(name(domain), key, 20 + index * 13 % 370)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return pem(certificate), key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def client(service, region, endpoint, keys=None):
    keys = keys or {"AccessKeyId": "test", "SecretAccessKey": "test", "SessionToken": None}
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


def make_accounts(endpoint, count):
    organizations = client("organizations", "us-east-1", endpoint)
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    unit = organizations.create_organizational_unit(ParentId=root, Name="workloads")["OrganizationalUnit"]["Id"]
    for index in range(1, count):
        made = organizations.create_account(AccountName=f"member-{index}", Email=f"member-{index}@example.com")
        account = made["CreateAccountStatus"]["AccountId"]
        if index % 2:
            organizations.move_account(AccountId=account, SourceParentId=root, DestinationParentId=unit)
    pages = organizations.get_paginator("list_accounts").paginate()
    return [account["Id"] for page in pages for account in page["Accounts"]]


def keys_of(endpoint, account, management):
    if account == management:
        return None
    sts = client("sts", "us-east-1", endpoint)
    role = f"arn:aws:iam::{account}:role/{ROLE}"
    return sts.assume_role(RoleArn=role, RoleSessionName="fill")["Credentials"]


def main(endpoint, accounts, regions, certificates):
    management = client("sts", "us-east-1", endpoint).get_caller_identity()["Account"]
    authority = Authority()
    chain = pem(authority.certificate)
    truth = []
    numbers = make_accounts(endpoint, int(accounts))
    for account in numbers:
        keys = keys_of(endpoint, account, management)
        for region in regions.split(","):
            acm = client("acm", region, endpoint, keys)
            for index in range(int(certificates)):
                certificate, key = authority.issue(index, f"c{index}.{region}.{account}.example.com")
                tags = [{"Key": "index", "Value": str(index)}] if index % 5 == 0 else []
                arn = acm.import_certificate(
                    Certificate=certificate, PrivateKey=key, CertificateChain=chain, **({"Tags": tags} if tags else {})
                )["CertificateArn"]
                truth.append({"account": account, "region": region, "arn": arn, "pem": certificate.decode()})
    json.dump({"management": management, "accounts": numbers, "certificates": truth}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
