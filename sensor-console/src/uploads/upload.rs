//! A form with a file in it, or with the file's text pasted.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts as _, Multipart, Request},
};

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
/// Fields of a form.
const MOST_FIELDS: usize = 12;

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
        let field = self.fields.iter().find(|(known, _)| known == name);
        field.and_then(|(_, value)| std::str::from_utf8(value).ok()).unwrap_or_default()
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
    Ok(file_of(&fields))
}

impl Upload {
    fn with_file(self) -> Self {
        Self { file: file_of(&self.fields), ..self }
    }
}

/// The uploaded file, or else the pasted text.
fn file_of(fields: &[(String, Bytes)]) -> Bytes {
    let named = |name: &str| fields.iter().find(|(known, value)| known == name && !value.is_empty());
    named("file").or_else(|| named("text")).map(|(_, value)| value.clone()).unwrap_or_default()
}

async fn fields(request: Request) -> Result<Vec<(String, Bytes)>, Failed> {
    let not_understood = || Failed::from(refused::problem(&texts::refused::NOT_UNDERSTOOD, vec![]));
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| not_understood())?;
    let mut fields = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|_| not_understood())? {
        if fields.len() >= MOST_FIELDS {
            return Err(not_understood());
        }
        // The file's own name is never looked at.
        let name = field.name().unwrap_or_default().to_owned();
        fields.push((name, field.bytes().await.map_err(|_| not_understood())?));
    }
    Ok(fields)
}
