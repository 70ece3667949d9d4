-- Planned work that the configuration declares. A row tells when it was first seen (entered_at_ms) and is never deleted;
-- what is no longer declared is cancelled and marked.
alter table planned_work add column source text; -- names the declaration; null = entered by hand
alter table planned_work add column withdrawn integer not null default 0 check (withdrawn in (0, 1));

create index planned_work_by_source on planned_work (source) where source is not null;
