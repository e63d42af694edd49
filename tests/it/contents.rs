//! Contents of more lines than are set at one time: where one portion ends and the next begins is not to be seen.

use tdkt_reports::{
    marks::{Marks, PageMarks},
    reading,
    rendering::ContentsLine,
};

use crate::support::papers::{WORKSHOP, manuscript_of, sample_of};

/// A heading with a line of two lines of text, which goes with it: more than this is never left at a page's end, in millimetres.
const TALLEST: f64 = 20.0;

/// Lines of so many blocs; some take two lines of text, some one.
fn lines(blocs: usize) -> Vec<ContentsLine> {
    let mut page = 1;
    let of = |bloc: usize| {
        let heading = ContentsLine { title: format!("Cụm thi đua số {bloc}"), page: None };
        let papers = (0..12 + bloc % 5).map(|paper| {
            let unit = if (paper + bloc).is_multiple_of(3) {
                " và các đơn vị trực thuộc trên địa bàn toàn tỉnh"
            } else {
                ""
            };
            let title = format!("Báo cáo thành tích của Sở số {paper}{unit}, cụm {bloc}");
            page += 1 + paper % 4;
            ContentsLine { title, page: Some(page) }
        });
        std::iter::once(heading).chain(papers).collect::<Vec<_>>()
    };
    (1..=blocs).flat_map(of).collect()
}

fn set(lines: &[ContentsLine]) -> (usize, Vec<Marks>) {
    let report = manuscript_of(&sample_of("provincial-summary", "simple"));
    let mut contents = WORKSHOP.contents(&report, lines).expect("set");
    let pages = contents.pages();
    let files = contents.files().map(|file| reading::marks(&file.expect("set")).expect("a PDF file"));
    (pages, files.collect())
}

/// Where the table's upright rules stand, in tenths of a millimetre.
fn uprights(page: &PageMarks) -> Vec<i64> {
    let mut found: Vec<i64> = page
        .rules
        .iter()
        .filter(|rule| rule.x1 - rule.x0 < 1.0 && rule.y1 - rule.y0 > 1.0)
        .map(|rule| (rule.x0 * 10.0).round() as i64)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[test]
fn long_contents_look_as_if_they_were_set_at_once() {
    let lines = lines(44);
    let (count, files) = set(&lines);
    assert!(files.len() > 2, "{} lines are too few", lines.len());
    let pages: Vec<&PageMarks> = files.iter().flat_map(|file| &file.pages).collect();
    assert_eq!(pages.len(), count);

    let columns = uprights(pages[0]);
    assert_eq!(columns.len(), 3, "left, between, right: {columns:?}");
    let between = columns[1] as f64 / 10.0;
    let mut numbers = Vec::new();
    for (index, page) in pages.iter().enumerate() {
        let number = index + 1;
        assert_eq!(uprights(page), columns, "page {number}");
        let heads = page.runs.iter().filter(|run| run.text == "Văn bản").count();
        assert_eq!(heads, 1, "page {number} begins with the table's head");
        // The table's head and the letterhead stand above; the page's own number above them.
        let top: Vec<&str> = page.runs.iter().filter(|run| run.baseline < 20.0).map(|run| run.text.as_str()).collect();
        let expected = if number == 1 { Vec::new() } else { vec![number.to_string()] };
        assert_eq!(top, expected, "page {number}");
        let ground = page.rules.iter().map(|rule| rule.y1).fold(0.0, f64::max);
        let room = page.height - 20.0 - ground;
        assert!(number == count || room < TALLEST, "page {number} has {room} mm left");
        let lowest = page.runs.iter().filter(|run| run.x0 < between).max_by(|a, b| a.baseline.total_cmp(&b.baseline));
        assert!(!lowest.expect("lines").bold, "a heading ends page {number}");
        let mut told: Vec<_> =
            page.runs.iter().filter(|run| run.x0 > between && run.baseline > 20.0 && !run.bold).collect();
        told.sort_by(|a, b| a.baseline.total_cmp(&b.baseline));
        numbers.extend(told.into_iter().filter_map(|run| run.text.parse::<usize>().ok()));
    }
    let expected: Vec<usize> = lines.iter().filter_map(|line| Some(line.page? + count)).collect();
    assert_eq!(numbers, expected, "each line once, in its order, with its page in the whole");
}

#[test]
fn contents_give_the_same_bytes_whoever_sets_them() {
    let lines = lines(24);
    let report = manuscript_of(&sample_of("provincial-summary", "simple"));
    let made = || {
        let mut contents = WORKSHOP.contents(&report, &lines).expect("set");
        contents.files().collect::<Result<Vec<_>, _>>().expect("set")
    };
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(made);
        (made(), other.join().expect("no panic"))
    });
    assert!(one.len() > 1);
    assert_eq!(one, other);
}

#[test]
fn short_contents_are_one_file_with_the_letterhead() {
    let (count, files) = set(&lines(1));
    assert_eq!((count, files.len()), (1, 1));
    let text: String = files[0].pages[0].runs.iter().map(|run| run.text.as_str()).collect();
    assert!(text.contains("MỤC LỤC"), "{text}");
}
