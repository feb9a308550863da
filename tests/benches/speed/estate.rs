//! The organization that the figures are taken with, and the simulated AWS that serves it in a process of its own.
//! Above: the measurements. Below: the program `fake-aws`.
//! Invariant: every certificate has a body and is valid, so that "imported in full" means every one of them.

use anyhow::{Context, bail};
use mock_aws::Scenario;
use sensor_tests::harness::place;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const REGIONS: [&str; 8] = [
    "eu-central-1",
    "us-east-1",
    "eu-west-1",
    "us-west-2",
    "eu-north-1",
    "ap-southeast-1",
    "ca-central-1",
    "sa-east-1",
];

/// How large an organization is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) accounts: u64,
    pub(crate) regions: u64,
    /// In each region of each account.
    pub(crate) certificates: u64,
}

impl Size {
    /// So many accounts and regions, and about so many certificates in all.
    pub(crate) fn of(accounts: u64, regions: u64, certificates: u64) -> Self {
        let (accounts, regions) = (accounts.max(1), regions.clamp(1, REGIONS.len() as u64));
        Self {
            accounts,
            regions,
            certificates: (certificates / (accounts * regions)).max(1),
        }
    }

    pub(crate) fn splits(self) -> u64 {
        self.accounts * self.regions
    }

    pub(crate) fn total(self) -> u64 {
        self.splits() * self.certificates
    }

    pub(crate) fn region_names(self) -> Vec<&'static str> {
        REGIONS
            .into_iter()
            .zip(0..self.regions)
            .map(|(name, _)| name)
            .collect()
    }

    /// The scenario's text. `rates` is `"real"` or `"off"`.
    pub(crate) fn text(self, rates: &str) -> String {
        let regions: Vec<_> = self
            .region_names()
            .iter()
            .map(|name| format!("\"{name}\""))
            .collect();
        format!(
            "name = \"bench\"\nseed = 11\nrates = \"{rates}\"\n\
             regions = [{}]\n[organization]\n[generate]\naccounts = {}\nous = 4\ndepth = 2\n\
             certificates_per_split = {}\n[mix]\nstatuses = {{ ISSUED = 1 }}\n\
             expiry = {{ within_30_days = 1, within_90_days = 3, later = 6 }}\n",
            regions.join(", "),
            self.accounts,
            self.certificates
        )
    }

    pub(crate) fn scenario(self, rates: &str) -> anyhow::Result<Scenario> {
        Ok(Scenario::parse(&self.text(rates))?)
    }

    pub(crate) fn told(self) -> String {
        format!(
            "{} certificates in {} accounts × {} regions",
            self.total(),
            self.accounts,
            self.regions
        )
    }
}

/// The simulated AWS over HTTP in another process, so that its work is not counted as anybody else's.
pub(crate) struct Server {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    env: Vec<(String, String)>,
    _scenario: tempfile::TempDir,
}

impl Server {
    /// Starts it, its rates off.
    pub(crate) fn start(size: Size) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let scenario = directory.path().join("scenario.toml");
        std::fs::write(&scenario, size.text("off"))?;
        let mut child = Command::new(place::program("fake-aws"))
            .arg("--scenario")
            .arg(&scenario)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting fake-aws")?;
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().context("fake-aws has no output")?);
        let mut env = Vec::new();
        loop {
            let mut line = String::new();
            if output.read_line(&mut line)? == 0 {
                bail!("fake-aws ended before it served");
            }
            if let Some(pair) = line.trim().strip_prefix("export ") {
                let (name, value) = pair.split_once('=').context("fake-aws: no pair")?;
                env.push((name.to_owned(), value.trim_matches('\'').to_owned()));
            }
            if line.starts_with("# Enter") {
                break;
            }
        }
        Ok(Self {
            child,
            input,
            output,
            env,
            _scenario: directory,
        })
    }

    /// What a client's environment needs.
    pub(crate) fn env(&self) -> Vec<(String, String)> {
        self.env.clone()
    }

    /// Ends it and tells what it answered: (count, "Service.Operation").
    pub(crate) fn stop(mut self) -> anyhow::Result<Vec<(u64, String)>> {
        if let Some(mut input) = self.input.take() {
            input.write_all(b"\n")?;
        }
        let mut told = String::new();
        self.output.read_to_string(&mut told)?;
        self.child.wait()?;
        let answer = |line: &str| {
            let (count, name) = line.trim().split_once(' ')?;
            Some((count.parse().ok()?, name.to_owned()))
        };
        Ok(told.lines().filter_map(answer).collect())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
