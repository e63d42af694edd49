//! What templates get from the filters, written as a template would.

use minijinja::{Environment, UndefinedBehavior, Value, value::Serde};
use serde_json::{Value as Json, json};

fn render(template: &str, content: Json) -> String {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let customs = toml::from_str(include_str!("../../../report_templates/names.toml")).unwrap();
    super::register(&mut environment, customs);
    let context = minijinja::context! { content => Value::from(Serde(&content)) };
    environment.render_str(template, context).unwrap_or_else(|error| panic!("{template}: {error:#}"))
}

fn check(template: &str, content: Json, expected: &str) {
    assert_eq!(render(template, content), expected, "{template}");
}

#[test]
fn rank_orders_rows_and_shares_places() {
    let scores = json!({"scores": [{"member": "A", "total": 960}, {"member": "B", "total": 975.5}, {"member": "C", "total": null},
        {"member": "D", "total": 980}, {"member": "E", "total": 975.5}, {"member": "F"}]});
    check(
        "{% for r in content.scores | rank('total') %}{{ r.member }}{{ r.rank }}{% if r.tied %}={% endif %} {% endfor %}",
        scores.clone(),
        "D1 B2= E2= A4 CNone FNone ",
    );
    check(
        "{{ content.scores | rank('total') | columns('rank', 'member', 'total:number') | first | join(' ') }}",
        scores,
        "1 D 980",
    );
}

#[test]
fn sort_people_goes_by_given_name() {
    let people = json!({"people": [{"name": "Trần Văn Đức"}, {"name": "Lê Thị Ánh"}, {"name": "Nguyễn Văn Dũng"}, {"name": null}, {"name": "Âu Văn An"}]});
    check(
        "{{ content.people | sort_people('name') | pluck('name') | join('; ') }}",
        people,
        "Âu Văn An; Lê Thị Ánh; Nguyễn Văn Dũng; Trần Văn Đức; None",
    );
}

#[test]
fn sort_people_knows_clans_that_stand_last_and_takes_a_stated_given_name() {
    let people = json!({"people": [{"name": "Y Thoa Niê"}, {"name": "Thạch Thị Chal Thi", "given_name": "Chal Thi"},
        {"name": "H'Hen Niê", "given_name": null}, {"name": "Sùng A Páo"}, {"name": "Ksor Phước"}]});
    check(
        "{{ content.people | sort_people('name') | pluck('name') | join('; ') }}",
        people,
        "Thạch Thị Chal Thi; H'Hen Niê; Sùng A Páo; Ksor Phước; Y Thoa Niê",
    );
}

#[test]
fn tally_tells_share_and_result() {
    let ballot = |threshold: Json| {
        json!({"limits": {"vote": {"numerator": 2, "denominator": 3, "base": "valid"}}, "ballot": {
            "subject": "x", "purpose": "flag", "method": "secret", "valid": 8, "invalid": null, "threshold": threshold, "tellers": [],
            "candidates": [{"name": "Sở A", "unit": null, "agree": 7, "disagree": 1, "blank": 0, "chosen": null, "reason": null},
                {"name": "Sở B", "agree": 4}, {"name": "Sở C", "agree": null}]}})
    };
    let rows = "{% for c in content.ballot | tally %}{{ c.name }} {{ c.percent }} {{ c.reached }} {{ c.result }}; {% endfor %}";
    check(rows, ballot(json!(null)), "Sở A 87,5% None None; Sở B 50% None None; Sở C None None None; ");
    let half = json!({"numerator": 1, "denominator": 2, "base": "valid", "more_than": true});
    check(rows, ballot(half), "Sở A 87,5% True chosen; Sở B 50% False not-chosen; Sở C None None None; ");
    check(
        "{% for c in content.ballot | tally(content.limits) %}{{ c.result }} {% endfor %}",
        ballot(json!(null)),
        "chosen not-chosen None ",
    );
    check(
        "{{ content.ballot | tally | columns('#', 'name', 'agree:count?', 'disagree:count?', 'percent?') | last | join(' | ') }}",
        ballot(json!(null)),
        "3 | Sở C | …… | …… | ……",
    );
}

#[test]
fn figures_that_are_not_known_leave_room_for_the_pen() {
    let content = json!({"present": 8, "issued": null, "name": " ", "amount": 1490000.5, "nought": 0});
    check(
        "{{ content.present | or_blank('count') }}/{{ content.issued | or_blank('count') }}/{{ content.name | or_blank }}",
        content.clone(),
        "08/……/……",
    );
    check(
        "{{ content.present | or_blank }} {{ content.amount | or_blank('number') }} {{ content.nought | or_blank('count') }}",
        content,
        "8 1.490.000,5 0",
    );
}

#[test]
fn times_money_words_and_changes_are_said() {
    let content = json!({"at": "14:05", "sum": 1490000, "now": 153, "before": 141, "none": null});
    check(
        "{{ content.at | time_words }}, {{ content.sum | money }}, {{ content.now | in_words }}",
        content.clone(),
        "14 giờ 05 phút, 1.490.000 đồng, một trăm năm mươi ba",
    );
    check(
        "{{ content.now | change(content.before) }}; {{ content.now | change(content.none) }}; {{ content.none | change(content.now) }}; {{ content.none | money }}",
        content.clone(),
        "tăng 12 (8,51%); None; None; None",
    );
    check(
        "{{ [content] | columns('at:time', 'sum:money', 'now:change-from=before', 'none:change-from=now', 'now:change-from=none') | first | join('|') }}",
        content,
        "14 giờ 05 phút|1.490.000 đồng|tăng 12 (8,51%)||",
    );
}
