//! Forms with a file in them, read whole within bounds by whoever calls, and taken apart here.

use axum::{
    body::Bytes,
    extract::{FromRequest as _, Multipart, Request},
};

/// Fields of a form.
const MOST_FIELDS: usize = 12;

/// It is no form of this kind, or one with too many fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotUnderstood;

/// The fields of a form (`multipart/form-data`) whose body was read within bounds already. The file's own name is never
/// looked at.
///
/// # Errors
/// [`NotUnderstood`].
pub async fn fields(request: Request) -> Result<Vec<(String, Bytes)>, NotUnderstood> {
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| NotUnderstood)?;
    let mut fields = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|_| NotUnderstood)? {
        if fields.len() >= MOST_FIELDS {
            return Err(NotUnderstood);
        }
        let name = field.name().unwrap_or_default().to_owned();
        fields.push((name, field.bytes().await.map_err(|_| NotUnderstood)?));
    }
    Ok(fields)
}

/// A field's text; empty when it is not there.
#[must_use]
pub fn text<'a>(fields: &'a [(String, Bytes)], name: &str) -> &'a str {
    let field = fields.iter().find(|(known, _)| known == name);
    field.and_then(|(_, value)| std::str::from_utf8(value).ok()).unwrap_or_default()
}

/// The uploaded file, or else the pasted text; empty when neither was given.
#[must_use]
pub fn file(fields: &[(String, Bytes)]) -> Bytes {
    let named = |name: &str| fields.iter().find(|(known, value)| known == name && !value.is_empty());
    named("file").or_else(|| named("text")).map(|(_, value)| value.clone()).unwrap_or_default()
}
