//! Closes every object of a description: what is not said there is neither taken nor given.

use serde_json::Value;

pub(super) fn close(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let is_object = fields.get("type").is_some_and(|kind| kind == "object" || names_object(kind));
            if is_object && fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
                fields.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

fn names_object(kind: &Value) -> bool {
    kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "object"))
}
