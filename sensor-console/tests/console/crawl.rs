//! Looking changes nothing: every page and every link on it, as each role.

use std::collections::BTreeSet;

use crate::rig::Console;

#[test]
fn nobody_changes_anything_by_looking() {
    let console = Console::in_use();
    for name in ["vic", "ana", "mira"] {
        let mut browser = console.signed_in(name);
        let mut ahead: Vec<String> = picket_console::PAGES.iter().map(|page| page.path.to_owned()).collect();
        let mut seen = BTreeSet::new();
        while let Some(path) = ahead.pop() {
            if !seen.insert(path.clone()) || seen.len() > 200 {
                continue;
            }
            let answer = browser.get(&path);
            assert!(answer.status < 500 || answer.status == 503, "{name} {path}: {}", answer.head);
            let links = answer.body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
            ahead.extend(links.filter(|link| link.starts_with('/')).map(|link| link.replace("&amp;", "&")));
        }
        assert!(seen.len() >= picket_console::PAGES.len(), "{name}");
        assert_eq!(browser.get("/account").status, 200, "{name} was signed out by looking");
    }
    assert!(console.agent.changes().is_empty(), "{:?}", console.agent.changes());
}
