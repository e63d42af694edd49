//! The OpenAPI document as one page: groups, addresses, what each takes and answers.

use serde_json::Value;

use super::{escape, page, prose};

const WORDS: &str = "Mọi lỗi là <code>application/problem+json</code> (RFC 9457); <code>Accept-Language: en</code> đổi sang tiếng Anh. \
    Bản dành cho chương trình: <a href=\"/v1/openapi.json\">/v1/openapi.json</a> (OpenAPI 3.1).";

pub(in crate::api) fn contract(document: &Value) -> String {
    let tags = document["tags"].as_array().map(Vec::as_slice).unwrap_or_default();
    let (mut contents, mut groups) = (String::new(), String::new());
    for tag in tags {
        let (name, heading) = (text(&tag["name"]), text(&tag["description"]));
        contents.push_str(&format!("<li><a href=\"#{0}\">{1}</a></li>\n", escape(name), escape(heading)));
        groups.push_str(&format!("<h2 id=\"{0}\">{1}</h2>\n", escape(name), escape(heading)));
        for (path, method, operation) in operations(document) {
            if operation["tags"][0] == tag["name"] {
                groups.push_str(&described(path, method, operation));
            }
        }
    }
    contents.push_str("<li><a href=\"#problems\">Mã lỗi</a></li>\n");
    let title = format!("{} {} – giao diện HTTP", text(&document["info"]["title"]), text(&document["info"]["version"]));
    let body = format!(
        "<h1>{}</h1>\n<p>{}</p>\n<p>{WORDS}</p>\n<nav><ul>\n{contents}</ul></nav>\n{groups}{}",
        escape(&title),
        escape(text(&document["info"]["summary"])),
        problems(document),
    );
    page("vi", &title, &body)
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

fn described(path: &str, method: &str, operation: &Value) -> String {
    let paragraphs: String = text(&operation["description"])
        .split("\n\n")
        .map(|part| format!("<p lang=\"en\">{}</p>\n", prose(part)))
        .collect();
    let scope = match text(&operation["security"][0]["key"][0]) {
        "" => "không cần khóa".to_owned(),
        scope => format!("cần khóa có quyền <code>{}</code>", escape(scope)),
    };
    let retired = if operation["deprecated"] == true { " <strong>(sắp bỏ)</strong>" } else { "" };
    format!(
        "<details id=\"{}\"><summary><h3><span class=\"method\">{}</span> <code>{}</code> {}{retired}</h3></summary>\n<div>\n{paragraphs}<p class=\"quiet\">Quyền: {scope}.</p>\n{}{}{}</div></details>\n",
        escape(text(&operation["operationId"])),
        escape(&method.to_uppercase()),
        escape(path),
        escape(text(&operation["summary"])),
        parameters(operation),
        body(operation),
        answers(operation),
    )
}

fn parameters(operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    if parameters.is_empty() {
        return String::new();
    }
    let rows: String = parameters
        .iter()
        .map(|parameter| {
            let place = match text(&parameter["in"]) {
                "path" => "địa chỉ",
                "header" => "tiêu đề",
                _ => "truy vấn",
            };
            let says = prose(text(&parameter["description"]));
            let schema = schema(&parameter["schema"]);
            format!(
                "<tr><td><code>{}</code></td><td>{place}</td><td>{schema}</td><td lang=\"en\">{says}</td></tr>\n",
                escape(text(&parameter["name"]))
            )
        })
        .collect();
    format!("<table><tr><th>Tham số</th><th>Nơi đặt</th><th>Kiểu</th><th>Ý nghĩa</th></tr>\n{rows}</table>\n")
}

fn body(operation: &Value) -> String {
    let content = operation["requestBody"]["content"].as_object().into_iter().flatten();
    content
        .map(|(media_type, content)| {
            let mut written = format!(
                "<p>Dữ liệu gửi lên: <code>{}</code> {}. <span lang=\"en\">{}</span></p>\n",
                escape(media_type),
                schema(&content["schema"]),
                prose(text(&operation["requestBody"]["description"]))
            );
            if let Some((name, example)) = content["examples"].as_object().and_then(|all| all.iter().next_back()) {
                written.push_str(&format!(
                    "<p>Ví dụ (<code>{}</code>):</p>\n<pre>{}</pre>\n",
                    escape(name),
                    escape(&format!("{:#}", example["value"]))
                ));
            }
            written
        })
        .collect()
}

fn answers(operation: &Value) -> String {
    let mut rows = String::new();
    for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
        let content: Vec<String> = answer["content"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(media_type, content)| format!("<code>{}</code> {}", escape(media_type), schema(&content["schema"])))
            .collect();
        let says = if status.starts_with(['4', '5']) {
            let codes =
                answer["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["code"]["enum"]
                    .as_array()
                    .map(Vec::as_slice)
                    .unwrap_or_default();
            let links: Vec<String> = codes.iter().map(|code| link(text(code))).collect();
            if links.is_empty() { prose(text(&answer["description"])) } else { links.join(", ") }
        } else {
            prose(text(&answer["description"]))
        };
        rows.push_str(&format!(
            "<tr><td>{}</td><td>{}</td><td lang=\"en\">{says}</td></tr>\n",
            escape(status),
            content.join("<br>")
        ));
    }
    format!("<table><tr><th>Mã</th><th>Nội dung</th><th>Ý nghĩa</th></tr>\n{rows}</table>\n")
}

/// A schema in a word or two.
fn schema(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return format!("<span class=\"quiet\">{}</span>", escape(name));
    }
    if let Some(values) = schema["enum"].as_array() {
        return values
            .iter()
            .map(|value| format!("<code>{}</code>", escape(text(value))))
            .collect::<Vec<_>>()
            .join(" ");
    }
    format!("<span class=\"quiet\">{}</span>", escape(schema["format"].as_str().unwrap_or(text(&schema["type"]))))
}

fn problems(document: &Value) -> String {
    let codes =
        document["components"]["schemas"]["ProblemCode"]["enum"].as_array().map(Vec::as_slice).unwrap_or_default();
    let items: String = codes.iter().map(|code| format!("<li>{}</li>\n", link(text(code)))).collect();
    format!("<h2 id=\"problems\">Mã lỗi</h2>\n<nav><ul>\n{items}</ul></nav>\n")
}

fn link(code: &str) -> String {
    format!("<a href=\"/problems/{0}\"><code>{0}</code></a>", escape(code))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
