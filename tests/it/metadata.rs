//! What a document management system files a document under. The shape is held by the contract.

use serde_json::{Value, json as as_json};

use super::{
    dossiers::unzipped,
    support::{
        papers,
        programs::{Service, json, run},
    },
};

#[test]
fn a_papers_metadata_are_what_it_says_and_nothing_else() {
    let service = Service::start(&[]);
    let id = service.accept(papers::sample("simple"));
    let document = service.wait_for(&id)["document"].clone();
    let answer = service.get(&format!("/v1/jobs/{id}/metadata"));
    assert_eq!(answer.status(), 200);
    let told = json(answer);
    for (member, expected) in [
        ("/type_name", as_json!("Báo cáo")),
        ("/number", as_json!("05")),
        ("/symbol", as_json!("BC-KTĐ")),
        ("/issued_on", as_json!("2026-07-20")),
        ("/issuer/name", as_json!("Khối thi đua các cơ quan kinh tế - tổng hợp")),
        ("/issuer/parent", as_json!("UBND tỉnh An Bình")),
        ("/signer/position", as_json!("Trưởng khối")),
        ("/signer/name", as_json!("Trần Quốc Hưng")),
        ("/addressees/1/name", as_json!("Sở Nội vụ tỉnh An Bình")),
        ("/recipients", as_json!([{"name": "Các đơn vị thành viên Khối thi đua"}])),
        ("/copies", as_json!(12)),
        ("/page_count", document["pages"].clone()),
        ("/file/sha256", document["sha256"].clone()),
        ("/file/size", document["size"].clone()),
        ("/file/name", document["file_name"].clone()),
    ] {
        assert_eq!(told.pointer(member), Some(&expected), "{member}: {told:#}");
    }
    assert!(
        told["subject"].as_str().is_some_and(|subject| subject.starts_with("Sơ kết phong trào thi đua")),
        "{told:#}"
    );

    // The command line says the same of the same data.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("data.json"), papers::sample("simple")).expect("written");
    let made = run(&["render", &path("data.json"), "-o", &path("paper.pdf"), "--metadata", &path("paper.json")]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    let written = std::fs::read(path("paper.json")).expect("a file");
    assert_eq!(serde_json::from_slice::<Value>(&written).expect("JSON"), told);

    let draft = service.accept(papers::sample("minimal"));
    service.wait_for(&draft);
    let told = json(service.get(&format!("/v1/jobs/{draft}/metadata")));
    assert_eq!(
        (&told["status"], &told["number"], &told["issued_on"]),
        (&as_json!("draft"), &Value::Null, &Value::Null)
    );
}

#[test]
fn without_a_document_or_its_data_there_are_no_metadata() {
    let service = Service::start(&[]);
    let id = service.accept(papers::sample("minimal"));
    service.wait_for(&id);
    let erased = service.request("DELETE", &format!("/v1/jobs/{id}/data")).send().expect("an answer");
    assert_eq!(erased.status(), 200);
    assert_eq!(service.get(&format!("/v1/jobs/{id}/metadata")).status(), 410);
    assert_eq!(service.get("/v1/jobs/none/metadata").status(), 404);
    drop(service);
    let idle = Service::start(&["--work", "false"]);
    let waiting = idle.accept(papers::sample("minimal"));
    assert_eq!(idle.get(&format!("/v1/jobs/{waiting}/metadata")).status(), 409);
}

#[test]
fn a_dossiers_metadata_name_all_its_papers() {
    let service = Service::start(&[]);
    let id = service.accept(papers::sample_of("award-dossier", "simple").to_string());
    let job = service.wait_for(&id);
    let told = json(service.get(&format!("/v1/jobs/{id}/metadata")));
    let (_, files) = unzipped(&service.document(&id));
    let manifest: Value = serde_json::from_slice(&files["manifest.json"]).expect("JSON");
    let listed = manifest["files"].as_array().expect("a list");
    let documents = told["documents"].as_array().expect("a list");
    assert_eq!(
        (documents.len(), &told["page_count"]),
        (listed.len() - 1, &job["document"]["pages"]),
        "without the index"
    );
    assert_eq!(told["document_count"], documents.len());
    for (file, document) in listed[1..].iter().zip(documents) {
        assert_eq!(file["file"], document["file_name"]);
        let inside = &file["metadata"];
        assert_eq!(inside["page_count"], file["pages"]);
        for (member, value) in inside.as_object().expect("an object").iter().filter(|(name, _)| *name != "page_count") {
            assert_eq!(document.get(member), Some(value), "{member} of {}", file["file"]);
        }
    }
    let mut days: Vec<&str> = documents.iter().filter_map(|document| document["issued_on"].as_str()).collect();
    days.sort_unstable();
    assert_eq!((told["starts_on"].as_str(), told["ends_on"].as_str()), (days.first().copied(), days.last().copied()));
}
