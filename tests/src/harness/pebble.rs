//! Debian's pebble, an ACME CA by others, with pebble-challtestsrv as its DNS; both as child processes.
//! Above: tests of issuers. Below: `place`; `cargo xtask test` installs the package.
//! Invariant: both listen on free ports of 127.0.0.1 and die with their value, by their own process ids; the CA's
//! server is trusted by nobody but whoever is given its file.

use super::place;
use anyhow::{Context, bail};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long either may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// The DNS writes the first log, the CA the second.
const CA_LOG: &str = "1.log";

/// How the CA behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Of a hundred good nonces, as many are refused.
    pub nonces_refused: u8,
    /// HMAC keys (base64url) by their IDs; empty: no external account is wanted.
    pub external_accounts: Vec<(String, String)>,
    /// Intermediates between a leaf and the root.
    pub chain: u8,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            nonces_refused: 50,
            external_accounts: Vec::new(),
            chain: 1,
        }
    }
}

/// A running CA.
pub struct Pebble {
    processes: Vec<Child>,
    directory: TempDir,
    url: String,
    dns: SocketAddr,
    /// Where it looks for answers over HTTP.
    pub http01: SocketAddr,
}

impl Pebble {
    /// Starts a CA and its DNS on free ports.
    pub fn start(options: &Options) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let [listen, http01, tls, dns, management] = [free(), free(), free(), free(), free()];
        let (listen, http01, dns) = (listen?, http01?, dns?);
        let management = management?;
        write_certificates(directory.path())?;
        let config = json!({"pebble": {
            "listenAddress": listen.to_string(),
            "managementListenAddress": "",
            "certificate": directory.path().join("server.pem"),
            "privateKey": directory.path().join("server.key"),
            "httpPort": http01.port(),
            "tlsPort": tls?.port(),
            "ocspResponderURL": "",
            "externalAccountBindingRequired": !options.external_accounts.is_empty(),
            "externalAccountMACKeys": Value::Object(options.external_accounts.iter()
                .map(|(id, key)| (id.clone(), key.clone().into())).collect()),
        }});
        let file = directory.path().join("pebble.json");
        std::fs::write(&file, config.to_string())?;
        let mut pebble = Self {
            processes: Vec::new(),
            directory,
            url: format!("https://{listen}/dir"),
            dns: management,
            http01,
        };
        let mut server = Command::new(program("pebble-challtestsrv")?);
        server.args([
            "-http01",
            "",
            "-https01",
            "",
            "-tlsalpn01",
            "",
            "-defaultIPv6",
            "",
        ]);
        server.args([
            "-dns01",
            &dns.to_string(),
            "-management",
            &management.to_string(),
        ]);
        pebble.run(server, management)?;
        let mut ca = Command::new(program("pebble")?);
        ca.arg("-config").arg(&file);
        ca.args(["-dnsserver", &dns.to_string()]);
        ca.env("PEBBLE_VA_NOSLEEP", "1");
        ca.env("PEBBLE_WFE_NONCEREJECT", options.nonces_refused.to_string());
        ca.env("PEBBLE_CHAIN_LENGTH", options.chain.to_string());
        pebble.run(ca, listen)?;
        Ok(pebble)
    }

    /// The URL of the directory.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The certificate of whoever vouches for the CA's server.
    pub fn ca_file(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// Puts a TXT record up, beside what is there.
    pub fn set_txt(&self, name: &str, value: &str) -> anyhow::Result<()> {
        self.tell(
            "set-txt",
            &json!({"host": format!("{name}."), "value": value}),
        )
    }

    /// Takes the TXT records of a name down.
    pub fn clear_txt(&self, name: &str) -> anyhow::Result<()> {
        self.tell("clear-txt", &json!({"host": format!("{name}.")}))
    }

    /// How many orders it was given, and how many certificates it issued, by its own log.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn counts(&self) -> anyhow::Result<(usize, usize)> {
        let log = std::fs::read_to_string(self.directory.path().join(CA_LOG))?;
        let times = |words: &str| log.lines().filter(|line| line.contains(words)).count();
        Ok((times("Added order "), times("Issued certificate serial ")))
    }

    fn tell(&self, what: &str, body: &Value) -> anyhow::Result<()> {
        let mut stream = TcpStream::connect(self.dns)?;
        let body = body.to_string();
        let head = format!(
            "POST /{what} HTTP/1.0\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        if answer.contains(" 200 ") {
            Ok(())
        } else {
            bail!("pebble-challtestsrv: {answer}")
        }
    }

    fn run(&mut self, mut command: Command, listens: SocketAddr) -> anyhow::Result<()> {
        let name = format!("{}.log", self.processes.len());
        let log = std::fs::File::create(self.directory.path().join(&name))?;
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let child = command.spawn().with_context(|| format!("{command:?}"))?;
        self.processes.push(child);
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if TcpStream::connect(listens).is_ok() {
                return Ok(());
            }
            if let Some(child) = self.processes.last_mut()
                && let Some(status) = child.try_wait()?
            {
                let log = std::fs::read_to_string(self.directory.path().join(&name))?;
                bail!("{command:?} ended with {status}:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("{command:?} did not listen within {PATIENCE:?}")
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        for process in &mut self.processes {
            // It may have ended by itself.
            drop(process.kill());
            drop(process.wait());
        }
    }
}

/// A program of the package, on the path or where SENSOR_PEBBLE_DIR says.
fn program(name: &str) -> anyhow::Result<PathBuf> {
    let given = place::variable("SENSOR_PEBBLE_DIR").map(PathBuf::from);
    let path = place::variable("PATH").unwrap_or_default();
    let mut places = given.into_iter().chain(std::env::split_paths(&path));
    let found = places.find_map(|place| Some(place.join(name)).filter(|path| path.is_file()));
    found.with_context(|| {
        format!("{name} is missing: `cargo xtask test` installs it, or `apt-get install pebble`")
    })
}

/// An address that nobody listens at, for TCP and UDP.
fn free() -> anyhow::Result<SocketAddr> {
    loop {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        if UdpSocket::bind(address).is_ok() {
            return Ok(address);
        }
    }
}

fn write_certificates(directory: &Path) -> anyhow::Result<()> {
    let mut ca = CertificateParams::new(Vec::new())?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate()?;
    std::fs::write(directory.join("ca.pem"), ca.self_signed(&ca_key)?.pem())?;
    let server = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    let key = KeyPair::generate()?;
    let signed = server.signed_by(&key, &Issuer::from_params(&ca, &ca_key))?;
    std::fs::write(directory.join("server.pem"), signed.pem())?;
    std::fs::write(directory.join("server.key"), key.serialize_pem())?;
    Ok(())
}
