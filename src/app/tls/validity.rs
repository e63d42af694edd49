//! When a certificate ends: RFC 5280, 4.1.2.5, and of the rest of X.509 nothing.
//!
//! The rule: what is not as expected has no end that is known; it is not for us to judge a certificate.

use chrono::{DateTime, NaiveDateTime, Utc};

const SEQUENCE: u8 = 0x30;
/// Which version of X.509; left out in the first.
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The last moment of a certificate's time, of its DER.
pub(super) fn end(certificate: &[u8]) -> Option<DateTime<Utc>> {
    let (whole, _) = within(SEQUENCE, certificate)?;
    let (fields, _) = within(SEQUENCE, whole)?;
    let (first, _, after) = element(fields)?;
    let from_serial_number = if first == VERSION { after } else { fields };
    let (_, _, from_signature) = element(from_serial_number)?;
    let (_, _, from_issuer) = element(from_signature)?;
    let (_, _, from_validity) = element(from_issuer)?;
    let (validity, _) = within(SEQUENCE, from_validity)?;
    let (_, _, not_after) = element(validity)?;
    let (sort, text, _) = element(not_after)?;
    let text = std::str::from_utf8(text).ok()?;
    let text = match sort {
        // Two digits of the year: 50 to 99 are of the century before.
        UTC_TIME => format!("{}{text}", if text.get(..2)? < "50" { "20" } else { "19" }),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    Some(NaiveDateTime::parse_from_str(&text, "%Y%m%d%H%M%SZ").ok()?.and_utc())
}

/// The content of an element of this sort, and what comes after it.
fn within(sort: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    element(bytes).filter(|(found, ..)| *found == sort).map(|(_, content, after)| (content, after))
}

/// The first element: its sort, its content, and what comes after it (X.690, 8.1).
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&sort, bytes) = bytes.split_first()?;
    let (&length, bytes) = bytes.split_first()?;
    let (length, bytes) = match length {
        0..=0x7f => (usize::from(length), bytes),
        // So many bytes say it.
        0x81..=0x84 => {
            let (said, bytes) = bytes.split_at_checked(usize::from(length & 0x7f))?;
            (said.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), bytes)
        }
        _ => return None,
    };
    let (content, after) = bytes.split_at_checked(length)?;
    Some((sort, content, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(sort: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        [if length < 0x80 { vec![sort, length] } else { vec![sort, 0x81, length] }, content.to_vec()].concat()
    }

    fn certificate(version: &[u8], end: &[u8]) -> Vec<u8> {
        let validity = told(SEQUENCE, &[told(UTC_TIME, b"200101000000Z"), end.to_vec()].concat());
        let issuer = told(SEQUENCE, &[0x0c; 100]);
        let fields = [version.to_vec(), told(2, &[7]), told(SEQUENCE, &[]), issuer, validity].concat();
        told(SEQUENCE, &told(SEQUENCE, &fields))
    }

    #[test]
    fn the_end_stands_in_two_forms_and_after_a_version_or_none() {
        let third = told(VERSION, &told(2, &[2]));
        for (end_of_it, expected) in [
            (told(UTC_TIME, b"261231235959Z"), Some("2026-12-31T23:59:59+00:00")),
            (told(UTC_TIME, b"991231235959Z"), Some("1999-12-31T23:59:59+00:00")),
            (told(GENERALIZED_TIME, b"20510101000000Z"), Some("2051-01-01T00:00:00+00:00")),
            (told(UTC_TIME, b"today"), None),
            (told(UTC_TIME, "năm".as_bytes()), None),
            (told(2, b"261231235959Z"), None),
        ] {
            for version in [&third[..], &[]] {
                let read = end(&certificate(version, &end_of_it)).map(|end| end.to_rfc3339());
                assert_eq!(read.as_deref(), expected);
            }
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        let whole = certificate(&[], &told(UTC_TIME, b"261231235959Z"));
        for length in 0..whole.len() {
            assert_eq!(end(&whole[..length]), None, "{length} bytes of it");
        }
        assert_eq!(end(&[SEQUENCE, 0x88, 255, 255, 255, 255, 255, 255, 255, 255]), None);
    }
}
