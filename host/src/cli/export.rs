//! `sensor inventory export`: everything that matches, written as it is read.
//! Above: `inventory`. Below: the inventory, `records`.
//! Invariant: memory does not grow with the inventory (but for 32 bytes a certificate in PEM, to write each once);
//! a file appears under its name only when it is whole.

use super::context::Context;
use super::failure::usage;
use super::filter::FilterArgs;
use super::output::Format;
use super::records::{AssetRecord, INVENTORY};
use super::render::{asset_row, asset_rows};
use super::style::{count, safe};
use super::table::guarded;
use crate::model::asset::Asset;
use crate::model::filter::Filter;
use crate::model::time::{Millis, rfc3339};
use crate::store::Inventory;
use anyhow::Context as _;
use base64::Engine;
use clap::{Args, ValueEnum};
use std::collections::HashSet;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Where to write (- for stdout)
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
    /// The form [default: by the file's ending, else --output, else json]
    #[arg(long, value_enum, value_name = "FORM")]
    format: Option<Form>,
    #[command(flatten)]
    pub(super) filter: FilterArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Json,
    Csv,
    Yaml,
    Pem,
}

impl ExportArgs {
    fn form(&self, output: Format) -> anyhow::Result<Form> {
        let ending = self.file.extension().and_then(|end| end.to_str());
        Ok(match (self.format, ending, output) {
            (Some(form), ..) => form,
            (None, Some("json"), _) | (None, None, Format::Json | Format::Table) => Form::Json,
            (None, Some("csv"), _) | (None, None, Format::Csv) => Form::Csv,
            (None, Some("yaml" | "yml"), _) | (None, None, Format::Yaml) => Form::Yaml,
            (None, Some("pem" | "crt"), _) => Form::Pem,
            (None, Some(_), _) => {
                return Err(usage(
                    "the file's ending is none of json, csv, yaml, pem: give --format",
                ));
            }
        })
    }
}

pub(super) fn act(
    args: ExportArgs,
    inventory: &Inventory,
    now: Millis,
    accounts: &[(String, String)],
    context: &Context,
) -> anyhow::Result<()> {
    let form = args.form(context.out.format)?;
    let filter = args.filter.filter(now, accounts)?;
    if args.file == Path::new("-") {
        return context
            .out
            .data(|to| export(form, inventory, &filter, to).map(drop));
    }
    let written = into_file(&args.file, |to| export(form, inventory, &filter, to))?;
    context.out.say(&format!(
        "{} written to {}",
        count(written, "entry", "entries"),
        args.file.display()
    ));
    Ok(())
}

fn into_file(
    file: &Path,
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<u64>,
) -> anyhow::Result<u64> {
    let mut name = file
        .file_name()
        .ok_or_else(|| usage("the file has no name"))?
        .to_owned();
    name.push(".part");
    let part = file.with_file_name(name);
    let made = std::fs::File::create(&part).with_context(|| part.display().to_string())?;
    let mut to = BufWriter::with_capacity(1 << 16, made);
    let written = write(&mut to).and_then(|written| {
        to.flush()?;
        Ok(written)
    });
    match written {
        Ok(written) => {
            std::fs::rename(&part, file).with_context(|| file.display().to_string())?;
            Ok(written)
        }
        Err(error) => {
            // What failed is told; that its remains could not be removed either is not.
            let _left = std::fs::remove_file(&part);
            Err(error)
        }
    }
}

fn export(
    form: Form,
    inventory: &Inventory,
    filter: &Filter,
    to: &mut dyn Write,
) -> anyhow::Result<u64> {
    let assets = inventory
        .export(filter)?
        .map(|asset| asset.map_err(anyhow::Error::from));
    match form {
        Form::Json => json(assets, to),
        Form::Csv => csv_rows(assets, to),
        Form::Yaml => yaml(assets, to),
        Form::Pem => pem(assets, inventory, to),
    }
}

fn json(
    assets: impl Iterator<Item = anyhow::Result<Asset>>,
    to: &mut dyn Write,
) -> anyhow::Result<u64> {
    write!(to, "{{\n\"schema\": \"{INVENTORY}\",\n\"certificates\": [")?;
    let mut written = 0;
    for asset in assets {
        to.write_all(if written == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *to, &AssetRecord::from(&asset?))?;
        written += 1;
    }
    to.write_all(b"\n]\n}\n")?;
    Ok(written)
}

fn yaml(
    assets: impl Iterator<Item = anyhow::Result<Asset>>,
    to: &mut dyn Write,
) -> anyhow::Result<u64> {
    write!(to, "schema: {INVENTORY}\ncertificates:")?;
    let mut written = 0;
    for asset in assets {
        if written == 0 {
            to.write_all(b"\n")?;
        }
        to.write_all(serde_saphyr::to_string(&[AssetRecord::from(&asset?)])?.as_bytes())?;
        written += 1;
    }
    if written == 0 {
        to.write_all(b" []\n")?;
    }
    Ok(written)
}

fn csv_rows(
    assets: impl Iterator<Item = anyhow::Result<Asset>>,
    to: &mut dyn Write,
) -> anyhow::Result<u64> {
    let mut writer = csv::Writer::from_writer(to);
    writer.write_record(asset_rows().head)?;
    let mut written = 0;
    for asset in assets {
        writer.write_record(asset_row(&asset?).iter().map(|field| guarded(&field.text)))?;
        written += 1;
    }
    writer.flush()?;
    Ok(written)
}

/// Each certificate once, under a line that says what it is.
fn pem(
    assets: impl Iterator<Item = anyhow::Result<Asset>>,
    inventory: &Inventory,
    to: &mut dyn Write,
) -> anyhow::Result<u64> {
    let mut done = HashSet::new();
    for asset in assets {
        let Some(certificate) = asset?
            .certificate
            .filter(|certificate| done.insert(certificate.fingerprint.0))
        else {
            continue;
        };
        let Some(der) = inventory.body(certificate.fingerprint)? else {
            continue;
        };
        let ends = rfc3339(certificate.not_after);
        writeln!(
            to,
            "# {}, expires {ends}\n-----BEGIN CERTIFICATE-----",
            safe(&certificate.subject)
        )?;
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        for line in text.as_bytes().chunks(64) {
            to.write_all(line)?;
            to.write_all(b"\n")?;
        }
        to.write_all(b"-----END CERTIFICATE-----\n")?;
    }
    Ok(done.len() as u64)
}
