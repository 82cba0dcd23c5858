//! From the text of a configuration file to [`Settings`].

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use toml::de::DeTable;

use super::{
    AgencySettings, Desk, Flows, Seal, SecondFactor, Secret, Server, Settings, StoreUrl, Token,
    problem::{Problem, Problems},
    read_channel, read_store,
    reader::{Notes, Section},
};
use crate::{
    base::{Address, Private, address::Medium, calendar::Hours},
    channel::Channel,
    engine::Flood,
    security::{Sealer, role::Role},
};

/// Reads and judges a file.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn file(path: &Path) -> Result<Settings, Problems> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let message = format!("the file cannot be read ({}); `intake demo` writes one to begin with", error.kind());
        Problems { file: path.to_owned(), list: vec![Problem { line: None, key: "--config".to_owned(), message }] }
    })?;
    text_of(path, &text)
}

/// Judges the text of a file at a path.
pub(super) fn text_of(path: &Path, text: &str) -> Result<Settings, Problems> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
    let mut notes = Notes::new(text, folder);
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        for error in errors {
            let line = error.span().map(|span| notes.line(span.start));
            notes.wrong(line, "file", format!("is no TOML here: {}", error.message()));
        }
        return Err(Problems { file: path.to_owned(), list: notes.problems });
    }
    let root = Section::new("", None, table.into_inner(), &notes);
    match settings(path, root, &mut notes) {
        Some(settings) if notes.problems.is_empty() => Ok(settings),
        Some(_) | None => {
            notes.problems.sort_by_key(|problem| problem.line);
            Err(Problems { file: path.to_owned(), list: notes.problems })
        }
    }
}

fn settings(path: &Path, mut root: Section<'_>, notes: &mut Notes) -> Option<Settings> {
    let mut warnings = Vec::new();
    let server = server(root.section("server", notes), notes, &mut warnings);
    let mut store_section = root.section("store", notes);
    let trusted = read_store::trusted(&mut store_section, notes);
    let replicas = read_store::replicas(&mut store_section, notes);
    let store = read_store::url(store_section, notes);
    if let Some((_, url)) = &store {
        read_store::replicas_of(replicas, url, notes);
    }
    let records = records_url(root.section("records", notes), notes, store.as_ref().map(|(_, url)| url));
    let audit_heads = audit_heads(root.section("audit", notes), notes);
    let keep_days = retention(root.section("retention", notes), notes);
    let flows = flows(root.section("flows", notes), notes);
    let seal = seal(root.section("seal", notes), notes, store.as_ref().map(|(_, url)| url));
    let agency = agency(root.section("agency", notes), notes, &mut warnings);
    let channels = channels(root.sections("channel", notes), notes);
    let desk = desk(root.section("desk", notes), notes, &channels, &mut warnings);
    let flood = flood(root.section("limits", notes), notes);
    let tokens = tokens(root.section("api", notes), notes, &mut warnings);
    root.finish(notes);

    let server = server?;
    if !server.listen.ip().is_loopback() {
        for (line, key) in &notes.plain_secrets {
            let message = "stands in the file itself; `{ env = \"NAME\" }` or `{ file = \"path\" }` keeps it out of copies and backups";
            warnings.push(Problem { line: Some(*line), key: key.clone(), message: message.to_owned() });
        }
        for channel in channels.iter().filter(|channel| matches!(channel, Channel::Browser(_))) {
            let message = "anyone who reaches this address can text as any number; `browser` is for trying out, on loopback only";
            warnings.push(Problem { line: None, key: format!("channel `{}`", channel.name()), message: message.to_owned() });
        }
    }
    let desk = desk?;
    if !server.listen.ip().is_loopback() && Role::ALL.iter().any(|role| !desk.second_factor.is_required_of(*role)) {
        let message = "does not ask everybody for more than a password; write `second_factor = \"required\"`".to_owned();
        warnings.push(Problem { line: None, key: "desk.second_factor".to_owned(), message });
    }
    let (line, store) = store?;
    if let StoreUrl::Redis(url) = &store
        && let Some(message) = read_store::bare_redis(url.reveal())
    {
        if trusted {
            warnings.push(Problem { line, key: "store.url".to_owned(), message: message.to_owned() });
        } else {
            let otherwise = "; where nobody else is on that network, write `network = \"trusted\"` under `[store]`";
            notes.wrong(line, "store.url", format!("{message}{otherwise}"));
        }
    }
    let (seal, seal_file) = seal?;
    Some(Settings {
        file: path.to_owned(),
        server,
        store,
        replicas: replicas.map(|(_, replicas)| replicas),
        records: records?,
        keep_days,
        audit_heads,
        flows: flows?,
        seal,
        seal_file,
        agency: agency?,
        desk,
        channels,
        tokens,
        flood,
        warnings,
    })
}

/// `[limits]`: a patient's 60 messages a minute and 10 at once, unless something else is said; none for 0.
fn flood(mut section: Section<'_>, notes: &mut Notes) -> Option<Flood> {
    let whole = |n: f64| format!("{n:.0}").parse::<u32>().unwrap_or(u32::MAX);
    let per_minute = section.number_within("messages_per_minute", 0.0..=6_000.0, notes).map_or(60, whole);
    let burst = section.number_within("burst", 1.0..=50.0, notes).map_or(10, whole);
    section.finish(notes);
    (per_minute > 0).then_some(Flood { per_minute, burst })
}

fn server(mut section: Section<'_>, notes: &mut Notes, warnings: &mut Vec<Problem>) -> Option<Server> {
    let listen: SocketAddr = section.parsed("listen", "127.0.0.1:8080", notes).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
    let metrics_listen: Option<SocketAddr> = section.parsed("metrics_listen", "127.0.0.1:9090", notes);
    if metrics_listen == Some(listen) {
        notes.wrong(section.line(), section.key("metrics_listen"), "is `listen` itself; take another port, or leave it out");
    }
    if metrics_listen.is_none() && !listen.ip().is_loopback() {
        let message = "is missing: `/metrics` is told to whoever reaches `listen`; write `metrics_listen = \"127.0.0.1:9090\"`".to_owned();
        warnings.push(Problem { line: section.line(), key: section.key("metrics_listen"), message });
    }
    let public = section.text("public_url", notes);
    let (line, key) = (section.line(), section.key("public_url"));
    section.finish(notes);
    let Some((line, url)) = public else {
        if !listen.ip().is_loopback() {
            let message = "is missing: providers sign the address they call; write `public_url = \"https://…\"` as they know it";
            notes.wrong(line, key, message);
        }
        return Some(Server { listen, metrics_listen, public_url: format!("http://{listen}") });
    };
    let url = url.trim_end_matches('/').to_owned();
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    if host.is_none_or(|host| host.is_empty() || host.contains(['?', '#', ' '])) {
        notes.wrong(Some(line), key, "must be an address without query, as in `https://intake.example.org`");
        return None;
    }
    if url.starts_with("http://") && !listen.ip().is_loopback() {
        let message = "is not encrypted; providers and tracers should reach it by https".to_owned();
        warnings.push(Problem { line: Some(line), key, message });
    }
    Some(Server { listen, metrics_listen, public_url: url })
}

/// Where nothing is said: beside the live state if that is a file or memory.
fn records_url(section: Section<'_>, notes: &mut Notes, store: Option<&StoreUrl>) -> Option<StoreUrl> {
    let key = section.key("url");
    match (read_store::url(section, notes)?, store) {
        ((None, _), Some(url @ (StoreUrl::Sqlite(_) | StoreUrl::Memory))) => Some(url.clone()),
        ((line, StoreUrl::Redis(_)), _) => {
            notes.wrong(line, key, "the record is kept in SQL; write `sqlite:intake.db`");
            None
        }
        ((_, url @ (StoreUrl::Sqlite(_) | StoreUrl::Memory)), _) => Some(url),
    }
}

fn audit_heads(mut section: Section<'_>, notes: &mut Notes) -> Option<PathBuf> {
    let file = section.text("heads", notes).map(|(_, file)| notes.folder.join(file));
    section.finish(notes);
    file
}

fn retention(mut section: Section<'_>, notes: &mut Notes) -> Option<u32> {
    let key = section.key("days");
    let days = section.whole("days", "90", notes);
    section.finish(notes);
    if let Some((line, 0)) = days {
        notes.wrong(Some(line), key, "would erase everything at once; leave it out to erase nothing by schedule");
    }
    days.map(|(_, days)| days)
}

fn flows(mut section: Section<'_>, notes: &mut Notes) -> Option<Flows> {
    let key = section.key("dir");
    let dir = section.text("dir", notes);
    let messages = section.text("messages", notes);
    let welcome = section.text("welcome", notes).map(|(_, name)| name);
    section.finish(notes);
    let folder = notes.folder.clone();
    let dir = match dir {
        None => Some(folder.join("flows")).filter(|dir| dir.is_dir()),
        Some((line, text)) => {
            let dir = folder.join(&text);
            if !dir.is_dir() {
                notes.wrong(Some(line), key, format!("there is no folder {}; name the folder of your flow files", dir.display()));
                return None;
            }
            Some(dir)
        }
    };
    let messages = match (messages, &dir) {
        (Some((_, text)), _) => folder.join(text),
        (None, Some(dir)) => dir.parent().unwrap_or(Path::new(".")).join("templates/messages"),
        (None, None) => folder.join("templates/messages"),
    };
    Some(Flows { dir, messages, welcome })
}

fn seal(mut section: Section<'_>, notes: &mut Notes, store: Option<&StoreUrl>) -> Option<(Seal, Option<PathBuf>)> {
    let key = section.key("key");
    let wrong_before = notes.problems.len();
    let given = section.secret_and_file("key", notes);
    let line = section.line();
    section.finish(notes);
    if let Some(found) = given {
        return judged(found.secret, key, line, notes).map(|seal| (seal, found.file));
    }
    if notes.problems.len() > wrong_before {
        if let Some(problem) = notes.problems.iter_mut().skip(wrong_before).find(|problem| problem.key == key) {
            problem.message.push_str("; `intake keys new` makes a key");
        }
        return None;
    }
    match store? {
        StoreUrl::Memory => Some((Seal::Passing, None)),
        StoreUrl::Redis(_) => {
            let message = "is missing; with Redis every node needs the same key: make one with `intake keys new intake.key` and write `key = { file = \"intake.key\" }`";
            notes.wrong(line, key, message);
            None
        }
        StoreUrl::Sqlite(file) => {
            let beside: PathBuf = file.with_extension("key");
            match std::fs::read_to_string(&beside) {
                Ok(text) => judged(Private::new(text), key, line, notes).map(|seal| (seal, Some(beside))),
                Err(_) => Some((Seal::MadeAt(beside.clone()), Some(beside))),
            }
        }
    }
}

fn judged(secret: Secret, key: String, line: Option<usize>, notes: &mut Notes) -> Option<Seal> {
    if let Err(message) = Sealer::parse(secret.reveal()) {
        notes.wrong(line, key, format!("is no key ({message}); `intake keys new` makes one"));
        return None;
    }
    Some(Seal::Given(secret))
}

fn agency(mut section: Section<'_>, notes: &mut Notes, warnings: &mut Vec<Problem>) -> Option<AgencySettings> {
    let name = section.needed("name", "City Health Department", notes);
    let emergency_number = section.needed("emergency_number", "911", notes);
    let phone_line = section.text("phone_line", notes).map(|(_, line)| line);
    let country = section.needed("country", "US", notes);
    let time_zone = section.needed("time_zone", "America/New_York", notes);
    let line = section.line();
    let (country_key, zone_key, line_key) = (section.key("country"), section.key("time_zone"), section.key("phone_line"));
    section.finish(notes);
    if phone_line.is_none() {
        let message = "is missing: people who wait too long cannot be told where to call".to_owned();
        warnings.push(Problem { line, key: line_key, message });
    }
    if let Some(country) = &country
        && country.parse::<phonenumber::country::Id>().is_err()
    {
        notes.wrong(line, country_key, format!("`{country}` is no country; write its two capital letters, as in `US`"));
    }
    if let Some(zone) = &time_zone
        && jiff::tz::TimeZone::get(zone).is_err()
    {
        notes.wrong(line, zone_key, format!("`{zone}` is no time zone; write it as in `America/New_York`"));
    }
    Some(AgencySettings { name: name?, emergency_number: emergency_number?, phone_line, country: country?, time_zone: time_zone? })
}

fn channels(sections: Vec<Section<'_>>, notes: &mut Notes) -> Vec<Channel> {
    if sections.is_empty() {
        notes.wrong(None, "channel", "there is no way of talking; write `[[channel]]` with `name`, `provider` and what the provider needs");
    }
    let mut all: Vec<Channel> = Vec::new();
    for section in sections {
        let (line, key) = (section.line(), section.key("name"));
        if let Some(channel) = read_channel::channel(section, notes) {
            if all.iter().any(|other| other.name() == channel.name()) {
                notes.wrong(line, key, format!("two channels are called `{}`; every channel needs a name of its own", channel.name()));
            }
            all.push(channel);
        }
    }
    all
}

fn desk(mut section: Section<'_>, notes: &mut Notes, channels: &[Channel], warnings: &mut Vec<Problem>) -> Option<Desk> {
    let hours_key = section.key("hours");
    let (hours_line, hours) = section.text("hours", notes).map_or((None, "always".to_owned()), |(line, text)| (Some(line), text));
    let hours = Hours::parse(&hours).map_err(|message| notes.wrong(hours_line, hours_key, message)).ok();
    let key = section.key("on_call");
    let mut on_call = Vec::new();
    for (line, text) in section.texts("on_call", notes) {
        match Address::parse(&text) {
            Err(message) => notes.wrong(Some(line), &key, message),
            Ok(address) if serves(channels, address.medium) => on_call.push(address),
            Ok(address) => {
                notes.wrong(
                    Some(line),
                    &key,
                    format!("no channel carries `{}`; add one, or write an address of another medium", address.medium.word()),
                );
            }
        }
    }
    let second_factor = second_factor(&mut section, notes);
    let line = section.line();
    section.finish(notes);
    if on_call.is_empty() {
        let message = "nobody is on call: outside the desk's hours no one is told of an urgent call; write `on_call = [\"sms:+1…\"]`";
        warnings.push(Problem { line, key, message: message.to_owned() });
    }
    Some(Desk { hours: hours?, on_call, second_factor: second_factor? })
}

/// `optional`, `required`, or the roles that must have one.
fn second_factor(section: &mut Section<'_>, notes: &mut Notes) -> Option<SecondFactor> {
    let key = section.key("second_factor");
    let Some((line, text)) = section.text("second_factor", notes) else { return Some(SecondFactor::default()) };
    match text.as_str() {
        "optional" => return Some(SecondFactor::default()),
        "required" => return Some(SecondFactor(Role::ALL.to_vec())),
        _ => {}
    }
    let roles: Option<Vec<Role>> = text.split(',').map(|word| Role::from_word(word.trim())).collect();
    if roles.is_none() {
        let known = Role::ALL.map(Role::word).join(", ");
        notes.wrong(Some(line), key, format!("`{text}` is neither `optional` nor `required` nor a list of roles ({known})"));
    }
    roles.map(SecondFactor)
}

fn serves(channels: &[Channel], medium: Medium) -> bool {
    channels.iter().any(|channel| channel.medium() == medium)
}

fn tokens(mut section: Section<'_>, notes: &mut Notes, warnings: &mut Vec<Problem>) -> Vec<Token> {
    let mut all: Vec<Token> = Vec::new();
    for mut one in section.sections("tokens", notes) {
        let (line, name_key, role_key, secret_key) = (one.line(), one.key("name"), one.key("role"), one.key("secret"));
        let name = one.needed("name", "ops", notes);
        let role = one.needed("role", "admin", notes);
        let secret = one.needed_secret("secret", notes);
        one.finish(notes);
        let role = role.and_then(|word| {
            let role = Role::from_word(&word);
            if role.is_none() {
                let known = Role::ALL.map(Role::word).join(", ");
                notes.wrong(line, role_key, format!("`{word}` is no role; write one of {known}"));
            }
            role
        });
        if let (Some(name), Some(role), Some(secret)) = (name, role, secret) {
            if all.iter().any(|other| other.name == name) {
                notes.wrong(line, &name_key, format!("two tokens are called `{name}`; every token needs a name of its own"));
            }
            if secret.reveal().len() < 16 {
                let message = "is shorter than 16 characters and could be guessed".to_owned();
                warnings.push(Problem { line, key: secret_key, message });
            }
            all.push(Token { name, role, secret });
        }
    }
    section.finish(notes);
    all
}
