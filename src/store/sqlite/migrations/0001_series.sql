-- What is watched, under which names, and when it was due.

create table targets (
  target_no integer primary key,
  id text not null unique, -- gateway/tier/model
  gateway text not null,
  tier text not null,
  model text not null,
  request_model text not null,
  -- The target that continues this one under a new id. Rows stay where they were recorded; they are read under the
  -- successor's id.
  successor_no integer references targets (target_no) check (successor_no <> target_no)
) strict;

create table series (
  series_no integer primary key,
  target_no integer not null references targets (target_no),
  probe text not null,
  region text not null,
  unique (target_no, probe, region)
) strict;

-- One row per stretch of time in which a series was due by one schedule, so that the ticks that should have been can
-- always be counted again.
create table schedules (
  series_no integer not null references series (series_no),
  from_at_ms integer not null, -- inclusive
  to_at_ms integer check (to_at_ms > from_at_ms), -- exclusive; null while in force
  kind text not null check (kind in ('every', 'cron')),
  every_ms integer check (every_ms > 0),
  cron text,
  timezone text,
  phase_ms integer not null,
  primary key (series_no, from_at_ms),
  check ((kind = 'every') = (every_ms is not null)),
  check ((kind = 'cron') = (cron is not null and timezone is not null))
) strict, without rowid;

create unique index schedules_in_force on schedules (series_no) where to_at_ms is null;
