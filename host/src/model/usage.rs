//! What a key may be used for: key usage and extended key usage.
//! Above: `profile`, `custody`, `issuer`, `delivery`. Below: nothing.
//! Invariant: the words of a certificate (RFC 5280), of ACM and of a profile's file name the same thing one to one.

use serde::{Deserialize, Serialize};

macro_rules! usages {
    ($(#[$doc:meta])* $name:ident { $($variant:ident, $ours:literal, $x509:literal, $acm:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name {
            $($variant,)*
        }

        impl $name {
            /// Every one, by the word of a profile's file.
            pub const WORDS: &[(&str, Self)] = &[$(($ours, Self::$variant),)*];

            /// The word of a profile's file.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $ours,)* }
            }

            /// As the inventory tells it of a certificate.
            #[must_use]
            pub fn x509(self) -> &'static str {
                match self { $(Self::$variant => $x509,)* }
            }

            /// In ACM's words.
            #[must_use]
            pub fn acm(self) -> &'static str {
                match self { $(Self::$variant => $acm,)* }
            }

            /// From a certificate's word.
            #[must_use]
            pub fn of_x509(text: &str) -> Option<Self> {
                match text { $($x509 => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

usages! {
    /// What the key itself does. A certificate for a server needs no others.
    KeyUsage {
        DigitalSignature, "digital-signature", "digitalSignature", "DIGITAL_SIGNATURE";
        NonRepudiation, "non-repudiation", "nonRepudiation", "NON_REPUDIATION";
        KeyEncipherment, "key-encipherment", "keyEncipherment", "KEY_ENCIPHERMENT";
        DataEncipherment, "data-encipherment", "dataEncipherment", "DATA_ENCIPHERMENT";
        KeyAgreement, "key-agreement", "keyAgreement", "KEY_AGREEMENT";
    }
}

usages! {
    /// What the certificate is presented for.
    ExtendedKeyUsage {
        ServerAuth, "server-auth", "serverAuth", "TLS_WEB_SERVER_AUTHENTICATION";
        ClientAuth, "client-auth", "clientAuth", "TLS_WEB_CLIENT_AUTHENTICATION";
        CodeSigning, "code-signing", "codeSigning", "CODE_SIGNING";
        EmailProtection, "email-protection", "emailProtection", "EMAIL_PROTECTION";
        TimeStamping, "time-stamping", "timeStamping", "TIME_STAMPING";
        OcspSigning, "ocsp-signing", "OCSPSigning", "OCSP_SIGNING";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_file_are_the_stored_ones() {
        for (word, usage) in KeyUsage::WORDS {
            assert_eq!(serde_json::to_value(usage).unwrap(), **word);
            assert_eq!(KeyUsage::of_x509(usage.x509()), Some(*usage));
            assert_eq!(usage.as_str(), *word);
        }
        for (word, usage) in ExtendedKeyUsage::WORDS {
            assert_eq!(serde_json::to_value(usage).unwrap(), **word);
            assert_eq!(ExtendedKeyUsage::of_x509(usage.x509()), Some(*usage));
            assert_eq!(usage.as_str(), *word);
        }
    }
}
