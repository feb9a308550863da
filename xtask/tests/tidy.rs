//! Holds the house rules that no lint knows: headers, lengths, and who may use whom inside the host.
//! Reads every .rs file of the workspace; `cargo test -p xtask` runs it in a second.
//! Invariant: an exception stands in a table below and carries its reason.

#![expect(clippy::unwrap_used, reason = "what cannot be read fails the test")]

use std::path::{Path, PathBuf};

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// The modules of the host, from the top downward. A module uses itself and lines below its own.
const LAYERS: &[&[&str]] = &[
    &["main"],
    &["cli"],
    &["app"],
    &["api"],
    &["connector", "delivery"],
    &["issuer", "custody", "revocation"],
    &["plugin", "store", "ledger"],
    &["capability"],
    &["credential"],
    &["backend"],
    &["grant", "bindings", "web"],
];

/// Every module may use these; they use only one another.
const LEAVES: &[&str] = &["model", "config", "clock", "error"];

/// Never, though the layers would allow it: user, used, reason.
const APART: &[(&str, &str, &str)] = &[(
    "api",
    "plugin",
    "what an API call needs of a plugin goes through connector",
)];

/// Allowed, though the layers forbid it: user, used, reason.
const MEET: &[(&str, &str, &str)] = &[(
    "bindings",
    "backend",
    "bindgen's `with` names the type behind a session's handle",
)];

/// Lines of a file, inline tests at its end not counted.
const FILE_LINES: usize = 500;
/// Lines of a function, signature and braces counted.
const FUNCTION_LINES: usize = 70;
/// A test may tell a longer story, if it is one story.
const TEST_LINES: usize = 100;

/// Longer files: path, lines allowed, reason.
const LONG_FILES: &[(&str, usize, &str)] = &[
    (
        "host/tests/inventory_damage.rs",
        900,
        "one test a way in which a store is damaged, on one ground",
    ),
    (
        "host/src/issuer/acme/tests.rs",
        600,
        "one test a whim of a CA, against one server",
    ),
    (
        "host/tests/inventory_queries.rs",
        600,
        "the plain scan that every query is held against",
    ),
    (
        "host/tests/inventory_rules.rs",
        1250,
        "one test a rule of what is gone, on one ground",
    ),
];
/// Longer functions: path, function, lines allowed, reason.
const LONG_FUNCTIONS: &[(&str, &str, usize, &str)] = &[
    (
        "host/examples/bench_inventory.rs",
        "entry",
        100,
        "one record, field by field",
    ),
    (
        "host/examples/bench_inventory.rs",
        "load",
        100,
        "a measurement, step by step",
    ),
    (
        "host/examples/bench_inventory.rs",
        "filters",
        110,
        "a table",
    ),
    (
        "host/examples/bench_inventory.rs",
        "measure_queries",
        80,
        "a measurement, step by step",
    ),
    (
        "host/src/store/load.rs",
        "load_records",
        75,
        "one arm a kind of record",
    ),
    (
        "host/src/store/vanish.rs",
        "finish_split",
        80,
        "the order of its steps is the rule",
    ),
    (
        "tests/src/face/organizations.rs",
        "perform",
        75,
        "one arm an operation",
    ),
];
/// Files without a header: path, reason.
const NO_HEADER: &[(&str, &str)] = &[];

/// Directories in which nothing is ours to keep tidy.
const SKIPPED: &[&str] = &["target", "node_modules", ".git"];

struct File {
    path: String,
    text: String,
}

#[test]
fn every_file_says_what_it_is_for() {
    let bare = |file: &&File| {
        !file.text.starts_with("//!") && !NO_HEADER.iter().any(|(path, _)| *path == file.path)
    };
    let found: Vec<_> = files()
        .iter()
        .filter(bare)
        .map(|file| format!("{} does not start with //!", file.path))
        .collect();
    report(&found);
}

#[test]
fn files_are_short() {
    let mut found = Vec::new();
    for file in files() {
        let most = LONG_FILES
            .iter()
            .find(|(path, ..)| *path == file.path)
            .map_or(FILE_LINES, |(_, lines, _)| *lines);
        let lines = lines_without_tests(&file.text);
        if lines > most {
            found.push(format!(
                "{} has {lines} lines, {most} are allowed",
                file.path
            ));
        }
    }
    report(&found);
}

#[test]
fn functions_are_short() {
    let mut found = Vec::new();
    for file in files() {
        let mut lengths = Lengths(Vec::new());
        lengths.visit_file(&parse(&file));
        for (name, lines) in lengths.0 {
            let exception = LONG_FUNCTIONS
                .iter()
                .find(|(path, known, ..)| *path == file.path && *known == name);
            let usual = if is_test(&file, &name) {
                TEST_LINES
            } else {
                FUNCTION_LINES
            };
            let most = exception.map_or(usual, |(_, _, lines, _)| *lines);
            if lines > most {
                found.push(format!(
                    "{}: fn {name} has {lines} lines, {most} are allowed",
                    file.path
                ));
            }
        }
    }
    report(&found);
}

#[test]
fn the_host_depends_downward() {
    let mut found = Vec::new();
    for file in files() {
        let Some(user) = host_module(&file.path) else {
            continue;
        };
        if !is_known(&user) {
            found.push(format!(
                "{}: module {user} has no place in LAYERS or LEAVES (xtask/tests/tidy.rs)",
                file.path
            ));
            continue;
        }
        for (used, line) in uses(&file) {
            if let Some(reason) = objection(&user, &used) {
                found.push(format!(
                    "{}:{line}: {user} uses {used}: {reason}",
                    file.path
                ));
            }
        }
    }
    report(&found);
}

#[test]
fn the_table_is_held() {
    for (user, used) in [
        ("cli", "model"),
        ("api", "store"),
        ("connector", "ledger"),
        ("grant", "grant"),
        ("main", "app"),
    ] {
        assert_eq!(objection(user, used), None, "{user} {used}");
    }
    for (user, used) in [
        ("api", "plugin"),
        ("store", "plugin"),
        ("model", "store"),
        ("grant", "bindings"),
        ("config", "cli"),
    ] {
        assert!(objection(user, used).is_some(), "{user} {used}");
    }
}

#[test]
fn uses_are_found() {
    let text = "//! x\n// crate::commented\nuse crate::{store::Db, model};\nfn f() { log!(\"crate::quoted\", crate::plugin::G) }\n";
    let file = File {
        path: "host/src/app.rs".into(),
        text: text.into(),
    };
    let expected =
        [("store", 3), ("model", 3), ("plugin", 4)].map(|(name, line)| (name.to_owned(), line));
    assert_eq!(uses(&file), expected);
}

/// Whether a function stands under `#[test]` or in a crate's folder of tests.
fn is_test(file: &File, name: &str) -> bool {
    let attributed = |text: &str| text.contains("test]") || text.contains("test(");
    let lines: Vec<_> = file.text.lines().collect();
    let at = lines
        .iter()
        .position(|line| line.contains(&format!("fn {name}(")));
    file.path.contains("/tests/")
        || at.is_some_and(|at| {
            lines[at.saturating_sub(3)..at]
                .iter()
                .any(|line| attributed(line))
        })
}

fn report(found: &[String]) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

/// Why `user` may not use `used`, if so.
fn objection(user: &str, used: &str) -> Option<String> {
    let pair = |(one, other, _): &&(&str, &str, &'static str)| *one == user && *other == used;
    if let Some((.., reason)) = APART.iter().find(pair) {
        return Some((*reason).to_owned());
    }
    if user == used || LEAVES.contains(&used) || MEET.iter().any(|row| pair(&row)) {
        return None;
    }
    let rank = |name: &str| LAYERS.iter().position(|layer| layer.contains(&name));
    match (rank(user), rank(used)) {
        (_, None) => None,
        (Some(above), Some(below)) if above < below => None,
        (Some(_), Some(_)) => Some("that is not below it".to_owned()),
        (None, Some(_)) => Some("a leaf uses leaves only".to_owned()),
    }
}

fn is_known(module: &str) -> bool {
    LEAVES.contains(&module) || LAYERS.iter().any(|layer| layer.contains(&module))
}

/// The first module of a path in the host: `store` for host/src/store.rs and host/src/store/query.rs.
/// The library's root only lists the modules.
fn host_module(path: &str) -> Option<String> {
    let first = path.strip_prefix("host/src/")?.split('/').next()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (name != "lib").then(|| name.to_owned())
}

/// What follows each `crate::`, or `sensor::` in the binary, with its line. Comments and strings do not count.
fn uses(file: &File) -> Vec<(String, usize)> {
    let root = if file.path == "host/src/main.rs" {
        "sensor"
    } else {
        "crate"
    };
    let tokens: TokenStream = file
        .text
        .parse()
        .unwrap_or_else(|error| panic!("{}: {error}", file.path));
    let mut found = Vec::new();
    collect_uses(tokens, root, &mut found);
    found
}

fn collect_uses(tokens: TokenStream, root: &str, found: &mut Vec<(String, usize)>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            collect_uses(group.stream(), root, found);
        }
        let is_root = matches!(token, TokenTree::Ident(name) if name == root);
        let in_macro = index > 0 && is_punct(&tokens[index - 1], '$');
        if !is_root || in_macro || tokens.len() < index + 4 || !is_punct(&tokens[index + 1], ':') {
            continue;
        }
        match &tokens[index + 3] {
            TokenTree::Ident(name) => found.push(named(name)),
            TokenTree::Group(group) => found.extend(first_names(group.stream())),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// The `a` and `d` of `{a::b, d}`.
fn first_names(tokens: TokenStream) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut at_start = true;
    for token in tokens {
        if let (true, TokenTree::Ident(name)) = (at_start, &token) {
            found.push(named(name));
        }
        at_start = is_punct(&token, ',');
    }
    found
}

fn named(name: &proc_macro2::Ident) -> (String, usize) {
    (name.to_string(), name.span().start().line)
}

fn is_punct(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

/// Lines up to an inline `#[cfg(test)] mod tests {` at the end of the file.
fn lines_without_tests(text: &str) -> usize {
    let lines: Vec<_> = text.lines().collect();
    let is_module = |line: &str| line.starts_with("mod ") && line.ends_with('{');
    let starts = |index: usize| {
        lines[index] == "#[cfg(test)]"
            && lines[index + 1..]
                .iter()
                .take(4)
                .any(|line| is_module(line))
    };
    (0..lines.len())
        .rev()
        .find(|&index| starts(index))
        .unwrap_or(lines.len())
}

/// Every function with a body and how many lines it takes.
struct Lengths(Vec<(String, usize)>);

impl Lengths {
    fn note(&mut self, signature: &syn::Signature, body: Span) {
        let lines = body.end().line + 1 - signature.span().start().line;
        self.0.push((signature.ident.to_string(), lines));
    }
}

impl<'ast> Visit<'ast> for Lengths {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.note(&function.sig, function.block.span());
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.note(&function.sig, function.block.span());
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(body) = &function.default {
            self.note(&function.sig, body.span());
        }
        visit::visit_trait_item_fn(self, function);
    }
}

fn parse(file: &File) -> syn::File {
    syn::parse_file(&file.text).unwrap_or_else(|error| panic!("{}: {error}", file.path))
}

/// Every .rs file of the workspace by its path from the root.
fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut paths = Vec::new();
    walk(root, &mut paths);
    paths.sort();
    paths.iter().map(|path| read(root, path)).collect()
}

fn read(root: &Path, path: &Path) -> File {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let path = path
        .strip_prefix(root)
        .unwrap()
        .to_string_lossy()
        .replace('\\', "/");
    File { path, text }
}

fn walk(directory: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            if !SKIPPED.contains(&name.as_str()) {
                walk(&path, paths);
            }
        } else if path.extension().is_some_and(|end| end == "rs") {
            paths.push(path);
        }
    }
}
