//! Style, script and icon, under paths that carry their content's hash, so that browsers keep them.

use axum::{
    http::{Uri, header},
    response::{IntoResponse as _, Response},
};
use picket_look::assets;

use crate::page::Failed;

pub(super) async fn file(uri: Uri) -> Response {
    let Some(asset) = assets::find(uri.path()) else { return Failed::NotFound.into_response() };
    let fields = [(header::CONTENT_TYPE, asset.media_type), (header::CACHE_CONTROL, assets::CACHE_CONTROL)];
    (fields, asset.content).into_response()
}
