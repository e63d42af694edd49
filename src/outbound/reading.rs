//! Reading what stands at an address: GET, through the same rules, look-up and fixed addresses as a call.

use reqwest::header::{ACCEPT, HeaderValue};

use super::{NoAnswer, Outbound, Target, told};
use crate::access::Networks;

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Outbound {
    /// Reads JSON at the address `from`, if the rules and the networks allow it: at most `most` bytes.
    ///
    /// # Errors
    /// [`NoAnswer`]; `Broken` where there are more bytes. An answer of any status is an answer.
    pub async fn get(&self, from: &str, listed: &Networks, most: usize) -> Result<Page, NoAnswer> {
        let target = Target::read(from, &self.rules)?;
        let whole = async {
            let addresses = self.look_up(&target, listed).await?;
            let request = self.client(&target, &addresses)?.get(target.url.clone());
            let request = request.header(ACCEPT, HeaderValue::from_static("application/json"));
            let mut answer = request.send().await.map_err(|error| told(&error))?;
            let status = answer.status().as_u16();
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await.map_err(|error| told(&error))? {
                if body.len() + chunk.len() > most {
                    return Err(NoAnswer::Broken);
                }
                body.extend_from_slice(&chunk);
            }
            Ok(Page { status, body })
        };
        tokio::time::timeout(self.patience, whole).await.unwrap_or(Err(NoAnswer::TooLate))
    }
}
