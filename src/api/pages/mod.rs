//! Pages for people: the contract, and what each problem means. They work without scripts and without a network.
//!
//! The rule: every text goes through [`escape`]; the browser is told to load nothing at all.

mod contract;
mod problem;

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

pub(super) use contract::contract;
pub(super) use problem::problem;

pub(super) const MEDIA_TYPE: &str = "text/html; charset=utf-8";
const STYLE: &str = include_str!("style.css");

/// Lets the page use its own style and nothing else.
pub(super) fn shut_in(headers: &mut HeaderMap) {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
}

fn page(language: &str, title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        escape(title)
    )
}

/// Text as HTML shows it.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Escaped text whose words between backticks are code.
fn prose(text: &str) -> String {
    let mut written = String::new();
    for (number, part) in text.split('`').enumerate() {
        let part = escape(part);
        if number % 2 == 0 { written.push_str(&part) } else { written.push_str(&format!("<code>{part}</code>")) }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_text_is_shown_and_never_markup() {
        assert_eq!(prose("a <b> & `x\"y` 'z'"), "a &lt;b&gt; &amp; <code>x&quot;y</code> &#39;z&#39;");
    }
}
