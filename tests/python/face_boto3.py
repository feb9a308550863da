"""Asks the simulated AWS's HTTP face as a script with boto3 would; prints what it saw as one JSON document.

    face_boto3.py MEMBER DENIED      (account numbers; endpoint, keys and region come from the environment)
"""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

KEY_TYPES = ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]
ORIGINS = ["AWS_MANAGED", "CUSTOMER_PROVIDED", "ACME"]
ONCE = Config(retries={"total_max_attempts": 1})


def session(account):
    role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    keys = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="boto3", ExternalId="face-test")["Credentials"]
    return boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def listed(acm):
    pages = acm.get_paginator("list_certificates").paginate(
        Includes={"keyTypes": KEY_TYPES}, CertificateKeyPairOrigins=ORIGINS, PaginationConfig={"PageSize": 9}
    )
    return [summary for page in pages for summary in page["CertificateSummaryList"]]


def code(call, **parameters):
    try:
        call(**parameters)
    except ClientError as error:
        return [error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]]
    return None


def body(acm, arn):
    try:
        return acm.get_certificate(CertificateArn=arn)["Certificate"]
    except (acm.exceptions.RequestInProgressException, acm.exceptions.ResourceNotFoundException):
        return None
    except (ResponseParserError, UnicodeDecodeError):
        # The scenario garbles one answer; boto3 does not ask again by itself.
        return acm.get_certificate(CertificateArn=arn)["Certificate"]


def certificates(member):
    found = {}
    for region in ("us-east-1", "eu-west-1"):
        acm = member.client("acm", region_name=region)
        for summary in listed(acm):
            arn = summary["CertificateArn"]
            acm.describe_certificate(CertificateArn=arn)
            acm.list_tags_for_certificate(CertificateArn=arn)
            found[arn] = body(acm, arn)
    return found


def main(member, denied):
    acm = boto3.client("acm", config=ONCE)
    organizations = boto3.client("organizations")
    regions = boto3.client("account").list_regions(AccountId=member)["Regions"]
    pages = organizations.get_paginator("list_accounts").paginate()
    pending = [s for s in listed(acm) if s["DomainName"] == "pending.example.com"][0]["CertificateArn"]
    unknown = boto3.Session("AKIAUNKNOWN000000000", "x").client("acm", config=ONCE)
    json.dump(
        {
            "identity": boto3.client("sts").get_caller_identity()["Arn"],
            "accounts": [account["State"] for page in pages for account in page["Accounts"]],
            "regions": {region["RegionName"]: region["RegionOptStatus"] for region in regions},
            "search": sorted(r["X509Attributes"]["Subject"]["CommonName"] for r in acm.search_certificates()["Results"]),
            "certificates": certificates(session(member)),
            "errors": {
                "denied": code(session, account=denied),
                "early": code(acm.get_certificate, CertificateArn=pending),
                "stale": code(acm.list_certificates, NextToken="stale"),
                "gone": code(acm.describe_certificate, CertificateArn=pending.replace("certificate/", "certificate/0")),
                "unknown": code(unknown.list_certificates),
                "too-many": code(organizations.list_accounts, MaxResults=21),
            },
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
