//! A small HTTP server that answers as a test says: an OCSP responder, a place for lists and certificates.
//! Above: the tests of revocation. Below: the standard library.
//! Invariant: on loopback; it ends with its value; every request is counted.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What it answers to a request's body: status and body.
pub type Says = Arc<dyn Fn(&[u8]) -> (u16, Vec<u8>) + Send + Sync>;

#[derive(Default)]
struct Shared {
    says: Mutex<BTreeMap<String, Says>>,
    asked: Mutex<BTreeMap<String, usize>>,
    over: AtomicBool,
}

/// The server.
pub struct Responder {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Responder {
    /// One that knows nothing yet.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .unwrap_or_else(|error| panic!("no place to listen: {error}"));
        let address = listener
            .local_addr()
            .unwrap_or_else(|error| panic!("no address: {error}"));
        let shared = Arc::new(Shared::default());
        let within = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if within.over.load(Ordering::SeqCst) {
                    return;
                }
                let within = Arc::clone(&within);
                std::thread::spawn(move || {
                    // Who goes away in the middle has the answer that he wanted.
                    let _gone = within.serve(stream);
                });
            }
        });
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    /// The address of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on this is answered at a path.
    pub fn say(&self, path: &str, says: impl Fn(&[u8]) -> (u16, Vec<u8>) + Send + Sync + 'static) {
        let mut all = lock(&self.shared.says);
        all.insert(path.to_owned(), Arc::new(says));
    }

    /// The same bytes for everybody.
    pub fn hold(&self, path: &str, bytes: Vec<u8>) {
        self.say(path, move |_| (200, bytes.clone()));
    }

    /// How often a path was asked for.
    #[must_use]
    pub fn asked(&self, path: &str) -> usize {
        lock(&self.shared.asked)
            .get(path)
            .copied()
            .unwrap_or_default()
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // Wakes the thread, so that it sees that it is over.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let mut reader = BufReader::new(stream);
        let mut first = String::new();
        reader.read_line(&mut first)?;
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        *lock(&self.asked).entry(path.clone()).or_default() += 1;
        // It may take its time, and be told meanwhile to say another thing to the next one.
        let says = lock(&self.says).get(&path).cloned();
        let (status, answer) = says.map_or((404, Vec::new()), |says| says(&body));
        let head = format!(
            "HTTP/1.1 {status} So\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            answer.len()
        );
        let mut stream = reader.into_inner();
        stream.write_all(head.as_bytes())?;
        stream.write_all(&answer)
    }
}
