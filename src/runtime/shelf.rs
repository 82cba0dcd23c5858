//! The flows and texts in service: read once, swapped as a whole, and grown by revisions that stored sessions are pinned to.

use std::sync::{Arc, PoisonError, RwLock};

use crate::{
    flow::{Library, Revision},
    render::Catalog,
};

/// Flows with their texts compiled. What a turn decides by.
#[derive(Clone, Debug)]
pub struct Shelf {
    /// The flows.
    pub library: Library,
    /// Their texts, and the shared ones.
    pub catalog: Catalog,
}

impl Shelf {
    /// The shelf of a library; `shared` has the shared texts where no revision is named.
    pub fn new(library: Library, shared: Catalog) -> Self {
        let mut catalog = shared;
        for (_, revision) in library.all_current() {
            catalog.add(revision);
        }
        Self { library, catalog }
    }
}

/// The shelf that is in service now.
#[derive(Debug)]
pub(super) struct InService(RwLock<Arc<Shelf>>);

impl InService {
    pub fn new(shelf: Shelf) -> Self {
        Self(RwLock::new(Arc::new(shelf)))
    }

    pub fn now(&self) -> Arc<Shelf> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds a revision that somebody is pinned to.
    pub fn keep(&self, revision: &Arc<Revision>) -> Arc<Shelf> {
        let mut shelf = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if shelf.library.revision(&revision.id).is_none() {
            let mut grown = Shelf::clone(&shelf);
            grown.library.keep(revision.clone());
            grown.catalog.add(revision);
            *shelf = Arc::new(grown);
        }
        shelf.clone()
    }

    /// Puts other flows in service. Revisions that sessions are pinned to come back from the store when they are needed.
    pub fn swap(&self, next: Shelf) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
    }
}
