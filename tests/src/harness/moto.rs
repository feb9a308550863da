//! moto, an AWS mock by others, as a child process.
//! Above: tests that want a second opinion. Below: `python`.
//! Invariant: the server listens on a free port and dies with its value, by its own process id.

use super::python;
use anyhow::{Context, bail};
use serde::Deserialize;
use std::io::{Read, Seek, SeekFrom};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running moto server.
pub struct Moto {
    child: Child,
    endpoint: String,
}

/// What the helper put into moto.
#[derive(Debug, Deserialize)]
pub struct Truth {
    /// The management account.
    pub management: String,
    /// All accounts.
    pub accounts: Vec<String>,
    /// All certificates.
    pub certificates: Vec<Imported>,
}

/// One certificate in moto.
#[derive(Debug, Deserialize)]
pub struct Imported {
    /// Its account.
    pub account: String,
    /// Its region.
    pub region: String,
    /// Its ARN.
    pub arn: String,
    /// The body that was imported.
    pub pem: String,
}

/// How long a cold Python may take to start.
const PATIENCE: Duration = Duration::from_secs(90);

impl Moto {
    /// Starts a server on a free port.
    pub fn start() -> anyhow::Result<Self> {
        let mut log = tempfile::tempfile()?;
        let mut command = Command::new(python::moto_server());
        command.args(["-H", "127.0.0.1", "-p", "0"]);
        command
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log.try_clone()?);
        let child = command.spawn().context("starting moto_server")?;
        let mut moto = Self {
            child,
            endpoint: String::new(),
        };
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let mut text = String::new();
            log.seek(SeekFrom::Start(0))?;
            log.read_to_string(&mut text)?;
            if let Some(endpoint) = listening(&text) {
                moto.endpoint = endpoint;
                return Ok(moto);
            }
            if let Some(status) = moto.child.try_wait()? {
                bail!("moto_server ended with {status}:\n{text}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("moto_server did not listen within {PATIENCE:?}")
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Makes an organization with certificates.
    pub fn fill(
        &self,
        accounts: u32,
        regions: &[&str],
        certificates: u32,
    ) -> anyhow::Result<Truth> {
        let mut script = python::script("fill_moto.py");
        script.args([
            &self.endpoint,
            &accounts.to_string(),
            &regions.join(","),
            &certificates.to_string(),
        ]);
        Ok(serde_json::from_str(&python::output(&mut script)?)?)
    }

    /// What a child process needs to find it; moto takes any keys.
    pub fn env(&self) -> Vec<(String, String)> {
        let pairs = [
            ("AWS_ENDPOINT_URL", self.endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }
}

fn listening(log: &str) -> Option<String> {
    let line = log
        .lines()
        .find(|line| line.contains("Running on http://"))?;
    let from = line.find("http://")?;
    line[from..].split_whitespace().next().map(str::to_owned)
}

impl Drop for Moto {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
