-- What was decided: incidents, their timelines, and links that work once.

create table incidents (
  id text primary key,
  version integer not null check (version >= 1),
  kind text not null,
  group_name text not null, -- the gateway, a contract's period, or 'probity' for ourselves
  severity text not null check (severity in ('page', 'ticket', 'report')),
  phase text not null check (phase in ('gathering', 'open', 'recovering', 'closed')),
  started_at_ms integer not null, -- the first bad tick
  closed_at_ms integer check ((phase = 'closed') = (closed_at_ms is not null)),
  body text not null check (json_valid(body)) -- the whole incident as the program holds it
) strict, without rowid;

create index incidents_unclosed on incidents (started_at_ms) where closed_at_ms is null;

create index incidents_closed on incidents (closed_at_ms) where closed_at_ms is not null;

create table incident_events (
  incident text not null references incidents (id),
  version integer not null, -- the version of the incident it led to
  position integer not null, -- several may lead to one version
  at_ms integer not null,
  kind text not null,
  cells text not null check (json_valid(cells)),
  who text, -- null = the rules
  note text not null,
  primary key (incident, version, position)
) strict, without rowid;

create table spent_links (
  name text primary key,
  spent_at_ms integer not null
) strict, without rowid;
