//! Routes that cannot be added without the right they ask for, and that can be listed: a test asks every one of them as
//! everybody.

use axum::{
    Extension, Router,
    extract::Request,
    handler::Handler,
    http::Method,
    middleware::{Next, from_fn},
    response::Response,
    routing::{MethodRouter, delete, get, patch, post},
};

use super::{openapi::Told, problem::Problem};
use crate::domain::access::{Caller, Right};

/// One route.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its method.
    pub method: Method,
    /// Its path, with `{…}` where something is named.
    pub path: &'static str,
    /// What it asks for.
    pub right: Right,
}

/// A router that knows its routes.
#[derive(Debug)]
pub(crate) struct Routes<S> {
    pub(crate) router: Router<S>,
    pub(crate) listed: Vec<Listed>,
    /// What each of them takes and gives, where that is said.
    pub(crate) told: Vec<Told>,
}

impl<S: Clone + Send + Sync + 'static> Default for Routes<S> {
    fn default() -> Self {
        Self { router: Router::new(), listed: Vec::new(), told: Vec::new() }
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    pub(crate) fn get<T: 'static>(self, right: Right, path: &'static str, handler: impl Handler<T, S>) -> Self {
        self.add(Method::GET, right, path, get(handler))
    }

    pub(crate) fn post<T: 'static>(self, right: Right, path: &'static str, handler: impl Handler<T, S>) -> Self {
        self.add(Method::POST, right, path, post(handler))
    }

    pub(crate) fn patch<T: 'static>(self, right: Right, path: &'static str, handler: impl Handler<T, S>) -> Self {
        self.add(Method::PATCH, right, path, patch(handler))
    }

    pub(crate) fn delete<T: 'static>(self, right: Right, path: &'static str, handler: impl Handler<T, S>) -> Self {
        self.add(Method::DELETE, right, path, delete(handler))
    }

    /// What the route just added takes and gives.
    pub(crate) fn told(mut self, told: Told) -> Self {
        self.told.push(told);
        self
    }

    fn add(mut self, method: Method, right: Right, path: &'static str, handler: MethodRouter<S>) -> Self {
        let guarded = handler.route_layer(from_fn(move |caller, request, next| allow(right, caller, request, next)));
        self.router = self.router.route(path, guarded);
        self.listed.push(Listed { method, path, right });
        self
    }
}

/// Before anything of the request is read.
async fn allow(
    right: Right,
    Extension(caller): Extension<Caller>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    caller.may(right)?;
    Ok(next.run(request).await)
}
