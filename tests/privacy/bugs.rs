//! What goes wrong inside: turns that panic, texts that cannot be filled. The log has the place, and nothing of what was said.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use intake::{
    base::clock::Clock,
    render::Catalog,
    runtime::shelf::Shelf,
    telemetry::{self, LogFormat},
};
use tracing_subscriber::EnvFilter;

use super::canaries::{Canaries, SMS_NUMBER};
use crate::running::Place;

/// A log in memory, of this thread alone.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Everything that is written on this thread from now on, at the lowest level.
    fn kept(&self) -> tracing::subscriber::DefaultGuard {
        let lines = self.clone();
        tracing::subscriber::set_default(telemetry::logging(EnvFilter::new("trace"), LogFormat::Json, false, move || lines.clone()))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn assert_no_canary(place: &str, text: &str) {
    let found = Canaries::new(&[]).found_in(place, text.as_bytes());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test]
async fn a_text_that_cannot_be_filled_is_told_by_its_place() {
    let place = Place::new("memory:").await;
    let lines = Lines::default();
    let _kept = lines.kept();
    let running = place.run_without_loops(&Clock::machine()).await;
    let library = running.service.shelf().library.clone();
    running.service.put_in_service(Shelf { library, catalog: Catalog::shared(&Default::default()) });
    running.text("SMcanary1", SMS_NUMBER, "hi canary").await;
    let log = lines.text();
    assert!(log.contains("cannot be put into words"), "{log}");
    assert_no_canary("the log", &log);
}

#[test]
fn a_panic_leaves_its_place_and_nothing_of_its_text() {
    const THREAD: &str = "a thread that panics on purpose";
    let others = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| match std::thread::current().name() {
        Some(THREAD) => telemetry::log_panic(panic),
        Some(_) | None => others(panic),
    }));
    let lines = Lines::default();
    let inside = lines.clone();
    let panicking = move || {
        let _kept = inside.kept();
        let said = format!("canary {SMS_NUMBER}");
        std::panic::panic_any(said);
    };
    let ended = std::thread::Builder::new().name(THREAD.to_owned()).spawn(panicking).unwrap().join();
    assert!(ended.is_err());
    let log = lines.text();
    assert!(log.contains("a bug: panicked") && log.contains("tests/privacy/bugs.rs:"), "{log}");
    assert_no_canary("the log", &log);
}
