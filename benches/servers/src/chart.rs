//! The chart of processor time per operation, as SVG.

use std::fmt::Write as _;

use crate::report::Row;

const WIDTH: f64 = 860.0;
const LABELS: f64 = 210.0;
const BAR: f64 = 14.0;
const GAP: f64 = 12.0;
/// Bars that are longer than so many times the shortest of their case are cut, and say so.
const MOST: f64 = 6.0;

/// Bars for each case, as long as the processor time per operation is relative to the least of the case.
pub fn svg(rows: &[Row]) -> String {
    let bars: usize = rows.iter().map(|row| row.cells.len()).sum();
    let height = 40.0 + bars as f64 * BAR + rows.len() as f64 * GAP;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"8\" y=\"18\" font-size=\"13\">CPU time of the server per operation, in µs (shorter is better)\
         </text>\n"
    );
    let mut y = 34.0;
    for row in rows {
        let least = row.cells.iter().map(|(_, cell)| cell.cpu()).fold(f64::INFINITY, f64::min);
        let scale = (WIDTH - LABELS - 70.0) / MOST;
        let _ =
            writeln!(text, "<text x=\"8\" y=\"{:.1}\" font-weight=\"bold\">{}</text>", y + 11.0, row.case);
        for (name, cell) in &row.cells {
            let colour = match *name {
                "floor" => "#bbbbbb",
                "mio" | "uring" => "#2a7f62",
                _ => "#7a93b8",
            };
            let ratio = (cell.cpu() / least).min(MOST);
            let more = if cell.cpu() / least > MOST { " »" } else { "" };
            let _ = writeln!(
                text,
                "<text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>\
                 <rect x=\"{LABELS:.0}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.0}\" fill=\"{colour}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\">{:.2}{more}</text>",
                LABELS - 6.0,
                y + 11.0,
                y + 1.5,
                ratio * scale,
                BAR - 3.0,
                LABELS + ratio * scale + 5.0,
                y + 11.0,
                cell.cpu(),
            );
            y += BAR;
        }
        y += GAP;
    }
    text + "</svg>\n"
}
