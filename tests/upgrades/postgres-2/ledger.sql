CREATE FUNCTION public.count_job() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO job_count (organisation, state, slot, jobs)
        VALUES (OLD.organisation, OLD.state, pg_backend_pid(), -1)
        ON CONFLICT (organisation, state, slot) DO UPDATE SET jobs = job_count.jobs - 1;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO job_count (organisation, state, slot, jobs)
        VALUES (NEW.organisation, NEW.state, pg_backend_pid(), 1)
        ON CONFLICT (organisation, state, slot) DO UPDATE SET jobs = job_count.jobs + 1;
    END IF;
    RETURN NULL;
END $$;
CREATE TABLE public.attempt (
    job_id text NOT NULL COLLATE pg_catalog."C",
    fence bigint NOT NULL,
    worker text NOT NULL,
    started_at bigint NOT NULL,
    ended_at bigint,
    outcome text,
    detail text
);
CREATE TABLE public.audit (
    id bigint NOT NULL,
    at bigint NOT NULL,
    organisation text DEFAULT 'local'::text NOT NULL COLLATE pg_catalog."C",
    job_id text NOT NULL COLLATE pg_catalog."C",
    action text NOT NULL,
    detail text,
    seq bigint,
    hash text
);
ALTER TABLE public.audit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.idempotency (
    organisation text NOT NULL COLLATE pg_catalog."C",
    key_sha256 text NOT NULL COLLATE pg_catalog."C",
    fingerprint text NOT NULL,
    job_id text NOT NULL,
    expires_at bigint NOT NULL
);
CREATE TABLE public.job (
    id text NOT NULL COLLATE pg_catalog."C",
    organisation text DEFAULT 'local'::text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    edition text NOT NULL,
    file_name text NOT NULL,
    state text NOT NULL COLLATE pg_catalog."C",
    fence bigint DEFAULT 0 NOT NULL,
    starts bigint DEFAULT 0 NOT NULL,
    tries bigint DEFAULT 0 NOT NULL,
    accepted_at bigint NOT NULL,
    changed_at bigint NOT NULL,
    not_before bigint NOT NULL,
    lease_until bigint,
    leased_by text,
    rung_at bigint,
    ring_no bigint DEFAULT 0 NOT NULL,
    order_sha256 text NOT NULL,
    findings text NOT NULL,
    failure text,
    artifact_sha256 text COLLATE pg_catalog."C",
    artifact_size bigint,
    artifact_pages bigint,
    cancel_requested bigint DEFAULT 0 NOT NULL,
    request_erased_at bigint,
    paper_erased_at bigint,
    media_type text DEFAULT 'application/pdf'::text NOT NULL,
    CONSTRAINT job_cancel_requested_check CHECK ((cancel_requested = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT job_check CHECK (((state = 'running'::text) = (lease_until IS NOT NULL))),
    CONSTRAINT job_check1 CHECK (((state = 'succeeded'::text) = (artifact_sha256 IS NOT NULL))),
    CONSTRAINT job_check2 CHECK (((state <> ALL (ARRAY['failed'::text, 'dead'::text])) OR (failure IS NOT NULL))),
    CONSTRAINT job_check3 CHECK (((rung_at IS NULL) OR (state = ANY (ARRAY['accepted'::text, 'running'::text])))),
    CONSTRAINT job_starts_check CHECK ((starts >= 0)),
    CONSTRAINT job_state_check CHECK ((state = ANY (ARRAY['accepted'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'dead'::text, 'cancelled'::text]))),
    CONSTRAINT job_tries_check CHECK ((tries >= 0))
);
CREATE TABLE public.job_count (
    organisation text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    slot bigint NOT NULL,
    jobs bigint NOT NULL
);
CREATE TABLE public.job_order (
    job_id text NOT NULL COLLATE pg_catalog."C",
    body text NOT NULL
);
CREATE TABLE public.ledger_schema (
    version bigint NOT NULL
);
INSERT INTO public.attempt VALUES ('019bc0af-b99c-7222-abf2-acd85dd99c3d', 1, 'worker-vm-13885', 1768464024496, 1768464024761, 'succeed', NULL);
INSERT INTO public.attempt VALUES ('019bc0b4-4da2-71e4-8cc5-fdda58360190', 1, 'worker-vm-14253', 1768464036302, NULL, NULL, NULL);
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (1, 1768464024452, 'local', '019bc0af-b99c-7222-abf2-acd85dd99c3d', 'accept', NULL, NULL, NULL);
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (2, 1768464024496, 'local', '019bc0af-b99c-7222-abf2-acd85dd99c3d', 'lease', 'worker-vm-13885', NULL, NULL);
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (3, 1768464024761, 'local', '019bc0af-b99c-7222-abf2-acd85dd99c3d', 'succeed', NULL, NULL, NULL);
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (4, 1768464030309, 'local', '019bc0b4-4da2-71e4-8cc5-fdda58360190', 'accept', NULL, NULL, NULL);
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (5, 1768464030390, 'local', '019bc0b4-4dfe-7542-8ddd-b813ee20110d', 'accept', NULL, NULL, NULL);
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (6, 1768464030419, 'local', '019bc0b4-4e0f-74db-bff0-27a0e5d115ee', 'accept', NULL, NULL, NULL);
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (7, 1768464030506, 'local', '019bc0b4-4e0f-74db-bff0-27a0e5d115ee', 'cancel', NULL, NULL, NULL);
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (8, 1768464036302, 'local', '019bc0b4-4da2-71e4-8cc5-fdda58360190', 'lease', 'worker-vm-14253', NULL, NULL);
INSERT INTO public.idempotency VALUES ('local', 'a1d9823b9dd70a292bc0244a2945b374aca55a0d31722cf2928c82a6756bc08e', '61e2d6de5233604e5c14a2a4fdfa1a6d0c49bb0dd2f3be1cbeeaac49e0e35bfe', '019bc0af-b99c-7222-abf2-acd85dd99c3d', 1768550424451);
INSERT INTO public.idempotency VALUES ('local', 'feaedce15852eb933efa35dd212ff9cdb0986ee029d2426f217175d980c2e72c', 'ef1efca7109db4fcd99eb33f5eac776272a9b5559d7ab597531f9a9850b0c1a8', '019bc0b4-4da2-71e4-8cc5-fdda58360190', 1768550430307);
INSERT INTO public.idempotency VALUES ('local', '62936528938d1a13027a9ba43f243469c865239d8ae715f33f364099dc68ae64', 'a37a515c61b3785a5ebc05e1553791f3c4364cf21119fbce5265c74d275e7bdd', '019bc0b4-4dfe-7542-8ddd-b813ee20110d', 1768550430390);
INSERT INTO public.job VALUES ('019bc0af-b99c-7222-abf2-acd85dd99c3d', 'local', 'six-month-review', 'E3', 'Báo cáo sơ kết 6 tháng đầu năm 2026 - Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình', 'succeeded', 1, 1, 0, 1768464024452, 1768464024761, 1768464024452, NULL, NULL, NULL, 1768464024479, '0229a6e0156d0315937249389713bda0c99ea9e6569e40306dd2559abdde7d42', '[{"code":"T01","severity":"info","pointers":["/paper/addressees"],"message_vi":"BÁO CÁO gửi cấp trên chưa có Kính gửi; hãy ghi cơ quan nhận văn bản.","message_en":"A paper to a superior needs its addressee.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T01","severity":"info","pointers":["/paper/recipients/items"],"message_vi":"Văn bản chưa có đủ Nơi nhận; hãy ghi nơi nhận và dòng lưu, ví dụ “Lưu: VT, TĐKT”.","message_en":"The paper needs its recipients and a filing line.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: danh sách đơn vị thành viên.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả thực hiện các chỉ tiêu thi đua.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả khen thưởng.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: sáng kiến được công nhận.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có nội dung: phương hướng, nhiệm vụ.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"}]', NULL, '8c9c0182d1920d186a95332182f9b07d3c6c07794c9cf3df8a2a02e3081f5f34', 66770, 1, 0, NULL, NULL, 'application/pdf');
INSERT INTO public.job VALUES ('019bc0b4-4da2-71e4-8cc5-fdda58360190', 'local', 'six-month-review', 'E3', 'Báo cáo sơ kết 6 tháng đầu năm 2026 - Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình', 'running', 1, 1, 0, 1768464030309, 1768464036302, 1768464030309, 1768464066302, 'worker-vm-14253', 1768464036238, 1768464036238, '3240c416ada6cf4ac10beb94cbdc953a1cc1b3b7c4702475b6aa4c702af3cd5f', '[{"code":"T01","severity":"info","pointers":["/paper/addressees"],"message_vi":"BÁO CÁO gửi cấp trên chưa có Kính gửi; hãy ghi cơ quan nhận văn bản.","message_en":"A paper to a superior needs its addressee.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T01","severity":"info","pointers":["/paper/recipients/items"],"message_vi":"Văn bản chưa có đủ Nơi nhận; hãy ghi nơi nhận và dòng lưu, ví dụ “Lưu: VT, TĐKT”.","message_en":"The paper needs its recipients and a filing line.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: danh sách đơn vị thành viên.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả thực hiện các chỉ tiêu thi đua.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả khen thưởng.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: sáng kiến được công nhận.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có nội dung: phương hướng, nhiệm vụ.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"}]', NULL, NULL, NULL, NULL, 0, NULL, NULL, 'application/pdf');
INSERT INTO public.job VALUES ('019bc0b4-4e0f-74db-bff0-27a0e5d115ee', 'local', 'six-month-review', 'E3', 'Báo cáo sơ kết 6 tháng đầu năm 2026 - Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình', 'cancelled', 0, 0, 0, 1768464030419, 1768464030506, 1768464030419, NULL, NULL, NULL, 0, '2109aff53c43fb0527502c9d04780dddb60cfd5cf157bb32892fa0ffd05aaba1', '[{"code":"T01","severity":"info","pointers":["/paper/addressees"],"message_vi":"BÁO CÁO gửi cấp trên chưa có Kính gửi; hãy ghi cơ quan nhận văn bản.","message_en":"A paper to a superior needs its addressee.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T01","severity":"info","pointers":["/paper/recipients/items"],"message_vi":"Văn bản chưa có đủ Nơi nhận; hãy ghi nơi nhận và dòng lưu, ví dụ “Lưu: VT, TĐKT”.","message_en":"The paper needs its recipients and a filing line.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: danh sách đơn vị thành viên.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả thực hiện các chỉ tiêu thi đua.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả khen thưởng.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: sáng kiến được công nhận.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có nội dung: phương hướng, nhiệm vụ.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"}]', NULL, NULL, NULL, NULL, 0, NULL, NULL, 'application/pdf');
INSERT INTO public.job VALUES ('019bc0b4-4dfe-7542-8ddd-b813ee20110d', 'local', 'six-month-review', 'E3', 'Báo cáo sơ kết 6 tháng đầu năm 2026 - Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình', 'accepted', 0, 0, 0, 1768464030390, 1768464030390, 1768464030390, NULL, NULL, 1768464036238, 1768464036238, '0885d359223a5cfc41170af0af72818405a274e860b3c939edf03e38f369b49c', '[{"code":"T01","severity":"info","pointers":["/paper/addressees"],"message_vi":"BÁO CÁO gửi cấp trên chưa có Kính gửi; hãy ghi cơ quan nhận văn bản.","message_en":"A paper to a superior needs its addressee.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T01","severity":"info","pointers":["/paper/recipients/items"],"message_vi":"Văn bản chưa có đủ Nơi nhận; hãy ghi nơi nhận và dòng lưu, ví dụ “Lưu: VT, TĐKT”.","message_en":"The paper needs its recipients and a filing line.","law":"Nghị định số 30/2020/NĐ-CP, Phụ lục I, Phần I, Mục II.9"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: danh sách đơn vị thành viên.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả thực hiện các chỉ tiêu thi đua.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: kết quả khen thưởng.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có số liệu: sáng kiến được công nhận.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"},{"code":"T03","severity":"info","pointers":["/content"],"message_vi":"Cần bổ sung: chưa có nội dung: phương hướng, nhiệm vụ.","message_en":"The paper shows a gap here.","expected":"số liệu hoặc nội dung còn thiếu; nếu không có thì ghi số 0; văn bản ban hành không được để trống"}]', NULL, NULL, NULL, NULL, 0, NULL, NULL, 'application/pdf');
INSERT INTO public.job_count VALUES ('local', 'accepted', 13894, 0);
INSERT INTO public.job_count VALUES ('local', 'running', 13894, 0);
INSERT INTO public.job_count VALUES ('local', 'succeeded', 13894, 1);
INSERT INTO public.job_count VALUES ('local', 'accepted', 14043, 2);
INSERT INTO public.job_count VALUES ('local', 'accepted', 14032, 1);
INSERT INTO public.job_count VALUES ('local', 'accepted', 14045, -1);
INSERT INTO public.job_count VALUES ('local', 'cancelled', 14045, 1);
INSERT INTO public.job_count VALUES ('local', 'accepted', 14271, -1);
INSERT INTO public.job_count VALUES ('local', 'running', 14271, 1);
INSERT INTO public.job_order VALUES ('019bc0af-b99c-7222-abf2-acd85dd99c3d', '{"kind":"six-month-review","status":"draft","edition":"E3","day":"2026-06-30","request":{"content":{"bloc":{"form":"bloc","name":"Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình"},"period":{"part":"first-half","year":2026}},"kind":"six-month-review","paper":{"letterhead":{"custom":"bloc","issuing_body":"Khối thi đua kinh tế - tổng hợp và nội chính"},"number":{"symbol":"BC-KTĐ"},"place":"An Bình 0","recipients":{"filing":"VT"},"signing":{"body":"Khối thi đua","capacity":"on-behalf-of","position":"Trưởng khối"}}}}');
INSERT INTO public.job_order VALUES ('019bc0b4-4da2-71e4-8cc5-fdda58360190', '{"kind":"six-month-review","status":"draft","edition":"E3","day":"2026-06-30","request":{"content":{"bloc":{"form":"bloc","name":"Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình"},"period":{"part":"first-half","year":2026}},"kind":"six-month-review","paper":{"letterhead":{"custom":"bloc","issuing_body":"Khối thi đua kinh tế - tổng hợp và nội chính"},"number":{"symbol":"BC-KTĐ"},"place":"An Bình 2","recipients":{"filing":"VT"},"signing":{"body":"Khối thi đua","capacity":"on-behalf-of","position":"Trưởng khối"}}}}');
INSERT INTO public.job_order VALUES ('019bc0b4-4dfe-7542-8ddd-b813ee20110d', '{"kind":"six-month-review","status":"draft","edition":"E3","day":"2026-06-30","request":{"content":{"bloc":{"form":"bloc","name":"Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình"},"period":{"part":"first-half","year":2026}},"kind":"six-month-review","paper":{"letterhead":{"custom":"bloc","issuing_body":"Khối thi đua kinh tế - tổng hợp và nội chính"},"number":{"symbol":"BC-KTĐ"},"place":"An Bình 3","recipients":{"filing":"VT"},"signing":{"body":"Khối thi đua","capacity":"on-behalf-of","position":"Trưởng khối"}}}}');
INSERT INTO public.job_order VALUES ('019bc0b4-4e0f-74db-bff0-27a0e5d115ee', '{"kind":"six-month-review","status":"draft","edition":"E3","day":"2026-06-30","request":{"content":{"bloc":{"form":"bloc","name":"Khối thi đua các cơ quan, đơn vị thuộc lĩnh vực kinh tế - tổng hợp và nội chính tỉnh An Bình"},"period":{"part":"first-half","year":2026}},"kind":"six-month-review","paper":{"letterhead":{"custom":"bloc","issuing_body":"Khối thi đua kinh tế - tổng hợp và nội chính"},"number":{"symbol":"BC-KTĐ"},"place":"An Bình 9","recipients":{"filing":"VT"},"signing":{"body":"Khối thi đua","capacity":"on-behalf-of","position":"Trưởng khối"}}}}');
INSERT INTO public.ledger_schema VALUES (2);
SELECT pg_catalog.setval('public.audit_id_seq', 8, true);
ALTER TABLE ONLY public.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (job_id, fence);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (organisation, key_sha256);
ALTER TABLE ONLY public.job_count
    ADD CONSTRAINT job_count_pkey PRIMARY KEY (organisation, state, slot);
ALTER TABLE ONLY public.job_order
    ADD CONSTRAINT job_order_pkey PRIMARY KEY (job_id);
ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_schema
    ADD CONSTRAINT ledger_schema_pkey PRIMARY KEY (version);
CREATE INDEX audit_by_job ON public.audit USING btree (job_id, id);
CREATE INDEX audit_by_organisation ON public.audit USING btree (organisation, id);
CREATE UNIQUE INDEX audit_chain ON public.audit USING btree (seq) WHERE (seq IS NOT NULL);
CREATE INDEX audit_unsealed ON public.audit USING btree (id) WHERE (seq IS NULL);
CREATE INDEX idempotency_expires ON public.idempotency USING btree (expires_at);
CREATE INDEX job_artifact ON public.job USING btree (artifact_sha256) WHERE (artifact_sha256 IS NOT NULL);
CREATE INDEX job_ended ON public.job USING btree (changed_at) WHERE (state = ANY (ARRAY['succeeded'::text, 'failed'::text, 'dead'::text, 'cancelled'::text]));
CREATE INDEX job_in_state ON public.job USING btree (state, id);
CREATE INDEX job_in_work ON public.job USING btree (order_sha256) WHERE (state = ANY (ARRAY['accepted'::text, 'running'::text]));
CREATE INDEX job_leased ON public.job USING btree (lease_until) WHERE (state = 'running'::text);
CREATE INDEX job_listed ON public.job USING btree (organisation, id);
CREATE INDEX job_oldest ON public.job USING btree (accepted_at) WHERE (state = 'accepted'::text);
CREATE INDEX job_paper_kept ON public.job USING btree (changed_at) WHERE ((state = 'succeeded'::text) AND (paper_erased_at IS NULL));
CREATE INDEX job_request_kept ON public.job USING btree (changed_at) WHERE ((state = ANY (ARRAY['succeeded'::text, 'failed'::text, 'dead'::text, 'cancelled'::text])) AND (request_erased_at IS NULL));
CREATE INDEX job_rung ON public.job USING btree (rung_at) WHERE (rung_at IS NOT NULL);
CREATE INDEX job_waiting ON public.job USING btree (organisation, accepted_at, id, not_before, rung_at) WHERE (state = 'accepted'::text);
CREATE TRIGGER job_counted_in AFTER INSERT ON public.job FOR EACH ROW EXECUTE FUNCTION public.count_job();
CREATE TRIGGER job_counted_out AFTER DELETE ON public.job FOR EACH ROW EXECUTE FUNCTION public.count_job();
CREATE TRIGGER job_counted_over AFTER UPDATE OF state ON public.job FOR EACH ROW WHEN ((old.state IS DISTINCT FROM new.state)) EXECUTE FUNCTION public.count_job();
ALTER TABLE ONLY public.attempt
    ADD CONSTRAINT attempt_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.job(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.job_order
    ADD CONSTRAINT job_order_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.job(id) ON DELETE CASCADE;
