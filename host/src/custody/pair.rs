//! An open private key, by aws-lc.
//! Above: `custody`, `csr`. Below: `pem`, aws-lc-rs.
//! Invariant: lives for one act; its memory is wiped by aws-lc, its encodings by their buffers.

use super::error::CustodyError;
use super::pem::{self, Form, PemError};
use crate::model::key::KeyType;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use zeroize::Zeroizing;

pub(super) struct Pair {
    key_type: KeyType,
    inner: Inner,
}

enum Inner {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

fn curve(key_type: KeyType) -> Option<&'static EcdsaSigningAlgorithm> {
    match key_type {
        KeyType::P256 => Some(&ECDSA_P256_SHA256_ASN1_SIGNING),
        KeyType::P384 => Some(&ECDSA_P384_SHA384_ASN1_SIGNING),
        KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => None,
    }
}

impl Pair {
    pub(super) fn generate(key_type: KeyType) -> Result<Self, CustodyError> {
        let size = match key_type {
            KeyType::Rsa2048 => Some(KeySize::Rsa2048),
            KeyType::Rsa3072 => Some(KeySize::Rsa3072),
            KeyType::Rsa4096 => Some(KeySize::Rsa4096),
            KeyType::P256 | KeyType::P384 => None,
        };
        let inner = match (size, curve(key_type)) {
            (Some(size), _) => RsaKeyPair::generate(size).map(Inner::Rsa),
            (None, Some(curve)) => EcdsaKeyPair::generate(curve).map(Inner::Ec),
            (None, None) => return Err(CustodyError::Failed("made")),
        };
        let inner = inner.map_err(|_| CustodyError::Failed("made"))?;
        Ok(Self { key_type, inner })
    }

    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, CustodyError> {
        Self::read(Form::Pkcs8, der)
    }

    pub(super) fn from_pem(text: &str) -> Result<Self, CustodyError> {
        let (form, der) = pem::read(text)?;
        Self::read(form, &der)
    }

    fn read(form: Form, der: &[u8]) -> Result<Self, CustodyError> {
        let rsa = match form {
            Form::Pkcs8 => RsaKeyPair::from_pkcs8(der).ok(),
            Form::Pkcs1 => RsaKeyPair::from_der(der).ok(),
            Form::Sec1 => None,
        };
        let ec = |curve| match form {
            Form::Pkcs8 => EcdsaKeyPair::from_pkcs8(curve, der).ok(),
            Form::Sec1 => EcdsaKeyPair::from_private_key_der(curve, der).ok(),
            Form::Pkcs1 => None,
        };
        let inner = rsa
            .map(Inner::Rsa)
            .or_else(|| ec(&ECDSA_P256_SHA256_ASN1_SIGNING).map(Inner::Ec))
            .or_else(|| ec(&ECDSA_P384_SHA384_ASN1_SIGNING).map(Inner::Ec))
            .ok_or(PemError::Kind)?;
        let key_type = KeyType::of_spki(&spki(&inner)?).ok_or(PemError::Kind)?;
        Ok(Self { key_type, inner })
    }

    pub(super) fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// `SubjectPublicKeyInfo`, DER.
    pub(super) fn spki(&self) -> Result<Vec<u8>, CustodyError> {
        spki(&self.inner)
    }

    /// PKCS#8, DER.
    pub(super) fn pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, CustodyError> {
        let failed = |_| CustodyError::Failed("written");
        match &self.inner {
            Inner::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
                Ok(Zeroizing::new(der.as_ref().to_vec()))
            }
            Inner::Ec(pair) => {
                let der = pair.to_pkcs8v1().map_err(failed)?;
                Ok(Zeroizing::new(der.as_ref().to_vec()))
            }
        }
    }
}

fn spki(inner: &Inner) -> Result<Vec<u8>, CustodyError> {
    let der: Result<PublicKeyX509Der<'_>, _> = match inner {
        Inner::Rsa(pair) => pair.public_key().as_der(),
        Inner::Ec(pair) => pair.public_key().as_der(),
    };
    let der = der.map_err(|_| CustodyError::Failed("written"))?;
    Ok(der.as_ref().to_vec())
}

impl rcgen::PublicKeyData for Pair {
    fn der_bytes(&self) -> &[u8] {
        match &self.inner {
            Inner::Rsa(pair) => pair.public_key().as_ref(),
            Inner::Ec(pair) => pair.public_key().as_ref(),
        }
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        match self.key_type {
            KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => &rcgen::PKCS_RSA_SHA256,
            KeyType::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            KeyType::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
        }
    }
}

impl rcgen::SigningKey for Pair {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let failed = |_| rcgen::Error::RemoteKeyError;
        match &self.inner {
            Inner::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    message,
                    &mut signature,
                )
                .map_err(failed)?;
                Ok(signature)
            }
            Inner::Ec(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}
