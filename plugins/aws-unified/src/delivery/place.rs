//! A delivery's target, entered: the account, the region, and the certificate's ARN once there is one.
//! Above: the rest of `delivery`. Below: `access`.
//! Invariant: nothing outside the target's account and region is asked or written.

use crate::access::{Access, Acting};
use crate::error::{config, error};
use crate::settings::{Scope, Settings};
use sensor_sdk::host::{Aws, Host};
use sensor_sdk::types::delivery::Target;
use sensor_sdk::types::{Error, ErrorClass};

/// What to say while deliveries are not allowed.
pub(super) const OFF: &str =
    "this connector does not deliver: write `delivery = { enabled = true }` in its settings";

/// A target that was entered.
pub(super) struct Place<'a, H: Host + Aws> {
    pub(super) host: &'a H,
    pub(super) settings: &'a Settings,
    pub(super) session: Acting<'a, H::Session>,
    pub(super) partition: &'a str,
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    arn: Option<&'a str>,
}

impl<'a, H: Host + Aws> Place<'a, H> {
    pub(super) fn open(
        access: &'a Access<'a, H>,
        settings: &'a Settings,
        target: &'a Target,
    ) -> Result<Self, Error> {
        judge(access, settings, target).map_err(|wrong| config(wrong.code, wrong.message))?;
        let role = access.role_arn(&target.account);
        Ok(Self {
            host: access.host,
            settings,
            session: access.act(role.as_deref())?,
            partition: &access.partition,
            account: &target.account,
            region: &target.region,
            arn: target.id.as_deref(),
        })
    }

    /// The certificate's, once there is one.
    pub(super) fn known(&self) -> Option<&'a str> {
        self.arn
    }

    /// The certificate's; an error where there is none yet.
    pub(super) fn arn(&self) -> Result<&'a str, Error> {
        self.arn.ok_or_else(|| {
            error(
                ErrorClass::NotFound,
                "no-place-yet",
                format!(
                    "nothing was delivered to {}, {} yet",
                    self.account, self.region
                ),
            )
        })
    }

    /// Every certificate that is here.
    pub(super) fn resource(&self) -> String {
        format!(
            "arn:{}:acm:*:{}:certificate/*",
            self.partition, self.account
        )
    }

    /// A certificate of this place that does not exist.
    pub(super) fn nowhere(&self) -> String {
        nowhere(self.partition, self.region, self.account)
    }
}

/// A certificate that does not exist: who may work on it is told that there is none. The contract names this id, and the
/// sensor lets a check change no other.
pub(crate) fn nowhere(partition: &str, region: &str, account: &str) -> String {
    format!(
        "arn:{partition}:acm:{region}:{account}:certificate/00000000-0000-4000-8000-000000000000"
    )
}

/// Why a target cannot be meant.
pub(super) struct Wrong {
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// What can be said of a target without asking AWS.
pub(super) fn judge<H: Host + Aws>(
    access: &Access<'_, H>,
    settings: &Settings,
    target: &Target,
) -> Result<(), Wrong> {
    let Target {
        account,
        region,
        id,
    } = target;
    let wrong = |code, message| Err(Wrong { code, message });
    if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return wrong(
            "target-account",
            format!("`{account}` is no account: 12 digits"),
        );
    }
    if settings.scope == Scope::Account && *account != access.account {
        let message = format!(
            "this connector covers account {} alone, and {account} is another",
            access.account
        );
        return wrong("target-account", message);
    }
    if !settings.regions.selects(region) {
        let message = format!("{region} is left out by `regions` in the connector's settings");
        return wrong("target-region", message);
    }
    let head = format!(
        "arn:{}:acm:{region}:{account}:certificate/",
        access.partition
    );
    if let Some(id) = id
        && id.strip_prefix(&head).is_none_or(str::is_empty)
    {
        let message = format!("{id} is no certificate of account {account} in {region}");
        return wrong("target-arn", message);
    }
    Ok(())
}
