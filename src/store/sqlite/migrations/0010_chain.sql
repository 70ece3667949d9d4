-- The evidence chain: sealed segments per region, and the rows that arrived after their hour was sealed.
create table chain_segments (
  region text not null,
  no integer not null check (no >= 0),
  from_at_ms integer not null check (from_at_ms % 3600000 = 0), -- inclusive
  to_at_ms integer not null check (to_at_ms > from_at_ms and to_at_ms % 3600000 = 0), -- exclusive
  header text not null check (json_valid(header)), -- canonical; its SHA-256 is the head
  head text not null check (length(head) = 64),
  marks blob not null, -- the first bytes of each row's hash
  row_index blob not null, -- which rows the marks belong to
  pruned_at_ms integer, -- null = the rows are there
  evidence_pruned_at_ms integer,
  primary key (region, no)
) strict;

create unique index chain_segments_in_time on chain_segments (region, to_at_ms);

create table late_rows (
  scheduled_at_ms integer not null,
  series_no integer not null references series (series_no),
  kind integer not null check (kind in (0, 1, 2, 3, 4)), -- the purpose of a sample; 4 = a tick that did not run
  region text not null,
  segment_no integer, -- null = waits for the next segment
  primary key (scheduled_at_ms, series_no, kind)
) strict, without rowid;

create index late_rows_of_segment on late_rows (region, segment_no);
