-- Small named facts that must outlive a restart.

create table facts (
  name text primary key,
  value text not null,
  written_at_ms integer not null
) strict, without rowid;
