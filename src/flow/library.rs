//! Flows by name and by revision.

use std::{collections::BTreeMap, sync::Arc};

use super::{diagnostic::Finding, model::Flow, source::Bundle};
use crate::base::id::RevisionId;

/// One revision: everything that a session pinned to it needs, compiled.
#[derive(Clone, Debug)]
pub struct Revision {
    /// The content hash over all files of the bundle.
    pub id: RevisionId,
    /// The files, as stored.
    pub bundle: Bundle,
    /// The root flow and the flows it calls or needs, by name.
    pub flows: BTreeMap<String, Arc<Flow>>,
    /// Shared texts under `templates/messages/`, by name, then by language tag (`en` where the file has none); after the line rule.
    pub partials: BTreeMap<String, BTreeMap<String, String>>,
    /// Names that each partial uses, in any language.
    pub partial_names: BTreeMap<String, Vec<String>>,
}

impl Revision {
    /// The root flow.
    pub fn root(&self) -> Option<&Arc<Flow>> {
        self.flows.get(&self.bundle.root)
    }
}

/// The flows in service: the current revision of each by name, and every revision that a session may still be pinned to.
#[derive(Clone, Debug, Default)]
pub struct Library {
    current: BTreeMap<String, Arc<Revision>>,
    pinned: BTreeMap<RevisionId, Arc<Revision>>,
}

impl Library {
    /// Puts a revision in service as the current one of its root flow.
    pub fn publish(&mut self, revision: Arc<Revision>) {
        self.pinned.insert(revision.id.clone(), revision.clone());
        self.current.insert(revision.bundle.root.clone(), revision);
    }

    /// Adds a revision that some session is pinned to, without making it current.
    pub fn keep(&mut self, revision: Arc<Revision>) {
        self.pinned.insert(revision.id.clone(), revision);
    }

    /// The current revision of a flow.
    pub fn current(&self, flow: &str) -> Option<&Arc<Revision>> {
        self.current.get(flow)
    }

    /// All current revisions, by flow name.
    pub fn all_current(&self) -> impl Iterator<Item = (&String, &Arc<Revision>)> {
        self.current.iter()
    }

    /// A revision by hash.
    pub fn revision(&self, id: &RevisionId) -> Option<&Arc<Revision>> {
        self.pinned.get(id)
    }
}

/// What came of compiling a bundle: a revision unless an error stands in the findings.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// `None` where there are errors.
    pub revision: Option<Arc<Revision>>,
    /// Everything found while reading; the checks of `check/` add theirs.
    pub findings: Vec<Finding>,
}

pub use super::compile::{Folder, bundle, compile, compile_folder};
