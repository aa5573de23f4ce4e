-- The contract as views of a PostgreSQL database, for systems that rather show a table than serve HTTP.
-- Daogang only reads: give its user SELECT on these names and nothing else. They may be views or tables.
-- Rows are read in the order of (changed_at, key): a change sets changed_at to the time of its commit, and a row that is
-- committed later with an earlier time would be missed. An index on (changed_at, key) behind the view keeps it fast.
-- Words (post, body, district, kinds, states) may be the system's own: Daogang maps them.

CREATE TABLE daogang_filings (
    key              text PRIMARY KEY,     -- the system's own key, which never changes
    number           text NOT NULL,        -- 报建编号
    filed_on         date,
    section          text,                 -- 标段
    section_group    text,                 -- adjacent sections name the same group
    permit_number    text,                 -- 施工许可证编号
    project_name     text NOT NULL,
    district         text NOT NULL,        -- word or code of the district
    body             text NOT NULL,        -- word or code of the supervising body
    address          text,
    kind             text,                 -- building, fit_out, municipal, or a word that is mapped
    area_m2          numeric,
    price_yuan       numeric,
    planned_from     date,
    planned_until    date,
    state            text,                 -- planned, active, stopped, completed, or a word that is mapped
    state_from       date,
    client_code      text,                 -- 统一社会信用代码 of 建设单位, 施工单位, 监理单位
    client_name      text,
    contractor_code  text,
    contractor_name  text,
    supervision_code text,
    supervision_name text,
    changed_at       timestamptz NOT NULL  -- also when only the personnel changed
);

-- Everybody the filing names; who is missing here is named no longer.
CREATE TABLE daogang_filing_personnel (
    filing_key       text NOT NULL,
    post             text NOT NULL,        -- word or code of the post
    document_kind    text,                 -- resident_id (also where it is empty), passport, permit
    document_number  text NOT NULL,
    person_name      text NOT NULL,
    unit_code        text,                 -- 统一社会信用代码 of the person's unit
    starts_on        date NOT NULL,
    ends_on          date,                 -- the last day
    basis            text                  -- filing (also where it is empty), contract, appointment
);

CREATE TABLE daogang_certificates (
    key              text PRIMARY KEY,     -- the registry's own key, which never changes
    type             text NOT NULL,        -- word or code of the type
    level            text,                 -- where the type has levels; mapped as TYPE/LEVEL
    number           text NOT NULL,
    specialty        text,                 -- 专业
    document_kind    text,
    document_number  text NOT NULL,        -- indexed: one person's certificates are asked for by it
    holder_name      text NOT NULL,
    unit_code        text,                 -- 聘用单位 named on it
    unit_name        text,
    valid_from       date NOT NULL,
    valid_until      date,                 -- the last day
    status           text,                 -- valid (also where it is empty), suspended, revoked, cancelled
    status_from      date,
    changed_at       timestamptz NOT NULL
);
