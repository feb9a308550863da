//! The operations that change something, by the same door as those that read.
//! Above: `write_view`. Below: `capability`, `checks`.
//! Invariant: a certificate goes out only beside its own key; no secret outside the sensor's prefix is touched; an
//! import that would make a second certificate is never repeated unless AWS said that it made none.

use super::AwsCapability;
use super::capability::{Effect, Op, plain};
use super::checks::{self, Place};
use crate::backend::{KeyRoom, PrivateKey, Session};
use crate::bindings::connector::sensor::aws::types as aws;
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass, Tag};

#[expect(
    clippy::missing_errors_doc,
    reason = "all alike: the operation's error, classified"
)]
impl AwsCapability {
    /// The ARN. `transient` leaves it open whether there is one.
    pub async fn import_certificate(
        &self,
        session: &Session,
        region: &str,
        request: &aws::ImportCertificateRequest,
        key: &PrivateKey,
    ) -> Result<String, Error> {
        let op = Op::regional("acm:ImportCertificate", region);
        let op = match &request.arn {
            Some(arn) => op.about(arn).with(Effect::Writes),
            None => op.with(Effect::WritesOnce),
        };
        self.admit(op, session)?;
        if !request.tags.is_empty() {
            // AWS asks for this permission too when an import brings tags.
            self.admit(Op::regional("acm:AddTagsToCertificate", region), session)?;
        }
        let place = Place { session, region };
        checks::import(request, key, place)?;
        let made = self
            .call(op, session, || {
                self.backend()
                    .import_certificate(session, region, request, key)
            })
            .await
            .map_err(left_open)?;
        checks::imported(&made, request.arn.as_deref(), place)?;
        Ok(made)
    }

    pub async fn add_tags_to_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
        tags: &[Tag],
    ) -> Result<(), Error> {
        let op = Op::regional("acm:AddTagsToCertificate", region)
            .about(arn)
            .with(Effect::Writes);
        self.admit_change(op, session, arn)?;
        checks::certificate_arn(arn, Place { session, region })?;
        checks::tags(tags)?;
        self.call(op, session, || {
            self.backend()
                .add_tags_to_certificate(session, region, arn, tags)
        })
        .await
    }

    pub async fn delete_certificate(
        &self,
        session: &Session,
        region: &str,
        arn: &str,
    ) -> Result<(), Error> {
        let op = Op::regional("acm:DeleteCertificate", region)
            .about(arn)
            .with(Effect::Writes);
        self.admit_change(op, session, arn)?;
        checks::certificate_arn(arn, Place { session, region })?;
        self.call(op, session, || {
            self.backend().delete_certificate(session, region, arn)
        })
        .await
    }

    /// Parks a key, sealed; the ARN of the secret.
    pub async fn create_secret(
        &self,
        session: &Session,
        region: &str,
        request: &aws::CreateSecretRequest,
        key: &PrivateKey,
    ) -> Result<String, Error> {
        let op = Op::regional("secretsmanager:CreateSecret", region)
            .about(&request.name)
            .with(Effect::Writes);
        self.admit(op, session)?;
        let room = self.room()?;
        checks::secret_name(&request.name, room.prefix())?;
        let sealed = key.sealed()?;
        checks::secret(request, &sealed, room.prefix())?;
        let arn = self
            .call(op, session, || {
                self.backend()
                    .create_secret(session, region, request, &sealed)
            })
            .await
            .map_err(|error| leaving(error, ErrorClass::Conflict))?;
        checks::created(&arn, &request.name, Place { session, region })?;
        Ok(arn)
    }

    /// The key that waits under this name.
    pub async fn get_secret_value(
        &self,
        session: &Session,
        region: &str,
        name: &str,
    ) -> Result<PrivateKey, Error> {
        let op = Op::regional("secretsmanager:GetSecretValue", region).about(name);
        self.admit(op, session)?;
        let room = self.room()?;
        checks::secret_name(name, room.prefix())?;
        let sealed = self
            .call(op, session, || {
                self.backend().get_secret_value(session, region, name)
            })
            .await
            .map_err(|error| leaving(error, ErrorClass::NotFound))?;
        Ok(room.unseal(name, &sealed)?)
    }

    /// Fact 48: at once and for good, and one that is not there is no error.
    pub async fn delete_secret(
        &self,
        session: &Session,
        region: &str,
        name: &str,
    ) -> Result<(), Error> {
        let op = Op::regional("secretsmanager:DeleteSecret", region)
            .about(name)
            .with(Effect::Writes);
        self.admit(op, session)?;
        checks::secret_name(name, self.room()?.prefix())?;
        let answer = self
            .call(op, session, || {
                self.backend().delete_secret(session, region, name)
            })
            .await
            .map_err(|error| leaving(error, ErrorClass::NotFound));
        match answer {
            Err(error) if error.class == ErrorClass::NotFound => Ok(()),
            answer => answer,
        }
    }

    fn room(&self) -> Result<&dyn KeyRoom, Error> {
        self.lend.keys.as_deref().ok_or_else(|| {
            plain(
                ErrorClass::Unsupported,
                "no-key-room",
                "no key of the sensor waits in the cloud in this use of the connector".to_owned(),
            )
        })
    }
}

/// An answer that cannot be read leaves open what came of the call, as no answer does.
fn left_open(mut error: Error) -> Error {
    if error.class == ErrorClass::InvalidResponse {
        error.class = ErrorClass::Transient;
    }
    error
}

/// Fact 48: a forced deletion takes its time, and AWS has no code of its own for a secret that is on its way out: gone
/// for who reads it, in the way of who makes it anew.
fn leaving(error: Error, class: ErrorClass) -> Error {
    let leaves = error.code == "InvalidRequestException" && error.message.contains("delet");
    Error {
        class: if leaves { class } else { error.class },
        ..error
    }
}
