"""What a careful script does with boto3: every certificate of an organization, listed, described and fetched.

For the benchmark: 16 threads, one client for each account and region, everything kept in memory, nothing parsed and
nothing stored. Prints how many certificates it fetched and how many bytes of PEM. The environment says where AWS is.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

THREADS = 16
ROLE = "OrganizationAccountAccessRole"
KEY_TYPES = [
    "RSA_1024",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
]
ORIGINS = ["AWS_MANAGED", "CUSTOMER_PROVIDED", "ACME"]


def clients(regions):
    """One ACM client for each account and region."""
    region = os.environ["AWS_REGION"]
    base = boto3.Session(region_name=region)
    own = base.client("sts").get_caller_identity()["Account"]
    pages = base.client("organizations").get_paginator("list_accounts").paginate()
    accounts = [account["Id"] for page in pages for account in page["Accounts"]]
    config = Config(max_pool_connections=THREADS)
    for account in accounts:
        keys = {}
        if account != own:
            role = f"arn:aws:iam::{account}:role/{ROLE}"
            assumed = base.client("sts").assume_role(RoleArn=role, RoleSessionName="bench")
            found = assumed["Credentials"]
            keys = {
                "aws_access_key_id": found["AccessKeyId"],
                "aws_secret_access_key": found["SecretAccessKey"],
                "aws_session_token": found["SessionToken"],
            }
        for region in regions:
            # One session for all: it reads the service's description once.
            yield base.client("acm", region_name=region, config=config, **keys)


def certificates(client):
    """The ARNs that one client can list."""
    pages = client.get_paginator("list_certificates").paginate(
        Includes={"keyTypes": KEY_TYPES}, CertificateKeyPairOrigins=ORIGINS, PaginationConfig={"PageSize": 1000}
    )
    return [(client, found["CertificateArn"]) for page in pages for found in page["CertificateSummaryList"]]


def fetch(place):
    """One certificate, as a description and a body."""
    client, arn = place
    detail = client.describe_certificate(CertificateArn=arn)["Certificate"]
    return detail, client.get_certificate(CertificateArn=arn)["Certificate"]


def main():
    with ThreadPoolExecutor(THREADS) as threads:
        listed = [place for found in threads.map(certificates, clients(sys.argv[1:])) for place in found]
        fetched = list(threads.map(fetch, listed))
    print(len(fetched), sum(len(body) for _, body in fetched))


if __name__ == "__main__":
    main()
