//! How a message's cost grows with the number of conversations: `inbound` on one store that grows.

use std::{fs, time::Duration};

use anyhow::Context;

use super::{
    Args,
    load::{self, Load, Pace},
    machine::{Figures, Stored},
    part::Part,
    plot::{self, Point},
    talk::Talks,
};
use crate::cli::out;

/// Measures at each number, prints a line for each, and writes the plot.
///
/// Conversations write one after the other, round and round: of all ways to come, the one in which a cache helps least.
///
/// # Errors
/// Where the service cannot be run or measured, or the plot cannot be written.
pub async fn measure(args: &Args) -> anyhow::Result<()> {
    let ground = super::ground(args)?;
    let provider = load::null_provider().await?;
    let server = ground.serve(Part::Inbound, provider.address)?;
    let load = Load { at: server.address, n_connections: args.connections };
    let mut talks = Talks::new(0, &server.public_url);
    let mut points = Vec::new();
    out::line("conversations  messages a second  p50 ms  p99 ms  server µs  redis µs  round trips  bytes of one  bytes in all");
    for n in &args.grow {
        talks.grow_to(*n);
        load.run(&mut talks, Pace::Begin, Duration::ZERO).await?;
        let before = Figures::take(&ground, &server, &provider).await?;
        let full = load.run(&mut talks, Pace::Full, Duration::from_secs(args.seconds)).await?;
        let spent = Figures::take(&ground, &server, &provider).await?.since(&before);
        let stored = Stored::take(&ground, talks.n_begun()).await?;
        #[expect(clippy::cast_precision_loss, reason = "counts of one run")]
        let each = |duration: Duration| duration.as_secs_f64() * 1e6 / full.n().max(1) as f64;
        #[expect(clippy::cast_precision_loss, reason = "counts of one run")]
        let trips = spent.round_trips().unwrap_or(0) as f64 / full.n().max(1) as f64;
        out::line(&format!(
            "{n:>13}  {:>17.0}  {:>6.1}  {:>6.1}  {:>9.1}  {:>8.1}  {trips:>11.2}  {:>12}  {:>12}",
            full.per_second(),
            full.ms(500),
            full.ms(990),
            each(spent.server),
            each(spent.redis),
            stored.conversation_bytes.unwrap_or(0),
            stored.total_bytes,
        ));
        points.push(Point { n: *n, server_us: each(spent.server), redis_us: each(spent.redis) });
    }
    if let Some(file) = &args.plot {
        fs::write(file, plot::svg(&points)).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(())
}
