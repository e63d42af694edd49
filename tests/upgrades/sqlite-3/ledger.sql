PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE job (
    id               TEXT    NOT NULL PRIMARY KEY,
    kind             TEXT    NOT NULL,
    edition          TEXT    NOT NULL,
    file_name        TEXT    NOT NULL,
    state            TEXT    NOT NULL
                     CHECK (state IN ('accepted', 'running', 'succeeded', 'failed', 'dead', 'cancelled')),
    fence            INTEGER NOT NULL DEFAULT 0,
    starts           INTEGER NOT NULL DEFAULT 0 CHECK (starts >= 0),
    accepted_at      INTEGER NOT NULL,
    changed_at       INTEGER NOT NULL,
    not_before       INTEGER NOT NULL,
    lease_until      INTEGER,
    leased_by        TEXT,
    rung_at          INTEGER,
    ring_no          INTEGER NOT NULL DEFAULT 0,
    order_sha256     TEXT    NOT NULL,
    findings         TEXT    NOT NULL,
    failure          TEXT,
    artifact_sha256  TEXT,
    artifact_size    INTEGER,
    artifact_pages   INTEGER,
    cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)), organisation TEXT NOT NULL DEFAULT 'local', tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0), request_erased_at INTEGER, paper_erased_at INTEGER, media_type TEXT NOT NULL DEFAULT 'application/pdf',
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state = 'succeeded') = (artifact_sha256 IS NOT NULL)),
    CHECK (state NOT IN ('failed', 'dead') OR failure IS NOT NULL),
    CHECK (rung_at IS NULL OR state IN ('accepted', 'running'))
) STRICT;
INSERT INTO job VALUES('019bc0af-b9df-70f5-9fdb-bcd0623e6443','six-month-review','E3','Báo cáo sơ kết 6 tháng đầu năm 2026 - Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình','succeeded',1,1,1768464300512,1768464300815,1768464300512,NULL,NULL,NULL,1768464300539,'0229a6e0156d0315937249389713bda0c99ea9e6569e40306dd2559abdde7d42','[{"code":"T01","severity":"info","pointers":["/paper/addressees"],"message_vi":"BÁO CÁO gửi cấp trên chưa có Kính gửi; hãy ghi cơ quan nhận văn bản.","message_en":"A paper to a superior needs its addressee.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T01","severity":"info","pointers":["/paper/recipients/items"],"message_vi":"Văn bản chưa có đủ Nơi nhận; hãy ghi nơi nhận và dòng lưu, ví dụ “Lưu: VT, TĐKT”.","message_en":"The paper needs its recipients and a filing line.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: danh sách đơn vị thành viên.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả thực hiện các chỉ tiêu thi đua.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả khen thưởng.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: sáng kiến được công nhận.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có nội dung: phương hướng, nhiệm vụ.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"}]',NULL,'8c9c0182d1920d186a95332182f9b07d3c6c07794c9cf3df8a2a02e3081f5f34',66770,1,0,'local',0,NULL,NULL,'application/pdf');
INSERT INTO job VALUES('019bc0b4-4d19-76c2-8b6d-542154e8cb06','six-month-review','E3','Báo cáo sơ kết 6 tháng đầu năm 2026 - Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình','running',1,1,1768464600345,1768464900553,1768464600345,1768464930553,'worker-vm-10634',1768464900551,1768464900551,'3240c416ada6cf4ac10beb94cbdc953a1cc1b3b7c4702475b6aa4c702af3cd5f','[{"code":"T01","severity":"info","pointers":["/paper/addressees"],"message_vi":"BÁO CÁO gửi cấp trên chưa có Kính gửi; hãy ghi cơ quan nhận văn bản.","message_en":"A paper to a superior needs its addressee.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T01","severity":"info","pointers":["/paper/recipients/items"],"message_vi":"Văn bản chưa có đủ Nơi nhận; hãy ghi nơi nhận và dòng lưu, ví dụ “Lưu: VT, TĐKT”.","message_en":"The paper needs its recipients and a filing line.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: danh sách đơn vị thành viên.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả thực hiện các chỉ tiêu thi đua.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả khen thưởng.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: sáng kiến được công nhận.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có nội dung: phương hướng, nhiệm vụ.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"}]',NULL,NULL,NULL,NULL,0,'local',0,NULL,NULL,'application/pdf');
INSERT INTO job VALUES('019bc0b4-4d78-7078-9bba-5f9e8c57e213','six-month-review','E3','Báo cáo sơ kết 6 tháng đầu năm 2026 - Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình','accepted',0,0,1768464600441,1768464600441,1768464600441,NULL,NULL,1768464900551,1768464900551,'0885d359223a5cfc41170af0af72818405a274e860b3c939edf03e38f369b49c','[{"code":"T01","severity":"info","pointers":["/paper/addressees"],"message_vi":"BÁO CÁO gửi cấp trên chưa có Kính gửi; hãy ghi cơ quan nhận văn bản.","message_en":"A paper to a superior needs its addressee.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T01","severity":"info","pointers":["/paper/recipients/items"],"message_vi":"Văn bản chưa có đủ Nơi nhận; hãy ghi nơi nhận và dòng lưu, ví dụ “Lưu: VT, TĐKT”.","message_en":"The paper needs its recipients and a filing line.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: danh sách đơn vị thành viên.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả thực hiện các chỉ tiêu thi đua.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả khen thưởng.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: sáng kiến được công nhận.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có nội dung: phương hướng, nhiệm vụ.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"}]',NULL,NULL,NULL,NULL,0,'local',0,NULL,NULL,'application/pdf');
INSERT INTO job VALUES('019bc0b4-4d8d-7301-a135-f00a7dca7bcb','six-month-review','E3','Báo cáo sơ kết 6 tháng đầu năm 2026 - Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình','cancelled',0,0,1768464600462,1768464600486,1768464600462,NULL,NULL,NULL,1768464600484,'2109aff53c43fb0527502c9d04780dddb60cfd5cf157bb32892fa0ffd05aaba1','[{"code":"T01","severity":"info","pointers":["/paper/addressees"],"message_vi":"BÁO CÁO gửi cấp trên chưa có Kính gửi; hãy ghi cơ quan nhận văn bản.","message_en":"A paper to a superior needs its addressee.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T01","severity":"info","pointers":["/paper/recipients/items"],"message_vi":"Văn bản chưa có đủ Nơi nhận; hãy ghi nơi nhận và dòng lưu, ví dụ “Lưu: VT, TĐKT”.","message_en":"The paper needs its recipients and a filing line.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: danh sách đơn vị thành viên.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả thực hiện các chỉ tiêu thi đua.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả khen thưởng.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: sáng kiến được công nhận.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có nội dung: phương hướng, nhiệm vụ.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"}]',NULL,NULL,NULL,NULL,0,'local',0,NULL,NULL,'application/pdf');
CREATE TABLE job_order (
    job_id TEXT NOT NULL PRIMARY KEY REFERENCES job (id) ON DELETE CASCADE,
    body   TEXT NOT NULL
) STRICT;
INSERT INTO job_order VALUES('019bc0af-b9df-70f5-9fdb-bcd0623e6443','{"kind":"six-month-review","status":"draft","edition":"E3","day":"2026-06-30","request":{"content":{"bloc":{"form":"bloc","name":"Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình"},"period":{"part":"first-half","year":2026}},"kind":"six-month-review","paper":{"letterhead":{"custom":"bloc","issuing_body":"Khối thi đua kinh tế - tổng hợp và nội chính"},"number":{"symbol":"BC-KTĐ"},"place":"An Bình 0","recipients":{"filing":"VT"},"signing":{"body":"Khối thi đua","capacity":"on-behalf-of","position":"Trưởng khối"}}}}');
INSERT INTO job_order VALUES('019bc0b4-4d19-76c2-8b6d-542154e8cb06','{"kind":"six-month-review","status":"draft","edition":"E3","day":"2026-06-30","request":{"content":{"bloc":{"form":"bloc","name":"Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình"},"period":{"part":"first-half","year":2026}},"kind":"six-month-review","paper":{"letterhead":{"custom":"bloc","issuing_body":"Khối thi đua kinh tế - tổng hợp và nội chính"},"number":{"symbol":"BC-KTĐ"},"place":"An Bình 2","recipients":{"filing":"VT"},"signing":{"body":"Khối thi đua","capacity":"on-behalf-of","position":"Trưởng khối"}}}}');
INSERT INTO job_order VALUES('019bc0b4-4d78-7078-9bba-5f9e8c57e213','{"kind":"six-month-review","status":"draft","edition":"E3","day":"2026-06-30","request":{"content":{"bloc":{"form":"bloc","name":"Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình"},"period":{"part":"first-half","year":2026}},"kind":"six-month-review","paper":{"letterhead":{"custom":"bloc","issuing_body":"Khối thi đua kinh tế - tổng hợp và nội chính"},"number":{"symbol":"BC-KTĐ"},"place":"An Bình 3","recipients":{"filing":"VT"},"signing":{"body":"Khối thi đua","capacity":"on-behalf-of","position":"Trưởng khối"}}}}');
INSERT INTO job_order VALUES('019bc0b4-4d8d-7301-a135-f00a7dca7bcb','{"kind":"six-month-review","status":"draft","edition":"E3","day":"2026-06-30","request":{"content":{"bloc":{"form":"bloc","name":"Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình"},"period":{"part":"first-half","year":2026}},"kind":"six-month-review","paper":{"letterhead":{"custom":"bloc","issuing_body":"Khối thi đua kinh tế - tổng hợp và nội chính"},"number":{"symbol":"BC-KTĐ"},"place":"An Bình 9","recipients":{"filing":"VT"},"signing":{"body":"Khối thi đua","capacity":"on-behalf-of","position":"Trưởng khối"}}}}');
CREATE TABLE attempt (
    job_id     TEXT    NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    fence      INTEGER NOT NULL,
    worker     TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    outcome    TEXT,
    detail     TEXT,
    PRIMARY KEY (job_id, fence)
) STRICT, WITHOUT ROWID;
INSERT INTO attempt VALUES('019bc0af-b9df-70f5-9fdb-bcd0623e6443',1,'worker-vm-10487',1768464300552,1768464300815,'succeed',NULL);
INSERT INTO attempt VALUES('019bc0b4-4d19-76c2-8b6d-542154e8cb06',1,'worker-vm-10634',1768464900553,NULL,NULL,NULL);
CREATE TABLE audit (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    at     INTEGER NOT NULL,
    job_id TEXT    NOT NULL,
    action TEXT    NOT NULL,
    detail TEXT
, organisation TEXT NOT NULL DEFAULT 'local', seq INTEGER, hash TEXT) STRICT;
INSERT INTO audit VALUES(1,1768464300512,'019bc0af-b9df-70f5-9fdb-bcd0623e6443','accept',NULL,'local',NULL,NULL);
INSERT INTO audit VALUES(2,1768464300552,'019bc0af-b9df-70f5-9fdb-bcd0623e6443','lease','worker-vm-10487','local',NULL,NULL);
INSERT INTO audit VALUES(3,1768464300815,'019bc0af-b9df-70f5-9fdb-bcd0623e6443','succeed',NULL,'local',NULL,NULL);
INSERT INTO audit VALUES(4,1768464600345,'019bc0b4-4d19-76c2-8b6d-542154e8cb06','accept',NULL,'local',NULL,NULL);
INSERT INTO audit VALUES(5,1768464600441,'019bc0b4-4d78-7078-9bba-5f9e8c57e213','accept',NULL,'local',NULL,NULL);
INSERT INTO audit VALUES(6,1768464600462,'019bc0b4-4d8d-7301-a135-f00a7dca7bcb','accept',NULL,'local',NULL,NULL);
INSERT INTO audit VALUES(7,1768464600486,'019bc0b4-4d8d-7301-a135-f00a7dca7bcb','cancel',NULL,'local',NULL,NULL);
INSERT INTO audit VALUES(8,1768464900553,'019bc0b4-4d19-76c2-8b6d-542154e8cb06','lease','worker-vm-10634','local',NULL,NULL);
CREATE TABLE job_count (
    organisation TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    slot         INTEGER NOT NULL,
    jobs         INTEGER NOT NULL,
    PRIMARY KEY (organisation, state, slot)
) STRICT, WITHOUT ROWID;
INSERT INTO job_count VALUES('local','accepted',0,1);
INSERT INTO job_count VALUES('local','cancelled',0,1);
INSERT INTO job_count VALUES('local','running',0,1);
INSERT INTO job_count VALUES('local','succeeded',0,1);
CREATE TABLE idempotency (
    organisation TEXT    NOT NULL,
    key_sha256   TEXT    NOT NULL,
    fingerprint  TEXT    NOT NULL,
    job_id       TEXT    NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (organisation, key_sha256)
) STRICT, WITHOUT ROWID;
INSERT INTO idempotency VALUES('local','62936528938d1a13027a9ba43f243469c865239d8ae715f33f364099dc68ae64','a37a515c61b3785a5ebc05e1553791f3c4364cf21119fbce5265c74d275e7bdd','019bc0b4-4d78-7078-9bba-5f9e8c57e213',1768551000441);
INSERT INTO idempotency VALUES('local','a1d9823b9dd70a292bc0244a2945b374aca55a0d31722cf2928c82a6756bc08e','61e2d6de5233604e5c14a2a4fdfa1a6d0c49bb0dd2f3be1cbeeaac49e0e35bfe','019bc0af-b9df-70f5-9fdb-bcd0623e6443',1768550700511);
INSERT INTO idempotency VALUES('local','feaedce15852eb933efa35dd212ff9cdb0986ee029d2426f217175d980c2e72c','ef1efca7109db4fcd99eb33f5eac776272a9b5559d7ab597531f9a9850b0c1a8','019bc0b4-4d19-76c2-8b6d-542154e8cb06',1768551000345);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('audit',8);
CREATE INDEX job_leased   ON job (lease_until) WHERE state = 'running';
CREATE INDEX job_rung     ON job (rung_at) WHERE rung_at IS NOT NULL;
CREATE INDEX job_artifact ON job (artifact_sha256) WHERE artifact_sha256 IS NOT NULL;
CREATE INDEX audit_by_job ON audit (job_id, id);
CREATE INDEX job_waiting ON job (organisation, accepted_at, id, not_before, rung_at) WHERE state = 'accepted';
CREATE INDEX job_oldest  ON job (accepted_at) WHERE state = 'accepted';
CREATE INDEX job_listed  ON job (organisation, id);
CREATE INDEX job_in_state ON job (state, id);
CREATE INDEX job_in_work ON job (order_sha256) WHERE state IN ('accepted', 'running');
CREATE INDEX job_ended ON job (changed_at) WHERE state IN ('succeeded', 'failed', 'dead', 'cancelled');
CREATE INDEX job_request_kept ON job (changed_at)
    WHERE state IN ('succeeded', 'failed', 'dead', 'cancelled') AND request_erased_at IS NULL;
CREATE INDEX job_paper_kept ON job (changed_at)
    WHERE state = 'succeeded' AND paper_erased_at IS NULL;
CREATE TRIGGER job_counted_in AFTER INSERT ON job BEGIN
    INSERT INTO job_count (organisation, state, slot, jobs) VALUES (NEW.organisation, NEW.state, 0, 1)
    ON CONFLICT (organisation, state, slot) DO UPDATE SET jobs = jobs + 1;
END;
CREATE TRIGGER job_counted_over AFTER UPDATE OF state ON job WHEN OLD.state <> NEW.state BEGIN
    UPDATE job_count SET jobs = jobs - 1 WHERE organisation = OLD.organisation AND state = OLD.state AND slot = 0;
    INSERT INTO job_count (organisation, state, slot, jobs) VALUES (NEW.organisation, NEW.state, 0, 1)
    ON CONFLICT (organisation, state, slot) DO UPDATE SET jobs = jobs + 1;
END;
CREATE TRIGGER job_counted_out AFTER DELETE ON job BEGIN
    UPDATE job_count SET jobs = jobs - 1 WHERE organisation = OLD.organisation AND state = OLD.state AND slot = 0;
END;
CREATE INDEX idempotency_expires ON idempotency (expires_at);
CREATE UNIQUE INDEX audit_chain ON audit (seq) WHERE seq IS NOT NULL;
CREATE INDEX audit_unsealed ON audit (id) WHERE seq IS NULL;
CREATE INDEX audit_by_organisation ON audit (organisation, id);
COMMIT;
PRAGMA user_version = 3;
