//! A disk without room: jobs wait, and are done once there is some. A real file system of its own, made for the test.

use std::{os::unix::fs::MetadataExt, path::Path, process::Command, time::Duration};

use tdkt_reports::job::JobState;

use super::support::{
    papers,
    programs::{Service, until},
};

/// More than the archive keeps free, in MiB.
const SIZE_MIB: usize = 320;
/// What has to be taken away so that less is free than the archive keeps, in MiB.
const FILLER_MIB: usize = 100;

#[test]
fn jobs_wait_while_the_archive_has_no_room_and_are_done_afterwards() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("archive");
    std::fs::create_dir(&archive).expect("made");
    // A mount that only the service sees; without root in a user namespace of its own.
    let script = format!(
        "mount -t tmpfs -o size={SIZE_MIB}m none \"$0\" && exec \"$@\"; echo \"no file system could be mounted\" >&2"
    );
    let mut wrapper = Command::new("unshare");
    if std::fs::metadata("/proc/self").expect("this process").uid() != 0 {
        wrapper.args(["--user", "--map-root-user"]);
    }
    wrapper.args(["--mount", "sh", "-c", &script]).arg(&archive);
    let service = Service::start_in(wrapper, folder.path(), &["--ring-again-s", "2", "--free-to-accept-mib", "0"]);
    // Its files as the service sees them.
    let inside = format!("/proc/{}/root{}", service.process.id(), archive.display());
    let filler = Path::new(&inside).join("filler");
    std::fs::write(&filler, vec![0; FILLER_MIB << 20]).expect("the file system has room for it");

    let ids: Vec<String> = (0..12).map(|number| service.accept(papers::numbered(number))).collect();
    let books = service.books();
    until(Duration::from_secs(60), "every job was looked at and left alone", || {
        ids.iter().all(|id| service.process.said().contains(&format!("The archive takes no paper now, job {id} waits")))
    });
    for id in &ids {
        let job = books.job(id);
        assert_eq!((job.state, job.starts), (JobState::Accepted, 0), "{job:#?}");
    }
    assert_eq!(std::fs::read_dir(Path::new(&inside).join("tmp")).expect("listed").count(), 0, "nothing half written");
    assert_eq!(books.counts().get("succeeded"), None);

    std::fs::remove_file(&filler).expect("removed");
    for id in &ids {
        let job = service.wait_for(id);
        assert_eq!(job["state"], "succeeded", "{job:#}");
        assert!(service.document(id).starts_with(b"%PDF-"));
        assert_eq!(books.job(id).starts, 1, "waiting for room costs no start");
    }
}
