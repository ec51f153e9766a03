//! What the API says of itself: OpenAPI 3.1, made from the routes and from the types that they take and give.

mod closed;
mod told;
pub(super) mod words;

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::{Value, json};
use utoipa::{
    ToSchema,
    openapi::{
        ComponentsBuilder, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, PathItem, PathsBuilder, Required,
        SecurityRequirement, Type,
        path::{HttpMethod, ParameterBuilder, ParameterIn},
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};

use super::{api, routes::Listed};
pub(crate) use told::{Told, told};

/// How callers prove who they are.
const BEARER: &str = "token";

/// A refusal, as RFC 9457 has it.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used: the protocol's own type is what is answered")]
struct Problem {
    /// `urn:picket:refusal:` and the code.
    r#type: String,
    /// The stable code: `picket-portal explain CODE`.
    code: String,
    /// The title.
    title: String,
    /// The HTTP status.
    status: u16,
    /// Title and findings in one sentence.
    detail: String,
    /// What was found.
    found: Vec<Found>,
    /// What to do next, in order.
    next: Vec<String>,
}

/// One thing that was found.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "as Problem")]
struct Found {
    /// What it is.
    label: String,
    /// Its value.
    value: String,
}

/// The description of the API.
#[must_use]
pub fn document() -> Value {
    let mut paths: BTreeMap<&str, PathItem> = BTreeMap::new();
    let mut schemas = Vec::new();
    let routes = api();
    for (Listed { method, path, right }, told) in routes.listed.into_iter().zip(routes.told) {
        let mut told = told.needing(right);
        for name in named(path) {
            let place = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
            told = told.parameter(place.schema(Some(ObjectBuilder::new().schema_type(Type::String))).build());
        }
        let (operation, more) = told.finish(operation_id(&method, path));
        schemas.extend(more);
        let item = PathItem::new(http_method(&method), operation);
        match paths.get_mut(path) {
            Some(known) => known.merge_operations(item),
            None => _ = paths.insert(path, item),
        }
    }
    let paths = paths.into_iter().fold(PathsBuilder::new(), |paths, (path, item)| paths.path(path, item));
    let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components = ComponentsBuilder::new().schemas_from_iter(schemas).security_scheme(BEARER, token);
    let info = InfoBuilder::new().title("Picket portal").version(env!("CARGO_PKG_VERSION"));
    let built: OpenApi = OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components.build()))
        .security(Some([SecurityRequirement::new::<_, [&str; 0], &str>(BEARER, [])]))
        .build();
    let mut document = serde_json::to_value(built).unwrap_or_else(|error| json!({ "error": error.to_string() }));
    closed::close(&mut document);
    document
}

/// What stands in braces.
fn named(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn operation_id(method: &Method, path: &str) -> String {
    let words = path.trim_start_matches("/api/v1/").split(['/', '-', '.']).map(|word| word.trim_matches(['{', '}']));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    format!("{}_{}", method.as_str().to_lowercase(), words.join("_"))
}

fn http_method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Told")
    }
}
