//! What one problem means, in both languages, the caller's first.

use serde_json::Value;

use super::{escape, page, prose};
use crate::api::{
    failures::{Explanation, Told},
    language::Language,
};

pub(in crate::api) fn problem(explained: &Explanation, example: &Value, language: Language) -> String {
    let code = explained.code.as_str();
    let vietnamese = told("vi", ["Ý nghĩa", "Việc cần làm"], &explained.vietnamese);
    let english = told("en", ["Meaning", "What to do"], &explained.english);
    let (title, both) = match language {
        Language::Vietnamese => (format!("Lỗi {code}"), format!("{vietnamese}{english}")),
        Language::English => (format!("Problem {code}"), format!("{english}{vietnamese}")),
    };
    let body = format!(
        "<h1><code>{}</code></h1>\n{both}<h2>Ví dụ · Example</h2>\n<pre>{}</pre>\n<p><a href=\"/docs#problems\">Mọi mã lỗi · All codes</a></p>\n",
        escape(code),
        escape(&format!("{example:#}")),
    );
    page(language.code(), &title, &body)
}

fn told(language: &str, [meaning, remedy]: [&str; 2], told: &Told) -> String {
    format!(
        "<section lang=\"{language}\">\n<h2>{meaning}</h2>\n<p>{}</p>\n<h2>{remedy}</h2>\n<p>{}</p>\n<p class=\"quiet\">{}</p>\n</section>\n",
        prose(told.meaning),
        prose(told.remedy),
        prose(told.mover),
    )
}
