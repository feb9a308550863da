//! Accounts: those written out and those generated, with their roles, regions, certificates and secrets.
//! Above: `estate::build`. Below: `scenario`, `estate::entry`, `estate::mix`.
//! Invariant: the order of accounts and regions is the scenario's, so that numbers and ARNs stay.

use super::build::Builder;
use super::entry::Entry;
use super::mix::Mix;
use super::{Account, Joined, Organization, Role, Secret, Split, State};
use crate::noise::{Noise, hash};
use crate::scenario::{AccountEntry, CertificateEntry, Counts, Generate, OuEntry, Scenario};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Every account and unit, the generated ones written out too.
pub(super) fn everybody(scenario: &Scenario) -> (Vec<AccountEntry>, Vec<OuEntry>) {
    let (mut accounts, mut ous) = (scenario.accounts.clone(), scenario.ous.clone());
    if let Some(generate) = &scenario.generate {
        ous.extend((0..generate.ous).map(|n| generated_unit(generate, n)));
        accounts.extend((0..generate.accounts).map(|n| AccountEntry {
            name: format!("account-{:04}", n + 1),
            ou: (generate.ous > 0).then(|| unit_name(n % generate.ous)),
            regions: generate.regions.clone(),
            certificates: Counts::Each(generate.certificates_per_split),
            ..AccountEntry::default()
        }));
    }
    (accounts, ous)
}

fn unit_name(n: u32) -> String {
    format!("unit-{:03}", n + 1)
}

/// Units in chains, each as deep as asked for.
fn generated_unit(generate: &Generate, n: u32) -> OuEntry {
    let below = !n.is_multiple_of(generate.depth.max(1));
    OuEntry {
        name: unit_name(n),
        parent: below.then(|| unit_name(n - 1)),
    }
}

/// The accounts' numbers, in their order.
pub(super) fn numbers(builder: &mut Builder<'_>) -> Vec<String> {
    let mut taken = HashSet::new();
    let mut names = HashSet::new();
    let mut ids = Vec::with_capacity(builder.entries.len());
    let mut problems = Vec::new();
    for entry in &builder.entries {
        if !names.insert(entry.name.clone()) {
            problems.push(format!("account `{}`: is there twice", entry.name));
        }
        let mut made = 100_000_000_000 + hash(builder.scenario.seed, &entry.name) % 899_999_999_999;
        while entry.id.is_none() && taken.contains(&made.to_string()) {
            made += 1;
        }
        let id = entry.id.clone().unwrap_or_else(|| made.to_string());
        if id.len() != 12 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            problems.push(format!(
                "account `{}`: `{id}` is no account number (12 digits)",
                entry.name
            ));
        }
        if !taken.insert(id.clone()) {
            problems.push(format!(
                "account `{}`: the number {id} is there twice",
                entry.name
            ));
        }
        ids.push(id);
    }
    builder.problems.extend(problems);
    ids
}

/// The accounts, and the certificates written out.
pub(super) fn accounts(
    builder: &mut Builder<'_>,
    organization: Option<&Organization>,
) -> (Vec<Account>, Vec<Entry>) {
    let scenario = builder.scenario;
    let common = Arc::new(Mix::new(
        &scenario.mix,
        &scenario.mix,
        &mut builder.problems,
    ));
    let raws = std::mem::take(&mut builder.entries);
    let mut written = Vec::new();
    let mut accounts = Vec::with_capacity(raws.len());
    for (index, raw) in raws.iter().enumerate() {
        let at = format!("account `{}`", raw.name);
        let mix = match &raw.mix {
            Some(over) => Arc::new(Mix::new(over, &scenario.mix, &mut builder.problems)),
            None => Arc::clone(&common),
        };
        let role = role(builder, raw, index, organization);
        accounts.push(Account {
            id: builder.ids[index].clone(),
            name: raw.name.clone(),
            slug: slug(&raw.name),
            unit: raw.ou.as_ref().and_then(|name| builder.unit(&at, name)),
            state: raw
                .state
                .as_ref()
                .and_then(|word| builder.parse(&at, word))
                .unwrap_or(State::Active),
            joined: raw
                .joined
                .as_ref()
                .and_then(|word| builder.parse(&at, word))
                .unwrap_or(Joined::Created),
            role,
            denied_actions: raw.denied_actions.clone(),
            denied_regions: raw.denied_regions.clone(),
            disabled_regions: raw.disabled_regions.clone(),
            splits: splits(builder, raw, index, &mix, &mut written),
            secrets: secrets(builder, raw, index),
            quotas: scenario.quotas.with(raw.quotas),
        });
    }
    check_labels(builder, &written);
    builder.entries = raws;
    (accounts, written)
}

fn role(
    builder: &Builder<'_>,
    raw: &AccountEntry,
    index: usize,
    organization: Option<&Organization>,
) -> Option<Role> {
    let scenario = builder.scenario;
    let is_member = organization.is_some_and(|organization| organization.management != index);
    let invited = raw.joined.as_deref() == Some("INVITED");
    let name = match &raw.role {
        Some(name) => name.clone(),
        // Neither the management account nor an invited one has the common role by itself.
        None if is_member && !invited => scenario.role.clone(),
        None => return None,
    };
    let external_id = raw.external_id.as_ref().or(scenario.external_id.as_ref());
    (!name.is_empty()).then(|| Role {
        name,
        external_id: external_id.filter(|id| !id.is_empty()).cloned(),
        denied: raw.role_denied,
        mfa: raw.role_mfa,
        from: raw.role_from_ms.map(|ms| builder.start + ms),
        max_seconds: raw.role_max_seconds.unwrap_or(3600),
        allows: raw.role_allows.clone(),
    })
}

fn regions<'a>(builder: &'a Builder<'_>, raw: &'a AccountEntry) -> &'a [String] {
    raw.regions.as_deref().unwrap_or(&builder.scenario.regions)
}

fn splits(
    builder: &mut Builder<'_>,
    raw: &AccountEntry,
    index: usize,
    mix: &Arc<Mix>,
    written: &mut Vec<Entry>,
) -> Vec<Split> {
    let regions = regions(builder, raw).to_vec();
    let account_seed = hash(builder.scenario.seed, &builder.ids[index]);
    let at = format!("account `{}`", raw.name);
    if let Counts::Named(counts) = &raw.certificates {
        for region in counts.keys().filter(|region| !regions.contains(region)) {
            builder.problem(
                &at,
                &format!("certificates: `{region}` is none of its regions"),
            );
        }
    }
    let mut placed: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (n, entry) in raw.entries.iter().enumerate() {
        let at = format!("{at}, certificate {}", n + 1);
        let seeds = (
            builder.scenario.seed,
            hash(account_seed, &format!("entry {n}")),
        );
        let understood = Entry::new(
            entry,
            &at,
            &slug(&raw.name),
            seeds,
            builder.start,
            &mut builder.problems,
        );
        written.push(understood);
        for region in entry_regions(entry, &regions) {
            match regions.iter().find(|known| **known == region) {
                Some(known) => placed.entry(known).or_default().push(written.len() - 1),
                None => {
                    builder.problem(&at, &format!("`{region}` is none of the account's regions"));
                }
            }
        }
    }
    regions
        .iter()
        .map(|region| Split {
            region: region.clone(),
            seed: hash(account_seed, region),
            written: placed.remove(region.as_str()).unwrap_or_default(),
            generated: raw.certificates.of(region),
            mix: Arc::clone(mix),
        })
        .collect()
}

fn entry_regions(entry: &CertificateEntry, all: &[String]) -> Vec<String> {
    match (&entry.region, &entry.regions) {
        (None, None) => all.to_vec(),
        (one, several) => one
            .iter()
            .chain(several.iter().flatten())
            .cloned()
            .collect(),
    }
}

/// A name as it can stand in a domain.
pub(super) fn slug(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let kept = lower
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
    kept.collect::<String>().trim_matches('-').to_owned()
}

fn secrets(builder: &Builder<'_>, raw: &AccountEntry, index: usize) -> Vec<Secret> {
    let all = regions(builder, raw);
    let mut secrets = Vec::new();
    for secret in &raw.secrets {
        for region in all
            .iter()
            .filter(|region| secret.region.as_ref().is_none_or(|only| only == *region))
        {
            let id = &builder.ids[index];
            let mark = Noise::new(hash(
                builder.scenario.seed,
                &format!("{id} {region} {}", secret.name),
            ))
            .word(6);
            secrets.push(Secret {
                name: secret.name.clone(),
                region: region.clone(),
                arn: format!(
                    "arn:{}:secretsmanager:{region}:{id}:secret:{}-{mark}",
                    builder.scenario.partition, secret.name
                ),
                tags: secret.tags.clone(),
                deleted_at: secret.deleted_ms.map(|ms| builder.start + ms),
                value: secret.value.clone(),
                replicated: secret.replicated,
            });
        }
    }
    secrets
}

fn check_labels(builder: &mut Builder<'_>, written: &[Entry]) {
    let mut first = HashMap::new();
    for entry in written {
        let Some(label) = &entry.label else { continue };
        let before = first.entry(label).or_insert(&entry.recipe);
        if **before != entry.recipe {
            builder.problem(
                "certificate",
                &format!("entries that are the `same` \"{label}\" differ"),
            );
        }
    }
}
