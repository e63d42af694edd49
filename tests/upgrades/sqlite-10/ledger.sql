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
    cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)), organisation TEXT NOT NULL DEFAULT 'local', tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0), request_erased_at INTEGER, paper_erased_at INTEGER, media_type TEXT NOT NULL DEFAULT 'application/pdf', traceparent TEXT,
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state = 'succeeded') = (artifact_sha256 IS NOT NULL)),
    CHECK (state NOT IN ('failed', 'dead') OR failure IS NOT NULL),
    CHECK (rung_at IS NULL OR state IN ('accepted', 'running'))
) STRICT;
INSERT INTO job VALUES('019bc0af-be22-74d2-8389-94d635eab8aa','six-month-review','E3','Báo cáo sơ kết 6 tháng đầu năm 2026 - Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình','succeeded',1,1,1768464301603,1768464302267,1768464301603,NULL,NULL,NULL,1768464301632,'0229a6e0156d0315937249389713bda0c99ea9e6569e40306dd2559abdde7d42','[{"code":"T01","severity":"info","pointers":["/paper/addressees"],"message_vi":"BÁO CÁO gửi cấp trên chưa có Kính gửi; hãy ghi cơ quan nhận văn bản.","message_en":"A paper to a superior needs its addressee.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T01","severity":"info","pointers":["/paper/recipients/items"],"message_vi":"Văn bản chưa có đủ Nơi nhận; hãy ghi nơi nhận và dòng lưu, ví dụ “Lưu: VT, TĐKT”.","message_en":"The paper needs its recipients and a filing line.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: danh sách đơn vị thành viên.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả thực hiện các chỉ tiêu thi đua.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả khen thưởng.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: sáng kiến được công nhận.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có nội dung: phương hướng, nhiệm vụ.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"}]',NULL,'8575b83e156199afcf20280296e5db6c61f4c1a08e05d71a4ce8af9fb950093e',66770,1,0,'local',0,NULL,NULL,'application/pdf',NULL);
INSERT INTO job VALUES('019bc0b4-5250-70c2-837f-28d0706892ca','six-month-review','E3','Báo cáo sơ kết 6 tháng đầu năm 2026 - Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình','running',1,1,1768464601680,1768464901882,1768464601680,1768464931882,'worker-vm-11509',1768464901825,1768464901825,'3240c416ada6cf4ac10beb94cbdc953a1cc1b3b7c4702475b6aa4c702af3cd5f','[{"code":"T01","severity":"info","pointers":["/paper/addressees"],"message_vi":"BÁO CÁO gửi cấp trên chưa có Kính gửi; hãy ghi cơ quan nhận văn bản.","message_en":"A paper to a superior needs its addressee.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T01","severity":"info","pointers":["/paper/recipients/items"],"message_vi":"Văn bản chưa có đủ Nơi nhận; hãy ghi nơi nhận và dòng lưu, ví dụ “Lưu: VT, TĐKT”.","message_en":"The paper needs its recipients and a filing line.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: danh sách đơn vị thành viên.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả thực hiện các chỉ tiêu thi đua.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả khen thưởng.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: sáng kiến được công nhận.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có nội dung: phương hướng, nhiệm vụ.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"}]',NULL,NULL,NULL,NULL,0,'local',0,NULL,NULL,'application/pdf',NULL);
INSERT INTO job VALUES('019bc0b4-5286-766a-bbf7-ca7c36da2f9f','six-month-review','E3','Báo cáo sơ kết 6 tháng đầu năm 2026 - Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình','accepted',0,0,1768464601734,1768464601734,1768464601734,NULL,NULL,1768464901825,1768464901825,'0885d359223a5cfc41170af0af72818405a274e860b3c939edf03e38f369b49c','[{"code":"T01","severity":"info","pointers":["/paper/addressees"],"message_vi":"BÁO CÁO gửi cấp trên chưa có Kính gửi; hãy ghi cơ quan nhận văn bản.","message_en":"A paper to a superior needs its addressee.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T01","severity":"info","pointers":["/paper/recipients/items"],"message_vi":"Văn bản chưa có đủ Nơi nhận; hãy ghi nơi nhận và dòng lưu, ví dụ “Lưu: VT, TĐKT”.","message_en":"The paper needs its recipients and a filing line.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: danh sách đơn vị thành viên.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả thực hiện các chỉ tiêu thi đua.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả khen thưởng.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: sáng kiến được công nhận.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có nội dung: phương hướng, nhiệm vụ.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"}]',NULL,NULL,NULL,NULL,0,'local',0,NULL,NULL,'application/pdf',NULL);
INSERT INTO job VALUES('019bc0b4-52ab-76df-93f3-539fde348e28','six-month-review','E3','Báo cáo sơ kết 6 tháng đầu năm 2026 - Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình','cancelled',0,0,1768464601771,1768464601789,1768464601771,NULL,NULL,NULL,0,'2109aff53c43fb0527502c9d04780dddb60cfd5cf157bb32892fa0ffd05aaba1','[{"code":"T01","severity":"info","pointers":["/paper/addressees"],"message_vi":"BÁO CÁO gửi cấp trên chưa có Kính gửi; hãy ghi cơ quan nhận văn bản.","message_en":"A paper to a superior needs its addressee.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T01","severity":"info","pointers":["/paper/recipients/items"],"message_vi":"Văn bản chưa có đủ Nơi nhận; hãy ghi nơi nhận và dòng lưu, ví dụ “Lưu: VT, TĐKT”.","message_en":"The paper needs its recipients and a filing line.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: danh sách đơn vị thành viên.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả thực hiện các chỉ tiêu thi đua.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả khen thưởng.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: sáng kiến được công nhận.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có nội dung: phương hướng, nhiệm vụ.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"}]',NULL,NULL,NULL,NULL,0,'local',0,NULL,NULL,'application/pdf',NULL);
CREATE TABLE job_order (
    job_id TEXT NOT NULL PRIMARY KEY REFERENCES job (id) ON DELETE CASCADE,
    body   TEXT NOT NULL
) STRICT;
INSERT INTO job_order VALUES('019bc0af-be22-74d2-8389-94d635eab8aa','{"kind":"six-month-review","status":"draft","edition":"E3","day":"2026-06-30","request":{"content":{"bloc":{"form":"bloc","name":"Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình"},"period":{"part":"first-half","year":2026}},"kind":"six-month-review","paper":{"letterhead":{"custom":"bloc","issuing_body":"Khối thi đua kinh tế - tổng hợp và nội chính"},"number":{"symbol":"BC-KTĐ"},"place":"An Bình 0","recipients":{"filing":"VT"},"signing":{"body":"Khối thi đua","capacity":"on-behalf-of","position":"Trưởng khối"}}}}');
INSERT INTO job_order VALUES('019bc0b4-5250-70c2-837f-28d0706892ca','{"kind":"six-month-review","status":"draft","edition":"E3","day":"2026-06-30","request":{"content":{"bloc":{"form":"bloc","name":"Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình"},"period":{"part":"first-half","year":2026}},"kind":"six-month-review","paper":{"letterhead":{"custom":"bloc","issuing_body":"Khối thi đua kinh tế - tổng hợp và nội chính"},"number":{"symbol":"BC-KTĐ"},"place":"An Bình 2","recipients":{"filing":"VT"},"signing":{"body":"Khối thi đua","capacity":"on-behalf-of","position":"Trưởng khối"}}}}');
INSERT INTO job_order VALUES('019bc0b4-5286-766a-bbf7-ca7c36da2f9f','{"kind":"six-month-review","status":"draft","edition":"E3","day":"2026-06-30","request":{"content":{"bloc":{"form":"bloc","name":"Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình"},"period":{"part":"first-half","year":2026}},"kind":"six-month-review","paper":{"letterhead":{"custom":"bloc","issuing_body":"Khối thi đua kinh tế - tổng hợp và nội chính"},"number":{"symbol":"BC-KTĐ"},"place":"An Bình 3","recipients":{"filing":"VT"},"signing":{"body":"Khối thi đua","capacity":"on-behalf-of","position":"Trưởng khối"}}}}');
INSERT INTO job_order VALUES('019bc0b4-52ab-76df-93f3-539fde348e28','{"kind":"six-month-review","status":"draft","edition":"E3","day":"2026-06-30","request":{"content":{"bloc":{"form":"bloc","name":"Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình"},"period":{"part":"first-half","year":2026}},"kind":"six-month-review","paper":{"letterhead":{"custom":"bloc","issuing_body":"Khối thi đua kinh tế - tổng hợp và nội chính"},"number":{"symbol":"BC-KTĐ"},"place":"An Bình 9","recipients":{"filing":"VT"},"signing":{"body":"Khối thi đua","capacity":"on-behalf-of","position":"Trưởng khối"}}}}');
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
INSERT INTO attempt VALUES('019bc0af-be22-74d2-8389-94d635eab8aa',1,'worker-vm-10899',1768464301734,1768464302267,'succeed',NULL);
INSERT INTO attempt VALUES('019bc0b4-5250-70c2-837f-28d0706892ca',1,'worker-vm-11509',1768464901882,NULL,NULL,NULL);
CREATE TABLE audit (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    at     INTEGER NOT NULL,
    job_id TEXT    NOT NULL,
    action TEXT    NOT NULL,
    detail TEXT
, organisation TEXT NOT NULL DEFAULT 'local', seq INTEGER, hash TEXT) STRICT;
INSERT INTO audit VALUES(1,1768460401351,'unit/stc','register','a5138da174565421e98cd0016af5a1a338dfda210f0ffd00286f854a0df0f643','local',NULL,NULL);
INSERT INTO audit VALUES(2,1768460401361,'unit/snnmt','register','16a5eb8e03dbf1c4454f9a138e1ead06ac0c96c58b2246be883e09384f891e19','local',NULL,NULL);
INSERT INTO audit VALUES(3,1768460401368,'unit/snv','register','1a18315b7af2e3715aba319c5e1d54bc28078ffa6d1123a21609cfe867838d57','local',NULL,NULL);
INSERT INTO audit VALUES(4,1768460401380,'unit/sct','register','600cc2f93bf6061a43942da39c29021f76310365352cc2aabdaa953654cb4b28','local',NULL,NULL);
INSERT INTO audit VALUES(5,1768460401387,'unit/sxd','register','1eb997220be2f84eab2213a38b37c1246332eff13a56def5dd304ccbf90c3b4d','local',NULL,NULL);
INSERT INTO audit VALUES(6,1768460401390,'unit/skhcn','register','45f6dad4ce4ad8e09f19dbf278558052b131e838144d390cddeae91312568997','local',NULL,NULL);
INSERT INTO audit VALUES(7,1768460401396,'unit/vpub','register','df90b3b39f8c7a41e23597c76b6df5aac34c7d57d0b177e05f28d677a7a6523e','local',NULL,NULL);
INSERT INTO audit VALUES(8,1768460401398,'unit/bqlkkt','register','ab3563181d81240cbd74fac0c2af94590fc33e9aa4575b8c8e15d46fa3fc8199','local',NULL,NULL);
INSERT INTO audit VALUES(9,1768460401400,'bloc/khoi-kt','register','066abebc5465c86d4c706a51a7e549abef7ea1e0127544ef0c72f3485b6c19f9','local',NULL,NULL);
INSERT INTO audit VALUES(10,1768460401403,'bloc-year/khoi-kt/2026','register','04342dacd8b878656d1270ba48188ae27628636e275a9e50df9f76c007545e96','local',NULL,NULL);
INSERT INTO audit VALUES(11,1768460401406,'period/2026-H1','register','231b2a3e8ff754c9cad17b1b08190679934dd6d4c213be351f7fd3ad66b627af','local',NULL,NULL);
INSERT INTO audit VALUES(12,1768460401654,'019bc074-3bf3-7554-868f-5a8dd4839450','submit','1a8c4c57d6470b45f7695ad57118d15df88484279306dcabbcbb7ca7960613e5','local',NULL,NULL);
INSERT INTO audit VALUES(13,1768464301603,'019bc0af-be22-74d2-8389-94d635eab8aa','accept','http','local',NULL,NULL);
INSERT INTO audit VALUES(14,1768464301734,'019bc0af-be22-74d2-8389-94d635eab8aa','lease','worker-vm-10899','local',NULL,NULL);
INSERT INTO audit VALUES(15,1768464302267,'019bc0af-be22-74d2-8389-94d635eab8aa','succeed',NULL,'local',NULL,NULL);
INSERT INTO audit VALUES(16,1768464601680,'019bc0b4-5250-70c2-837f-28d0706892ca','accept','http','local',NULL,NULL);
INSERT INTO audit VALUES(17,1768464601734,'019bc0b4-5286-766a-bbf7-ca7c36da2f9f','accept','http','local',NULL,NULL);
INSERT INTO audit VALUES(18,1768464601771,'019bc0b4-52ab-76df-93f3-539fde348e28','accept','http','local',NULL,NULL);
INSERT INTO audit VALUES(19,1768464601789,'019bc0b4-52ab-76df-93f3-539fde348e28','cancel','http','local',NULL,NULL);
INSERT INTO audit VALUES(20,1768464901882,'019bc0b4-5250-70c2-837f-28d0706892ca','lease','worker-vm-11509','local',NULL,NULL);
INSERT INTO audit VALUES(21,1768467600062,'key 0lilete1','key-create',NULL,'local',NULL,NULL);
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
INSERT INTO idempotency VALUES('local','62936528938d1a13027a9ba43f243469c865239d8ae715f33f364099dc68ae64','a37a515c61b3785a5ebc05e1553791f3c4364cf21119fbce5265c74d275e7bdd','019bc0b4-5286-766a-bbf7-ca7c36da2f9f',1768551001734);
INSERT INTO idempotency VALUES('local','a1d9823b9dd70a292bc0244a2945b374aca55a0d31722cf2928c82a6756bc08e','61e2d6de5233604e5c14a2a4fdfa1a6d0c49bb0dd2f3be1cbeeaac49e0e35bfe','019bc0af-be22-74d2-8389-94d635eab8aa',1768550701603);
INSERT INTO idempotency VALUES('local','feaedce15852eb933efa35dd212ff9cdb0986ee029d2426f217175d980c2e72c','ef1efca7109db4fcd99eb33f5eac776272a9b5559d7ab597531f9a9850b0c1a8','019bc0b4-5250-70c2-837f-28d0706892ca',1768551001680);
CREATE TABLE organisation (
    id                  TEXT    NOT NULL PRIMARY KEY,
    name                TEXT    NOT NULL,
    -- Bounds of its own; none: those of the settings.
    max_waiting         INTEGER CHECK (max_waiting >= 0),
    requests_per_minute INTEGER CHECK (requests_per_minute > 0),
    -- JSON list of CIDR; empty: from anywhere.
    networks            TEXT    NOT NULL DEFAULT '[]',
    created_at          INTEGER NOT NULL
, reach TEXT NOT NULL DEFAULT '[]') STRICT;
INSERT INTO organisation VALUES('local','Máy này',NULL,NULL,'[]',1768460400520,'["127.0.0.0/8"]');
INSERT INTO organisation VALUES('so-noi-vu','Sở Nội vụ tỉnh An Bình',NULL,NULL,'[]',1768467600109,'[]');
CREATE TABLE api_key (
    id            TEXT    NOT NULL PRIMARY KEY,
    organisation  TEXT    NOT NULL REFERENCES organisation (id),
    -- Who holds it; two keys of one client overlap while they are exchanged.
    client        TEXT    NOT NULL,
    secret_sha256 TEXT    NOT NULL,
    scopes        TEXT    NOT NULL,
    networks      TEXT    NOT NULL DEFAULT '[]',
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER,
    last_used_at  INTEGER,
    revoked_at    INTEGER
) STRICT;
INSERT INTO api_key VALUES('0lilete1','local','Quản lý hồ sơ','4a560876953f7cc6a1df1a67192264e4f3bb902856949afd990bac1556c29445','submit,read','[]',1768467600062,NULL,NULL,NULL);
CREATE TABLE event (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id     TEXT    NOT NULL UNIQUE,
    organisation TEXT    NOT NULL,
    seq          INTEGER,
    at           INTEGER NOT NULL,
    type         TEXT    NOT NULL,
    job_id       TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    sha256       TEXT,
    code         TEXT
) STRICT;
INSERT INTO event VALUES(1,'019bc0af-be2b-724f-9b20-29c3c002184f','local',1,1768464301603,'job.accepted','019bc0af-be22-74d2-8389-94d635eab8aa','accepted',NULL,NULL);
INSERT INTO event VALUES(2,'019bc0af-beab-706e-9656-47721871219e','local',2,1768464301734,'job.started','019bc0af-be22-74d2-8389-94d635eab8aa','running',NULL,NULL);
INSERT INTO event VALUES(3,'019bc0af-c0c3-7172-ad10-2e34a9ccc376','local',3,1768464302267,'job.succeeded','019bc0af-be22-74d2-8389-94d635eab8aa','succeeded','8575b83e156199afcf20280296e5db6c61f4c1a08e05d71a4ce8af9fb950093e',NULL);
INSERT INTO event VALUES(4,'019bc0b4-5251-7530-8080-420c1f2ded1c','local',4,1768464601680,'job.accepted','019bc0b4-5250-70c2-837f-28d0706892ca','accepted',NULL,NULL);
INSERT INTO event VALUES(5,'019bc0b4-5286-766a-bbf7-ca7d994abf0d','local',5,1768464601734,'job.accepted','019bc0b4-5286-766a-bbf7-ca7c36da2f9f','accepted',NULL,NULL);
INSERT INTO event VALUES(6,'019bc0b4-52ac-707c-a6c3-f3b5cb453990','local',6,1768464601771,'job.accepted','019bc0b4-52ab-76df-93f3-539fde348e28','accepted',NULL,NULL);
INSERT INTO event VALUES(7,'019bc0b4-52be-7417-bb75-95f448b2f45d','local',7,1768464601789,'job.cancelled','019bc0b4-52ab-76df-93f3-539fde348e28','cancelled',NULL,NULL);
INSERT INTO event VALUES(8,'019bc0b8-e6fb-7513-b76b-80000238d437','local',NULL,1768464901882,'job.started','019bc0b4-5250-70c2-837f-28d0706892ca','running',NULL,NULL);
CREATE TABLE event_number (
    organisation TEXT    NOT NULL PRIMARY KEY,
    last         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO event_number VALUES('local',7);
CREATE TABLE register_entry (
    organisation TEXT NOT NULL,
    sort         TEXT NOT NULL,
    id           TEXT NOT NULL,
    version      INTEGER NOT NULL CHECK (version > 0),
    body         TEXT NOT NULL,
    sha256       TEXT NOT NULL,
    written_at   INTEGER NOT NULL,
    written_by   TEXT NOT NULL,
    PRIMARY KEY (organisation, sort, id, version)
) STRICT;
INSERT INTO register_entry VALUES('local','unit','stc',1,'{"name":"Sở Tài chính","sort":"department"}','a5138da174565421e98cd0016af5a1a338dfda210f0ffd00286f854a0df0f643',1768460401351,'http');
INSERT INTO register_entry VALUES('local','unit','snnmt',1,'{"name":"Sở Nông nghiệp và Môi trường","sort":"department"}','16a5eb8e03dbf1c4454f9a138e1ead06ac0c96c58b2246be883e09384f891e19',1768460401361,'http');
INSERT INTO register_entry VALUES('local','unit','snv',1,'{"name":"Sở Nội vụ","sort":"department"}','1a18315b7af2e3715aba319c5e1d54bc28078ffa6d1123a21609cfe867838d57',1768460401368,'http');
INSERT INTO register_entry VALUES('local','unit','sct',1,'{"name":"Sở Công Thương","sort":"department"}','600cc2f93bf6061a43942da39c29021f76310365352cc2aabdaa953654cb4b28',1768460401380,'http');
INSERT INTO register_entry VALUES('local','unit','sxd',1,'{"name":"Sở Xây dựng","sort":"department"}','1eb997220be2f84eab2213a38b37c1246332eff13a56def5dd304ccbf90c3b4d',1768460401387,'http');
INSERT INTO register_entry VALUES('local','unit','skhcn',1,'{"name":"Sở Khoa học và Công nghệ","sort":"department"}','45f6dad4ce4ad8e09f19dbf278558052b131e838144d390cddeae91312568997',1768460401390,'http');
INSERT INTO register_entry VALUES('local','unit','vpub',1,'{"name":"Văn phòng Ủy ban nhân dân tỉnh","sort":"department"}','df90b3b39f8c7a41e23597c76b6df5aac34c7d57d0b177e05f28d677a7a6523e',1768460401396,'http');
INSERT INTO register_entry VALUES('local','unit','bqlkkt',1,'{"name":"Ban Quản lý Khu kinh tế tỉnh","sort":"department"}','ab3563181d81240cbd74fac0c2af94590fc33e9aa4575b8c8e15d46fa3fc8199',1768460401398,'http');
INSERT INTO register_entry VALUES('local','bloc','khoi-kt',1,'{"form":"bloc","name":"Khối thi đua các cơ quan kinh tế - tổng hợp","province":"tỉnh An Bình"}','066abebc5465c86d4c706a51a7e549abef7ea1e0127544ef0c72f3485b6c19f9',1768460401400,'http');
INSERT INTO register_entry VALUES('local','bloc-year','khoi-kt/2026',1,'{"members":[{"role":"head","unit":"stc"},{"role":"deputy","unit":"snnmt"},{"unit":"snv"},{"unit":"sct"},{"unit":"sxd"},{"unit":"skhcn"},{"unit":"vpub"},{"unit":"bqlkkt"}]}','04342dacd8b878656d1270ba48188ae27628636e275a9e50df9f76c007545e96',1768460401403,'http');
INSERT INTO register_entry VALUES('local','period','2026-H1',1,'{"due":"2100-07-10"}','231b2a3e8ff754c9cad17b1b08190679934dd6d4c213be351f7fd3ad66b627af',1768460401406,'http');
CREATE TABLE submission (
    id           TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    period       TEXT NOT NULL,
    bloc         TEXT NOT NULL,
    version      INTEGER NOT NULL CHECK (version > 0),
    kind         TEXT NOT NULL,
    content      TEXT NOT NULL,
    sha256       TEXT NOT NULL,
    sent_at      INTEGER NOT NULL,
    sent_by      TEXT NOT NULL,
    adjustment   INTEGER,
    reason       TEXT,
    difference   TEXT,
    UNIQUE (organisation, period, bloc, version),
    CHECK ((adjustment IS NULL) = (reason IS NULL) AND (adjustment IS NULL) = (difference IS NULL))
) STRICT;
INSERT INTO submission VALUES('019bc074-3bf3-7554-868f-5a8dd4839450','local','2026-H1','khoi-kt',1,'six-month-review','{"activities":["Khối tổ chức giải thể thao chào mừng Ngày thành lập Đoàn Thanh niên Cộng sản Hồ Chí Minh (26/3) với 156 vận động viên của 08 đơn vị tham gia; vận động công chức, viên chức hỗ trợ xây dựng 04 căn nhà cho hộ có hoàn cảnh khó khăn tại xã Hòa Lộc"],"assessment":{"lessons":["Mỗi chỉ tiêu giao ước thi đua phải gắn với người chịu trách nhiệm, thời hạn hoàn thành và được lãnh đạo đơn vị rà soát hằng tháng."],"limitations":["Tỷ lệ giải ngân vốn đầu tư công mới đạt 45%, số căn nhà ở xã hội hoàn thành mới đạt 34,58% kế hoạch năm; 05 đơn vị chưa có sáng kiến được công nhận trong kỳ."],"objective_causes":["Giá vật liệu xây dựng tăng trong quý I năm 2026; một số dự án phải điều chỉnh thủ tục về đất đai, môi trường sau khi thay đổi địa giới đơn vị hành chính cấp xã."],"strengths":["Giao ước thi đua được ký kết sớm, đủ 08/08 đơn vị; chỉ tiêu giao ước được lượng hóa và gắn với nhiệm vụ Ủy ban nhân dân tỉnh giao nên thuận lợi cho việc theo dõi, chấm điểm. Báo cáo 6 tháng của 08/08 đơn vị được gửi đúng thời hạn."],"subjective_causes":["Một số đơn vị chưa phân công người theo dõi từng chỉ tiêu giao ước; việc phát hiện, hướng dẫn công chức viết và đăng ký sáng kiến từ đầu năm chưa được quan tâm đúng mức."]},"bloc":{"established_by":{"date":"2025-09-08","issuer":"Chủ tịch Ủy ban nhân dân tỉnh An Bình","number":"1042/QĐ-UBND","subject":"thành lập các cụm, khối thi đua của tỉnh","type":"Quyết định"},"form":"bloc","level":"province","name":"Khối thi đua các cơ quan kinh tế - tổng hợp","province":"tỉnh An Bình","recognised_by":{"date":"2026-01-19","issuer":"Chủ tịch Ủy ban nhân dân tỉnh An Bình","number":"86/QĐ-UBND","subject":"công nhận Trưởng khối, Phó Trưởng khối thi đua năm 2026","type":"Quyết định"},"terms":{"deputy":"Phó Trưởng khối","head":"Trưởng khối"}},"commendation_totals":{"collective":14,"household":2,"individual":68},"commendation_work":["Khối phối hợp với Sở Nội vụ tổ chức 01 lớp tập huấn nghiệp vụ thi đua, khen thưởng cho 45 công chức của các đơn vị thành viên, tập trung vào việc lập hồ sơ theo quy định có hiệu lực từ ngày 01/7/2025."],"commendations":[{"count":1,"form":"Bằng khen của Thủ tướng Chính phủ","honoree":"collective"},{"count":4,"form":"Bằng khen của Chủ tịch Ủy ban nhân dân tỉnh","honoree":"collective"},{"count":11,"form":"Bằng khen của Chủ tịch Ủy ban nhân dân tỉnh","honoree":"individual"},{"count":9,"form":"Giấy khen","honoree":"collective"},{"count":57,"form":"Giấy khen","honoree":"individual"},{"count":2,"form":"Giấy khen","honoree":"household"}],"conference":{"adopted":["dự thảo Báo cáo sơ kết 6 tháng đầu năm 2026 của Khối","kế hoạch kiểm tra chéo công tác thi đua, khen thưởng trong quý III năm 2026"],"attendees":[{"honorific":"Bà","name":"Lê Thị Minh Nguyệt","positions":["Phó Giám đốc Sở Nội vụ"],"role":"guidance"},{"honorific":"Ông","name":"Phạm Văn Toàn","note":"đại diện Phó Trưởng khối","positions":["Phó Giám đốc Sở Nông nghiệp và Môi trường"],"role":"presenter"}],"chairs":[{"honorific":"Ông","name":"Trần Quốc Hưng","positions":["Giám đốc Sở Tài chính"],"role":"chair"}],"conclusion":"Các đơn vị thành viên rà soát từng chỉ tiêu trong giao ước thi đua, gửi kết quả và biện pháp thực hiện về Sở Tài chính trước ngày 31/8/2026 để tổng hợp","date":"2026-07-15","groups":["công chức Phòng Thi đua - Khen thưởng thuộc Sở Nội vụ theo dõi Khối","đại diện lãnh đạo và công chức phụ trách công tác thi đua, khen thưởng của các đơn vị thành viên"],"organiser":"Sở Tài chính","session":"sáng","title":"Hội nghị sơ kết phong trào thi đua, công tác khen thưởng 6 tháng đầu năm 2026","venue":"Hội trường Sở Tài chính"},"decisions_announced":[{"date":"2026-06-25","issuer":"Chủ tịch Ủy ban nhân dân tỉnh An Bình","number":"702/QĐ-UBND","subject":"khen thưởng thành tích trong phong trào thi đua năm 2025 của các cụm, khối thi đua","type":"Quyết định"}],"directions":{"instructions":[{"person":{"honorific":"Bà","name":"Lê Thị Minh Nguyệt"},"points":["Chú trọng khen thưởng tập thể nhỏ và người trực tiếp lao động, công tác; hồ sơ đề nghị nêu rõ thành tích bằng số liệu, có minh chứng kèm theo."]}],"orientations":["Tập trung hoàn thành các chỉ tiêu giao ước thi đua năm 2026, trước hết là chỉ tiêu về giải ngân vốn đầu tư công và nhà ở xã hội; nâng chất lượng khen thưởng, chú trọng tập thể nhỏ và người trực tiếp lao động, công tác."],"solutions":["Công khai tiến độ thực hiện chỉ tiêu giao ước hằng tháng trong Khối; gắn trách nhiệm của người đứng đầu đơn vị với kết quả phong trào thi đua và việc phát hiện, nhân rộng điển hình tiên tiến."],"tasks":["Hoàn thành kiểm tra chéo giữa các đơn vị thành viên trước ngày 30/9/2026, thông báo kết quả để khắc phục trước khi chấm điểm cuối năm.","Tổ chức tự chấm điểm, thẩm định, bình xét thi đua cuối năm đúng Quy chế của Khối; gửi hồ sơ đề nghị khen thưởng về Sở Nội vụ đúng thời hạn."],"theme":"Đoàn kết, kỷ cương, đổi mới, về đích sớm"},"exemplars":["Các đơn vị phát hiện, giới thiệu 06 tập thể, 12 cá nhân điển hình tiên tiến để đăng tải trên Cổng thông tin điện tử tỉnh và trang thông tin điện tử của đơn vị; 02 cá nhân được chọn báo cáo tại hội nghị biểu dương điển hình tiên tiến cấp tỉnh."],"guidance":[{"date":"2026-02-10","issuer":"Khối thi đua các cơ quan kinh tế - tổng hợp","number":"03/KH-KTĐ","subject":"tổ chức phong trào thi đua và hoạt động của Khối năm 2026","type":"Kế hoạch"},{"date":"2026-06-08","issuer":"Sở Nội vụ tỉnh An Bình","number":"1415/SNV-TĐKT","subject":"hướng dẫn sơ kết công tác thi đua, khen thưởng 6 tháng đầu năm 2026","type":"Công văn"}],"initiatives":[{"count":18,"level":"grassroots","member":"Sở Tài chính"},{"count":23,"level":"grassroots","member":"Sở Nông nghiệp và Môi trường"},{"count":14,"level":"grassroots","member":"Sở Khoa học và Công nghệ"},{"count":3,"level":"province","member":"Sở Khoa học và Công nghệ"}],"leadership":["Ngày 12/02/2026, Khối tổ chức hội nghị triển khai nhiệm vụ và ký kết giao ước thi đua năm 2026 giữa 08 đơn vị thành viên; thông qua Quy chế hoạt động và Bảng chấm điểm thi đua với thang điểm 1.000. Trên cơ sở Kế hoạch của Khối, 08/08 đơn vị đã ban hành kế hoạch phát động phong trào thi đua và tổ chức cho công chức, viên chức, người lao động đăng ký thi đua trong tháng 02/2026."],"member_count":8,"members":[{"abbreviation":"STC","role":"head","unit":"Sở Tài chính"},{"abbreviation":"SNNMT","role":"deputy","unit":"Sở Nông nghiệp và Môi trường"},{"abbreviation":"SNV","unit":"Sở Nội vụ"},{"abbreviation":"SCT","unit":"Sở Công Thương"},{"abbreviation":"SXD","unit":"Sở Xây dựng"},{"abbreviation":"SKHCN","unit":"Sở Khoa học và Công nghệ"},{"abbreviation":"VPUB","unit":"Văn phòng Ủy ban nhân dân tỉnh"},{"abbreviation":"BQLKKT","unit":"Ban Quản lý Khu kinh tế tỉnh"}],"movements":[{"launched_by":"central","launcher":"Thủ tướng Chính phủ","name":"Cả nước thi đua đổi mới sáng tạo và chuyển đổi số","result":"08/08 đơn vị xây dựng kế hoạch hưởng ứng, lựa chọn việc cải tiến quy trình giải quyết thủ tục hành chính làm nội dung thi đua; 388 công chức, viên chức hoàn thành lớp bồi dưỡng kỹ năng số"},{"launched_by":"province","launcher":"Ủy ban nhân dân tỉnh","name":"An Bình chung tay giải ngân vốn đầu tư công","thematic":true,"year":2026},{"from":"2026-03-01","launched_by":"bloc","name":"Giải quyết hồ sơ đúng hẹn, không để người dân chờ","to":"2026-11-30"}],"period":{"part":"first-half","year":2026},"policy":["Các đơn vị tổ chức 24 hội nghị quán triệt, phổ biến nghị quyết của Đảng, pháp luật của Nhà nước với 1.846 lượt cán bộ, công chức, viên chức tham dự; 08/08 đơn vị đăng ký nội dung học tập và làm theo tư tưởng, đạo đức, phong cách Hồ Chí Minh năm 2026, gắn với trách nhiệm nêu gương của người đứng đầu."],"proposals":["Đề nghị Sở Nội vụ tiếp tục tập huấn việc lập, gửi hồ sơ khen thưởng trên phần mềm dùng chung của tỉnh cho công chức mới được phân công."],"selections":[{"count":1,"criterion":"có thành tích tiêu biểu xuất sắc trong phong trào thi đua yêu nước","honoree":"collective","names":["Sở Công Thương"],"period":{"from":2021,"to":2025},"request":"đề nghị Chủ tịch Ủy ban nhân dân tỉnh tặng Bằng khen"}],"situation":{"advantages":["Khối nhận được sự hướng dẫn của Sở Nội vụ - cơ quan thường trực Hội đồng Thi đua - Khen thưởng tỉnh. Các đơn vị thành viên đã ổn định tổ chức bộ máy từ đầu năm 2026; 08/08 đơn vị phân công lãnh đạo và công chức phụ trách công tác thi đua, khen thưởng, thuận lợi cho việc triển khai các nội dung đã ký giao ước."],"difficulties":["Công chức phụ trách công tác thi đua, khen thưởng của 05/08 đơn vị kiêm nhiệm nhiều nhiệm vụ; chỉ tiêu giao ước còn được theo dõi trên bảng tính riêng của từng đơn vị nên việc tổng hợp số liệu mất nhiều thời gian."]},"targets":[{"achieved":6874.5,"name":"Thu ngân sách nhà nước trên địa bàn","planned":12500,"unit_of_measure":"tỷ đồng"},{"achieved":2169,"name":"Giải ngân vốn đầu tư công","planned":4820,"unit_of_measure":"tỷ đồng"},{"achieved":98.6,"name":"Hồ sơ thủ tục hành chính giải quyết đúng hạn","note":"Tính đến ngày 30/6/2026","planned":98,"unit_of_measure":"%"},{"achieved":81.2,"name":"Hồ sơ trực tuyến toàn trình","planned":85,"unit_of_measure":"%"},{"achieved":498.3,"name":"Kim ngạch xuất khẩu","planned":940,"unit_of_measure":"triệu USD"},{"achieved":415,"name":"Nhà ở xã hội hoàn thành","note":"02 dự án nghiệm thu trong quý III","planned":1200,"unit_of_measure":"căn"}],"tasks":["Ủy ban nhân dân tỉnh giao các đơn vị trong Khối 66 nhiệm vụ có thời hạn trong 6 tháng đầu năm; các đơn vị đã hoàn thành 64 nhiệm vụ, trong đó 61 nhiệm vụ trước và đúng hạn; 02 nhiệm vụ được Ủy ban nhân dân tỉnh đồng ý gia hạn sang quý III năm 2026 do phải lấy ý kiến của bộ, ngành Trung ương."]}','1a8c4c57d6470b45f7695ad57118d15df88484279306dcabbcbb7ca7960613e5',1768460401654,'http',NULL,NULL,NULL);
CREATE TABLE period_close (
    organisation TEXT NOT NULL,
    period       TEXT NOT NULL,
    closed_at    INTEGER NOT NULL,
    closed_by    TEXT NOT NULL,
    sha256       TEXT NOT NULL,
    submissions  TEXT NOT NULL,
    missing      TEXT NOT NULL,
    PRIMARY KEY (organisation, period)
) STRICT;
CREATE TABLE webhook (
    id           TEXT    NOT NULL PRIMARY KEY,
    organisation TEXT    NOT NULL,
    url          TEXT    NOT NULL,
    -- JSON list of event types.
    types        TEXT    NOT NULL,
    -- Sealed with the key file; the second is good until old_until.
    secret       TEXT    NOT NULL,
    old_secret   TEXT,
    old_until    INTEGER,
    created_at   INTEGER NOT NULL,
    disabled_at  INTEGER,
    disabled_why TEXT,
    -- Since when nothing was delivered, how many tries failed in a row, and until when none is made.
    failing_since INTEGER,
    failures     INTEGER NOT NULL DEFAULT 0,
    rests_until  INTEGER NOT NULL DEFAULT 0,
    served_at    INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO webhook VALUES('019bc0e2-12b7-7488-8650-5d5b7166e095','local','http://127.0.0.1:9/tdkt','["job.succeeded","job.failed","job.dead","job.cancelled"]','z6T9Zl4kwGWBRG10axQULUD3TVuyRbFw4Yv64xPq/s7qQD3xsbXMZAa3u9m5HR32MX9Q1uwPia9zjjXg',NULL,NULL,1768467600056,1768467600174,'operator',NULL,0,0,0);
CREATE TABLE delivery (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook    TEXT    NOT NULL,
    -- Of the event; the same in every try, and when it is sent again by hand.
    message_id TEXT    NOT NULL,
    type       TEXT    NOT NULL,
    seq        INTEGER,
    body       TEXT    NOT NULL,
    state      TEXT    NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'failed')),
    created_at INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    fence      INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    -- Tries of the schedule; sending again by hand begins the schedule anew.
    tries      INTEGER NOT NULL DEFAULT 0,
    ended_at   INTEGER,
    UNIQUE (webhook, message_id)
) STRICT;
CREATE TABLE delivery_try (
    delivery INTEGER NOT NULL,
    fence    INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    millis   INTEGER NOT NULL,
    status   INTEGER,
    fault    TEXT,
    PRIMARY KEY (delivery, fence)
) STRICT, WITHOUT ROWID;
CREATE TABLE schedule_run (
    organisation TEXT NOT NULL,
    schedule     TEXT NOT NULL,
    due_at       INTEGER NOT NULL,
    ran_at       INTEGER NOT NULL,
    outcome      TEXT NOT NULL,
    missing      TEXT NOT NULL,
    PRIMARY KEY (organisation, schedule, due_at)
) STRICT;
CREATE TABLE batch (
    id           TEXT    NOT NULL PRIMARY KEY,
    organisation TEXT    NOT NULL,
    accepted_at  INTEGER NOT NULL,
    -- JSON list: names and failures of requests that were left out.
    left_out     TEXT    NOT NULL
) STRICT;
CREATE TABLE batch_part (
    batch_id TEXT    NOT NULL REFERENCES batch (id) ON DELETE CASCADE,
    place    INTEGER NOT NULL,
    name     TEXT    NOT NULL,
    job_id   TEXT    NOT NULL,
    PRIMARY KEY (batch_id, place)
) STRICT, WITHOUT ROWID;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('audit',21);
INSERT INTO sqlite_sequence VALUES('event',8);
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
CREATE INDEX api_key_by_client ON api_key (organisation, client);
CREATE UNIQUE INDEX event_numbered ON event (organisation, seq) WHERE seq IS NOT NULL;
CREATE INDEX event_of_job     ON event (job_id, id);
CREATE INDEX event_unnumbered ON event (id) WHERE seq IS NULL;
CREATE INDEX event_old        ON event (at);
CREATE UNIQUE INDEX submission_adjustment ON submission (organisation, period, adjustment) WHERE adjustment IS NOT NULL;
CREATE INDEX webhook_by_organisation ON webhook (organisation, id);
CREATE INDEX delivery_waiting ON delivery (webhook, due_at) WHERE state = 'waiting';
CREATE INDEX delivery_due     ON delivery (due_at) WHERE state = 'waiting';
CREATE INDEX delivery_listed  ON delivery (webhook, id);
CREATE INDEX delivery_old     ON delivery (created_at) WHERE state <> 'waiting';
CREATE INDEX batch_listed ON batch (organisation, id);
CREATE INDEX batch_part_of_job ON batch_part (job_id);
COMMIT;
PRAGMA user_version = 10;
