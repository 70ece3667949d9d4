-- Ticks that have no sample, and why.

create table not_run_reasons (
  reason text primary key
) strict, without rowid;

create table not_run (
  scheduled_at_ms integer not null,
  series_no integer not null references series (series_no),
  reason text not null references not_run_reasons (reason),
  primary key (scheduled_at_ms, series_no)
) strict, without rowid;
