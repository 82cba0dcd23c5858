//! A plot of costs over the number of conversations, as SVG: two lines, the horizontal axis by powers of ten.

use std::fmt::Write;

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub n: usize,
    pub server_us: f64,
    pub redis_us: f64,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 60.0;
const BELOW: f64 = 45.0;
const ABOVE: f64 = 20.0;
const RIGHT: f64 = 20.0;
/// Horizontal lines.
const STEPS: u32 = 5;

/// The whole file.
pub fn svg(points: &[Point]) -> String {
    #[expect(clippy::cast_precision_loss, reason = "positions in a picture")]
    let log = |n: usize| (n.max(1) as f64).log10();
    let most = points.iter().flat_map(|point| [point.server_us, point.redis_us]).fold(1.0_f64, f64::max);
    // A round number above the highest.
    let top = (most / 10.0).ceil() * 10.0;
    let (first, last) = (points.first().map_or(0.0, |point| log(point.n)), points.last().map_or(1.0, |point| log(point.n)));
    let x = |n: usize| LEFT + (log(n) - first) / (last - first).max(1e-9) * (WIDTH - LEFT - RIGHT);
    let y = |us: f64| HEIGHT - BELOW - us / top * (HEIGHT - BELOW - ABOVE);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>Processor time of a message by number of conversations</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    // Writing to a string cannot fail.
    for step in 0..=STEPS {
        let us = top * f64::from(step) / f64::from(STEPS);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{us:.0}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            y(us) + 4.0,
            y = y(us),
        );
    }
    for point in points {
        let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>", x(point.n), HEIGHT - BELOW + 18.0, point.n);
    }
    let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">conversations</text>", WIDTH / 2.0, HEIGHT - 8.0);
    for (nth, (name, colour, of)) in [
        ("server, µs of processor time a message", "#0b6", (|point: &Point| point.server_us) as fn(&Point) -> f64),
        ("Redis, µs of processor time a message", "#d40", |point: &Point| point.redis_us),
    ]
    .into_iter()
    .enumerate()
    {
        let line: Vec<String> = points.iter().map(|point| format!("{:.1},{:.1}", x(point.n), y(of(point)))).collect();
        let _ = writeln!(svg, "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>", line.join(" "));
        let at = ABOVE + 14.0 * f64::from(u32::try_from(nth).unwrap_or(0));
        let _ = writeln!(svg, "<text x=\"{}\" y=\"{at}\" fill=\"{colour}\">{name}</text>", LEFT + 10.0);
    }
    svg.push_str("</svg>\n");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_stands_where_its_figures_say() {
        let points = [Point { n: 1_000, server_us: 50.0, redis_us: 25.0 }, Point { n: 100_000, server_us: 50.0, redis_us: 50.0 }];
        let svg = svg(&points);
        assert!(svg.contains("points=\"60.0,20.0 620.0,20.0\""), "{svg}");
        assert!(svg.contains("points=\"60.0,147.5 620.0,20.0\""), "{svg}");
    }
}
