//! What the sensor's own errors mean for whoever brings an issuance on: whether they pass.
//! Above: `places`, `issuers`. Below: `app`'s errors.
//! Invariant: only what an operator has to change stops an issuance; trouble of the disk, the ledger or the network never does.

use crate::app::AppError;
use crate::custody::CustodyError;
use crate::issuer::IssuerErrorClass;
use crate::model::problem::{ErrorClass, OperationError};
use crate::plugin::{CallError, CatalogError, LoadError, PackageError};

/// An error as the state machine reads it. `about` is what could not be had.
pub(super) fn told(about: &str, error: &AppError) -> OperationError {
    let (class, code) = class_of(error);
    let retry_after_ms = match error {
        AppError::Operation(inner) | AppError::Call(CallError::Guest(inner)) => {
            inner.retry_after_ms
        }
        AppError::Issuer(inner) => inner
            .retry_after()
            .and_then(|after| u64::try_from(after.as_millis()).ok()),
        _ => None,
    };
    OperationError {
        retry_after_ms,
        ..OperationError::new(class, &code, format!("{about} cannot be used: {error}"))
    }
}

fn class_of(error: &AppError) -> (ErrorClass, String) {
    let own = |code: &str| (ErrorClass::Internal, code.to_owned());
    match error {
        AppError::Operation(inner) => (inner.class, inner.code.clone()),
        AppError::Call(call) => {
            let inner = call.clone().into_operation_error();
            (inner.class, inner.code)
        }
        AppError::Issuer(inner) => (of_issuer(inner.class), inner.code.clone()),
        AppError::Ledger(_) | AppError::Custody(CustodyError::Ledger(_)) => own("ledger"),
        AppError::Store(_) | AppError::Lock(_) | AppError::Engine(_) => own("state"),
        AppError::Package(PackageError::Io { .. })
        | AppError::Catalog(
            CatalogError::Io { .. }
            | CatalogError::Load(
                LoadError::Cache { .. } | LoadError::Package(PackageError::Io { .. }),
            ),
        )
        | AppError::Load(LoadError::Cache { .. } | LoadError::Package(PackageError::Io { .. })) => {
            own("plugin-file")
        }
        AppError::Start(_) => own("plugin-start"),
        _ => (ErrorClass::Config, "configuration".to_owned()),
    }
}

fn of_issuer(class: IssuerErrorClass) -> ErrorClass {
    match class {
        IssuerErrorClass::Config => ErrorClass::Config,
        IssuerErrorClass::Denied => ErrorClass::AccessDenied,
        IssuerErrorClass::Refused | IssuerErrorClass::OrderEnded => ErrorClass::Other,
        IssuerErrorClass::Retry { .. } => ErrorClass::Transient,
        IssuerErrorClass::Internal => ErrorClass::InvalidResponse,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::text::clean;

    #[test]
    fn a_network_that_is_down_for_a_moment_stops_nothing() {
        let unreachable = OperationError::new(ErrorClass::Transient, "dispatch", "no route");
        for error in [
            AppError::Call(CallError::Guest(unreachable.clone())),
            AppError::Operation(unreachable),
        ] {
            assert_eq!(told("connector `aws`", &error).class, ErrorClass::Transient);
        }
    }

    #[test]
    fn trouble_of_the_sensors_own_is_no_fault_of_the_configuration() {
        let full = PackageError::Io {
            path: "plugin.wasm".into(),
            source: std::io::Error::other("no space left"),
        };
        let told_of = told("connector `aws`", &AppError::Package(full));
        assert_eq!(told_of.class, ErrorClass::Internal);
        let missing = AppError::NoConnector {
            name: clean("aws", 10),
            hint: String::new(),
        };
        assert_eq!(told("connector `aws`", &missing).class, ErrorClass::Config);
    }
}
