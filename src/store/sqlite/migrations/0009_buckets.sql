-- What targets did by hour and by day, derived from samples and not-run ticks; it may be thrown away and counted again.
create table bucket_bases (
  basis_no integer primary key,
  basis text not null unique -- how it was counted: a bucket of another basis must be counted again
) strict;

create table buckets (
  bucket_no integer primary key, -- in the order of writing, so that writing appends
  grain integer not null check (grain in (0, 1)), -- hour, day; both in UTC
  from_at_ms integer not null,
  target_no integer not null references targets (target_no),
  basis_no integer not null references bucket_bases (basis_no),
  body blob not null, -- see packed-bucket.ts
  unique (grain, from_at_ms, target_no)
) strict;

-- Hours and days whose samples have changed since their buckets were counted.
create table dirty_spans (
  grain integer not null check (grain in (0, 1)),
  from_at_ms integer not null,
  marks integer not null, -- how often it was marked: one that is marked again while it is counted stays
  primary key (grain, from_at_ms)
) strict, without rowid;

insert into dirty_spans (grain, from_at_ms, marks)
select 0, hour_at_ms, 1 from packed_hours
union
select 0, scheduled_at_ms - scheduled_at_ms % 3600000, 1 from samples
union
select 0, scheduled_at_ms - scheduled_at_ms % 3600000, 1 from not_run;
