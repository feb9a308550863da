//! The benchmark: what `cargo xtask bench` runs once everything is built. Prints ratios of this run, each with its
//! target; absolute figures say how they came about.
//! Above: `xtask`. Below: one file a measurement.
//! Invariant: CPU time, not wall time, wherever work is compared; a figure that misses its target is printed all the same.

mod boto3;
mod calls;
mod cpu;
mod estate;
mod floor;
mod ground;
mod inventory;
mod native;
mod outside;
mod program;
mod quota;
mod renewals;
mod report;
mod tax;

use clap::{Parser, ValueEnum};
use estate::Size;
use report::Figure;

/// One of the measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The component against the connector compiled natively
    Tax,
    /// The sensor against a boto3 script
    Boto3,
    /// Calls of a second import
    Calls,
    /// A large inventory
    Inventory,
    /// Time under AWS's rates
    Quota,
    /// Time of many renewals under AWS's rate of imports
    Renewals,
}

#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", about = "Measures the sensor")]
struct Options {
    /// Only these; may be given several times
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// Certificates of the organization [default: 4000, with --quick 400]
    #[arg(long)]
    certificates: Option<u64>,
    /// Its accounts
    #[arg(long, default_value_t = 10)]
    accounts: u64,
    /// Regions of each, at most 8
    #[arg(long, default_value_t = 2)]
    regions: u64,
    /// Rounds of what is measured in CPU time [default: 5, with --quick 1]
    #[arg(long)]
    rounds: Option<usize>,
    /// Certificates of the large inventory [default: 1000000, with --quick 20000]
    #[arg(long)]
    inventory_certificates: Option<u64>,
    /// Certificates to be renewed in one account and region [default: 2500, with --quick 60]
    #[arg(long)]
    renewals: Option<u32>,
    /// Milliseconds that a call takes under AWS's rates, nearby
    #[arg(long, default_value_t = 25)]
    near: u64,
    /// And far away
    #[arg(long, default_value_t = 100)]
    far: u64,
    /// Small and soon done: shows that it works, not how fast
    #[arg(long)]
    quick: bool,
    /// What this program is to its parent
    #[arg(long = "as", hide = true)]
    child: Option<Part>,
    /// `cargo bench` says it
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    fn size(&self) -> Size {
        let usual = if self.quick { 400 } else { 4000 };
        Size::of(
            self.accounts,
            self.regions,
            self.certificates.unwrap_or(usual),
        )
    }

    fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.quick { 1 } else { 5 }).max(1)
    }

    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    match options.child {
        Some(Part::Tax) => return tax::child(options.size(), options.rounds()),
        Some(Part::Boto3) => return floor::child(options.size()),
        _ => {}
    }
    let mut figures = Vec::new();
    for part in Part::value_variants() {
        if options.wants(*part) {
            say(&format!("{part:?}"));
            figures.extend(measure(*part, &options)?);
        }
    }
    print(&report::table(&figures));
    Ok(())
}

fn measure(part: Part, options: &Options) -> anyhow::Result<Vec<Figure>> {
    let (size, rounds) = (options.size(), options.rounds());
    match part {
        Part::Tax => {
            let mut figures = tax::over_http(size, rounds)?;
            figures.extend(tax::without_network(size, rounds)?);
            Ok(figures)
        }
        Part::Boto3 => boto3::measure(size, rounds),
        Part::Calls => calls::measure(size),
        Part::Inventory => {
            let usual = if options.quick { 20_000 } else { 1_000_000 };
            let certificates = options.inventory_certificates.unwrap_or(usual);
            print(&inventory::measure(certificates)?);
            Ok(Vec::new())
        }
        Part::Quota => quota::measure(size.total(), options.near, options.far),
        Part::Renewals => {
            let usual = if options.quick { 60 } else { 2500 };
            let count = options.renewals.unwrap_or(usual);
            renewals::measure(count, options.near, options.far)
        }
    }
}

#[expect(clippy::print_stderr, reason = "whoever waits sees where it is")]
fn say(text: &str) {
    eprintln!("measuring: {}", text.to_lowercase());
}

#[expect(clippy::print_stdout, reason = "the figures are its output")]
fn print(text: &str) {
    println!("{text}");
}
