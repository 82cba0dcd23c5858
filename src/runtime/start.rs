//! From a configuration to a service: key, store, record, flows, client.

use std::path::Path;

use super::{
    http::Http,
    service::{Parts, Service},
    shelf::Shelf,
};
use crate::{
    base::clock::Clock,
    config::{Settings, StoreUrl, folder},
    engine,
    flow::{Finding, Level, Library},
    records::{Records, RecordsError},
    render::Catalog,
    store::{Store, StoreError},
};

/// Why a service cannot start: what an operator reads.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The sealing key.
    #[error("`seal.key`: {0}")]
    Key(String),
    /// The store.
    #[error("`store.url`: {0}")]
    Store(String),
    /// The record.
    #[error("`records.url`: {0}")]
    Records(String),
    /// The flow folder cannot be read.
    #[error("{0}")]
    Folder(crate::config::Problem),
    /// The flows have errors.
    #[error("the flows cannot be put in service; `intake check` shows where:\n{0}")]
    Flows(String),
    /// The welcome flow is not there.
    #[error("`flows.welcome`: there is no flow `{welcome}`; there are {known}")]
    Welcome {
        /// What was named.
        welcome: String,
        /// What there is.
        known: String,
    },
    /// The HTTP client.
    #[error("{0}")]
    Http(String),
}

// The whole story stands in the text: no source is named, or it would be told twice.
impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        let hint = if matches!(error, StoreError::Unavailable(_)) { "; does it run there, and may this machine reach it?" } else { "" };
        Self::Store(format!("{error}{hint}"))
    }
}

impl From<RecordsError> for StartError {
    fn from(error: RecordsError) -> Self {
        Self::Records(error.to_string())
    }
}

/// Opens everything that the configuration names, and makes a service of it.
///
/// # Errors
/// What cannot be opened, and why.
pub async fn open(settings: Settings, clock: Clock) -> Result<Service, StartError> {
    Ok(Service::new(parts(settings, clock).await?))
}

/// Opens everything that the configuration names.
///
/// # Errors
/// What cannot be opened, and why.
pub async fn parts(mut settings: Settings, clock: Clock) -> Result<Parts, StartError> {
    let shelf = shelf(&settings)?;
    settings.flows.welcome = welcome(&settings, &shelf)?;
    let sealer = settings.seal.sealer(&clock).map_err(StartError::Key)?;
    settings.seal.wipe();
    let (store, warnings) = Store::open_replicated(&url(&settings.store), settings.replicas, sealer.clone(), clock.clone()).await?;
    for warning in warnings {
        tracing::warn!("store: {warning}");
    }
    let records = Records::open(&url(&settings.records), sealer, clock.clone()).await?;
    let http = Http::new().map_err(StartError::Http)?;
    Ok(Parts { settings, store, records, shelf, clock, http, engine: engine::step })
}

/// Opens the record alone: for adding users beside a running service.
///
/// # Errors
/// What cannot be opened, and why.
pub async fn open_records(settings: &Settings, clock: &Clock) -> Result<Records, StartError> {
    let sealer = settings.seal.sealer(clock).map_err(StartError::Key)?;
    Ok(Records::open(&url(&settings.records), sealer, clock.clone()).await?)
}

/// Reads and compiles the flows that the configuration names.
///
/// # Errors
/// Where a file cannot be read or a flow has errors.
pub fn shelf(settings: &Settings) -> Result<Shelf, StartError> {
    let files = folder::read(&settings.flows).map_err(StartError::Folder)?;
    let (library, findings) = Library::from_files(&files);
    let wrong: Vec<String> = findings.iter().filter(|finding| finding.level == Level::Error).map(told).collect();
    if !wrong.is_empty() {
        return Err(StartError::Flows(wrong.join("\n")));
    }
    // Every revision carries all shared texts of the folder.
    let shared = library.all_current().next().map(|(_, revision)| revision.partials.clone()).unwrap_or_default();
    Ok(Shelf::new(library, Catalog::shared(&shared)))
}

fn told(finding: &Finding) -> String {
    let span = &finding.place.span;
    format!("  {}:{}:{} {} {}", span.file, span.line, span.column, finding.code, finding.message)
}

fn welcome(settings: &Settings, shelf: &Shelf) -> Result<Option<String>, StartError> {
    match &settings.flows.welcome {
        None => Ok(shelf.library.current("welcome").map(|_| "welcome".to_owned())),
        Some(welcome) if shelf.library.current(welcome).is_some() => Ok(Some(welcome.clone())),
        Some(welcome) => {
            let known: Vec<&str> = shelf.library.all_current().map(|(name, _)| name.as_str()).collect();
            Err(StartError::Welcome { welcome: welcome.clone(), known: known.join(", ") })
        }
    }
}

fn url(url: &StoreUrl) -> String {
    let sqlite = |file: &Path| format!("sqlite:{}", file.display());
    match url {
        StoreUrl::Sqlite(file) => sqlite(file),
        StoreUrl::Redis(url) => url.reveal().clone(),
        StoreUrl::Memory => "memory:".to_owned(),
    }
}
