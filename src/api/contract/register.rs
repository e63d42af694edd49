//! The table becomes routes: one resource for each address, its methods in it, 405 with `Allow` for all others.

use actix_web::{Resource, Route, guard, http::Method, middleware, web};

use super::{Access, Operation, table};
use crate::api::{Problem, entry, problem};

/// Adds every address of the table, and 404 for all others.
pub(in crate::api) fn serve(config: &mut web::ServiceConfig) {
    register(config, table());
}

/// Adds what an address for watching answers, and 404 for all others. There are no keys there: it is for a network of
/// those who watch.
pub(in crate::api) fn serve_watching(config: &mut web::ServiceConfig) {
    let watching = table().into_iter().filter(|operation| ["/metrics", "/livez"].contains(&operation.path));
    register(config, watching.map(|operation| operation.for_whom(Access::Open)).collect());
}

fn register(config: &mut web::ServiceConfig, operations: Vec<Operation>) {
    for resource in resources(operations) {
        config.service(resource);
    }
    config.default_service(web::to(nowhere));
}

fn resources(mut operations: Vec<Operation>) -> Vec<Resource> {
    // actix takes the first address that fits: `/jobs/{id}:requeue` before `/jobs/{id}`, `/jobs/here` before `/jobs/{id}`.
    operations.sort_by_key(|operation| (!operation.path.contains("}:"), pattern(operation.path).contains('{')));
    let mut addresses: Vec<(&str, Vec<Operation>)> = Vec::new();
    for operation in operations {
        match addresses.iter_mut().find(|(path, _)| *path == operation.path) {
            Some((_, there)) => there.push(operation),
            None => addresses.push((operation.path, vec![operation])),
        }
    }
    addresses.into_iter().map(|(path, operations)| resource(path, operations)).collect()
}

fn resource(path: &str, operations: Vec<Operation>) -> Resource {
    let allowed = allowed(&operations);
    let mut resource = web::resource(pattern(path));
    for operation in operations {
        resource = resource.route(route(operation));
    }
    resource.default_service(web::to(move || {
        let allowed = allowed.clone();
        async move { Err::<String, Problem>(problem::wrong_method(&allowed)) }
    }))
}

/// Whatever answers GET answers HEAD (RFC 9110, 9.1); actix leaves the body out.
fn route(operation: Operation) -> Route {
    let route = match operation.method {
        Method::GET => operation.route.guard(guard::Any(guard::Get()).or(guard::Head())),
        method => operation.route.method(method),
    };
    let access = operation.access;
    let route = route.wrap(middleware::from_fn(move |request, next| entry::admit(access, request, next)));
    let Some(retirement) = operation.retirement else { return route };
    route.wrap(middleware::from_fn(move |request, next| retirement.clone().announce(request, next)))
}

fn allowed(operations: &[Operation]) -> String {
    let names = operations.iter().map(|operation| match operation.method {
        Method::GET => "GET, HEAD",
        _ => operation.method.as_str(),
    });
    names.collect::<Vec<_>>().join(", ")
}

/// A verb after a colon is no part of the id before it.
fn pattern(path: &str) -> String {
    match path.split_once("}:") {
        Some((before, verb)) => format!("{before}:[^/]+}}:{verb}"),
        None => path.to_owned(),
    }
}

async fn nowhere() -> Result<String, Problem> {
    Err(problem::no_such_address())
}

#[cfg(test)]
mod tests {
    use actix_web::{App, HttpResponse, http::header, test};
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::api::contract::{operation::get, retirement::Retirement};

    async fn fine() -> HttpResponse {
        HttpResponse::Ok().body("fine")
    }

    async fn broken() -> Result<HttpResponse, Problem> {
        Err(problem::no_such_address())
    }

    fn retirement() -> Retirement {
        let day = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        Retirement { since: day("2023-06-30T23:59:59Z"), ends: day("2030-11-11T23:59:59Z"), instead: "/v2/old" }
    }

    #[actix_web::test]
    async fn an_address_that_is_to_go_says_so_in_whatever_it_answers() {
        let operations = vec![
            get("/v1/old", "old", fine).for_whom(Access::Open).retires(retirement()),
            get("/v1/old-fault", "oldFault", broken).for_whom(Access::Open).retires(retirement()),
            get("/v1/new", "new", fine).for_whom(Access::Open),
        ];
        let app = test::init_service(App::new().configure(|config| register(config, operations))).await;
        for (path, retired) in [("/v1/old", true), ("/v1/old-fault", true), ("/v1/new", false)] {
            let answer = test::call_service(&app, test::TestRequest::get().uri(path).to_request()).await;
            let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
            let wanted = |text: &str| retired.then(|| text.to_owned());
            assert_eq!(header("deprecation"), wanted("@1688169599"), "{path}");
            assert_eq!(header("sunset"), wanted("Mon, 11 Nov 2030 23:59:59 GMT"), "{path}");
            assert_eq!(header(header::LINK.as_str()), wanted("</v2/old>; rel=\"successor-version\""), "{path}");
        }
    }

    #[actix_web::test]
    async fn a_verb_a_fixed_word_and_an_id_are_told_apart_whatever_their_order() {
        async fn id() -> HttpResponse {
            HttpResponse::Ok().body("id")
        }
        async fn verb() -> HttpResponse {
            HttpResponse::Ok().body("verb")
        }
        async fn word() -> HttpResponse {
            HttpResponse::Ok().body("word")
        }
        let operations = vec![get("/x/{id}", "a", id), get("/x/{id}:do", "b", verb), get("/x/word", "c", word)];
        let operations = operations.into_iter().map(|operation| operation.for_whom(Access::Open)).collect();
        let app = test::init_service(App::new().configure(|config| register(config, operations))).await;
        let all =
            [("/x/1", "id"), ("/x/1:do", "verb"), ("/x/word", "word"), ("/x/word:do", "verb"), ("/x/a%3A1:do", "verb")];
        for (path, expected) in all {
            let body = test::call_and_read_body(&app, test::TestRequest::get().uri(path).to_request()).await;
            assert_eq!(body, expected, "{path}");
        }
    }
}
