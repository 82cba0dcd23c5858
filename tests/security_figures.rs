//! Figures, dashboard and alert rules agree: what is counted is described, and what is shown or alarmed by is counted.

use std::{collections::BTreeSet, fs, path::Path};

use intake::{
    base::clock::Clock,
    telemetry::figures::{FIGURES, Figure, Kind},
};
use regex::Regex;
use reqwest::Method;

use crate::running::{Place, answered};

fn root(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn figure(name: &str) -> Option<&'static Figure> {
    FIGURES.iter().find(|figure| match figure.kind {
        Kind::Counter | Kind::Gauge => figure.name == name,
        Kind::Histogram => ["_bucket", "_sum", "_count"].iter().any(|end| name.strip_suffix(end) == Some(figure.name)),
    })
}

fn sources(folder: &Path, all: &mut String) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|end| end == "rs") {
            all.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_figure_that_is_counted_stands_in_the_table_with_its_labels() {
    let mut code = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut code);
    let call = Regex::new(r#"metrics::(counter|gauge|histogram)!\(\s*"(\w+)"([^;]*?)\)\s*\.(increment|set|record)"#).unwrap();
    let label = Regex::new(r#""(\w+)" =>"#).unwrap();
    let mut counted = BTreeSet::new();
    for found in call.captures_iter(&code) {
        let figure =
            FIGURES.iter().find(|figure| figure.name == &found[2]).unwrap_or_else(|| panic!("`{}` is not in the table", &found[2]));
        let kind = match &found[1] {
            "counter" => Kind::Counter,
            "gauge" => Kind::Gauge,
            _ => Kind::Histogram,
        };
        assert_eq!(figure.kind, kind, "{}", figure.name);
        for name in label.captures_iter(&found[3]) {
            assert!(figure.labels.contains(&&name[1]), "{} has no label `{}`", figure.name, &name[1]);
        }
        counted.insert(figure.name);
    }
    assert_eq!(
        code.matches("metrics::counter!(").count()
            + code.matches("metrics::gauge!(").count()
            + code.matches("metrics::histogram!(").count(),
        call.captures_iter(&code).count()
    );
    assert_eq!(counted, FIGURES.iter().map(|figure| figure.name).collect(), "nothing in the table is never counted");
    for figure in FIGURES {
        assert!(figure.help.len() > 15 && !figure.help.ends_with('.'), "{}: {}", figure.name, figure.help);
        let fit = match figure.kind {
            Kind::Counter => figure.name.ends_with("_total"),
            Kind::Gauge => !figure.name.ends_with("_total"),
            Kind::Histogram => figure.name.ends_with("_seconds"),
        };
        assert!(fit, "{}", figure.name);
    }
}

/// That an expression names only figures and labels that there are.
fn assert_known(expression: &str) {
    let names = Regex::new(r"\bintake_\w+").unwrap();
    let mut labels: BTreeSet<&str> = ["le"].into();
    let mut n_figures = 0;
    for name in names.find_iter(expression) {
        let figure = figure(name.as_str()).unwrap_or_else(|| panic!("`{}` is no figure: {expression}", name.as_str()));
        labels.extend(figure.labels);
        n_figures += 1;
    }
    assert!(n_figures > 0, "{expression}");
    let by = Regex::new(r"by \(([^)]*)\)|\{([^}]*)\}").unwrap();
    for group in by.captures_iter(expression) {
        let inner = group.get(1).or(group.get(2)).unwrap().as_str();
        for part in inner.split(',').map(str::trim) {
            let label = part.split(['=', '!']).next().unwrap().trim();
            assert!(labels.contains(label), "`{label}` is no label: {expression}");
        }
    }
    assert_eq!(expression.matches('(').count(), expression.matches(')').count(), "{expression}");
}

#[test]
fn the_dashboard_shows_only_figures_that_there_are_and_all_of_them() {
    let text = root("deploy/dashboard.json");
    let dashboard: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut n_panels = 0;
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            assert_known(target["expr"].as_str().unwrap());
        }
        n_panels += 1;
    }
    assert!(n_panels > 10);
    for figure in FIGURES {
        assert!(text.contains(figure.name), "{} is on no panel", figure.name);
    }
}

#[test]
fn alerts_are_raised_by_figures_that_there_are() {
    let text = root("deploy/alerts.yaml");
    let rules: Vec<&str> = text.split("- alert: ").skip(1).collect();
    assert!(rules.len() > 10);
    let keyword = Regex::new(r"\n {8}\w").unwrap();
    for rule in rules {
        let name = rule.lines().next().unwrap();
        let (_, rest) = rule.split_once("expr: ").unwrap_or_else(|| panic!("{name} has no expression"));
        let end = keyword.find(rest).unwrap().start();
        assert_known(&rest[..end]);
        assert!(rule.contains("severity: page") || rule.contains("severity: ticket"), "{name}");
        assert!(rule.contains("summary: "), "{name}");
    }
}

#[tokio::test]
async fn every_figure_that_is_shown_says_what_it_tells() {
    let place = Place::new("memory:").await;
    let running = place.run(&Clock::machine()).await;
    running.text("SM1", "+15550100001", "cant breathe").await;
    place.provider.taken(1).await;
    answered(running.api(Method::GET, "/escalations")).await;
    running.recorded(async |service| service.records().queue_oldest().await.unwrap()[2].is_some()).await;
    let (_, text) = answered(running.client.get(format!("{}/metrics", running.url))).await;
    let shown: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).filter_map(|line| line.split(' ').next()).collect();
    for name in &shown {
        let known = FIGURES.iter().find(|figure| figure.name == *name).unwrap_or_else(|| panic!("{name} is not in the table"));
        assert!(text.contains(&format!("# HELP {name} {}", known.help)), "{name} has no help:\n{text}");
    }
    for name in
        ["intake_turn_seconds", "intake_send_seconds", "intake_request_seconds", "intake_escalations_oldest_seconds", "intake_outbox_depth"]
    {
        assert!(shown.contains(name), "{name} is not shown:\n{text}");
    }
    let routes: Vec<&str> = text.lines().filter(|line| line.starts_with("intake_requests_total")).collect();
    assert!(routes.iter().any(|line| line.contains("route=\"/in/{channel}\"")), "{routes:?}");
    running.stop().await;
}
