//! The way to the servers: every command, script and pipeline of the store goes through here.
//!
//! ```text
//! command ──slot of its key──▶ master ──▶ answer
//!                 ▲                │ moved, read-only, gone
//!                 └── find: who are the masters now? (nodes of the cluster, sentinels; one server: nothing to ask)
//! ```
//! One server and a master behind sentinels are a map with one master that has all slots. What was not run is run again where it
//! belongs, a bounded number of times; what may have been run is repeated only where the caller says that it knows its own repeats.
//! Looking over many shards is one pipeline for each master, beside each other; a master that does not answer costs its own shards only.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use futures_util::future::join_all;
use redis::{Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, ServerErrorKind, Value};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

pub use super::node::{Lane, Node};
use super::{
    keys::{N_SLOTS, slot},
    masters::{self, Masters, may_have_changed, not_run},
    place::{Place, at},
    writes::is_too_few,
};
use crate::config::Replicas;

/// Times that one command follows a master that moved: one failover and one wrong word about it.
const REDIRECTS: usize = 2;
/// How long one node or sentinel may take to tell who the masters are.
const TELL: Duration = Duration::from_millis(500);
/// Between two questions who the masters are, at least: a failover takes seconds, and all that fail ask.
const FIND_PAUSE: Duration = Duration::from_millis(100);
/// After so long it is asked again though nothing failed: a master that was cut off from all others still answers.
const FIND_ANYWAY: Duration = Duration::from_secs(5);
/// Nodes asked at most.
const ASKED: usize = 32;
/// Commands in one pipeline: their answers together stay small.
const CHUNK: usize = 128;
/// How long a look over the shards waits for a master that did not answer last time.
const PROBE: Duration = Duration::from_millis(250);

/// Whether a command may be sent again where the connection broke under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// No: it might be done twice.
    Never,
    /// Once: it knows its own repeats, or changes nothing. A connection that was idle for long is often cut by what lies between, and
    /// is only made again when asked.
    Once,
}

/// The servers.
pub struct Link {
    place: Place,
    replicas: Option<Replicas>,
    /// The nodes named in the URL, or the sentinels.
    seeds: Vec<Arc<Node>>,
    map: RwLock<Arc<Map>>,
    found_at: Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Map {
    /// First and last slot, and whose; in order.
    stretches: Vec<(u16, u16, Arc<Node>)>,
    /// All that are known by name, replicas too.
    nodes: BTreeMap<String, Arc<Node>>,
}

/// What is sent to one server.
enum Request<'a> {
    One(&'a Cmd),
    Few(&'a Pipeline),
    Kept(&'a str, &'a Cmd),
}

impl Link {
    /// Finds the masters.
    ///
    /// # Errors
    /// Where nobody tells who they are.
    pub async fn open(place: Place, replicas: Option<Replicas>) -> RedisResult<Self> {
        let infos = match &place {
            Place::One(info) => std::slice::from_ref(info),
            Place::Cluster(infos) | Place::Sentinel(infos, ..) => infos,
        };
        let seeds = infos.iter().map(|info| Node::new(info, replicas).map(Arc::new)).collect::<RedisResult<Vec<_>>>()?;
        let map = match (&place, seeds.first()) {
            (Place::One(_), Some(node)) => Map { stretches: vec![(0, N_SLOTS - 1, node.clone())], nodes: BTreeMap::new() },
            (Place::One(_) | Place::Cluster(_) | Place::Sentinel(..), _) => Map::default(),
        };
        let link = Self { place, replicas, seeds, map: RwLock::new(Arc::new(map)), found_at: Mutex::default() };
        link.find(Duration::ZERO).await?;
        Ok(link)
    }

    /// One command on the master of a key.
    pub async fn one<T: FromRedisValue>(&self, lane: Lane, key: &str, cmd: &Cmd, repeat: Repeat) -> RedisResult<T> {
        self.routed(lane, slot(key), &Request::One(cmd), repeat).await
    }

    /// A few commands on keys that share the slot of this one, in one round trip.
    pub async fn few<T: FromRedisValue>(&self, lane: Lane, key: &str, mut pipe: Pipeline, repeat: Repeat) -> RedisResult<T> {
        pipe.ignore_errors();
        self.routed(lane, slot(key), &Request::Few(&pipe), repeat).await
    }

    /// A write that what follows relies on, an acknowledgement or something sent: on connections of its own, and answered once replicas have
    /// it, where that is asked for.
    pub async fn kept<T: FromRedisValue>(&self, key: &str, cmd: &Cmd, repeat: Repeat) -> RedisResult<T> {
        self.routed(Lane::Turns, slot(key), &Request::Kept(key, cmd), repeat).await
    }

    /// Where the URL says that it is.
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// What writes wait for.
    pub const fn replicas(&self) -> Option<Replicas> {
        self.replicas
    }

    async fn routed<T: FromRedisValue>(&self, lane: Lane, slot: u16, request: &Request<'_>, repeat: Repeat) -> RedisResult<T> {
        let mut repeats = usize::from(repeat == Repeat::Once);
        let mut owner = self.owner(slot);
        let mut n_redirects = 0;
        loop {
            let Some(node) = owner else {
                self.find_again().await;
                owner = self.owner(slot).filter(|_| n_redirects < REDIRECTS);
                n_redirects += 1;
                if owner.is_none() {
                    return Err(nobody());
                }
                continue;
            };
            let was_in_trouble = node.in_trouble();
            let error = match ask(&node, lane, request, false).await {
                Err(error) if may_have_changed(&error) => error,
                Err(error) if is_too_few(&error) => {
                    // Perhaps it is cut off from all others, and one of them was promoted.
                    self.find_again().await;
                    return Err(error);
                }
                answer => return Ok(redis::from_redis_value(answer?)?),
            };
            if error.kind() == ErrorKind::Server(ServerErrorKind::Ask) && !matches!(request, Request::Kept(..)) {
                let Some(other) = self.named(&error) else { return Err(error) };
                return Ok(redis::from_redis_value(ask(&other, lane, request, true).await?)?);
            }
            self.find_again().await;
            let mut next = self.owner(slot);
            if next.as_ref().is_none_or(|next| Arc::ptr_eq(next, &node)) && error.kind() == ErrorKind::Server(ServerErrorKind::Moved) {
                next = self.named(&error);
            }
            let moved = next.as_ref().is_some_and(|next| !Arc::ptr_eq(next, &node));
            if not_run(&error) {
                if !moved || n_redirects == REDIRECTS {
                    return Err(error);
                }
                n_redirects += 1;
            } else {
                // A time-out says nothing: it may be run yet, behind whatever repeats it.
                if repeats == 0 || error.is_timeout() || (was_in_trouble && !moved) {
                    return Err(error);
                }
                repeats -= 1;
            }
            owner = next;
        }
    }

    /// Many commands, each on the master of its key, with their answers in order: one pipeline for each master, or a few, beside each
    /// other. For what changes nothing, or may be done twice.
    pub async fn many(&self, lane: Lane, commands: &[(String, Cmd)]) -> Vec<RedisResult<Value>> {
        let mut answers: Vec<RedisResult<Value>> = commands.iter().map(|_| Err(nobody())).collect();
        let mut open: Vec<usize> = (0..commands.len()).collect();
        for n_redirects in 0..=REDIRECTS {
            let map = self.map();
            let mut parts: Vec<(Arc<Node>, Vec<usize>)> = Vec::new();
            for nth in open.drain(..) {
                let owner = commands.get(nth).and_then(|(key, _)| map.owner(slot(key)));
                let Some(owner) = owner else { continue };
                match parts.iter_mut().find(|(node, _)| Arc::ptr_eq(node, &owner)) {
                    Some((_, part)) => part.push(nth),
                    None => parts.push((owner, vec![nth])),
                }
            }
            for (nth, answer) in join_all(parts.iter().map(|(node, part)| piped(node, lane, commands, part))).await.into_iter().flatten() {
                let Some(place) = answers.get_mut(nth) else { continue };
                *place = answer;
            }
            open.extend(
                answers.iter().enumerate().filter(|(_, answer)| matches!(answer, Err(error) if not_run(error))).map(|(nth, _)| nth),
            );
            let changed = answers.iter().any(|answer| matches!(answer, Err(error) if may_have_changed(error)));
            if !changed || n_redirects == REDIRECTS {
                break;
            }
            self.find_again().await;
            if Arc::ptr_eq(&map, &self.map()) {
                break;
            }
        }
        answers
    }

    /// The master of a key, for what must go to one connection of it.
    pub fn master_of(&self, key: &str) -> Option<Arc<Node>> {
        self.owner(slot(key))
    }

    /// All masters, in the order of their slots.
    pub fn masters(&self) -> Vec<Arc<Node>> {
        let mut all: Vec<Arc<Node>> = Vec::new();
        for (_, _, node) in &self.map().stretches {
            if !all.iter().any(|known| Arc::ptr_eq(known, node)) {
                all.push(node.clone());
            }
        }
        all
    }

    /// A command that every master must answer, on all connections to it; none may be missing.
    pub async fn everywhere(&self, cmd: &Cmd) -> RedisResult<()> {
        if !self.is_whole() {
            return Err(nobody());
        }
        self.asked(cmd).await.into_iter().collect()
    }

    /// A command that one master at least must answer, on all connections to it.
    pub async fn anywhere(&self, cmd: &Cmd) -> RedisResult<()> {
        let answers = self.asked(cmd).await;
        if !self.is_whole() || answers.iter().any(Result::is_err) {
            self.find_again().await;
        }
        let best = answers.into_iter().reduce(|best, answer| best.or(answer));
        best.unwrap_or_else(|| Err(nobody()))
    }

    /// What each master says to a command.
    async fn asked(&self, cmd: &Cmd) -> Vec<RedisResult<()>> {
        let both = |node: Arc<Node>| async move {
            let answers = join_all([Lane::Turns, Lane::Looks].map(|lane| node.one::<Value>(lane, cmd))).await;
            answers.into_iter().collect::<RedisResult<Vec<_>>>().map(|_| ())
        };
        join_all(self.masters().into_iter().map(both)).await
    }

    /// Whether every slot has a master: a cluster may miss some.
    fn is_whole(&self) -> bool {
        let covered: u32 = self.map().stretches.iter().map(|(first, last, _)| u32::from(*last - *first) + 1).sum();
        covered == u32::from(N_SLOTS)
    }

    fn map(&self) -> Arc<Map> {
        self.map.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn owner(&self, slot: u16) -> Option<Arc<Node>> {
        self.map().owner(slot)
    }

    /// The node that an answer sends us to.
    fn named(&self, error: &RedisError) -> Option<Arc<Node>> {
        let (host, port) = error.redirect_node()?.0.rsplit_once(':')?;
        self.node(host, port.parse().ok()?)
    }

    /// A node by its address, known or new.
    fn node(&self, host: &str, port: u16) -> Option<Arc<Node>> {
        let like = match &self.place {
            Place::One(info) | Place::Sentinel(_, _, info) => info,
            Place::Cluster(seeds) => seeds.first()?,
        };
        let info = at(like, host, port);
        let name = info.addr().to_string();
        match self.map().nodes.get(&name) {
            Some(node) => Some(node.clone()),
            None => Node::new(&info, self.replicas).ok().map(Arc::new),
        }
    }

    /// Asks who the masters are, because something failed; at most so often.
    pub async fn find_again(&self) {
        if let Err(error) = self.find(FIND_PAUSE).await {
            tracing::warn!(%error, "nobody tells who the masters of redis are; will ask again");
        }
    }

    /// Asks who the masters are if that was not asked for long.
    pub async fn find_anyway(&self) {
        if let Err(error) = self.find(FIND_ANYWAY).await {
            tracing::warn!(%error, "nobody tells who the masters of redis are; will ask again");
        }
    }

    async fn find(&self, pause: Duration) -> RedisResult<()> {
        if matches!(self.place, Place::One(_)) {
            return Ok(());
        }
        // One asks; who waited for it need not ask again.
        let mut found_at = self.found_at.lock().await;
        if found_at.is_some_and(|at| at.elapsed() < pause) {
            return Ok(());
        }
        let found = self.told().await;
        *found_at = Some(Instant::now());
        self.take(&found?);
        Ok(())
    }

    async fn told(&self) -> RedisResult<Masters> {
        let (tls, mut asked) = (self.place.by_tls(), self.seeds.clone());
        let question = match &self.place {
            Place::Sentinel(_, name, _) => {
                let mut question = redis::cmd("SENTINEL");
                question.arg("MASTER").arg(name);
                question
            }
            Place::One(_) | Place::Cluster(_) => {
                let map = self.map();
                asked.extend(map.nodes.values().filter(|node| !self.seeds.iter().any(|seed| seed.name == node.name)).cloned());
                let mut question = redis::cmd("CLUSTER");
                question.arg("NODES");
                question
            }
        };
        asked.truncate(ASKED);
        let answers = join_all(asked.iter().map(|node| async {
            let answer = timeout(TELL, node.one::<Value>(Lane::Looks, &question)).await;
            (node.host.clone(), answer.unwrap_or_else(|_| Err(too_late())))
        }));
        let (mut views, mut words, mut failed) = (Vec::new(), Vec::new(), None);
        for (host, answer) in answers.await {
            match (&self.place, answer) {
                // Whoever answers so is something else than the URL says.
                (Place::Sentinel(..), Err(error)) if no_such(&error) => return Err((ErrorKind::MasterNameNotFoundBySentinel, "").into()),
                (Place::Cluster(_), Err(error)) if no_such(&error) => return Err((ErrorKind::ClusterConnectionNotFound, "").into()),
                (_, Err(error)) => failed = Some(error),
                (Place::Sentinel(..), Ok(word)) => words.push(redis::from_redis_value(word)?),
                (Place::One(_) | Place::Cluster(_), Ok(view)) => views.push((host, redis::from_redis_value(view)?)),
            }
        }
        match (views.is_empty() && words.is_empty(), failed) {
            (true, Some(error)) => Err(error),
            (true, None) => Err(nobody()),
            (false, _) if words.is_empty() => Ok(masters::of_nodes(&views, tls)),
            (false, _) => Ok(masters::of_sentinels(&words)),
        }
    }

    /// Puts a new map in the place of the old where it differs; connections of nodes that stay are kept.
    fn take(&self, found: &Masters) {
        let old = self.map();
        let mut map = Map::default();
        for (host, port) in &found.all {
            if let Some(node) = self.node(host, *port) {
                map.nodes.insert(node.name.clone(), node);
            }
        }
        for (first, last, (host, port)) in &found.stretches {
            let Some(node) = self.node(host, *port) else { continue };
            let node = map.nodes.entry(node.name.clone()).or_insert(node).clone();
            map.stretches.push((*first, *last, node));
        }
        if map.whose() == old.whose() && map.nodes.keys().eq(old.nodes.keys()) {
            return;
        }
        if map.whose() != old.whose() && !old.stretches.is_empty() {
            let names: Vec<&str> = map.nodes.values().filter(|node| map.is_master(node)).map(|node| node.name.as_str()).collect();
            tracing::warn!(masters = names.join(", "), "the masters of redis changed");
        }
        *self.map.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(map);
    }
}

impl Map {
    fn owner(&self, slot: u16) -> Option<Arc<Node>> {
        let nth = self.stretches.partition_point(|(first, _, _)| *first <= slot).checked_sub(1)?;
        self.stretches.get(nth).filter(|(_, last, _)| slot <= *last).map(|(_, _, node)| node.clone())
    }

    fn whose(&self) -> Vec<(u16, u16, &str)> {
        self.stretches.iter().map(|(first, last, node)| (*first, *last, node.name.as_str())).collect()
    }

    fn is_master(&self, node: &Arc<Node>) -> bool {
        self.stretches.iter().any(|(_, _, master)| Arc::ptr_eq(master, node))
    }
}

/// Sends one request to one server; `asking` where it is only just taking over the slot.
async fn ask(node: &Node, lane: Lane, request: &Request<'_>, asking: bool) -> RedisResult<Value> {
    let answers = match request {
        Request::One(cmd) if !asking => return node.one(lane, cmd).await,
        Request::Few(pipe) if !asking => node.few(lane, pipe).await?,
        Request::Kept(key, cmd) => return node.kept(key, cmd).await,
        Request::One(_) | Request::Few(_) => {
            let mut pipe = redis::pipe();
            pipe.ignore_errors();
            match request {
                Request::One(cmd) => _ = pipe.cmd("ASKING").add_command((*cmd).clone()),
                Request::Kept(_, cmd) => _ = pipe.cmd("ASKING").add_command((*cmd).clone()),
                Request::Few(few) => few.cmd_iter().for_each(|cmd| _ = pipe.cmd("ASKING").add_command(cmd.clone())),
            }
            let answers = node.few(lane, &pipe).await?;
            answers.into_iter().skip(1).step_by(2).collect()
        }
    };
    let answers = answers.into_iter().collect::<RedisResult<Vec<Value>>>()?;
    match (request, answers) {
        (Request::Few(_), answers) => Ok(Value::Array(answers)),
        (Request::One(_) | Request::Kept(..), answers) => answers.into_iter().next().ok_or_else(nobody),
    }
}

/// Some of many commands, on one master.
async fn piped(node: &Node, lane: Lane, commands: &[(String, Cmd)], part: &[usize]) -> Vec<(usize, RedisResult<Value>)> {
    let mut found = Vec::with_capacity(part.len());
    for chunk in part.chunks(CHUNK) {
        let mut pipe = redis::pipe();
        pipe.ignore_errors();
        for (_, cmd) in chunk.iter().filter_map(|nth| commands.get(*nth)) {
            pipe.add_command(cmd.clone());
        }
        let answers = if node.in_trouble() {
            timeout(PROBE, node.few(lane, &pipe)).await.unwrap_or_else(|_| Err(too_late()))
        } else {
            node.few(lane, &pipe).await
        };
        match answers {
            Ok(answers) => found.extend(chunk.iter().copied().zip(answers)),
            Err(error) => {
                found.extend(part.iter().skip(found.len()).map(|nth| (*nth, Err(error.clone()))));
                break;
            }
        }
    }
    found
}

fn no_such(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::ResponseError)
}

fn nobody() -> RedisError {
    (ErrorKind::Server(ServerErrorKind::ClusterDown), "no master has this slot").into()
}

fn too_late() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}
