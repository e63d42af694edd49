//! Texts in the encodings of old fonts: refused with the text probably meant, converted when asked, for every kind.

use serde_json::Value;
use tdkt_reports::{
    failure::{FailureCode, Severity},
    intake::Treatment,
    vietnamese,
};

use super::support::papers::WORKSHOP;

/// TCVN 5712:1993 VN3, small letters and the few capitals it has, beside Unicode; written down from the standard's table.
const TCVN3: [&str; 2] = [
    "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵÂĐÊÔƠƯĂ",
    "µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\u{ad}õøö÷ùúýûüþ¢§£¤¥¦¡",
];

/// VNI for Windows: a letter, then its sign.
const VNI: [(&str, &str); 2] = [
    (
        "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩị",
        "aø aù aû aõ aï aê aè aé aú aü aë aâ aà aá aå aã aä ñ eø eù eû eõ eï eâ eà eá eå eã eä ì í æ ó ò",
    ),
    (
        "òóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ",
        "oø où oû oõ oï oâ oà oá oå oã oä ô ôø ôù ôû ôõ ôï uø uù uû uõ uï ö öø öù öû öõ öï yø yù yû yõ î",
    ),
];

pub fn in_tcvn3(text: &str) -> Option<String> {
    let [unicode, old] = TCVN3;
    text.chars()
        .map(|c| if c.is_ascii() { Some(c) } else { old.chars().nth(unicode.chars().position(|u| u == c)?) })
        .collect()
}

fn in_vni(text: &str) -> Option<String> {
    let sign = |c: char| {
        VNI.iter()
            .find_map(|(unicode, old)| Some(old.split(' ').nth(unicode.chars().position(|u| u == c)?)?.to_owned()))
    };
    text.chars().map(|c| if c.is_ascii() { Some(c.to_string()) } else { sign(c) }).collect()
}

/// The first text of a request that can be written in the old encoding and is recognised there.
fn rewritten(request: &Value, write: fn(&str) -> Option<String>) -> Option<(String, String, String)> {
    let mut found = None;
    vietnamese::visit_strings(request, &mut |pointer, text| {
        let old = write(text).filter(|old| old != text);
        if let (None, Some(old)) = (&found, old)
            && vietnamese::convert_legacy(&old).is_some_and(|(_, read)| read == text)
        {
            found = Some((pointer.to_owned(), text.to_owned(), old));
        }
    });
    found
}

#[test]
fn every_kind_converts_an_old_encoding_when_asked_and_offers_the_text_when_not() {
    for kind in WORKSHOP.catalog().kinds() {
        let name = &kind.manifest.kind;
        let plain: Value = serde_json::from_str(kind.sample("simple").expect("there")).expect("JSON");
        for (option, write) in [("tcvn3", in_tcvn3 as fn(&str) -> Option<String>), ("vni", in_vni)] {
            let (pointer, text, old) =
                rewritten(&plain, write).unwrap_or_else(|| panic!("{name}: no text to write in {option}"));
            let mut request = plain.clone();
            *request.pointer_mut(&pointer).expect("there") = old.clone().into();

            let refused = WORKSHOP.check(request.to_string().as_bytes(), Treatment::AsSent);
            let refused = refused.expect_err("not asked");
            assert_eq!(refused.code, FailureCode::InvalidDocument, "{name} {option}");
            let finding = refused.findings.iter().find(|finding| finding.code == "N01").expect("said");
            assert_eq!((finding.severity, finding.pointers[0].as_str()), (Severity::Error, pointer.as_str()), "{name}");
            assert_eq!(finding.expected.as_deref(), Some(text.as_str()), "{name}: the text is offered");
            assert!(finding.message.contains(&format!("“text_encoding” là “{option}”")), "{}", finding.message);

            request["text_encoding"] = option.into();
            let accepted = WORKSHOP.check(request.to_string().as_bytes(), Treatment::AsSent);
            let accepted = accepted.unwrap_or_else(|failure| panic!("{name} {option} {old:?}: {failure:#?}"));
            let kept = &accepted.manuscript.request;
            assert_eq!(kept.pointer(&pointer), Some(&Value::from(text)), "{name} {option}");
            assert!(kept.get("text_encoding").is_none(), "{name}: what is kept is in Unicode");
            let said = accepted.findings.iter().find(|finding| finding.code == "N01").expect("said");
            assert_eq!((said.severity, said.pointers[0].as_str()), (Severity::Info, "/text_encoding"), "{name}");
        }
        let mut wrong = plain.clone();
        wrong["text_encoding"] = "latin1".into();
        let failure = WORKSHOP.check(wrong.to_string().as_bytes(), Treatment::AsSent).expect_err("not an encoding");
        assert_eq!(
            (failure.findings[0].code.as_str(), failure.findings[0].pointers[0].as_str()),
            ("schema-enum", "/text_encoding")
        );
    }
}
