//! A form with a file in it, or with the file's text pasted.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts as _, Request},
};
use picket_guard::uploads;

use crate::{
    console::Shared,
    guard::{SignedIn, forms},
    page::Failed,
    refused, texts,
};

/// Most bytes of the whole form: an armoured activation file, or a chain with its key, and what is around it.
const MAX_UPLOAD: usize = 160 * 1024;
/// For all of it to arrive: 160 KiB over a line of 64 kbit/s take 20 s.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(30);

/// A form of an admin with a file.
#[derive(Debug)]
pub struct Upload {
    /// Who sent it.
    pub by: SignedIn,
    /// The file's bytes, or the pasted text's; empty when neither was given.
    pub file: Bytes,
    /// The other fields.
    fields: Vec<(String, Bytes)>,
}

impl Upload {
    /// A field's text; empty when it is not there.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        uploads::text(&self.fields, name)
    }
}

impl FromRequest<Shared> for Upload {
    type Rejection = Failed;

    async fn from_request(request: Request, console: &Shared) -> Result<Self, Failed> {
        let (mut parts, body) = request.into_parts();
        let by = SignedIn::from_request_parts(&mut parts, console).await?;
        by.as_admin()?;
        let _seat = console.uploads.seat().await;
        let bytes = forms::collect(&parts.headers, body, MAX_UPLOAD, UPLOAD_TIMEOUT).await?;
        let fields = fields(Request::from_parts(parts, Body::from(bytes))).await?;
        let upload = Self { by, file: Bytes::new(), fields };
        forms::check_token(&upload.by, upload.text("csrf"))?;
        Ok(upload.with_file())
    }
}

/// A file before anybody has signed in: the recovery document.
///
/// # Errors
/// As for [`Upload`].
pub async fn unsigned(request: Request, console: &Shared) -> Result<Bytes, Failed> {
    let (parts, body) = request.into_parts();
    let _seat = console.uploads.seat().await;
    let bytes = forms::collect(&parts.headers, body, MAX_UPLOAD, UPLOAD_TIMEOUT).await?;
    let fields = fields(Request::from_parts(parts, Body::from(bytes))).await?;
    Ok(uploads::file(&fields))
}

impl Upload {
    fn with_file(self) -> Self {
        Self { file: uploads::file(&self.fields), ..self }
    }
}

async fn fields(request: Request) -> Result<Vec<(String, Bytes)>, Failed> {
    let fields = uploads::fields(request).await;
    fields.map_err(|_| Failed::from(refused::problem(&texts::refused::NOT_UNDERSTOOD, vec![])))
}
