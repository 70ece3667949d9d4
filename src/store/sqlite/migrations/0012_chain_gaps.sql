-- Samples that could not be read when their hour was sealed. The segment's header names them too.
create table chain_gaps (
  region text not null,
  segment_no integer not null,
  probe text not null,
  target text not null,
  hour_at_ms integer not null check (hour_at_ms % 3600000 = 0), -- the hour's first instant
  why text not null,
  primary key (region, segment_no, probe, target, hour_at_ms),
  foreign key (region, segment_no) references chain_segments (region, no)
) strict, without rowid;
