//! One operation: method, address, handler, and everything a caller has to know of it.

use actix_web::{FromRequest, Handler, Responder, Route, http::Method, web};
use serde_json::{Value, json};

use super::retirement::Retirement;
use crate::{access::Scope, failure::FailureCode};

/// What a caller needs to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Open,
    /// A key that may look at jobs and fetch papers.
    Read,
    /// A key that may hand papers in.
    Submit,
    /// A key that may do what an operator decides.
    Admin,
}

impl Access {
    /// The scope of the key; none where no key is needed.
    pub fn scope(self) -> Option<Scope> {
        match self {
            Access::Open => None,
            Access::Read => Some(Scope::Read),
            Access::Submit => Some(Scope::Submit),
            Access::Admin => Some(Scope::Admin),
        }
    }
}

/// One row of the table.
pub struct Operation {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    pub(super) route: Route,
    pub(super) access: Access,
    /// Vietnamese and English.
    pub(super) summary: [&'static str; 2],
    pub(super) description: &'static str,
    pub(super) parameters: Vec<Value>,
    pub(super) body: Option<Value>,
    pub(super) answers: Vec<Answer>,
    pub(super) problems: Vec<FailureCode>,
    pub(super) retirement: Option<Retirement>,
}

/// One successful answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) says: &'static str,
    /// Media type and schema.
    pub(super) content: Vec<(&'static str, Value)>,
    /// Names of `components/headers`.
    pub(super) headers: Vec<&'static str>,
}

/// An operation that also answers HEAD.
pub(super) fn get<F, A>(path: &'static str, id: &'static str, handler: F) -> Operation
where
    F: Handler<A>,
    A: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Operation::new(Method::GET, path, id, web::to(handler))
}

pub(super) fn post<F, A>(path: &'static str, id: &'static str, handler: F) -> Operation
where
    F: Handler<A>,
    A: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Operation::new(Method::POST, path, id, web::to(handler))
}

pub(super) fn delete<F, A>(path: &'static str, id: &'static str, handler: F) -> Operation
where
    F: Handler<A>,
    A: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Operation::new(Method::DELETE, path, id, web::to(handler))
}

impl Operation {
    /// Any other method.
    pub(super) fn new(method: Method, path: &'static str, id: &'static str, route: Route) -> Self {
        Self {
            method,
            path,
            id,
            tag: "",
            route,
            access: Access::Read,
            summary: [""; 2],
            description: "",
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            problems: vec![FailureCode::Internal],
            retirement: None,
        }
    }

    /// `GET`, `POST` …; whatever answers GET answers HEAD too.
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// The address, `/v1/jobs/{id}`.
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// Its name in the document.
    pub fn id(&self) -> &'static str {
        self.id
    }

    pub fn access(&self) -> Access {
        self.access
    }

    /// Who may; a key that reads, unless said otherwise.
    pub(super) fn for_whom(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Its group in the document.
    pub(super) fn tag(mut self, tag: &'static str) -> Self {
        self.tag = tag;
        self
    }

    /// One line in Vietnamese and in English.
    pub(super) fn named(mut self, vietnamese: &'static str, english: &'static str) -> Self {
        self.summary = [vietnamese, english];
        self
    }

    /// What the line leaves out.
    pub(super) fn says(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// A part of the address.
    pub(super) fn at(self, name: &'static str, schema: Value, says: &'static str) -> Self {
        self.parameter("path", name, schema, says)
    }

    /// A query parameter; all are optional.
    pub(super) fn asks(self, name: &'static str, schema: Value, says: &'static str) -> Self {
        self.parameter("query", name, schema, says)
    }

    /// A request header; all are optional.
    pub(super) fn header(self, name: &'static str, schema: Value, says: &'static str) -> Self {
        self.parameter("header", name, schema, says)
    }

    fn parameter(mut self, place: &str, name: &str, schema: Value, says: &str) -> Self {
        let required = place == "path";
        self.parameters
            .push(json!({"name": name, "in": place, "required": required, "description": says, "schema": schema}));
        self
    }

    /// The request's body: a media type and its schema.
    pub(super) fn takes(mut self, media_type: &str, schema: Value, says: &str) -> Self {
        self.body = Some(json!({"required": true, "description": says, "content": {media_type: {"schema": schema}}}));
        self
    }

    /// Another media type that the body may have.
    pub(super) fn or_takes(mut self, media_type: &str, schema: Value) -> Self {
        if let Some(body) = &mut self.body {
            body["content"][media_type] = json!({"schema": schema});
        }
        self
    }

    /// As [`Operation::takes`], but it may be left out.
    pub(super) fn may_take(self, media_type: &str, schema: Value, says: &str) -> Self {
        let mut row = self.takes(media_type, schema, says);
        if let Some(body) = &mut row.body {
            body["required"] = json!(false);
        }
        row
    }

    pub(super) fn answers(mut self, answer: Answer) -> Self {
        self.answers.push(answer);
        self
    }

    /// What it may refuse with, besides a bug of ours.
    pub(super) fn problems(mut self, codes: &[FailureCode]) -> Self {
        for code in codes {
            if !self.problems.contains(code) {
                self.problems.push(*code);
            }
        }
        self
    }

    /// Serves on, but tells callers to leave it (RFC 9745, RFC 8594).
    #[cfg_attr(not(test), expect(dead_code, reason = "the first address to be retired calls it"))]
    pub(super) fn retires(mut self, retirement: Retirement) -> Self {
        self.retirement = Some(retirement);
        self
    }
}

impl Answer {
    pub(super) fn new(status: u16, says: &'static str) -> Self {
        Self { status, says, content: Vec::new(), headers: Vec::new() }
    }

    /// 200 with JSON of a named schema.
    pub(super) fn json(schema: &str, says: &'static str) -> Self {
        Self::new(200, says).of("application/json", refer(schema))
    }

    pub(super) fn of(mut self, media_type: &'static str, schema: Value) -> Self {
        self.content.push((media_type, schema));
        self
    }

    /// Headers beside `X-Request-Id`, by their names in `components/headers`.
    pub(super) fn with(mut self, headers: &[&'static str]) -> Self {
        self.headers.extend_from_slice(headers);
        self
    }
}

/// A schema of `components/schemas`.
pub(super) fn refer(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// Bytes that no schema describes.
pub(super) fn bytes() -> Value {
    json!({"type": "string", "format": "binary"})
}
