//! The body of a certificate: made out of a recipe, or brought by ImportCertificate.
//! Above: `estate::certificate`, `world`. Below: `x509`.
//! Invariant: what is told of a body is what its DER says.

use crate::x509::{
    Authorities, Facts, Key, Recipe, extended_key_usages, key_usages, signature_algorithm,
};
use std::sync::Arc;

/// A body.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Made(Recipe),
    Brought(Arc<Brought>),
}

/// A certificate as somebody imported it.
#[derive(Debug, PartialEq)]
pub(crate) struct Brought {
    pub(crate) facts: Facts,
    /// One that ACM takes, or it would not be here.
    pub(crate) key: Key,
    pub(crate) der: Vec<u8>,
    /// PEM, as it was given.
    pub(crate) chain: Option<String>,
}

impl Body {
    pub(crate) fn key(&self) -> Key {
        match self {
            Self::Made(recipe) => recipe.key,
            Self::Brought(brought) => brought.key,
        }
    }

    pub(crate) fn common_name(&self) -> Option<&str> {
        match self {
            Self::Made(recipe) => recipe.common_name.as_deref(),
            Self::Brought(brought) => brought.facts.common_name.as_deref(),
        }
    }

    /// DNS names and IP addresses.
    pub(crate) fn names(&self) -> &[String] {
        match self {
            Self::Made(recipe) => &recipe.names,
            Self::Brought(brought) => &brought.facts.names,
        }
    }

    pub(crate) fn not_before(&self) -> i64 {
        match self {
            Self::Made(recipe) => recipe.not_before,
            Self::Brought(brought) => brought.facts.not_before,
        }
    }

    pub(crate) fn not_after(&self) -> i64 {
        match self {
            Self::Made(recipe) => recipe.not_after,
            Self::Brought(brought) => brought.facts.not_after,
        }
    }

    /// `0a:1b:…`, as ACM writes it.
    pub(crate) fn serial_text(&self) -> String {
        match self {
            Self::Made(recipe) => recipe.serial_text(),
            Self::Brought(brought) => brought.facts.serial_text(),
        }
    }

    pub(crate) fn subject_text(&self) -> String {
        match self {
            Self::Made(recipe) => recipe.subject_text(),
            Self::Brought(brought) => brought.facts.subject_text.clone(),
        }
    }

    pub(crate) fn issuer_text(&self, signed: bool) -> String {
        match self {
            Self::Made(recipe) => recipe.issuer_text(signed),
            Self::Brought(brought) => brought.facts.issuer_text.clone(),
        }
    }

    pub(crate) fn signature_algorithm(&self, signed: bool) -> &'static str {
        match self {
            Self::Made(recipe) => signature_algorithm(recipe.key, signed),
            Self::Brought(brought) => brought.facts.signature_algorithm,
        }
    }

    /// None where the extension is not there.
    pub(crate) fn key_usages(&self) -> Option<Vec<String>> {
        match self {
            Self::Made(recipe) => Some(key_usages(recipe.key)),
            Self::Brought(brought) => brought.facts.key_usages.clone(),
        }
    }

    /// None where the extension is not there.
    pub(crate) fn extended_key_usages(&self) -> Option<Vec<String>> {
        match self {
            Self::Made(_) => Some(extended_key_usages()),
            Self::Brought(brought) => brought.facts.extended_key_usages.clone(),
        }
    }

    pub(crate) fn der(&self, authorities: &Authorities) -> Vec<u8> {
        match self {
            Self::Made(recipe) => recipe.der(authorities),
            Self::Brought(brought) => brought.der.clone(),
        }
    }

    /// PEM; none where ACM holds no chain.
    pub(crate) fn chain(&self, authorities: &Authorities) -> Option<String> {
        match self {
            Self::Made(recipe) if recipe.self_signed => None,
            Self::Made(recipe) => Some(authorities.of(recipe.family, recipe.key).chain.clone()),
            Self::Brought(brought) => brought.chain.clone(),
        }
    }
}
