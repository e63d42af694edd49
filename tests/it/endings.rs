//! How papers end: the mark of the decree's models (Annex III, 2.1), and who signs under his own name (1.9).

use serde_json::{Value, json};

use crate::support::papers::{Page, compact, example_value, manuscript_of, pages, pdf, sample_of, samples};

const MARK: &str = "./.";

fn pages_of(request: &Value) -> Vec<Page> {
    pages(&pdf(request.to_string().as_bytes()))
}

/// A page that begins with an appendix's name and has a number goes on with a table of contents.
fn begins_an_appendix(page: &Page) -> bool {
    page.number.is_none() && page.text.trim_start().starts_with("Phụ lục")
}

/// The last pages of appendices: those before another appendix begins, and the last of all.
fn last_of_appendices(pages: &[Page]) -> Vec<&Page> {
    let begins: Vec<usize> = (0..pages.len()).filter(|&at| begins_an_appendix(&pages[at])).collect();
    let ends = begins.iter().skip(1).copied().chain(begins.first().map(|_| pages.len()));
    ends.map(|end| &pages[end - 1]).collect()
}

/// Its pages are numbered anew, so that no page number would tell where it stands.
#[test]
fn the_contents_tell_how_many_pages_each_appendix_has() {
    for kind in ["annual-summary", "provincial-summary"] {
        let pages = pages_of(&sample_of(kind, "overflow"));
        let begins: Vec<usize> = (0..pages.len()).filter(|&at| begins_an_appendix(&pages[at])).collect();
        let ends = begins.iter().skip(1).copied().chain([pages.len()]);
        let lengths: Vec<usize> = begins.iter().zip(ends).map(|(begin, end)| end - begin).collect();
        let entries = pages.iter().flat_map(|page| page.text.lines()).filter(|line| line.contains(". ."));
        let counted = entries.filter_map(|line| line.trim_end().strip_suffix("trang"));
        let told =
            counted.map(|line| line.trim_end().rsplit([' ', '.']).next().expect("a number").parse().expect("a number"));
        assert_eq!(told.collect::<Vec<usize>>(), lengths, "{kind}");
        assert!(lengths.len() > 4, "{kind}: {lengths:?}");
    }
}

#[test]
fn every_appendix_ends_with_the_mark_and_no_page_holds_it_alone() {
    let mut seen = 0;
    let long = ["annual-summary", "provincial-summary"];
    for (kind, name, request) in samples() {
        if name != "simple" && !(name == "overflow" && long.contains(&kind.as_str())) {
            continue;
        }
        for page in last_of_appendices(&pages(&pdf(&request))) {
            let text = compact(&page.text);
            let before = text.strip_suffix(MARK).unwrap_or_else(|| panic!("{kind}/{name} ends with {text}"));
            // The head of the table and a row at the least.
            assert!(page.text.lines().filter(|line| !line.trim().is_empty()).count() > 3, "{kind}/{name}: {before}");
            seen += 1;
        }
    }
    assert!(seen >= 12, "{seen} appendices");
}

#[test]
fn an_appendix_of_any_length_keeps_the_mark_with_its_last_row() {
    let mut request = sample_of("six-month-review", "simple");
    let row = |number: usize| json!({"name": format!("Chỉ tiêu thứ {number}"), "unit_of_measure": "việc", "planned": 10, "achieved": 9});
    for rows in 20..60 {
        request["content"]["targets"] = (1..=rows).map(row).collect();
        let found = pages_of(&request);
        let appendix = last_of_appendices(&found).into_iter().next().expect("targets stand in an appendix");
        let text = compact(&appendix.text);
        assert!(text.ends_with(&format!("90%{MARK}")), "{rows} rows: {text}");
    }
}

#[test]
fn the_text_of_every_kind_ends_with_the_mark() {
    for (kind, name, request) in samples() {
        if name != "simple" || kind == "award-dossier" {
            continue;
        }
        let all = pages(&pdf(&request));
        let text: String =
            all.iter().take_while(|page| !begins_an_appendix(page)).map(|page| compact(&page.text)).collect();
        assert!(text.contains(MARK), "{kind}: {text}");
    }
}

#[test]
fn each_of_two_chairs_signs_under_his_own_name() {
    let mut request = sample_of("conference-minutes", "simple");
    let second = json!({"honorific": "Ông", "name": "Phạm Văn Toàn", "positions": ["Phó Giám đốc Sở Xây dựng"], "role": "co-chair"});
    let end_of = |request: &Value| {
        let last = pages_of(request).pop().expect("a page").text;
        last[last.rfind(MARK).expect("the mark")..].split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let alone = end_of(&request);
    assert_eq!(alone.matches("CHỦ TỌA").count(), 1, "{alone}");
    assert_eq!(alone.matches("Phạm Văn Toàn").count(), 0, "{alone}");
    request["content"]["conference"]["chairs"].as_array_mut().expect("chairs").push(second);
    let both = end_of(&request);
    assert_eq!(both.matches("CHỦ TỌA").count(), 2, "{both}");
    for words in ["THƯ KÝ", "GIÁM ĐỐC SỞ TÀI CHÍNH", "Trần Quốc Hưng", "PHÓ GIÁM ĐỐC SỞ XÂY DỰNG", "Phạm Văn Toàn"]
    {
        // A title of several lines stands beside another one.
        let missing: Vec<&str> = words.split(' ').filter(|word| !both.contains(word)).collect();
        assert!(missing.is_empty(), "{words}: {missing:?} is not in {both}");
    }
    // A signer who presides over nothing takes nobody's place (P04 tells of him).
    request["paper"]["signing"]["name"] = json!("Lê Văn An");
    let others = end_of(&request);
    assert_eq!(others.matches("CHỦ TỌA").count(), 2, "{others}");
    assert_eq!(others.matches("Lê Văn An").count(), 0, "{others}");
}

#[test]
fn chairs_of_a_meeting_whose_signer_is_not_said_sign_each() {
    let minutes = example_value("bac-trung-bo-2023-conference-minutes");
    assert_eq!(manuscript_of(&minutes).kind, "conference-minutes");
    let last = pages_of(&minutes).pop().expect("a page").text;
    assert_eq!(last.matches("CHỦ TỌA").count(), 2, "{last}");
}
