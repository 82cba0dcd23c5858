//! `intake bench`: the whole service measured as it runs, beside a yardstick in the same run.
//!
//! ```text
//! this process: patients at N connections, signed webhooks ──HTTP──▶ child: the server ──▶ the store
//!               a provider that takes everything        ◀──HTTP──   (whole way only: sender, recorder)
//! ```
//! Four servers are measured one after the other on a fresh store, all of them this very program as a child process:
//! - *bare*: HTTP, signature check and reading of the form as they are in service; then, in place of a turn, one round trip to the store with
//!   a commit as small as it can be (see `yardstick`).
//! - *inbound*: the service without its loops: webhooks to commits, what the store acknowledged, nothing sent.
//! - *empty*: the yardstick. As *inbound* to the last byte, but for the engine, which says the same whatever it hears.
//! - *whole way*: everything that `intake serve` runs; replies go to a provider on loopback, the journal into the record.
//!
//! Everything stays on loopback and ends by itself.

mod ground;
mod grow;
mod load;
mod machine;
mod part;
mod plot;
mod report;
mod still;
mod talk;
mod yardstick;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::ensure;

use self::{
    ground::{Ground, StoreKind},
    load::{Load, Pace},
    part::Part,
    report::Row,
    talk::Talks,
};
use super::out;

/// Connections at most: each holds a socket here and in the server.
const CONNECTIONS: usize = 1_000;
/// Conversations at most: seven digits tell their numbers apart.
const CONVERSATIONS: usize = 5_000_000;
/// Rounds at most.
const ROUNDS: usize = 100;
/// Seconds of one measurement at most.
const SECONDS: u64 = 600;
/// Before anything is counted: connections are made, pages of memory touched.
const WARM_UP: Duration = Duration::from_secs(1);

/// What to measure.
#[derive(clap::Args)]
pub(super) struct Args {
    /// `redis` (a redis-server of its own is started), `sqlite`, `memory`, or the URL of an empty Redis: `redis://127.0.0.1:6379/5`
    #[arg(long, default_value = "redis")]
    store: String,
    /// `appendfsync` of the Redis that is started: always, everysec or no
    #[arg(long, default_value = "always")]
    fsync: String,
    /// Connections at once
    #[arg(long, default_value_t = 50)]
    connections: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Conversations that write, one after the other
    #[arg(long, default_value_t = 10_000)]
    conversations: usize,
    /// Which servers: `bare`, `empty`, `inbound`, `whole`, with commas between
    #[arg(long, default_value = "bare,empty,inbound,whole", value_delimiter = ',')]
    parts: Vec<Part>,
    /// All of it so often, in turn, and the middle of each: machines are not as fast at every hour
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// Measure `inbound` over growing numbers of conversations instead: `--grow 1000,10000,100000,1000000`
    #[arg(long, value_delimiter = ',')]
    grow: Vec<usize>,
    /// Where the plot of `--grow` is written, as SVG
    #[arg(long)]
    plot: Option<PathBuf>,
    /// Used by the command itself: runs one server
    #[arg(long, hide = true, requires = "config")]
    serve: Option<Part>,
    /// Used by the command itself: the server's configuration
    #[arg(long, hide = true)]
    config: Option<PathBuf>,
}

/// Measures, and prints a table.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if let (Some(part), Some(config)) = (args.serve, &args.config) {
        return part::serve(part, config);
    }
    ensure!((1..=CONNECTIONS).contains(&args.connections), "`--connections` is between 1 and {CONNECTIONS}");
    ensure!((1..=ROUNDS).contains(&args.rounds), "`--rounds` is between 1 and {ROUNDS}");
    ensure!((1..=SECONDS).contains(&args.seconds), "`--seconds` is between 1 and {SECONDS}");
    for n in args.grow.iter().chain([&args.conversations]) {
        ensure!((args.connections..=CONVERSATIONS).contains(n), "conversations are between `--connections` and {CONVERSATIONS}");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        if args.grow.is_empty() {
            measure(args).await?;
        } else {
            grow::measure(args).await?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn ground(args: &Args) -> anyhow::Result<Ground> {
    Ground::new(&StoreKind::parse(&args.store)?, &args.fsync)
}

async fn measure(args: &Args) -> anyhow::Result<()> {
    // A folder on the same disk, and no store yet beside it.
    out::line(&still::look(&Ground::new(&StoreKind::Memory, &args.fsync)?.dir)?);
    let mut rows = Vec::new();
    for _ in 0..args.rounds {
        let mut round = Vec::new();
        for part in &args.parts {
            let row = one(args, *part).await?;
            out::line(&report::told(&row, &round));
            round.push(row);
        }
        rows.extend(round);
    }
    out::text(&report::table(&report::middles(rows, &args.parts)));
    Ok(())
}

/// Full speed, then half of it, on a fresh store.
async fn one(args: &Args, part: Part) -> anyhow::Result<Row> {
    let ground = ground(args)?;
    let provider = load::null_provider().await?;
    let server = ground.serve(part, provider.address)?;
    let mut talks = Talks::new(args.conversations, &server.public_url);
    let load = Load { at: server.address, n_connections: args.connections };
    load.run(&mut talks, Pace::Full, WARM_UP).await?;

    let before = machine::Figures::take(&ground, &server, &provider).await?;
    let full = load.run(&mut talks, Pace::Full, Duration::from_secs(args.seconds)).await?;
    let after = machine::Figures::take(&ground, &server, &provider).await?;
    let spent = after.since(&before);
    // What full load left behind is sent first: half load is half of the load.
    let drained = if part == Part::Whole { Some(server.drained().await?) } else { None };
    let half = load.run(&mut talks, Pace::PerSecond(full.per_second() / 2.0), Duration::from_secs(args.seconds)).await?;
    let stored = machine::Stored::take(&ground, talks.n_begun()).await?;
    Ok(Row { part, full, half, spent, drained, stored })
}
