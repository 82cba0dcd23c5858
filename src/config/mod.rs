//! The configuration file, read and judged: what an operator may set, and the flow folder it names.
//!
//! ```text
//! intake.toml ──reader──▶ tables with their lines ──read──▶ Settings, or every problem at once (file, line, key, what to write)
//! flows/*.yaml, templates/messages/*.hbs ──folder──▶ names and texts, for the library
//! ```
//! A file with only `[[channel]]`, `[agency]` and `[api]` is enough. Relative paths start at the file's own folder. Secrets are
//! `{ env = "NAME" }`, `{ file = "path" }` or a plain string, and show as `‹private›`. Knows no store and opens no connection.

pub mod folder;
pub mod problem;
mod read;
mod read_channel;
mod read_store;
mod reader;
pub mod seal;
mod secret;

use std::{net::SocketAddr, path::PathBuf};

pub use problem::{Problem, Problems};

use crate::{
    base::{Address, Private, calendar::Hours},
    channel::Channel,
    engine::{Agency, Flood},
    security::role::Role,
};

/// A secret: shows nothing.
pub type Secret = Private<String>;

/// All that an operator has set, with the defaults filled in.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file it was read from.
    pub file: PathBuf,
    /// Where it listens, and how the world reaches it.
    pub server: Server,
    /// Where the live state is.
    pub store: StoreUrl,
    /// What an acknowledgement waits for besides; `None`: for the store alone.
    pub replicas: Option<Replicas>,
    /// Where the record is.
    pub records: StoreUrl,
    /// `[retention] days`: conversations in which nothing happened for as long are erased; `None`: never.
    pub keep_days: Option<u32>,
    /// `[audit] heads`: the file that signed heads of the audit are added to, beside the log.
    pub audit_heads: Option<PathBuf>,
    /// Where the flows are.
    pub flows: Flows,
    /// What stored values are sealed with.
    pub seal: Seal,
    /// The file that the key was read from or is made in: read again while serving, so that a key is rotated without a stop.
    pub seal_file: Option<PathBuf>,
    /// Who speaks.
    pub agency: AgencySettings,
    /// When humans are there, and who is called when they are not.
    pub desk: Desk,
    /// The ways of talking, in the order of the file.
    pub channels: Vec<Channel>,
    /// Who may call the API.
    pub tokens: Vec<Token>,
    /// How much one address may write before its messages are only kept; `None`: as much as it likes.
    pub flood: Option<Flood>,
    /// What is allowed but should be thought about: told at the start.
    pub warnings: Vec<Problem>,
}

/// `[server]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// `127.0.0.1:8080`
    pub listen: SocketAddr,
    /// `127.0.0.1:9090`: where `/metrics` is told, apart from everything else; `None`: with the rest.
    pub metrics_listen: Option<SocketAddr>,
    /// `https://intake.example.org`, without a slash at the end: what providers sign and what pages link to.
    pub public_url: String,
}

/// Where something is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// `sqlite:intake.db`: one file.
    Sqlite(PathBuf),
    /// `redis://127.0.0.1:6379/0`, `redis-cluster://…`, `redis-sentinel://…`: with the password that may stand in it.
    Redis(Secret),
    /// `memory:`: gone with the process.
    Memory,
}

/// `[store] replicas`: replicas of a Redis that must have a write before it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replicas {
    /// How many, 1 or more.
    pub n: u8,
    /// How long they are waited for, in ms.
    pub within_ms: u16,
}

/// `[flows]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flows {
    /// The folder of `*.yaml`; `None`: the flows that the program carries.
    pub dir: Option<PathBuf>,
    /// The folder of shared texts, `*.hbs`.
    pub messages: PathBuf,
    /// The flow that a stranger's first message starts.
    pub welcome: Option<String>,
}

/// `[seal]`
#[derive(Clone, Debug)]
pub enum Seal {
    /// The key's text, from wherever the file said, and where that is.
    Given(Secret),
    /// No key was named: it is made in this file on the first start.
    MadeAt(PathBuf),
    /// The store is memory: a key for the life of the process.
    Passing,
}

/// `[agency]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgencySettings {
    /// `City Health Department`
    pub name: String,
    /// `911`
    pub emergency_number: String,
    /// `+15550100999`, where they can be called.
    pub phone_line: Option<String>,
    /// `US`: how numbers without a country code are read.
    pub country: String,
    /// `America/New_York`
    pub time_zone: String,
}

impl AgencySettings {
    /// As flows and texts know it.
    pub fn agency(&self) -> Agency {
        Agency {
            name: self.name.clone(),
            emergency_number: self.emergency_number.clone(),
            phone_line: self.phone_line.clone().unwrap_or_default(),
            country: self.country.clone(),
            time_zone: self.time_zone.clone(),
        }
    }
}

/// `[desk]`
#[derive(Clone, Debug, PartialEq)]
pub struct Desk {
    /// `Mon-Fri 08:00-18:00`; `always` where nothing is said.
    pub hours: Hours,
    /// Who is told of an urgent call outside the hours.
    pub on_call: Vec<Address>,
    /// Who must prove more than a password.
    pub second_factor: SecondFactor,
}

/// `[desk] second_factor`: the roles that must have one; all others may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecondFactor(pub Vec<Role>);

impl SecondFactor {
    /// Whether somebody of this role must have one.
    pub fn is_required_of(&self, role: Role) -> bool {
        self.0.contains(&role)
    }
}

/// One of `[api] tokens`.
#[derive(Clone, Debug)]
pub struct Token {
    /// What the audit calls its bearer.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// What stands behind `Bearer `.
    pub secret: Secret,
}

impl Settings {
    /// Reads a file.
    ///
    /// # Errors
    /// Every problem of the file, each with line, key and what to write.
    pub fn read(file: &std::path::Path) -> Result<Self, Problems> {
        read::file(file)
    }

    /// A channel by its name.
    pub fn channel(&self, name: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.name() == name)
    }

    /// The path of a webhook as a provider must be given it: `https://intake.example.org/in/sms`.
    pub fn webhook(&self, channel: &str) -> String {
        format!("{}/in/{channel}", self.server.public_url)
    }
}
