//! Where figures are read from: an address with places for bloc and period, and the map of its fields.

use serde_json::{Map, Value};

use super::PeriodId;
use crate::{
    catalog::Mapping,
    dossier::{self, Origins, TooMuch},
    failure::{Finding, Severity},
    outbound::{Rules, Target},
};

/// A source that can be asked.
#[derive(Debug, Clone)]
pub struct FieldMap {
    url: String,
    map: Mapping,
}

/// A content as the map makes it, and where its values stand in what the source said.
#[derive(Debug)]
pub struct Mapped {
    pub content: Value,
    /// What was noticed while copying, said of what the source said.
    pub findings: Vec<Finding>,
    origins: Origins,
}

impl FieldMap {
    /// Reads an entry's body, which its form has accepted.
    ///
    /// # Errors
    /// Every fault of it.
    pub fn read(body: &Value, rules: &Rules) -> Result<Self, Vec<Finding>> {
        let url = body.get("url").and_then(Value::as_str).unwrap_or_default();
        let tried = Target::read(&url.replace("{bloc}", "a").replace("{period}", "2026"), rules).map_err(|error| {
            Finding::new(
                "register-source",
                Severity::Error,
                "/url",
                "Không gọi được địa chỉ này: cần https, tên máy chủ, cổng được phép, không kèm mật khẩu.",
                format!("The address may not be called: {error}."),
            )
        });
        let map = Mapping::parse(&body.get("map").cloned().unwrap_or_default().to_string()).map_err(|fault| {
            Finding::new(
                "register-source",
                Severity::Error,
                "/map",
                "Cách chuyển trường viết chưa đúng.",
                format!("The map is wrong: {fault}."),
            )
        });
        match (tried, map) {
            (Ok(_target), Ok(map)) => Ok(Self { url: url.to_owned(), map }),
            (tried, map) => Err([tried.err(), map.err()].into_iter().flatten().collect()),
        }
    }

    /// The address for a bloc and a period.
    pub fn url(&self, bloc: &str, period: PeriodId) -> String {
        self.url.replace("{bloc}", bloc).replace("{period}", &period.to_string())
    }

    /// The content that the map makes of what the source said; empty where nothing was there to take.
    ///
    /// # Errors
    /// That the map makes too much of it.
    pub fn content(&self, data: &Value) -> Result<Mapped, Finding> {
        let (content, origins, findings) = dossier::mapped(&self.map, data).map_err(|TooMuch| {
            Finding::new(
                "register-source",
                Severity::Error,
                "",
                "Cách chuyển trường của nguồn nhân dữ liệu này lên quá nhiều; hãy kiểm tra các “$each” lồng nhau và danh sách mà nguồn trả về.",
                "The source's map makes too much of this answer.",
            )
        })?;
        Ok(Mapped { content: content.unwrap_or_else(|| Value::Object(Map::new())), findings, origins })
    }
}

impl Mapped {
    /// The same finding, said of what the source said: its pointers are places there.
    pub fn lead_back(&self, mut finding: Finding) -> Finding {
        for pointer in &mut finding.pointers {
            if let Some(place) = pointer.strip_prefix("/content") {
                *pointer = self.origins.place(place);
            }
        }
        finding.pointers.dedup();
        finding
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn source(url: &str, map: &Value) -> Result<FieldMap, Vec<Finding>> {
        FieldMap::read(&json!({"url": url, "map": map}), &Rules::default())
    }

    #[test]
    fn a_fault_is_told_of_the_place_in_the_source() {
        let map = json!({"bloc": {"name": {"$from": "/ten"}, "form": "bloc"},
            "commendations": {"$each": "/khen", "make": {"form": {"$item": "/loai"}, "count": {"$item": "/so"}}}});
        let source = source("https://tdkt.tinh.gov.vn/{bloc}/{period}", &map).expect("it can be asked");
        assert_eq!(source.url("k6", "2026-H1".parse().unwrap()), "https://tdkt.tinh.gov.vn/k6/2026-H1");
        let mapped = source.content(&json!({"ten": "Khối 6", "khen": [{"loai": "Giấy khen", "so": 12}, {"so": -3}]}));
        let mapped = mapped.expect("no more than was said");
        assert_eq!(mapped.content["commendations"][0], json!({"form": "Giấy khen", "count": 12}));
        for (place, there) in [
            ("/content/commendations/1/count", "/khen/1/so"),
            ("/content/commendations/1/form", "/khen/1/loai"),
            ("/content/bloc/name", "/ten"),
            ("/content/commendations", "/khen"),
        ] {
            let finding = Finding::new("S01", Severity::Error, place, "sai", "wrong");
            assert_eq!(mapped.lead_back(finding).pointers, [there], "{place}");
        }
    }

    #[test]
    fn a_map_that_multiplies_what_the_source_said_is_a_fault_of_it() {
        let each = |make: Value| json!({"$each": "/l", "make": make});
        let map = json!({"a": each(each(each(json!({"$from": "/l"}))))});
        let source = source("https://tdkt.tinh.gov.vn/x", &map).expect("it can be asked");
        assert_eq!(source.content(&json!({"l": vec![1; 20]})).expect("little").content["a"][19][19][19][19], 1);
        let fault = source.content(&json!({"l": vec![1; 100]})).expect_err("10^8 values");
        assert_eq!((fault.code.as_str(), fault.severity), ("register-source", Severity::Error));
    }

    #[test]
    fn an_address_that_may_not_be_called_and_a_wrong_map_are_told_together() {
        let faults = source("http://a:b@10.0.0.1/x", &json!({"a": {"$lua": "1"}})).expect_err("both are wrong");
        let places: Vec<&str> = faults.iter().map(|fault| fault.pointers[0].as_str()).collect();
        assert_eq!(places, ["/url", "/map"]);
    }
}
