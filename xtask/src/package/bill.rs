//! A package's bill of materials, CycloneDX 1.5, from what cargo says: which crates at which versions go into the programs.
//!
//! Follows from the lock file and the commit's date alone, so that it is the same bytes from the same sources.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::builds::cargo;

/// Writes `NAME.cdx.json` into a folder.
pub(super) fn write(name: &str, epoch: &str, folder: &Path) -> Result<()> {
    let bill = bill(&metadata()?, name, epoch)?;
    let path = folder.join(format!("{name}.cdx.json"));
    fs::write(&path, format!("{bill:#}\n")).with_context(|| format!("cannot write {}", path.display()))
}

fn metadata() -> Result<Value> {
    let how = ["metadata", "--locked", "--format-version=1", "--filter-platform=x86_64-unknown-linux-gnu"];
    let asked = cargo(&how).output().context("cannot run cargo")?;
    ensure!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    Ok(serde_json::from_slice(&asked.stdout)?)
}

fn bill(metadata: &Value, name: &str, epoch: &str) -> Result<Value> {
    let crates: BTreeMap<&str, &Value> = by_id(&metadata["packages"])?;
    let nodes: BTreeMap<&str, &Value> = by_id(&metadata["resolve"]["nodes"])?;
    let own = crates.iter().find(|(_, one)| one["name"] == name && one["source"].is_null());
    let (root, shipped) = own.with_context(|| format!("there is no crate {name}"))?;
    let uses: BTreeMap<&str, BTreeSet<&str>> = reached(root, &nodes);
    let reference = |id: &str| crates.get(id).map(|one| package_url(one)).unwrap_or_default();
    let components: Vec<_> = uses.keys().filter(|id| *id != root).filter_map(|id| crates.get(id)).collect();
    let mut components: Vec<_> = components.into_iter().map(|one| component(one, "library")).collect();
    components.sort_by_key(|one| one["bom-ref"].to_string());
    let mut dependencies: Vec<_> = uses
        .iter()
        .map(|(id, on)| {
            let on: BTreeSet<_> = on.iter().map(|id| reference(id)).collect();
            json!({ "ref": reference(id), "dependsOn": on })
        })
        .collect();
    dependencies.sort_by_key(|one| one["ref"].to_string());
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": component(shipped, "application"),
            "properties": [{ "name": "source-date-epoch", "value": epoch }],
        },
        "components": components,
        "dependencies": dependencies,
    }))
}

fn by_id(list: &Value) -> Result<BTreeMap<&str, &Value>> {
    let list = list.as_array().context("cargo's answer lacks a list")?;
    Ok(list.iter().filter_map(|one| Some((one["id"].as_str()?, one))).collect())
}

/// What a crate uses and what that uses in turn. What only builds or tests use is left out.
fn reached<'a>(root: &'a str, nodes: &BTreeMap<&str, &'a Value>) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let (mut reached, mut open) = (BTreeMap::new(), vec![root]);
    while let Some(id) = open.pop() {
        if reached.contains_key(id) {
            continue;
        }
        let uses: BTreeSet<&str> = nodes.get(id).map(|node| used(node)).unwrap_or_default();
        open.extend(&uses);
        reached.insert(id, uses);
    }
    reached
}

fn used(node: &Value) -> BTreeSet<&str> {
    let in_program =
        |on: &&Value| on["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|one| one["kind"].is_null()));
    let on = node["deps"].as_array().into_iter().flatten();
    on.filter(in_program).filter_map(|on| on["pkg"].as_str()).collect()
}

fn component(one: &Value, kind: &str) -> Value {
    let reference = package_url(one);
    let mut component = json!({
        "type": kind,
        "bom-ref": reference,
        "name": one["name"],
        "version": one["version"],
        "purl": reference,
    });
    if let Some(licence) = one["license"].as_str() {
        // Crates of long ago write a slash for "or".
        component["licenses"] = json!([{ "expression": licence.replace('/', " OR ") }]);
    }
    component
}

fn package_url(one: &Value) -> String {
    format!("pkg:cargo/{}@{}", one["name"].as_str().unwrap_or_default(), one["version"].as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::bill;

    #[test]
    fn holds_what_a_program_uses_and_not_what_only_builds_or_tests_use() {
        let one = |name: &str, source: Option<&str>| json!({ "id": name, "name": name, "version": "1.0.0", "source": source, "license": "MIT/Apache-2.0" });
        let on = |name: &str, kind: Option<&str>| json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] });
        let registry = Some("registry");
        let metadata = json!({
            "packages": [one("ours", None), one("direct", registry), one("deep", registry), one("builder", registry), one("other", registry)],
            "resolve": { "nodes": [
                { "id": "ours", "deps": [on("direct", None), on("builder", Some("build")), on("other", Some("dev"))] },
                { "id": "direct", "deps": [on("deep", None)] },
                { "id": "deep", "deps": [] },
            ] },
        });
        let bill = bill(&metadata, "ours", "7").unwrap();
        let names: Vec<_> = bill["components"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
        assert_eq!(names, ["deep", "direct"]);
        assert_eq!(bill["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(
            bill["dependencies"][2],
            json!({ "ref": "pkg:cargo/ours@1.0.0", "dependsOn": ["pkg:cargo/direct@1.0.0"] })
        );
    }
}
