//! Another service of this program. The operator at the machine names it, so no guard stands before it; certificates are
//! looked at as for every call.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, header::ETAG, redirect::Policy};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::{NoAnswer, Outbound, told};

/// A service, and the key that opens it.
pub struct Service {
    client: Client,
    url: String,
    key: Option<String>,
}

/// An answer, whole.
#[derive(Debug, Clone)]
pub struct Heard {
    pub status: u16,
    pub body: Vec<u8>,
}

/// A file that was fetched.
#[derive(Debug, Clone)]
pub struct Fetched {
    pub status: u16,
    /// The entity tag, without quotes.
    pub tag: Option<String>,
}

/// Between two pieces of an answer.
const SILENCE: Duration = Duration::from_secs(120);

impl Outbound {
    /// The service at this address.
    ///
    /// # Errors
    /// [`NoAnswer`] when no client can be made.
    pub fn at(&self, url: &str, key: Option<String>) -> Result<Service, NoAnswer> {
        let client = Client::builder()
            .tls_backend_preconfigured(self.roots.clone())
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(self.patience)
            .read_timeout(SILENCE)
            .user_agent(concat!("tdkt-reports/", env!("CARGO_PKG_VERSION")));
        let client = client.build().map_err(|_| NoAnswer::NoConnection)?;
        Ok(Service { client, url: url.trim_end_matches('/').to_owned(), key })
    }
}

impl Service {
    /// What stands at a path.
    ///
    /// # Errors
    /// [`NoAnswer`]. An answer of any status is an answer.
    pub async fn get(&self, path: &str) -> Result<Heard, NoAnswer> {
        self.heard(self.request(Method::GET, path)).await
    }

    /// Sends something of a media type under an idempotency key.
    ///
    /// # Errors
    /// As [`Service::get`].
    pub async fn post(&self, path: &str, (media, body): (&str, Vec<u8>), once: &str) -> Result<Heard, NoAnswer> {
        let request = self.request(Method::POST, path).header("idempotency-key", once);
        self.heard(request.header("content-type", media).body(body)).await
    }

    /// Writes what stands at a path as it comes; nothing where the status is not 200.
    ///
    /// # Errors
    /// As [`Service::get`]; `Broken` where it cannot be written.
    pub async fn fetch(&self, path: &str, into: &mut (impl AsyncWrite + Unpin)) -> Result<Fetched, NoAnswer> {
        let mut answer = self.request(Method::GET, path).send().await.map_err(|error| told(&error))?;
        let status = answer.status().as_u16();
        let tag = answer.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
        let tag = tag.map(|tag| tag.trim_matches('"').to_owned());
        if status == 200 {
            while let Some(chunk) = answer.chunk().await.map_err(|error| told(&error))? {
                into.write_all(&chunk).await.map_err(|_| NoAnswer::Broken)?;
            }
            into.flush().await.map_err(|_| NoAnswer::Broken)?;
        }
        Ok(Fetched { status, tag })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    async fn heard(&self, request: RequestBuilder) -> Result<Heard, NoAnswer> {
        let answer = request.send().await.map_err(|error| told(&error))?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.map_err(|error| told(&error))?;
        Ok(Heard { status, body: body.to_vec() })
    }
}
