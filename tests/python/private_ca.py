"""Makes a root CA in moto's AWS Private CA, active, and prints its ARN. Arguments: the endpoint."""

import sys

import boto3

client = boto3.client(
    "acm-pca",
    endpoint_url=sys.argv[1],
    region_name="us-east-1",
    aws_access_key_id="test",
    aws_secret_access_key="test",
)
arn = client.create_certificate_authority(
    CertificateAuthorityConfiguration={
        "KeyAlgorithm": "RSA_2048",
        "SigningAlgorithm": "SHA256WITHRSA",
        "Subject": {"CommonName": "moto root", "Organization": "Example"},
    },
    CertificateAuthorityType="ROOT",
)["CertificateAuthorityArn"]
csr = client.get_certificate_authority_csr(CertificateAuthorityArn=arn)["Csr"]
issued = client.issue_certificate(
    CertificateAuthorityArn=arn,
    Csr=csr.encode(),
    SigningAlgorithm="SHA256WITHRSA",
    TemplateArn="arn:aws:acm-pca:::template/RootCACertificate/V1",
    Validity={"Type": "DAYS", "Value": 3650},
)["CertificateArn"]
certificate = client.get_certificate(CertificateAuthorityArn=arn, CertificateArn=issued)["Certificate"]
client.import_certificate_authority_certificate(CertificateAuthorityArn=arn, Certificate=certificate.encode())
print(arn)
