-- Closed storage: the samples of one series in one hour, as columns of variable-length numbers in two blobs (see
-- packed-hour.ts). Half the size of rows, and one target's month is read without touching the others'.

create table packed_hours (
  pack_no integer primary key, -- in the order of packing, so that writing appends
  hour_at_ms integer not null check (hour_at_ms % 3600000 = 0), -- the hour's first instant
  series_no integer not null references series (series_no),
  samples integer not null check (samples > 0),
  failed integer not null check (failed between 0 and samples), -- whose outcome is not 'ok'
  core blob not null, -- what is counted: ticks, purposes, outcomes, doubts, times, tokens, money
  detail blob not null, -- what is only shown
  unique (hour_at_ms, series_no)
) strict;

create index packed_hours_failed on packed_hours (series_no, hour_at_ms) where failed > 0;

-- 1 = a sample of the same tick arrived after all, so the note is kept but not read. Noted when either is recorded: a
-- packed sample cannot be joined.
alter table not_run add column sampled integer not null default 0 check (sampled in (0, 1));
update not_run
set sampled = 1
where exists (
  select 1
  from samples
  where samples.scheduled_at_ms = not_run.scheduled_at_ms
    and samples.series_no = not_run.series_no
    and samples.purpose = 0
);
