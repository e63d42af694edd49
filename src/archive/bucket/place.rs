//! Where a bucket is: `s3://BUCKET/PREFIX`, and what the environment's `AWS_…` say of server, region and credentials.

use std::{fmt, time::Duration};

use object_store::{
    BackoffConfig, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, S3ConditionalPut},
    path::Path,
};

use super::ArchiveError;

/// A request is sent again for so long; longer waits are the ledger's, which counts tries.
const AGAIN: RetryConfig = RetryConfig {
    backoff: BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(2), base: 2.0 },
    max_retries: 4,
    retry_timeout: Duration::from_secs(10),
};

/// A bucket, a prefix in it, and how it is reached.
#[derive(Clone)]
pub struct BucketPlace {
    bucket: String,
    prefix: String,
    options: Vec<(AmazonS3ConfigKey, String)>,
}

impl BucketPlace {
    /// Reads `s3://BUCKET/PREFIX`; `None`: it is another kind of address. Of `environment` the variables `AWS_…` count, as
    /// for other programs: `AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` …
    ///
    /// # Errors
    /// [`ArchiveError::Place`].
    pub fn read(
        address: &str,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Option<Self>, ArchiveError> {
        let Some(place) = address.strip_prefix("s3://") else { return Ok(None) };
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        let lawful = |text: &str, also: &[u8]| {
            text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || also.contains(&b))
        };
        if !(3..=63).contains(&bucket.len()) || !lawful(bucket, b"-.") {
            return Err(ArchiveError::Place("the name of a bucket has 3 to 63 of a-z, 0-9, hyphen and point".into()));
        }
        let prefix = prefix.trim_end_matches('/');
        let parts = || prefix.split('/').filter(|_| !prefix.is_empty());
        let is_part =
            |part: &str| !part.is_empty() && !part.starts_with('.') && lawful(&part.to_ascii_lowercase(), b"-._");
        if !parts().all(is_part) {
            return Err(ArchiveError::Place(
                "the prefix in a bucket has letters, digits, - . _ and slashes only".into(),
            ));
        }
        let options: Vec<_> = environment
            .filter(|(name, _)| name.starts_with("AWS_"))
            .filter_map(|(name, value)| Some((name.to_ascii_lowercase().parse().ok()?, value)))
            .collect();
        let place = Self { bucket: bucket.into(), prefix: prefix.into(), options };
        place.refuse_open_lines()?;
        Ok(Some(place))
    }

    /// Papers hold names of persons: a line that everybody can read is taken only where it is asked for.
    fn refuse_open_lines(&self) -> Result<(), ArchiveError> {
        let said = |wanted: &str| {
            let found = self.options.iter().find(|(key, _)| key.as_ref() == wanted);
            found.map(|(_, value)| value.as_str())
        };
        let endpoint = said("aws_endpoint_url_s3").or_else(|| said("aws_endpoint"));
        let open = endpoint.is_some_and(|endpoint| endpoint.starts_with("http://"));
        if open && !said("allow_http").is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1") {
            return Err(ArchiveError::Place(
                "the endpoint of the bucket is http://, without TLS; say AWS_ALLOW_HTTP=true if that is meant".into(),
            ));
        }
        Ok(())
    }

    pub(super) fn connect(&self) -> Result<AmazonS3, ArchiveError> {
        // The process has one for all who speak TLS; whoever comes first installs it.
        let _there_already = rustls::crypto::ring::default_provider().install_default();
        let mut builder = AmazonS3Builder::new();
        for (key, value) in &self.options {
            builder = builder.with_config(*key, value);
        }
        let builder =
            builder.with_bucket_name(&self.bucket).with_conditional_put(S3ConditionalPut::ETagMatch).with_retry(AGAIN);
        builder.build().map_err(|error| ArchiveError::Place(format!("the bucket cannot be used: {error}")))
    }

    pub(super) fn prefix(&self) -> Result<Path, ArchiveError> {
        Path::parse(&self.prefix).map_err(|error| ArchiveError::Place(error.to_string()))
    }
}

impl fmt::Display for BucketPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        write!(f, "s3://{}{slash}{}", self.bucket, self.prefix)
    }
}

/// Without the options: they hold the key.
impl fmt::Debug for BucketPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BucketPlace({self})")
    }
}
