//! What every plot is drawn on and with: sizes, colours, rows, axes.

use maud::{Markup, PreEscaped, html};
use plotters::{
    coord::{Shift, types::RangedCoordf64},
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use crate::escape::{clean, shortened};

/// Width of every plot, in its own units.
pub(super) const WIDTH: u32 = 340;
/// Height of a row.
pub(super) const ROW: u32 = 38;
/// Height of the axis with its labels.
pub(super) const AXIS: u32 = 24;
/// Room at both sides, for labels of the axis that are centred below its ends.
pub(super) const SIDE: u32 = 22;
/// Longest name.
pub(super) const NAME: usize = 26;
pub(super) const FONT: &str = "sans-serif";
/// Sizes of text, as plotters counts them: 1.24 times the SVG's.
pub(super) const NAMES: u32 = 15;
pub(super) const NUMBERS: u32 = 14;

/// A colour of the style sheet. What is drawn has the stand-in, which the style sheet replaces.
pub(crate) struct Colour {
    /// Name of the custom property.
    pub(crate) name: &'static str,
    stand_in: RGBColor,
}

macro_rules! colours {
    ($($constant:ident $name:literal ($r:literal, $g:literal, $b:literal);)*) => {
        $(pub(super) const $constant: Colour = Colour { name: $name, stand_in: RGBColor($r, $g, $b) };)*
        /// Every colour that plots use.
        pub(crate) const COLOURS: &[Colour] = &[$($constant),*];
    };
}

colours! {
    INK "ink" (27, 31, 36);
    MUTED "muted" (87, 96, 106);
    LINE "line" (208, 215, 222);
    BAND "band" (221, 233, 247);
    ACCENT "accent" (9, 105, 218);
    GOOD "good" (26, 127, 55);
    BAD "bad" (207, 34, 46);
    OPEN "open" (154, 103, 0);
}

impl Colour {
    /// As it stands in the SVG.
    pub(crate) fn stand_in(&self) -> String {
        let RGBColor(r, g, b) = self.stand_in;
        format!("#{r:02X}{g:02X}{b:02X}")
    }

    pub(super) fn filled(&self) -> ShapeStyle {
        self.stand_in.filled()
    }

    pub(super) fn stroke(&self, width: u32) -> ShapeStyle {
        self.stand_in.stroke_width(width)
    }

    pub(super) fn text(&self, size: u32, at: HPos, above: VPos) -> TextStyle<'static> {
        (FONT, size).into_font().color(&self.stand_in).pos(Pos::new(at, above))
    }
}

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(super) type Chart<'a, 'b> = ChartContext<'b, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
pub(super) type Drawn = Result<(), Box<dyn std::error::Error>>;

/// What a plot is called, and what it says to those who do not see it.
pub(crate) struct Words<'a> {
    /// Unique in the page.
    pub(crate) id: String,
    pub(crate) title: &'a str,
    pub(crate) description: String,
}

/// An SVG of `height`; nothing where plotters refuses to draw it, since the table stands beside it.
pub(super) fn canvas(
    words: &Words<'_>,
    height: u32,
    draw: impl FnOnce(&Area<'_>) -> Drawn,
) -> Option<Markup> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        draw(&area).ok()?;
        area.present().ok()?;
    }
    // The element itself is ours: an SVG in a page needs no namespace, but a name.
    let inner = svg.split_once('>')?.1.trim_end().strip_suffix("</svg>")?.to_owned();
    let (title, description) = (format!("{}-title", words.id), format!("{}-desc", words.id));
    Some(html! {
        svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-labelledby=(format!("{title} {description}")) {
            title id=(title) { (words.title) }
            desc id=(description) { (clean(&words.description)) }
            (PreEscaped(inner))
        }
    })
}

/// The height of so many rows with their axis.
pub(super) fn rows_high(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX / ROW / 2) * ROW + AXIS + 4
}

/// A chart of so many rows, row 0 at the top, over an axis with `ticks`.
pub(super) fn row_chart<'a, 'b>(
    area: &'b Area<'a>,
    rows: usize,
    axis: (f64, f64),
    ticks: &[(f64, String)],
) -> Result<Chart<'a, 'b>, Box<dyn std::error::Error>>
where
    'a: 'b,
{
    let mut chart = ChartBuilder::on(area)
        .margin_left(SIDE)
        .margin_right(SIDE)
        .margin_top(2)
        .margin_bottom(AXIS)
        .build_cartesian_2d(axis.0..axis.1, -(rows as f64)..0.0)?;
    let bottom = -(rows as f64);
    for (at, label) in ticks {
        chart.draw_series([PathElement::new([(*at, bottom), (*at, 0.0)], LINE.stroke(1))])?;
        let style = MUTED.text(NUMBERS, HPos::Center, VPos::Top);
        let below = EmptyElement::at((*at, bottom)) + Text::new(label.clone(), (0, 6), style);
        chart.plotting_area().draw(&below)?;
    }
    Ok(chart)
}

/// The name of a row at its left, its numbers at its right.
pub(super) fn row_label(
    chart: &Chart<'_, '_>,
    axis: (f64, f64),
    row: usize,
    name: &str,
    numbers: &str,
) -> Drawn {
    let top = -(row as f64);
    let side = i32::try_from(SIDE).unwrap_or_default() - 2;
    let name = clean(name).replace('\n', " ");
    let left = EmptyElement::at((axis.0, top))
        + Text::new(shortened(&name, NAME).into_owned(), (-side, 4), INK.text(NAMES, HPos::Left, VPos::Top));
    chart.plotting_area().draw(&left)?;
    let right = EmptyElement::at((axis.1, top))
        + Text::new(numbers.to_owned(), (side, 5), MUTED.text(NUMBERS, HPos::Right, VPos::Top));
    chart.plotting_area().draw(&right)?;
    Ok(())
}

/// Where the mark of a row is.
pub(super) fn mark(row: usize) -> f64 {
    -(row as f64) - 0.7
}
