//! What cargo knows of the workspace: packages, their licences, what is linked into what.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::{program, repository};

/// The answer of `cargo metadata`, as far as we read it.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    resolve: Resolve,
}

/// A package of the workspace or one that it needs.
#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    name: String,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    kind: Option<String>,
}

impl Metadata {
    /// Asks cargo, for the platform that we run on.
    pub(crate) fn read() -> Result<Self> {
        let version = program::read(std::process::Command::new("rustc").arg("-vV"))?;
        let host = version
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .context("rustc names no host")?;
        let json = program::read(repository::cargo().args([
            "metadata",
            "--format-version=1",
            "--filter-platform",
            host,
        ]))?;
        serde_json::from_str(&json).context("cannot read what cargo metadata wrote")
    }

    /// The package of this name in the workspace.
    pub(crate) fn package(&self, name: &str) -> Result<&Package> {
        self.packages
            .iter()
            .find(|package| package.name == name)
            .with_context(|| format!("no package {name}"))
    }

    /// Everything that is linked into a package or expanded in it: normal dependencies, of any depth, and itself.
    pub(crate) fn linked(&self, root: &Package) -> Vec<&Package> {
        let nodes: BTreeMap<&str, &Node> = self
            .resolve
            .nodes
            .iter()
            .map(|node| (node.id.as_str(), node))
            .collect();
        let (mut seen, mut next) = (BTreeSet::new(), vec![root.id.as_str()]);
        while let Some(id) = next.pop() {
            if seen.insert(id)
                && let Some(node) = nodes.get(id)
            {
                let normal =
                    |dep: &&Dependency| dep.dep_kinds.iter().any(|kind| kind.kind.is_none());
                next.extend(node.deps.iter().filter(normal).map(|dep| dep.pkg.as_str()));
            }
        }
        self.packages
            .iter()
            .filter(|package| seen.contains(package.id.as_str()))
            .collect()
    }
}

impl Package {
    /// Whether the package has an integration test program of this name.
    pub(crate) fn has_test(&self, name: &str) -> bool {
        self.targets
            .iter()
            .any(|target| target.name == name && target.kind.iter().any(|kind| kind == "test"))
    }
}
