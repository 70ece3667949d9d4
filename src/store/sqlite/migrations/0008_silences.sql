-- What people asked for: no messages for a while, and planned work to be set aside.

create table silences (
  silence_no integer primary key,
  scope text not null,
  kind text, -- null = alerts of every kind
  from_at_ms integer not null, -- inclusive
  until_at_ms integer not null, -- exclusive; moved forward when it is ended early
  who text not null,
  why text not null
) strict;

create table planned_work (
  work_no integer primary key,
  scope text not null,
  from_at_ms integer not null, -- inclusive
  to_at_ms integer not null check (to_at_ms > from_at_ms), -- exclusive
  announced_at_ms integer, -- null = nobody can say
  who text not null,
  reason text not null,
  entered_at_ms integer not null,
  cancelled_at_ms integer -- from then on it is void
) strict;

create index planned_work_in_time on planned_work (from_at_ms, to_at_ms);
