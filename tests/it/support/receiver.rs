//! The other end of a webhook: takes calls on a real socket, in the open or by TLS, and behaves as the test says.

use std::{
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A call as a receiver gets it.
#[derive(Debug, Clone)]
pub struct Heard {
    pub head: String,
    pub body: String,
    pub at: Instant,
}

impl Heard {
    pub fn find(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().find_map(|line| line.split_once(": ").filter(|(key, _)| *key == name));
        line.map(|(_, value)| value)
    }

    pub fn header(&self, name: &str) -> &str {
        self.find(name).unwrap_or_else(|| panic!("{name} is missing: {}", self.head))
    }

    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    pub fn told(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// By RFC 2104 and the specification's text, not by the service's code.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let own = signature(secret, (self.id(), self.header("webhook-timestamp")), &self.body);
        self.header("webhook-signature").split(' ').any(|theirs| theirs == own)
    }
}

/// What a sender who knows the secret writes into `webhook-signature`.
pub fn signature(secret: &str, (id, timestamp): (&str, &str), body: &str) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("whsec_")).expect("Base64");
    format!("v1,{}", STANDARD.encode(hmac_sha256(&key, format!("{id}.{timestamp}.{body}").as_bytes())))
}

fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().to_vec()
}

/// What a receiver does with a call.
#[derive(Debug, Clone)]
pub enum Manner {
    /// Status line and headers.
    Says(String),
    /// The same, after a while.
    Waits(Duration, String),
    /// Holds the connection and never says a word.
    Silent,
    /// Closes in the middle of the first line.
    HangsUp,
    /// Says 200, then a body without an end.
    Endless,
    /// One byte of the head after the other, each after this while; never the end.
    Drips(Duration),
}

impl Manner {
    pub fn says(status: &str) -> Self {
        Self::Says(format!("{status}\r\n"))
    }
}

/// Decides by the call and by how often its event has come, from 1.
type Decides = dyn Fn(&Heard, usize) -> Manner + Send + Sync;

/// Takes whatever comes.
#[derive(Clone)]
pub struct Receiver {
    pub port: u16,
    scheme: &'static str,
    heard: Arc<Mutex<Vec<Heard>>>,
    /// Bytes of answers that were taken from this receiver.
    written: Arc<AtomicU64>,
    /// Connections made, whether a call came over them or not.
    connections: Arc<AtomicU64>,
}

impl Receiver {
    /// Answers 204.
    pub fn start() -> Self {
        Self::that(|_, _| Manner::says("204 No Content"))
    }

    /// Behaves so.
    pub fn that(decides: impl Fn(&Heard, usize) -> Manner + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").expect("a free port"), None, Arc::new(decides))
    }

    /// Answers 204 by TLS, with this certificate.
    pub fn with(certificate: &Certificate) -> Self {
        let decides = Arc::new(|_: &Heard, _| Manner::says("204 No Content"));
        Self::on(TcpListener::bind("127.0.0.1:0").expect("a free port"), Some(certificate.server()), decides)
    }

    /// At an address that was kept free until now.
    pub fn at(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("still free");
        Self::on(listener, None, Arc::new(|_: &Heard, _| Manner::says("204 No Content")))
    }

    fn on(listener: TcpListener, tls: Option<Arc<ServerConfig>>, decides: Arc<Decides>) -> Self {
        let port = listener.local_addr().expect("bound").port();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let it = Self { port, scheme, heard: Arc::default(), written: Arc::default(), connections: Arc::default() };
        let receiver = it.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                receiver.connections.fetch_add(1, Ordering::Relaxed);
                let (receiver, decides, tls) = (receiver.clone(), Arc::clone(&decides), tls.clone());
                thread::spawn(move || match tls {
                    None => drop(receiver.take(stream, &*decides)),
                    Some(config) => {
                        let connection = ServerConnection::new(config).expect("TLS");
                        drop(receiver.take(StreamOwned::new(connection, stream), &*decides));
                    }
                });
            }
        });
        it
    }

    /// Where calls have to go.
    pub fn url(&self) -> String {
        format!("{}://127.0.0.1:{}/hook", self.scheme, self.port)
    }

    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("not poisoned").clone()
    }

    /// How many calls came.
    pub fn calls(&self) -> usize {
        self.heard.lock().expect("not poisoned").len()
    }

    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    fn take<S: Read + Write>(&self, mut stream: S, decides: &Decides) -> std::io::Result<()> {
        let heard = read(&mut stream)?;
        let times = {
            let mut all = self.heard.lock().expect("not poisoned");
            all.push(heard.clone());
            all.iter().filter(|other| other.id() == heard.id()).count()
        };
        let mut say = |bytes: &[u8]| {
            stream.write_all(bytes)?;
            self.written.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            stream.flush()
        };
        let answer = |head: &str| format!("HTTP/1.1 {head}Content-Length: 0\r\nConnection: close\r\n\r\n");
        match decides(&heard, times) {
            Manner::Says(head) => say(answer(&head).as_bytes()),
            Manner::Waits(wait, head) => {
                thread::sleep(wait);
                say(answer(&head).as_bytes())
            }
            Manner::Silent => {
                // Until the other end has had enough.
                let _end = stream.read(&mut [0; 1]);
                Ok(())
            }
            Manner::HangsUp => say(b"HTTP/1.1 2"),
            Manner::Endless => {
                say(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")?;
                loop {
                    say(&[b'x'; 16 << 10])?;
                }
            }
            Manner::Drips(pause) => {
                say(b"HTTP/1.1 200 OK\r\nX-Drip: ")?;
                loop {
                    say(b"x")?;
                    thread::sleep(pause);
                }
            }
        }
    }
}

fn read(stream: &mut impl Read) -> std::io::Result<Heard> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some(number) = line.strip_prefix("content-length: ") {
            length = number.trim().parse().map_err(std::io::Error::other)?;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8(body).map_err(std::io::Error::other)?;
    Ok(Heard { head, body, at: Instant::now() })
}

/// A fresh key on a curve, without a password.
const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

/// An authority that openssl made, and what it signs.
pub struct Authority {
    folder: PathBuf,
}

/// A server's certificate and its key.
pub struct Certificate {
    pub chain: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    /// With its files in this folder.
    pub fn in_folder(folder: &Path) -> Self {
        let it = Self { folder: folder.to_owned() };
        it.openssl(&format!("req -x509 {KEY} -days 2 -subj /CN=Tinh -keyout ca.key -out ca.pem"));
        it
    }

    /// What an operator gives the service.
    pub fn file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// A certificate that this authority signed for a name, such as `IP:127.0.0.1`.
    pub fn certificate(&self, name: &str) -> Certificate {
        let stem = name.replace([':', '.'], "-");
        self.openssl(&format!("req -new {KEY} -subj /CN=x -keyout {stem}.key -out {stem}.csr"));
        std::fs::write(self.folder.join("names"), format!("subjectAltName={name}\n")).expect("written");
        let by_us = "-CA ca.pem -CAkey ca.key -set_serial 7 -days 2 -extfile names";
        self.openssl(&format!("x509 -req -in {stem}.csr {by_us} -out {stem}.pem"));
        self.made(&stem)
    }

    /// A certificate for loopback that this authority signed, and whose time is over.
    pub fn ended(&self) -> Certificate {
        let write = |name: &str, text: &str| std::fs::write(self.folder.join(name), text).expect("written");
        // What `openssl ca` keeps its books in.
        let books = "[ca]\ndefault_ca = us\n[us]\ndatabase = index\nnew_certs_dir = .\nserial = serial\n";
        write("ca.cnf", &format!("{books}policy = any\ndefault_md = sha256\n[any]\ncommonName = supplied\n"));
        write("index", "");
        write("serial", "09\n");
        write("names", "subjectAltName=IP:127.0.0.1\n");
        self.openssl(&format!("req -new {KEY} -subj /CN=x -keyout ended.key -out ended.csr"));
        let time = "-startdate 20200101000000Z -enddate 20210101000000Z";
        let by_us = "-cert ca.pem -keyfile ca.key -config ca.cnf -extfile names";
        self.openssl(&format!("ca -batch -notext {by_us} -in ended.csr {time} -out ended.pem"));
        self.made("ended")
    }

    /// A certificate for loopback that nobody signed but itself.
    pub fn self_signed(&self) -> Certificate {
        let name = "-addext subjectAltName=IP:127.0.0.1";
        self.openssl(&format!("req -x509 {KEY} -days 2 -subj /CN=x {name} -keyout self.key -out self.pem"));
        self.made("self")
    }

    fn made(&self, stem: &str) -> Certificate {
        Certificate { chain: self.folder.join(format!("{stem}.pem")), key: self.folder.join(format!("{stem}.key")) }
    }

    fn openssl(&self, arguments: &str) {
        let mut command = Command::new("openssl");
        command.args(arguments.split(' ')).current_dir(&self.folder).stderr(Stdio::null());
        assert!(command.status().expect("openssl is installed (tests/run installs it)").success(), "{arguments}");
    }
}

impl Certificate {
    fn server(&self) -> Arc<ServerConfig> {
        let chain = CertificateDer::pem_file_iter(&self.chain).expect("a file").collect::<Result<Vec<_>, _>>();
        let key = PrivateKeyDer::from_pem_file(&self.key).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.expect("TLS 1.2 and 1.3").with_no_client_auth();
        Arc::new(builder.with_single_cert(chain.expect("certificates"), key).expect("a pair"))
    }
}
