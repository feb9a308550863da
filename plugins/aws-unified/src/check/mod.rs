//! The check: tries what an import would need, and tells what to do about what does not work.
//! Above: the connector's export. Below: `report`, `organization`, `permissions`.
//! Invariant: changes nothing: what writes is tried on a certificate that does not exist, or not at all; one thing that
//! fails does not keep the next from being tried, unless it needs it.

mod barrier;
mod organization;
mod permissions;
pub(crate) mod report;

use crate::access::Access;
use crate::error::{NOT_GRANTED, is_denied};
use crate::partition;
use crate::settings::{Keys, Scope, Settings};
use permissions::Probe;
pub(crate) use permissions::{Refusal, refusal, refused};
use report::{Line, Report};
use sensor_sdk::host::{Aws, AwsWrite, Host};
use sensor_sdk::types::Finding;
use sensor_sdk::types::aws::{CallerIdentity, ListSecretsRequest};

/// Everything that was tried.
pub(crate) fn run<H: Host + AwsWrite>(host: &H) -> Vec<Finding> {
    let mut report = Report::default();
    match Settings::parse(&host.settings()) {
        Ok(settings) => with_settings(host, &settings, &mut report),
        Err(problems) => {
            for problem in problems {
                report.add(Line::failure("settings", problem.to_string()).about(&problem.key));
            }
        }
    }
    report.into_findings()
}

fn with_settings<H: Host + AwsWrite>(host: &H, settings: &Settings, report: &mut Report) {
    let access = match Access::open(host, settings) {
        Ok(access) => access,
        Err(error) => {
            let line = Line::failure(
                "credentials",
                format!("there are no credentials to use: {}", error.message),
            );
            return report.add(line.advise(
                "link credentials to this connector, or see why the linked ones do not work",
            ));
        }
    };
    // Needs no permission: when this fails, the credentials are no good.
    let caller = match host.get_caller_identity(&access.base) {
        Ok(caller) => caller,
        Err(error) => {
            let line = Line::failure(
                "caller-identity",
                format!("AWS does not accept the credentials: {}", error.message),
            );
            return report.add(line.advise(
                "renew the credentials; a wrong clock on this machine has the same effect",
            ));
        }
    };
    identity(&access, &caller, report);
    match settings.scope {
        Scope::Account => own_account(&access, settings, report),
        Scope::Organization => organization::check(&access, settings, report),
    }
    secrets_manager(&access, settings, report);
}

fn identity<H: Host + Aws>(access: &Access<'_, H>, caller: &CallerIdentity, report: &mut Report) {
    let CallerIdentity { account, arn, .. } = caller;
    let message = format!(
        "acting as {arn} in account {account}, partition {}",
        access.partition
    );
    report.add(Line::success("caller-identity", message).about(account));
    let told = arn.split(':').nth(1).unwrap_or_default();
    if *account != access.account || told != access.partition {
        let message = format!(
            "the linked credentials were of account {} in {}, and AWS says account {account} in {told}",
            access.account, access.partition
        );
        report.add(
            Line::failure("caller-changed", message)
                .about(account)
                .advise("link the credentials again"),
        );
    }
}

fn own_account<H: Host + AwsWrite>(
    access: &Access<'_, H>,
    settings: &Settings,
    report: &mut Report,
) {
    let regions = match crate::plan::regions_of(access.host, &access.base, None) {
        Ok(regions) => {
            let usable = regions
                .into_iter()
                .filter(|region| crate::plan::is_usable(&region.opt_status));
            let names: Vec<_> = usable.map(|region| region.name).collect();
            report.add(
                Line::success("regions", format!("{} regions are enabled", names.len()))
                    .about(&access.account),
            );
            names
        }
        Err(error) => {
            let line = Line::warning(
                "regions",
                format!("the account's regions cannot be listed: {}", error.message),
            );
            let advice =
                "the regions that are enabled by default are read, and the others once this works";
            report.add(line.about(&access.account).advise(advice).mend(
                &error,
                "account:ListRegions",
                "*",
            ));
            Vec::new()
        }
    };
    let region = probe_region(access, settings, &regions);
    Probe {
        access,
        settings,
        session: &access.base,
        account: &access.account,
        region: &region,
    }
    .run(report);
}

/// Where permissions are tried: at home, if that is read, else in the first region that is.
fn probe_region<H: Host + Aws>(
    access: &Access<'_, H>,
    settings: &Settings,
    enabled: &[String],
) -> String {
    let home = partition::home_region(&access.partition);
    let known = partition::default_regions(&access.partition)
        .iter()
        .copied();
    let candidates: Vec<&str> = std::iter::once(home)
        .chain(known)
        .filter(|name| enabled.is_empty() || enabled.iter().any(|region| region == name))
        .chain(enabled.iter().map(String::as_str))
        .collect();
    let read = candidates
        .iter()
        .find(|name| settings.regions.selects(name));
    read.or(candidates.first())
        .copied()
        .unwrap_or(home)
        .to_owned()
}

/// Where keys may wait during a delivery. Importing needs none of it.
fn secrets_manager<H: Host + Aws>(
    access: &Access<'_, H>,
    settings: &Settings,
    report: &mut Report,
) {
    let delivery = &settings.delivery;
    let home = partition::home_region(&access.partition);
    let region = delivery.key_region.as_deref().unwrap_or(home);
    let wanted = delivery.enabled && delivery.keys == Keys::SecretsManager;
    let request = ListSecretsRequest {
        name_prefix: wanted.then(|| "sensor/".to_owned()),
        include_planned_deletion: wanted,
        max_results: 1,
        next_token: None,
    };
    let (optional, use_of_it) = if wanted {
        (
            "",
            "`keys = \"secrets-manager\"` needs it: keys wait there during a delivery",
        )
    } else {
        (
            " (optional)",
            "optional: an import does not need it; it lets keys wait in Secrets Manager during a delivery",
        )
    };
    let refused = |message: String| {
        let line = if wanted {
            Line::failure("secrets-manager", message)
        } else {
            Line::skipped("secrets-manager", message)
        };
        line.advise(use_of_it)
    };
    let line = match access.host.list_secrets(&access.base, region, &request) {
        Ok(_) => Line::success(
            "secrets-manager",
            format!("secrets can be listed{optional}"),
        ),
        Err(error) if error.code == NOT_GRANTED => {
            refused("this plugin is not granted Secrets Manager".to_owned())
        }
        Err(error) if is_denied(&error) => {
            let action = "secretsmanager:ListSecrets";
            refused(format!("{action} is denied")).mend(&error, action, "*")
        }
        Err(error) => refused(format!("could not be tried: {}", error.message)),
    };
    report.add(line.about(region));
    if wanted {
        let message =
            "making, reading and deleting secrets cannot be tried: no key waits yet".to_owned();
        let line = Line::skipped("secrets-manager-writes", message).about(region);
        report.add(line.advise("`sensor policy` prints the statement that they need"));
    }
}
