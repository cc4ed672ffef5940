//! A chart of one group: a line for each case, a mark for each contestant at its time as a multiple of ours.

use std::fmt::Write as _;

use super::{Row, TIE};

const LEFT: f64 = 260.0;
const WIDTH: f64 = 560.0;
const LINE: f64 = 22.0;
const TOP: f64 = 46.0;
/// The multiples at the edges of the chart, which is logarithmic; what lies beyond is drawn at the edge.
const EDGES: (f64, f64) = (0.0625, 64.0);

/// Where a multiple of our time is drawn.
fn x(multiple: f64) -> f64 {
    let (low, high) = (EDGES.0.log2(), EDGES.1.log2());
    LEFT + WIDTH * ((multiple.log2().clamp(low, high) - low) / (high - low))
}

/// The chart, as the text of an SVG file.
pub(super) fn svg(group: &str, rows: &[&Row]) -> String {
    let mut shapes: Vec<&str> = rows.iter().map(|row| row.shape.as_str()).collect();
    shapes.dedup();
    let bottom = TOP + LINE * shapes.len() as f64;
    let (width, height) = (LEFT + WIDTH + 30.0, bottom + 16.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"8\" y=\"16\" font-size=\"13\" font-weight=\"bold\">{group}</text>\n\
         <text x=\"{LEFT}\" y=\"16\" fill=\"#555\">time as a multiple of ours: left of the line is faster than ours\
         ; \u{25cb} floor, \u{25cf} rival</text>\n"
    );
    for power in -4..=6 {
        let multiple = 2_f64.powi(power);
        let (at, strong) = (x(multiple), power == 0);
        let colour = if strong { "#000" } else { "#ddd" };
        let label = if power < 0 { format!("1/{}", 1 << -power) } else { format!("{}", 1 << power) };
        let _ = writeln!(
            out,
            "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{}\" y2=\"{bottom}\" stroke=\"{colour}\"/>\
             <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#555\">{label}</text>",
            TOP - 10.0,
            TOP - 14.0
        );
    }
    for (nth, shape) in shapes.iter().enumerate() {
        let y = TOP + LINE * (nth as f64 + 0.5);
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            y + 4.0,
            escaped(shape)
        );
        for row in rows.iter().filter(|row| row.shape == *shape) {
            mark(&mut out, row, y);
        }
    }
    out.push_str("</svg>\n");
    out
}

fn mark(out: &mut String, row: &Row, y: f64) {
    let multiple = row.theirs / row.ours;
    let (fill, stroke) = match (row.floor, row.ratio()) {
        (true, _) => ("none", "#777"),
        (false, ratio) if ratio > TIE => ("#c0392b", "#c0392b"),
        (false, ratio) if ratio * TIE < 1.0 => ("#2471a3", "#2471a3"),
        (false, _) => ("#999", "#999"),
    };
    let _ = writeln!(
        out,
        "<circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"4.5\" fill=\"{fill}\" stroke=\"{stroke}\">\
         <title>{}: {multiple:.2} times our time</title></circle>",
        x(multiple),
        escaped(&row.name)
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
