//! Reads laid-out pages: text runs and ruled lines with their places.

use typst::{
    layout::{Abs, Frame, FrameItem, Point, Transform},
    text::{FontStyle, FontWeight, TextItem},
    visualize::{Geometry, Paint},
};
use typst_layout::PagedDocument;

use crate::marks::{Marks, PageMarks, Rule, Run};

pub(super) fn read(document: &PagedDocument) -> Marks {
    let pages = document.pages().iter().map(|page| {
        let size = page.frame.size();
        let mut marks =
            PageMarks { width: size.x.to_mm(), height: size.y.to_mm(), runs: Vec::new(), rules: Vec::new() };
        walk(&page.frame, Transform::identity(), &mut |item, place| match item {
            FrameItem::Text(text) => marks.runs.push(run(text, place)),
            FrameItem::Shape(shape, _) => marks.rules.extend(rules(&shape.geometry, place)),
            FrameItem::Group(_) | FrameItem::Image(..) | FrameItem::Link(..) | FrameItem::Tag(_) => {}
        });
        marks
    });
    Marks { pages: pages.collect() }
}

/// The first character that got glyph 0 (".notdef"), with the run it stands in.
pub(super) fn first_missing_glyph(document: &PagedDocument) -> Option<(char, String)> {
    let mut missing = None;
    for page in document.pages() {
        walk(&page.frame, Transform::identity(), &mut |item, _| {
            let FrameItem::Text(text) = item else { return };
            let Some(glyph) = text.glyphs.iter().find(|glyph| glyph.id == 0) else { return };
            let character = text.text.get(glyph.range()).and_then(|part| part.chars().next());
            missing = missing.take().or(Some((character.unwrap_or('\u{FFFD}'), text.text.to_string())));
        });
        if missing.is_some() {
            break;
        }
    }
    missing
}

fn walk(frame: &Frame, place: Transform, visit: &mut impl FnMut(&FrameItem, Transform)) {
    for (point, item) in frame.items() {
        let here = place.pre_concat(Transform::translate(point.x, point.y));
        match item {
            FrameItem::Group(group) => walk(&group.frame, here.pre_concat(group.transform), visit),
            FrameItem::Text(_)
            | FrameItem::Shape(..)
            | FrameItem::Image(..)
            | FrameItem::Link(..)
            | FrameItem::Tag(_) => visit(item, here),
        }
    }
}

fn run(text: &TextItem, place: Transform) -> Run {
    let start = Point::zero().transform(place);
    let end = Point::with_x(ink_width(text)).transform(place);
    let info = text.font.font().info();
    Run {
        text: text.text.to_string(),
        x0: start.x.to_mm(),
        x1: end.x.to_mm(),
        baseline: start.y.to_mm(),
        size: text.size.to_pt(),
        family: info.family.clone(),
        bold: info.variant.weight >= FontWeight::SEMIBOLD,
        italic: info.variant.style != FontStyle::Normal,
        horizontal: (end.y - start.y).to_mm().abs() < 0.01,
        black: matches!(&text.fill, Paint::Solid(color) if color.to_hex() == "#000000"),
    }
}

/// Width without the spaces at the run's end.
fn ink_width(text: &TextItem) -> Abs {
    let trailing = text.text.len() - text.text.trim_end().len();
    let end = text.text.len() - trailing;
    text.glyphs.iter().filter(|glyph| glyph.range().start < end).map(|glyph| glyph.x_advance.at(text.size)).sum()
}

fn rules(geometry: &Geometry, place: Transform) -> Option<Rule> {
    let far = match geometry {
        Geometry::Line(end) => *end,
        Geometry::Rect(size) => size.to_point(),
        Geometry::Curve(_) => return None,
    };
    let start = Point::zero().transform(place);
    let end = far.transform(place);
    Some(Rule {
        x0: start.x.min(end.x).to_mm(),
        x1: start.x.max(end.x).to_mm(),
        y0: start.y.min(end.y).to_mm(),
        y1: start.y.max(end.y).to_mm(),
    })
}
