//! In which language a fault is told: Vietnamese, or English where the caller likes that better (`Accept-Language`).

use std::future::Future;

use actix_web::http::header::{ACCEPT_LANGUAGE, HeaderMap};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Vietnamese,
    English,
}

tokio::task_local! {
    static CURRENT: Language;
}

impl Language {
    /// The code of `Content-Language`.
    pub(super) fn code(self) -> &'static str {
        match self {
            Language::Vietnamese => "vi",
            Language::English => "en",
        }
    }

    /// The one that the caller weighs more (RFC 9110, 12.5.4); Vietnamese where neither is named or both weigh the same.
    pub(super) fn liked(headers: &HeaderMap) -> Self {
        let values = headers.get_all(ACCEPT_LANGUAGE).filter_map(|value| value.to_str().ok());
        let (mut vietnamese, mut english) = (0.0, 0.0);
        for entry in values.flat_map(|value| value.split(',')) {
            let mut parts = entry.split(';');
            let range = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
            let weight =
                parts.find_map(|part| part.trim().strip_prefix("q=")?.trim().parse::<f64>().ok()).unwrap_or(1.0);
            match range.split('-').next() {
                Some("vi") => vietnamese = weight.max(vietnamese),
                Some("en") => english = weight.max(english),
                _ => {}
            }
        }
        if english > vietnamese { Language::English } else { Language::Vietnamese }
    }

    /// That of the request being answered.
    pub(super) fn current() -> Self {
        CURRENT.try_with(|language| *language).unwrap_or(Language::Vietnamese)
    }

    /// Answers in this language.
    pub(super) async fn speaking<Answer>(self, answering: impl Future<Output = Answer>) -> Answer {
        CURRENT.scope(self, answering).await
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn english_is_told_only_to_those_who_like_it_better() {
        for (asked, language) in [
            ("", Language::Vietnamese),
            ("*", Language::Vietnamese),
            ("fr", Language::Vietnamese),
            ("vi", Language::Vietnamese),
            ("en", Language::English),
            ("en-GB,en;q=0.9", Language::English),
            ("vi-VN,vi;q=0.9,en;q=0.8", Language::Vietnamese),
            ("en;q=0.3, vi;q=0.2", Language::English),
            ("en;q=x, vi", Language::Vietnamese),
            ("en;q=0", Language::Vietnamese),
        ] {
            let request = TestRequest::default().insert_header((ACCEPT_LANGUAGE, asked)).to_http_request();
            assert_eq!(Language::liked(request.headers()), language, "{asked}");
        }
    }
}
