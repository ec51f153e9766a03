//! Seeds: the test vectors, in the form in which a target takes them.

use std::{env, fs, path::Path};

use ciborium::Value;

use crate::{
    SIGN_ANEW,
    manifest::{Document, Manifest, Vector},
    vectors_folder,
};

/// Larger vectors would have libFuzzer try inputs of their size, at a tenth of the speed. What is too large is met by a
/// trust root version of more than 8 KiB.
const MAX_SEED: usize = 16 * 1024;

/// Writes the seeds that `make` makes of each vector into the folder that PICKET_FUZZ_SEEDS names, if it names one.
/// `make` gets the vector, the place of its context, and its bytes.
pub fn write(make: impl Fn(&Vector, u8, &[u8]) -> Vec<Vec<u8>>) {
    let Some(folder) = env::var_os("PICKET_FUZZ_SEEDS") else { return };
    let folder = Path::new(&folder);
    fs::create_dir_all(folder).expect("a folder for seeds");
    let manifest = Manifest::read(vectors_folder());
    for vector in &manifest.vectors {
        let bytes = fs::read(vectors_folder().join(&vector.file)).expect("a file of the manifest");
        let context = manifest.contexts.keys().position(|name| *name == vector.context).expect("a context");
        let context = u8::try_from(context).expect("fewer than 128 contexts");
        for (number, seed) in make(vector, context, &bytes).into_iter().enumerate() {
            fs::write(folder.join(format!("{}-{number}", vector.name)), seed).expect("a seed");
        }
    }
}

/// Seeds for a target that takes a context and one kind of document, as it is and signed anew.
pub fn of_document(document: Document) -> impl Fn(&Vector, u8, &[u8]) -> Vec<Vec<u8>> {
    move |vector, context, bytes| {
        if vector.document != document || bytes.len() > MAX_SEED {
            return vec![];
        }
        [context, context | SIGN_ANEW].iter().map(|first| [&[*first], bytes].concat()).collect()
    }
}

/// A document, and every byte string in it that a lenient decoder finds: COSE items, header buckets, payloads.
pub fn with_parts(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut parts = vec![bytes.to_vec()];
    let mut next = 0;
    while let Some(part) = parts.get(next) {
        if let Ok(value) = ciborium::from_reader::<Value, _>(&part[..]) {
            collect(&value, &mut parts);
        }
        next += 1;
    }
    parts.retain(|part| part.len() <= MAX_SEED);
    parts
}

fn collect(value: &Value, parts: &mut Vec<Vec<u8>>) {
    match value {
        Value::Bytes(bytes) if bytes.len() > 40 => parts.push(bytes.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, parts)),
        Value::Tag(_, content) => collect(content, parts),
        _ => {}
    }
}
