//! A loopback HTTP server that answers as a test scripts it and remembers what it was asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// `X-Amz-Target`, or the query protocol's `Action`, or the path.
    pub(crate) target: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Asked {
    /// The access key ID that it was signed with.
    pub(crate) fn signed_by(&self) -> &str {
        self.scope().split('/').next().unwrap_or_default()
    }
    /// The region that it was signed for.
    pub(crate) fn signed_for(&self) -> &str {
        self.scope().split('/').nth(2).unwrap_or_default()
    }
    fn scope(&self) -> &str {
        self.headers["authorization"]
            .split("Credential=")
            .nth(1)
            .unwrap_or_default()
    }
    /// A field of a query-protocol body, decoded.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let pair = self
            .body
            .split('&')
            .find_map(|pair| pair.strip_prefix(&format!("{name}=")))?;
        let mut bytes = pair.bytes();
        let mut text = Vec::new();
        while let Some(byte) = bytes.next() {
            text.push(match byte {
                b'%' => {
                    let hex = [bytes.next()?, bytes.next()?];
                    u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok()?
                }
                b'+' => b' ',
                other => other,
            });
        }
        String::from_utf8(text).ok()
    }
}

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn ok(body: impl Into<String>) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: body.into(),
        }
    }
    /// An error of the JSON protocols.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        let body = serde_json::json!({"__type": code, "message": message}).to_string();
        Self {
            status,
            headers: Vec::new(),
            body,
        }
    }
    /// An error of the query protocol.
    pub(crate) fn query_error(status: u16, code: &str, message: &str) -> Self {
        let body = format!(
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>{code}</Code>\
             <Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
        );
        Self {
            status,
            headers: Vec::new(),
            body,
        }
    }
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// What STS says to GetCallerIdentity.
pub(crate) fn identity(arn: &str) -> Reply {
    let account = arn.split(':').nth(4).unwrap_or_default();
    Reply::ok(format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>{arn}</Arn><UserId>AIDAEXAMPLE</UserId><Account>{account}</Account></GetCallerIdentityResult>\
         </GetCallerIdentityResponse>"
    ))
}

/// What STS says to AssumeRole.
pub(crate) fn assumed(account: &str, key_id: &str, expiration: &str) -> Reply {
    Reply::ok(format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><AssumedRoleUser>\
         <Arn>arn:aws:sts::{account}:assumed-role/Reader/sensor</Arn><AssumedRoleId>AROAEXAMPLE:sensor</AssumedRoleId>\
         </AssumedRoleUser><Credentials><AccessKeyId>{key_id}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>\
         <SessionToken>token</SessionToken><Expiration>{expiration}</Expiration></Credentials></AssumeRoleResult>\
         </AssumeRoleResponse>"
    ))
}

type Script = dyn Fn(&Asked, usize) -> Reply + Send + Sync;

/// The server, while it lives.
pub(crate) struct Server {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    _tasks: JoinSet<()>,
}

impl Server {
    /// Starts one. The script gets the request and its number, from 0.
    pub(crate) async fn start(
        script: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, script) = (asked.clone(), Arc::new(script) as Arc<Script>);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, log.clone(), script.clone()));
            }
        });
        Self {
            url,
            asked,
            _tasks: tasks,
        }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How often this was asked for.
    pub(crate) fn count(&self, target: &str) -> usize {
        self.asked()
            .iter()
            .filter(|asked| asked.target.ends_with(target))
            .count()
    }
}

async fn serve(stream: TcpStream, log: Arc<Mutex<Vec<Asked>>>, script: Arc<Script>) {
    let mut stream = BufReader::new(stream);
    while let Some(asked) = read(&mut stream).await {
        let number = {
            let mut log = log.lock().unwrap();
            log.push(asked.clone());
            log.len() - 1
        };
        let reply = script(&asked, number);
        let mut head = format!(
            "HTTP/1.1 {} X\r\ncontent-length: {}\r\n",
            reply.status,
            reply.body.len()
        );
        for (name, value) in &reply.headers {
            head.extend([*name, ": ", value.as_str(), "\r\n"]);
        }
        let text = format!("{head}\r\n{}", reply.body);
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    stream
        .read_line(&mut line)
        .await
        .ok()
        .filter(|read| *read > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = HashMap::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await.ok()?;
        match line
            .trim_end()
            .split_once(": ")
            .or_else(|| line.trim_end().split_once(':'))
        {
            Some((name, value)) => _ = headers.insert(name.to_ascii_lowercase(), value.to_owned()),
            None => break,
        }
    }
    let length = headers
        .get("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let body = String::from_utf8(body).ok()?;
    let mut asked = Asked {
        target: String::new(),
        headers,
        body,
    };
    let target = asked.headers.get("x-amz-target").cloned();
    asked.target = target.or_else(|| asked.field("Action")).unwrap_or(path);
    Some(asked)
}
