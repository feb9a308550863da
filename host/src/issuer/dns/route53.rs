//! Records in Route 53 by the AWS SDK.
//! Above: `dns`. Below: aws-sdk-route53, `backend::sdk` (what AWS's errors mean).
//! Invariant: values of others at the same name stay as they are; a record counts as up once AWS says INSYNC.

use super::Record;
use crate::backend::sdk::from_sdk;
use crate::config::Route53Config;
use crate::issuer::aws::told;
use crate::issuer::{IssuerError, IssuerErrorClass};
use crate::model::check::{CheckStatus, Finding};
use aws_sdk_route53::Client;
use aws_sdk_route53::types::{
    Change, ChangeAction, ChangeBatch, ChangeStatus, ResourceRecord, ResourceRecordSet, RrType,
};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Seconds that resolvers may keep a record.
const TTL: i64 = 60;
/// A change takes up to a minute.
const SOON: Duration = Duration::from_secs(5);
/// Records whose changes are remembered.
const REMEMBERED: usize = 10_000;
/// Values at one name; AWS takes 400.
const MOST_VALUES: usize = 100;

pub(in crate::issuer) struct Route53 {
    client: Client,
    hosted_zone: Option<String>,
    /// Zones by the names that they were found for.
    zones: Mutex<HashMap<String, String>>,
    /// What was put up, and by which change; none once it is in sync. Lost with the process: then it is put up
    /// again, which changes nothing but brings a change to ask for.
    up: Mutex<HashMap<Record, Option<String>>>,
    /// A set of records is read, then written: two at once would lose a value.
    writing: tokio::sync::Mutex<()>,
}

impl Route53 {
    pub(super) fn new(config: &Route53Config, aws: &aws_config::SdkConfig) -> Self {
        Self {
            client: Client::new(aws),
            hosted_zone: config.hosted_zone.clone(),
            zones: Mutex::default(),
            up: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
        }
    }

    pub(super) async fn present(
        &self,
        records: &[Record],
    ) -> Result<Option<Duration>, IssuerError> {
        let new: Vec<Record> = {
            let up = self.up();
            let is_new = |record: &&Record| !up.contains_key(record);
            records.iter().filter(is_new).cloned().collect()
        };
        if !new.is_empty() {
            let changes = self.write(&new, Merge::Add).await?;
            let mut up = self.up();
            if up.len() > REMEMBERED {
                up.clear();
            }
            up.extend(changes.into_iter().map(|(record, id)| (record, Some(id))));
        }
        let mut asked: BTreeMap<String, bool> = BTreeMap::new();
        for record in records {
            let change = self.up().get(record).cloned().flatten();
            let Some(change) = change else { continue };
            let in_sync = match asked.get(&change) {
                Some(in_sync) => *in_sync,
                None => self.is_in_sync(&change).await?,
            };
            if in_sync {
                self.up().insert(record.clone(), None);
            }
            asked.insert(change, in_sync);
        }
        Ok(asked.values().any(|in_sync| !in_sync).then_some(SOON))
    }

    pub(super) async fn clean_up(&self, records: &[Record]) -> Result<(), IssuerError> {
        self.write(records, Merge::Remove).await?;
        let mut up = self.up();
        for record in records {
            up.remove(record);
        }
        Ok(())
    }

    pub(super) async fn check(&self) -> Finding {
        let asked = match &self.hosted_zone {
            Some(zone) => self
                .client
                .get_hosted_zone()
                .id(zone)
                .send()
                .await
                .map(|_| format!("the hosted zone {zone} can be read"))
                .map_err(|error| told(from_sdk(error, false))),
            None => self
                .client
                .list_hosted_zones_by_name()
                .max_items(1)
                .send()
                .await
                .map(|_| "hosted zones can be listed".to_owned())
                .map_err(|error| told(from_sdk(error, false))),
        };
        let (status, message, denied) = match asked {
            Ok(message) => (CheckStatus::Success, message, false),
            Err(error) => {
                let denied = error.class == IssuerErrorClass::Denied;
                (CheckStatus::Failure, error.to_string(), denied)
            }
        };
        Finding {
            status,
            code: "dns-route53".to_owned(),
            subject: self.hosted_zone.clone(),
            message,
            advice: None,
            statement: denied.then(|| self.statement()),
        }
    }

    /// Adds values or takes them away, zone by zone. Returns each record with the change that did it.
    async fn write(
        &self,
        records: &[Record],
        merge: Merge,
    ) -> Result<Vec<(Record, String)>, IssuerError> {
        let _one_at_a_time = self.writing.lock().await;
        let mut by_zone: BTreeMap<String, BTreeMap<&str, Vec<&Record>>> = BTreeMap::new();
        for record in records {
            let zone = self.zone(&record.name).await?;
            let names = by_zone.entry(zone).or_default();
            names.entry(record.name.as_str()).or_default().push(record);
        }
        let mut done = Vec::new();
        for (zone, names) in by_zone {
            let mut changes = Vec::new();
            for (name, records) in &names {
                let there = self.there(&zone, name).await?;
                changes.extend(change(name, there, records, merge)?);
            }
            if changes.is_empty() {
                continue;
            }
            let id = self.submit(&zone, changes).await?;
            let all = names.into_values().flatten().cloned();
            done.extend(all.map(|record| (record, id.clone())));
        }
        Ok(done)
    }

    async fn submit(&self, zone: &str, changes: Vec<Change>) -> Result<String, IssuerError> {
        let batch = ChangeBatch::builder().set_changes(Some(changes)).build();
        let answer = self
            .client
            .change_resource_record_sets()
            .hosted_zone_id(zone)
            .change_batch(batch.map_err(|error| unbuilt(&error))?)
            .send()
            .await
            .map_err(|error| told(from_sdk(error, false)))?;
        let info = answer.change_info.ok_or_else(|| {
            IssuerError::internal("route53", "Route 53 took a change without naming it")
        })?;
        Ok(info.id)
    }

    async fn is_in_sync(&self, change: &str) -> Result<bool, IssuerError> {
        let answer = self.client.get_change().id(change).send().await;
        let answer = answer.map_err(|error| told(from_sdk(error, false)))?;
        let status = answer.change_info.map(|info| info.status);
        Ok(status == Some(ChangeStatus::Insync))
    }

    /// The TXT records at a name, if there are some.
    async fn there(
        &self,
        zone: &str,
        name: &str,
    ) -> Result<Option<ResourceRecordSet>, IssuerError> {
        let answer = self
            .client
            .list_resource_record_sets()
            .hosted_zone_id(zone)
            .start_record_name(name)
            .start_record_type(RrType::Txt)
            .max_items(1)
            .send()
            .await
            .map_err(|error| told(from_sdk(error, false)))?;
        let first = answer.resource_record_sets.into_iter().next();
        Ok(first.filter(|set| {
            set.r#type == RrType::Txt && set.name.trim_end_matches('.').eq_ignore_ascii_case(name)
        }))
    }

    /// The zone that a record lies in.
    async fn zone(&self, name: &str) -> Result<String, IssuerError> {
        if let Some(zone) = &self.hosted_zone {
            return Ok(zone.clone());
        }
        let mut candidate = name;
        while let Some((_, parent)) = candidate.split_once('.') {
            candidate = parent;
            let known = self.zones().get(candidate).cloned();
            if let Some(zone) = known {
                return Ok(zone);
            }
            if let Some(zone) = self.find_zone(candidate).await? {
                self.zones().insert(candidate.to_owned(), zone.clone());
                return Ok(zone);
            }
        }
        let text = format!("{name}: the account has no public hosted zone that it lies in");
        Err(IssuerError::config("no-hosted-zone", text))
    }

    async fn find_zone(&self, name: &str) -> Result<Option<String>, IssuerError> {
        let answer = self
            .client
            .list_hosted_zones_by_name()
            .dns_name(name)
            // A private zone may have the same name.
            .max_items(10)
            .send()
            .await
            .map_err(|error| told(from_sdk(error, false)))?;
        let found = answer.hosted_zones.into_iter().find(|zone| {
            let private = zone.config.as_ref().is_some_and(|own| own.private_zone);
            !private && zone.name.trim_end_matches('.').eq_ignore_ascii_case(name)
        });
        Ok(found.map(|zone| zone.id.trim_start_matches("/hostedzone/").to_owned()))
    }

    fn up(&self) -> MutexGuard<'_, HashMap<Record, Option<String>>> {
        self.up.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn zones(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.zones.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn statement(&self) -> String {
        let zone = self.hosted_zone.as_deref().unwrap_or("*");
        serde_json::json!([
            {
                "Effect": "Allow",
                "Action": ["route53:ListHostedZonesByName", "route53:GetChange"],
                "Resource": "*",
            },
            {
                "Effect": "Allow",
                "Action": [
                    "route53:GetHostedZone",
                    "route53:ListResourceRecordSets",
                    "route53:ChangeResourceRecordSets",
                ],
                "Resource": format!("arn:aws:route53:::hostedzone/{zone}"),
            },
        ])
        .to_string()
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Merge {
    Add,
    Remove,
}

/// What makes a name's values what they shall be; none if there is nothing to take away.
fn change(
    name: &str,
    there: Option<ResourceRecordSet>,
    records: &[&Record],
    merge: Merge,
) -> Result<Option<Change>, IssuerError> {
    let ours: Vec<String> = records
        .iter()
        .map(|record| format!("\"{}\"", record.value))
        .collect();
    let held: Vec<String> = there.iter().flat_map(values).collect();
    let mut values: Vec<String> = held
        .iter()
        .filter(|value| !ours.contains(value))
        .cloned()
        .collect();
    if merge == Merge::Add {
        if values.len() + ours.len() > MOST_VALUES {
            let text = format!(
                "{name} has {} values already: take old ones away",
                values.len()
            );
            return Err(IssuerError::config("too-many-values", text));
        }
        values.extend(ours);
    } else if values.len() == held.len() {
        return Ok(None);
    }
    let (action, set) = match there {
        // The last value goes with its set, which is named exactly as it is.
        Some(set) if values.is_empty() => (ChangeAction::Delete, set),
        set => {
            let ttl = set.and_then(|set| set.ttl).unwrap_or(TTL);
            let mut built = ResourceRecordSet::builder()
                .name(name)
                .r#type(RrType::Txt)
                .ttl(ttl);
            for value in values {
                let record = ResourceRecord::builder().value(value).build();
                built = built.resource_records(record.map_err(|error| unbuilt(&error))?);
            }
            let set = built.build().map_err(|error| unbuilt(&error))?;
            (ChangeAction::Upsert, set)
        }
    };
    let change = Change::builder().action(action).resource_record_set(set);
    change.build().map(Some).map_err(|error| unbuilt(&error))
}

fn values(set: &ResourceRecordSet) -> impl Iterator<Item = String> {
    let records = set.resource_records().iter();
    records.map(|record| record.value.clone())
}

fn unbuilt(error: &impl std::fmt::Display) -> IssuerError {
    IssuerError::internal("route53", error.to_string())
}
